// SPDX-License-Identifier: GPL-3.0-or-later
// The sheets and preferences with a pretended library, to look at:
// vitrine_sheets_demo SCENE [--dark] [--contrast] [--rtl] [--long] [--size=WxH] [--page=N]
// [--qml=FOLDER] [--shot=FILE]
// Scenes: draft, express, live, catalogue, media, preferences, application, host.
#include <algorithm>

#include <QGuiApplication>
#include <QPalette>
#include <QQmlApplicationEngine>
#include <QQuickStyle>
#include <QQuickWindow>
#include <QTimer>
#include <QTranslator>

#include "translations/translators.h"
#include "ui/models/demo_library.h"
#include "ui/models/draft_model.h"

void qml_register_types_org_vitrine_display();
void qml_register_types_org_vitrine_models();

namespace {

using ui::models::DemoLibrary;
using ui::models::DraftModel;
using ui::models::MachineDraft;

/// Every sentence half as long again, as translations are.
class Longer : public QTranslator {
public:
    bool isEmpty() const override { return false; }
    QString translate(const char*, const char* text, const char*, int) const override
    {
        static const QString kMore = QStringLiteral(" äußerst Verlängerungszeichenfolge");
        const QString words = QString::fromUtf8(text);
        return words + kMore.left(std::max<qsizetype>(3, words.size() / 2));
    }
};

QString valueOf(const QString& option, const QString& otherwise)
{
    const QString start = QStringLiteral("--%1=").arg(option);
    for (const QString& argument : QCoreApplication::arguments()) {
        if (argument.startsWith(start))
            return argument.mid(start.size());
    }
    return otherwise;
}

bool has(const char* option)
{
    return QCoreApplication::arguments().contains(QLatin1String(option));
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

QByteArray sceneText(const QString& scene)
{
    const QByteArray head =
        "import QtQuick\nimport QtQuick.Controls.Basic\nimport org.vitrine.assistants\n"
        "import org.vitrine.models\nimport org.vitrine.properties\nimport org.vitrine.theme\n";
    const QByteArray window =
        "ApplicationWindow {\n id: window\n required property LibraryController controller\n"
        " required property string machine\n property int page: 0\n"
        " LayoutMirroring.enabled: Qt.application.layoutDirection === Qt.RightToLeft\n"
        " LayoutMirroring.childrenInherit: true\n visible: true\n color: Theme.surface\n";
    if (scene == QLatin1String("preferences"))
        return head + "PreferencesWindow { visible: true }\n";
    if (scene == QLatin1String("application"))
        return head + window +
               "AppPreferences { anchors.fill: parent; controller: window.controller }\n}\n";
    if (scene == QLatin1String("host"))
        return head + window + "HostCheckPage { anchors.fill: parent }\n}\n";
    if (scene == QLatin1String("catalogue") || scene == QLatin1String("media"))
        return head + window +
               "CataloguePage { anchors.fill: parent; controller: window.controller }\n}\n";
    return head + window +
           "DraftModel { id: model; objectName: \"draft\"; controller: window.controller }\n"
           "NewMachineSheet { draft: model }\n}\n";
}

void playScene(const QString& scene, QQuickWindow& window, DemoLibrary& library)
{
    auto* const draft = window.findChild<DraftModel*>(QStringLiteral("draft"));
    if (!draft)
        return;
    MachineDraft offer = library.emptyDraft();
    if (scene != QLatin1String("empty")) {
        offer.source = MachineDraft::Source::Installer;
        offer.sourceName = QStringLiteral("debian-12.2.0-amd64-netinst.iso");
        offer.osName = QStringLiteral("Debian 12");
        offer.osLogo = QStringLiteral("qrc:/org/vitrine/icons/os-debian.svg");
        offer.config.hardware.name = "Debian 12";
        offer.config.os = "http://debian.org/debian/12";
        offer.recommendedMemory = quint64{2} << 30;
        offer.canExpress = true;
        offer.canUefi = true;
        offer.canTryLive = scene == QLatin1String("live");
        offer.tryLive = offer.canTryLive;
        offer.express = scene == QLatin1String("express");
    }
    emit library.draftReady(offer);
    if (scene == QLatin1String("express"))
        emit library.draftReady(offer);
}

} // namespace

int main(int argc, char** argv)
{
    QQuickStyle::setStyle(QStringLiteral("Basic"));
    QGuiApplication application(argc, argv);
    translations::install(application);
    qml_register_types_org_vitrine_display();
    qml_register_types_org_vitrine_models();
    setPalette();
    Longer longer;
    if (has("--long"))
        QCoreApplication::installTranslator(&longer);
    if (has("--rtl"))
        QGuiApplication::setLayoutDirection(Qt::RightToLeft);

    const QString scene = QCoreApplication::arguments().value(1);
    DemoLibrary library;
    QQmlApplicationEngine engine;
    if (const QString folder = valueOf(QStringLiteral("qml"), {}); !folder.isEmpty())
        engine.addImportPath(folder);
    engine.setInitialProperties(
        {{QStringLiteral("controller"),
          QVariant::fromValue(static_cast<ui::models::LibraryController*>(&library))},
         {QStringLiteral("machine"), library.machines().first().id},
         {QStringLiteral("page"), valueOf(QStringLiteral("page"), QStringLiteral("0")).toInt()}});
    engine.loadData(sceneText(scene));
    auto* const window = qobject_cast<QQuickWindow*>(engine.rootObjects().value(0));
    if (!window)
        return 1;
    const QStringList size =
        valueOf(QStringLiteral("size"), QStringLiteral("900x680")).split(QLatin1Char('x'));
    window->resize(size.value(0).toInt(), size.value(1).toInt());
    playScene(scene, *window, library);

    const QString shot = valueOf(QStringLiteral("shot"), {});
    if (!shot.isEmpty())
        QTimer::singleShot(valueOf(QStringLiteral("wait"), QStringLiteral("900")).toInt(), window,
                           [&] {
                               window->grabWindow().save(shot);
                               QCoreApplication::exit(0);
                           });
    return QGuiApplication::exec();
}
