// SPDX-License-Identifier: GPL-3.0-or-later
// Both windows in other languages, as the environment asks for them.
#include <QAccessible>
#include <QGuiApplication>
#include <QProcess>
#include <QQuickItem>
#include <QQuickWindow>
#include <QTest>
#include <QTextStream>
#include <QTranslator>

#include "tests/ui/demo_machine.h"
#include "translations/translators.h"
#include "ui/models/catalogue_model.h"
#include "ui/models/demo_library.h"
#include "ui/shell/library_window.h"
#include "ui/viewer/guest_window.h"

using ui::models::CatalogueModel;
using ui::models::DemoLibrary;
using ui::models::MachineModel;
using ui::shell::LibraryWindow;
using ui::viewer::GuestWindow;

namespace {

const char kSay[] = "--say"; // this program as a child: says how it would write "Quit"

/// What a screen reader calls the visible items below `item`.
QStringList namesBelow(QQuickItem* item)
{
    QStringList names;
    if (!item->isVisible())
        return names;
    if (QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(item))
        names << readable->text(QAccessible::Name);
    for (QQuickItem* child : item->childItems())
        names << namesBelow(child);
    return names;
}

/// Where the visible item that a screen reader calls `name` begins in its window, or -1.
qreal placeOf(QQuickItem* item, const QString& name)
{
    if (!item->isVisible())
        return -1;
    QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(item);
    if (readable && readable->text(QAccessible::Name) == name)
        return item->mapToScene({0, 0}).x();
    for (QQuickItem* child : item->childItems()) {
        if (const qreal place = placeOf(child, name); place >= 0)
            return place;
    }
    return -1;
}

QString images(int count)
{
    return CatalogueModel::tr("%n images", nullptr, count);
}

} // namespace

class TranslationsTest : public QObject {
    Q_OBJECT
private slots:
    void cleanup();
    void libraryIsGerman();
    void guestWindowIsSpanish();
    void windowsAreMirrored();
    void pluralsAreCounted();
    void directionIsTheLanguages();
    void environmentChooses_data();
    void environmentChooses();

private:
    static void speak(QLocale::Language language)
    {
        translations::install(*qGuiApp, QLocale(language));
    }
};

void TranslationsTest::cleanup()
{
    qDeleteAll(qApp->findChildren<QTranslator*>());
    QGuiApplication::setLayoutDirection(Qt::LeftToRight);
}

void TranslationsTest::libraryIsGerman()
{
    speak(QLocale::German);
    DemoLibrary library;
    QString error;
    const auto window = LibraryWindow::create(library, &error);
    QVERIFY2(window, qPrintable(error));
    const QStringList names = namesBelow(window->window().contentItem());
    QVERIFY2(names.contains(QStringLiteral("Neue Maschine")), qPrintable(names.join(u'\n')));
    QVERIFY(names.contains(QStringLiteral("Maschinen suchen")));
    QVERIFY(!names.contains(QStringLiteral("New machine")));
}

void TranslationsTest::guestWindowIsSpanish()
{
    speak(QLocale::Spanish);
    tests::ui::DemoMachine machine;
    machine.source.setPicture(720, 400);
    MachineModel model;
    model.setController(&machine);
    QString error;
    const auto window = GuestWindow::create(model, {}, &error);
    QVERIFY2(window, qPrintable(error));
    const QStringList names = namesBelow(window->window().contentItem());
    QVERIFY2(names.contains(QStringLiteral("Pausar")), qPrintable(names.join(u'\n')));
    QVERIFY(names.contains(QStringLiteral("Pantalla completa")));
    QCOMPARE(model.stateText(), QStringLiteral("En marcha"));
}

void TranslationsTest::windowsAreMirrored()
{
    QGuiApplication::setLayoutDirection(Qt::RightToLeft);
    DemoLibrary library;
    const auto shelf = LibraryWindow::create(library, nullptr);
    QVERIFY(shelf);
    QQuickItem* const content = shelf->window().contentItem();
    QTRY_VERIFY(placeOf(content, QStringLiteral("New machine")) >
                placeOf(content, QStringLiteral("Search machines")));
    QVERIFY(placeOf(content, QStringLiteral("Search machines")) >
            placeOf(content, QStringLiteral("Sort and groups")));
    QVERIFY(placeOf(content, QStringLiteral("Sort and groups")) >= 0);
    tests::ui::DemoMachine machine;
    MachineModel model;
    model.setController(&machine);
    const auto guest = GuestWindow::create(model, {}, nullptr);
    QVERIFY(guest);
    QQuickItem* const bar = guest->window().contentItem();
    QTRY_VERIFY(placeOf(bar, QStringLiteral("Pause")) >
                placeOf(bar, QStringLiteral("Full screen")));
    QVERIFY(placeOf(bar, QStringLiteral("Full screen")) >= 0);
}

void TranslationsTest::pluralsAreCounted()
{
    speak(QLocale::English);
    QCOMPARE(images(1), QStringLiteral("1 image"));
    QCOMPARE(images(3), QStringLiteral("3 images"));
    speak(QLocale::German);
    QCOMPARE(images(1), QStringLiteral("1 Abbild"));
    QCOMPARE(images(3), QStringLiteral("3 Abbilder"));
}

void TranslationsTest::directionIsTheLanguages()
{
    QGuiApplication::setLayoutDirection(Qt::RightToLeft);
    speak(QLocale::German);
    QCOMPARE(QGuiApplication::layoutDirection(), Qt::LeftToRight);
    speak(QLocale::Arabic); // there is none yet: English, and read as English
    QCOMPARE(QGuiApplication::layoutDirection(), Qt::LeftToRight);
}

void TranslationsTest::environmentChooses_data()
{
    QTest::addColumn<QString>("languages");
    QTest::addColumn<QString>("locale");
    QTest::addColumn<QString>("said");
    QTest::newRow("German") << "de"
                            << "en_GB.UTF-8"
                            << "Beenden";
    QTest::newRow("Austria") << ""
                             << "de_AT.UTF-8"
                             << "Beenden";
    QTest::newRow("Mexico") << ""
                            << "es_MX.UTF-8"
                            << "Salir";
    QTest::newRow("first is English") << "en_GB:de"
                                      << "de_DE.UTF-8"
                                      << "Quit";
    QTest::newRow("second choice") << "fi:es:de"
                                   << "fi_FI.UTF-8"
                                   << "Salir";
    QTest::newRow("none there is") << "fi"
                                   << "fi_FI.UTF-8"
                                   << "Quit";
    QTest::newRow("plain C") << ""
                             << "C"
                             << "Quit";
    QTest::newRow("hostile") << "../../../../tmp/x:%n/%1"
                             << "C.UTF-8"
                             << "Quit";
}

void TranslationsTest::environmentChooses()
{
    QFETCH(QString, languages);
    QFETCH(QString, locale);
    QFETCH(QString, said);
    auto environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"LC_ALL", "LC_MESSAGES"})
        environment.remove(QLatin1String(name));
    environment.insert(QStringLiteral("LANGUAGE"), languages);
    environment.insert(QStringLiteral("LANG"), locale);
    QProcess child;
    child.setProcessEnvironment(environment);
    child.start(QCoreApplication::applicationFilePath(), {QLatin1String(kSay)});
    QVERIFY(child.waitForFinished());
    QCOMPARE(QString::fromUtf8(child.readAllStandardOutput()), said);
}

int main(int argc, char** argv)
{
    GuestWindow::prepare();
    QGuiApplication application(argc, argv);
    if (argc == 2 && qstrcmp(argv[1], kSay) == 0) {
        translations::install(application);
        QTextStream(stdout) << QCoreApplication::translate("MainMenu", "Quit");
        return 0;
    }
    QAccessible::setActive(true);
    TranslationsTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "translations_test.moc"
