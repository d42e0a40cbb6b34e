// SPDX-License-Identifier: GPL-3.0-or-later
// The library's window with pretended machines, to look at:
// vitrine_library_demo SCENE [--dark] [--contrast] [--rtl] [--size=WxH] [--qml=FOLDER]
// [--shot=FILE] Scenes: kScenes below. With --qml, the QML of FOLDER instead of what was built in.
// In the language of the environment: LANGUAGE=de vitrine_library_demo cards
#include <QAccessible>
#include <QGuiApplication>
#include <QMimeData>
#include <QPalette>
#include <QQmlApplicationEngine>
#include <QQuickItem>
#include <QQuickStyle>
#include <QQuickWindow>
#include <QTest>
#include <QTimer>

#include "translations/translators.h"
#include "ui/models/demo_library.h"
#include "ui/models/library_desk.h"

void qml_register_types_org_vitrine_display();
void qml_register_types_org_vitrine_models();

namespace {

using ui::models::DemoLibrary;
using ui::models::LibraryDesk;

bool has(const char* option)
{
    return QCoreApplication::arguments().contains(QLatin1String(option));
}

QString valueOf(const char* option, const QString& otherwise = {})
{
    const QString start = QStringLiteral("--%1=").arg(QLatin1String(option));
    for (const QString& argument : QCoreApplication::arguments()) {
        if (argument.startsWith(start))
            return argument.mid(start.size());
    }
    return otherwise;
}

void setPalette()
{
    QPalette palette = QGuiApplication::palette();
    const bool contrast = has("--contrast");
    if (contrast || has("--dark")) {
        palette.setColor(QPalette::Window, contrast ? QColor(Qt::black) : QColor(0x202428));
        palette.setColor(QPalette::WindowText, contrast ? QColor(Qt::white) : QColor(0xeeeeee));
    }
    QGuiApplication::setPalette(palette);
}

/// What a scene needs of window and library.
struct Stage {
    QQuickWindow& window;
    DemoLibrary& library;
    LibraryDesk& desk;

    QQuickItem* find(const QString& name, QQuickItem* from = nullptr) const
    {
        QQuickItem* item = from ? from : window.contentItem();
        QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(item);
        if (readable && item->isVisible() && readable->text(QAccessible::Name) == name)
            return item;
        for (QQuickItem* child : item->childItems()) {
            if (QQuickItem* found = find(name, child))
                return found;
        }
        return nullptr;
    }
    /// `file`: the QML that says the name, where it is a text to translate.
    void click(const char* name, const char* file = "") const
    {
        if (const QQuickItem* item = find(QCoreApplication::translate(file, name)))
            QTest::mouseClick(&window, Qt::LeftButton, {},
                              item->mapToScene({item->width() / 2, item->height() / 2}).toPoint());
    }
    void key(int key, Qt::KeyboardModifiers modifiers = {}) const
    {
        QTest::keyClick(&window, static_cast<Qt::Key>(key), modifiers);
    }
    void type(const char* text) const
    {
        for (const char* letter = text; *letter != '\0'; ++letter)
            QTest::keyClick(&window, *letter);
    }
    void menuEntry(int entry) const
    {
        QTest::qWait(150);
        for (int down = 0; down < entry; ++down)
            key(Qt::Key_Down);
        key(Qt::Key_Return);
    }
    void drag() const
    {
        static QMimeData data;
        data.setUrls({QUrl::fromLocalFile(QStringLiteral("/media/debian.iso"))});
        QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(&window, &enter);
    }
};

struct Scene {
    const char* name;
    void (*play)(const Stage& stage);
};

const Scene kScenes[] = {
    {"cards", [](const Stage&) {}},
    {"list", [](const Stage& stage) { stage.key(Qt::Key_2, Qt::ControlModifier); }},
    {"hover",
     [](const Stage& stage) {
         if (const QQuickItem* item = stage.find(QStringLiteral("Debian workbench")))
             QTest::mouseMove(&stage.window, item->mapToScene({item->width() / 2, 60}).toPoint());
     }},
    {"empty", [](const Stage&) {}},
    {"many", [](const Stage&) {}},
    {"search", [](const Stage& stage) { stage.type("deb"); }},
    {"nothing", [](const Stage& stage) { stage.type("solaris"); }},
    {"drop", [](const Stage& stage) { stage.drag(); }},
    {"menu",
     [](const Stage& stage) {
         stage.click("Kernel builds");
         stage.key(Qt::Key_Menu);
     }},
    {"new", [](const Stage& stage) { stage.key(Qt::Key_N, Qt::ControlModifier); }},
    {"sort", [](const Stage& stage) { stage.click("Sort and groups", "LibraryHeader"); }},
    {"main", [](const Stage& stage) { stage.key(Qt::Key_F10); }},
    {"jobs", [](const Stage& stage) { stage.click("Tasks under way", "JobsButton"); }},
    {"toast",
     [](const Stage& stage) {
         stage.desk.remove(stage.library.machines().at(6).id);
         emit stage.library.notice(QStringLiteral("Fedora 39 Workstation was downloaded"), {});
     }},
    {"rename",
     [](const Stage& stage) {
         stage.click("FreeBSD router");
         stage.key(Qt::Key_F2);
     }},
    {"groups",
     [](const Stage& stage) {
         stage.click("FreeBSD router");
         stage.key(Qt::Key_Menu);
         stage.menuEntry(3);
     }},
    {"shortcuts", [](const Stage& stage) { stage.key(Qt::Key_F1); }},
    {"about",
     [](const Stage& stage) {
         stage.key(Qt::Key_F10);
         stage.menuEntry(4);
     }},
    {"question",
     [](const Stage& stage) {
         stage.click("Kernel builds");
         stage.key(Qt::Key_Menu);
         stage.menuEntry(6);
     }},
    {"catalogue",
     [](const Stage& stage) {
         stage.key(Qt::Key_N, Qt::ControlModifier);
         stage.menuEntry(2);
     }},
    {"settings",
     [](const Stage& stage) {
         stage.key(Qt::Key_F10);
         stage.menuEntry(1);
     }},
    {"host",
     [](const Stage& stage) {
         stage.key(Qt::Key_F10);
         stage.menuEntry(2);
     }},
    {"draft",
     [](const Stage& stage) {
         stage.desk.offer({QUrl::fromLocalFile(QStringLiteral("/media/debian-12-netinst.iso"))});
     }},
};

DemoLibrary::Shelf shelfFor(const QString& scene)
{
    if (scene == QLatin1String("empty"))
        return DemoLibrary::Shelf::Empty;
    return scene == QLatin1String("many") ? DemoLibrary::Shelf::Many : DemoLibrary::Shelf::Everyday;
}

void play(const QString& scene, const Stage& stage)
{
    for (const Scene& known : kScenes) {
        if (scene == QLatin1String(known.name))
            known.play(stage);
    }
}

} // namespace

int main(int argc, char** argv)
{
    QQuickStyle::setStyle(QStringLiteral("Basic"));
    QQuickWindow::setGraphicsApi(QSGRendererInterface::Software);
    QGuiApplication application(argc, argv);
    translations::install(application);
    QAccessible::setActive(true);
    qml_register_types_org_vitrine_display();
    qml_register_types_org_vitrine_models();
    setPalette();
    if (has("--rtl"))
        QGuiApplication::setLayoutDirection(Qt::RightToLeft);

    const QString scene = QCoreApplication::arguments().value(1);
    DemoLibrary library(shelfFor(scene));
    library.setLively(valueOf("shot").isEmpty());
    LibraryDesk desk(library);
    QQmlApplicationEngine engine;
    const QString folder = valueOf("qml");
    const QString rooms = QStringLiteral("qrc:/qt-project.org/imports");
    if (!folder.isEmpty())
        engine.addImportPath(folder);
    engine.setInitialProperties({{QStringLiteral("desk"), QVariant::fromValue(&desk)}});
    engine.load(QUrl((folder.isEmpty() ? rooms : QStringLiteral("file://") + folder) +
                     QStringLiteral("/org/vitrine/shell/LibraryWindow.qml")));
    auto* const window = qobject_cast<QQuickWindow*>(engine.rootObjects().value(0));
    if (!window)
        return 1;
    const QStringList size = valueOf("size", QStringLiteral("1060x700")).split(QLatin1Char('x'));
    window->resize(size.value(0).toInt(), size.value(1).toInt());
    window->requestActivate();
    const Stage stage{*window, library, desk};
    QTimer::singleShot(400, window, [&] { play(scene, stage); });

    const QString shot = valueOf("shot");
    if (!shot.isEmpty())
        QTimer::singleShot(valueOf("wait", QStringLiteral("1500")).toInt(), window, [&] {
            window->grabWindow().save(shot);
            QCoreApplication::exit(0);
        });
    return QGuiApplication::exec();
}
