// SPDX-License-Identifier: GPL-3.0-or-later
// The sheets and preferences offscreen with a pretended library: all of it by keyboard alone, every
// control with a name, and nothing measured that nobody sees.
#include <QAccessible>
#include <QGuiApplication>
#include <QQmlApplicationEngine>
#include <QQuickItem>
#include <QQuickStyle>
#include <QQuickWindow>
#include <QTest>

#include "ui/models/demo_library.h"
#include "ui/models/draft_model.h"

void qml_register_types_org_vitrine_display();
void qml_register_types_org_vitrine_models();

using namespace ui::models;

namespace {

/// Notes what is made and what is watched.
class Notebook : public DemoLibrary {
public:
    void create(const MachineDraft& draft, bool start) override
    {
        made.append(draft);
        started.append(start);
    }
    void offer(const QList<QUrl>& urls) override { offered += urls; }
    void setWatchedMachine(const QString& id) override { watched = id; }
    std::optional<MachineSummary> machine(const QString& id) const override
    {
        auto summary = DemoLibrary::machine(id);
        if (summary && !trouble.isEmpty()) {
            summary->state = MachineState::Broken;
            summary->problem = trouble;
        }
        return summary;
    }
    std::optional<app::library::MachineConfig> config(const QString& id) const override
    {
        return trouble.isEmpty() ? DemoLibrary::config(id) : std::nullopt;
    }
    QString trouble; ///< of every machine
    QList<MachineDraft> made;
    QList<bool> started;
    QList<QUrl> offered;
    QString watched;
};

const char kHead[] = "import QtQuick\nimport QtQuick.Controls.Basic\n"
                     "import org.vitrine.assistants\nimport org.vitrine.models\n"
                     "import org.vitrine.properties\n";
const char kWindow[] = "ApplicationWindow {\n id: window\n width: 800; height: 700; visible: true\n"
                       " required property LibraryController controller\n"
                       " required property string machine\n";
const char kDraft[] = "DraftModel { id: model; controller: window.controller }\n"
                      "NewMachineSheet { draft: model }\n}\n";
const char kCatalogue[] = "CataloguePage { anchors.fill: parent; focus: true;"
                          " controller: window.controller }\n}\n";
const char kApplication[] =
    "AppPreferences { anchors.fill: parent; controller: window.controller }\n}\n";
const char kHost[] = "HostCheckPage { anchors.fill: parent }\n}\n";

void collect(QQuickItem* item, std::vector<QQuickItem*>& all)
{
    all.push_back(item);
    for (QQuickItem* child : item->childItems())
        collect(child, all);
}

QString nameOf(QQuickItem* item)
{
    QAccessibleInterface* const readable = QAccessible::queryAccessibleInterface(item);
    return readable ? readable->text(QAccessible::Name) : QString();
}

} // namespace

class SheetsWindowTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void enterStartsWhatWasDropped();
    void escapeGivesTheDraftUp();
    void theNextDraftFollows();
    void whatIsTypedCounts();
    void aMissingPasswordIsSaidAndReached();
    void everyFieldIsReachedByTab();
    void everyControlHasAName_data();
    void everyControlHasAName();
    void hostChecksOfferWhatHelps();
    void everyPageHasNames_data();
    void everyPageHasNames();
    void pagesTurnByKeyboard();
    void escapeClosesThePreferences();
    void forwardsAreAddedByKeyboard();
    void wrongConfigurationCannotBeSaved();
    void aBrokenMachineIsMended();
    void detachingADiskAsks();
    void aConnectedMachineHasACable();
    void onlyWhatIsSeenIsMeasured();
    void theCatalogueIsChosenByKeyboard();
    void anUnknownSystemIsChosenByKeyboard();

private:
    void open(const QByteArray& text);
    void openPreferences();
    void press(int key, Qt::KeyboardModifiers modifiers = {});
    void type(const char* text);
    std::vector<QQuickItem*> items() const;
    QQuickItem* named(const QString& name) const;
    bool focus(const QString& name);
    void checkNames(int least);
    MachineDraft debian() const;

    std::unique_ptr<Notebook> m_library;
    std::unique_ptr<QQmlApplicationEngine> m_engine;
    QQuickWindow* m_window = nullptr;
};

void SheetsWindowTest::init()
{
    m_library = std::make_unique<Notebook>();
    m_library->setPace(0);
    m_library->setLively(false);
}

void SheetsWindowTest::cleanup()
{
    m_window = nullptr;
    m_engine.reset();
    m_library.reset();
}

void SheetsWindowTest::open(const QByteArray& text)
{
    m_engine = std::make_unique<QQmlApplicationEngine>();
    m_engine->setInitialProperties(
        {{QStringLiteral("controller"),
          QVariant::fromValue(static_cast<LibraryController*>(m_library.get()))},
         {QStringLiteral("machine"), m_library->machines().first().id}});
    m_engine->loadData(text);
    m_window = qobject_cast<QQuickWindow*>(m_engine->rootObjects().value(0));
    QVERIFY(m_window);
    m_window->requestActivate();
    QVERIFY(QTest::qWaitForWindowActive(m_window));
}

void SheetsWindowTest::openPreferences()
{
    open(QByteArray(kHead) + "PreferencesWindow { visible: true }\n");
}

void SheetsWindowTest::press(int key, Qt::KeyboardModifiers modifiers)
{
    QTest::keyClick(m_window, static_cast<Qt::Key>(key), modifiers);
}

void SheetsWindowTest::type(const char* text)
{
    for (const char* letter = text; *letter != '\0'; ++letter)
        QTest::keyClick(m_window, *letter);
}

std::vector<QQuickItem*> SheetsWindowTest::items() const
{
    std::vector<QQuickItem*> all;
    collect(m_window->contentItem(), all);
    return all;
}

QQuickItem* SheetsWindowTest::named(const QString& name) const
{
    for (QQuickItem* item : items()) {
        if (item->isVisible() && nameOf(item) == name)
            return item;
    }
    return nullptr;
}

/// Presses Tab until the control called `name` has the keyboard.
bool SheetsWindowTest::focus(const QString& name)
{
    constexpr int kMost = 60;
    for (int i = 0; i < kMost; ++i) {
        if (m_window->activeFocusItem() && nameOf(m_window->activeFocusItem()) == name)
            return true;
        press(Qt::Key_Tab);
    }
    return false;
}

void SheetsWindowTest::checkNames(int least)
{
    int controls = 0;
    for (QQuickItem* item : items()) {
        if (!item->isVisible() || !item->activeFocusOnTab())
            continue;
        QVERIFY2(!nameOf(item).isEmpty(), item->metaObject()->className());
        ++controls;
    }
    QVERIFY2(controls >= least, qPrintable(QString::number(controls)));
}

MachineDraft SheetsWindowTest::debian() const
{
    MachineDraft draft = m_library->emptyDraft();
    draft.source = MachineDraft::Source::Installer;
    draft.sourceName = QStringLiteral("debian.iso");
    draft.osName = QStringLiteral("Debian 12");
    draft.config.hardware.name = "Debian 12";
    draft.canExpress = true;
    draft.canUefi = true;
    draft.canTryLive = true;
    draft.user = QStringLiteral("ada");
    return draft;
}

void SheetsWindowTest::enterStartsWhatWasDropped()
{
    open(QByteArray(kHead) + kWindow + kDraft);
    emit m_library->draftReady(debian()); // the first action: the drop
    QTRY_VERIFY(named(QStringLiteral("Create and start")));
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Name of the machine"));
    press(Qt::Key_Return); // the second
    QCOMPARE(m_library->made.size(), 1);
    QCOMPARE(m_library->started, QList<bool>{true});
    QTRY_VERIFY(!named(QStringLiteral("Create and start")));
}

void SheetsWindowTest::escapeGivesTheDraftUp()
{
    open(QByteArray(kHead) + kWindow + kDraft);
    emit m_library->draftReady(debian());
    QTRY_VERIFY(named(QStringLiteral("Create and start")));
    press(Qt::Key_Escape);
    QTRY_VERIFY(!named(QStringLiteral("Create and start")));
    QVERIFY(m_library->made.isEmpty());
    emit m_library->draftReady(debian()); // the sheet comes again
    QTRY_VERIFY(named(QStringLiteral("Create and start")));
}

void SheetsWindowTest::theNextDraftFollows()
{
    open(QByteArray(kHead) + kWindow + kDraft);
    MachineDraft second = debian();
    second.osName = QStringLiteral("Fedora 39");
    emit m_library->draftReady(debian());
    emit m_library->draftReady(second);
    QTRY_VERIFY(named(QStringLiteral("Debian 12")));
    press(Qt::Key_Escape);
    QTRY_VERIFY(named(QStringLiteral("Fedora 39")));
    press(Qt::Key_Return);
    QTRY_COMPARE(m_library->made.size(), 1);
    QCOMPARE(m_library->made.first().osName, QStringLiteral("Fedora 39"));
}

void SheetsWindowTest::whatIsTypedCounts()
{
    open(QByteArray(kHead) + kWindow + kDraft);
    emit m_library->draftReady(debian());
    QTRY_VERIFY(named(QStringLiteral("Create and start")));
    QVERIFY(focus(QStringLiteral("Name of the machine")));
    press(Qt::Key_A, Qt::ControlModifier);
    type("Workbench");
    QVERIFY(focus(QStringLiteral("Memory, typed")));
    press(Qt::Key_A, Qt::ControlModifier);
    type("3 GiB");
    press(Qt::Key_Return); // typed and started by the same key
    QCOMPARE(m_library->made.size(), 1);
    QCOMPARE(m_library->made.first().config.name(), std::string("Workbench"));
    QCOMPARE(m_library->made.first().config.hardware.memoryBytes, quint64{3} << 30);
}

void SheetsWindowTest::aMissingPasswordIsSaidAndReached()
{
    open(QByteArray(kHead) + kWindow + kDraft);
    emit m_library->draftReady(debian());
    QTRY_VERIFY(named(QStringLiteral("Create and start")));
    QVERIFY(focus(QStringLiteral("Express install")));
    press(Qt::Key_Space);
    QTRY_VERIFY(named(QStringLiteral("Password")));
    QVERIFY(focus(QStringLiteral("User name")));
    press(Qt::Key_Return);
    QVERIFY(m_library->made.isEmpty());
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Password"));
    type("secret");
    press(Qt::Key_Return);
    QCOMPARE(m_library->made.size(), 1);
    QVERIFY(m_library->made.first().express);
    QCOMPARE(m_library->made.first().password, QStringLiteral("secret"));
}

void SheetsWindowTest::everyFieldIsReachedByTab()
{
    open(QByteArray(kHead) + kWindow + kDraft);
    MachineDraft draft = debian();
    draft.express = true;
    draft.needsProductKey = true;
    emit m_library->draftReady(draft);
    QTRY_VERIFY(named(QStringLiteral("Password")));
    for (const char* name : {"Name of the machine",
                             "Just try it",
                             "Express install",
                             "Full name",
                             "User name",
                             "Password",
                             "Show the password",
                             "Language",
                             "Keyboard",
                             "Time zone",
                             "Product key",
                             "Memory",
                             "Memory, typed",
                             "Processors",
                             "Disk size",
                             "Disk size, typed",
                             "BIOS",
                             "Create",
                             "Install",
                             "Close"})
        QVERIFY2(focus(QString::fromLatin1(name)), name);
}

void SheetsWindowTest::everyControlHasAName_data()
{
    QTest::addColumn<QByteArray>("scene");
    QTest::addColumn<int>("least");
    QTest::newRow("catalogue") << QByteArray(kCatalogue) << 2;
    QTest::newRow("application") << QByteArray(kApplication) << 3;
}

void SheetsWindowTest::everyControlHasAName()
{
    QFETCH(QByteArray, scene);
    QFETCH(int, least);
    open(QByteArray(kHead) + kWindow + scene);
    checkNames(least);
}

void SheetsWindowTest::hostChecksOfferWhatHelps()
{
    open(QByteArray(kHead) + kWindow + kHost);
    QVERIFY(named(QStringLiteral("Checking this computer")));
    QVERIFY(!named(QStringLiteral("Check again")));
    QTRY_VERIFY(named(QStringLiteral("Check again"))); // this test's program is no checker
    QVERIFY(named(QStringLiteral("This computer could not be checked")));
    QVERIFY(!named(QStringLiteral("Copy report")));
    checkNames(1);
}

void SheetsWindowTest::everyPageHasNames_data()
{
    QTest::addColumn<int>("page");
    QTest::addColumn<int>("least");
    QTest::newRow("overview") << 0 << 1;
    QTest::newRow("resources") << 1 << 8;
    QTest::newRow("media") << 2 << 2;
    QTest::newRow("network") << 3 << 7;
    QTest::newRow("devices") << 4 << 4;
    QTest::newRow("boot") << 5 << 3;
    QTest::newRow("closing") << 6 << 5;
    QTest::newRow("logs") << 7 << 3;
    QTest::newRow("configuration") << 8 << 2;
}

void SheetsWindowTest::everyPageHasNames()
{
    QFETCH(int, page);
    QFETCH(int, least);
    openPreferences();
    m_window->setProperty("page", page);
    checkNames(least);
    m_window->resize(380, 600); // the pages above instead of beside
    QTRY_VERIFY(named(QStringLiteral("Page")));
    checkNames(least);
}

void SheetsWindowTest::pagesTurnByKeyboard()
{
    openPreferences();
    QVERIFY(!named(QStringLiteral("Memory, typed")));
    press(Qt::Key_PageDown, Qt::ControlModifier);
    QTRY_VERIFY(named(QStringLiteral("Memory, typed")));
    press(Qt::Key_PageUp, Qt::ControlModifier);
    QTRY_VERIFY(!named(QStringLiteral("Memory, typed")));
    press(Qt::Key_PageUp, Qt::ControlModifier); // round to the last
    QTRY_VERIFY(named(QStringLiteral("Configuration of the machine")));
    QVERIFY(focus(QStringLiteral("Edit configuration"))); // the list of pages
    press(Qt::Key_Up);
    QTRY_VERIFY(named(QStringLiteral("Log of the machine")));
}

void SheetsWindowTest::escapeClosesThePreferences()
{
    openPreferences();
    press(Qt::Key_Escape);
    QTRY_VERIFY(!m_window->isVisible());
}

void SheetsWindowTest::forwardsAreAddedByKeyboard()
{
    openPreferences();
    const QString id = m_library->machines().first().id;
    auto config = *m_library->config(id);
    config.hardware.nics.assign(1, {});
    m_library->setConfig(id, config);
    m_window->setProperty("page", 3);
    QVERIFY(focus(QStringLiteral("Port of this computer")));
    type("2222");
    press(Qt::Key_Return);
    QCOMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Port of the machine"));
    type("22");
    press(Qt::Key_Return);
    const auto now = m_library->config(id)->hardware.nics.front().forwards;
    QCOMPARE(now, std::vector<std::string>{"tcp:127.0.0.1:2222-:22"});
    QVERIFY(focus(QStringLiteral("Copy ssh command")));
    QVERIFY(focus(QStringLiteral("Remove the forward of port 2222")));
    press(Qt::Key_Return);
    QVERIFY(m_library->config(id)->hardware.nics.front().forwards.empty());
}

void SheetsWindowTest::wrongConfigurationCannotBeSaved()
{
    openPreferences();
    const QString id = m_library->machines().first().id;
    const QString before = m_library->configText(id);
    m_window->setProperty("page", 8);
    QVERIFY(focus(QStringLiteral("Configuration of the machine")));
    type("wrong ");
    QTRY_VERIFY(named(m_library->configTextProblem(id, QStringLiteral("wrong ") + before)));
    QVERIFY(!named(QStringLiteral("Save"))->isEnabled());
    press(Qt::Key_S, Qt::ControlModifier);
    QCOMPARE(m_library->configText(id), before);
    QVERIFY(focus(QStringLiteral("Revert")));
    press(Qt::Key_Return);
    QTRY_VERIFY(!named(QStringLiteral("Revert"))->isEnabled());
}

void SheetsWindowTest::aBrokenMachineIsMended()
{
    m_library->trouble = QStringLiteral("machine.toml, line 2: a quote is missing");
    openPreferences();
    const QString id = m_library->machines().first().id;
    QVERIFY(named(QStringLiteral("Configuration of the machine")));
    QVERIFY(named(m_library->trouble));
    QVERIFY(!named(QStringLiteral("Resources")));
    emit m_library->machineChanged(id); // it stays open while it is wrong
    QVERIFY(m_window->isVisible());
    m_library->trouble.clear();
    emit m_library->machineChanged(id);
    QTRY_VERIFY(named(QStringLiteral("Resources")));
    QVERIFY(m_window->isVisible());
}

void SheetsWindowTest::detachingADiskAsks()
{
    openPreferences();
    const QString id = m_library->machines().first().id;
    QCOMPARE(m_library->disks(id).size(), 1);
    m_window->setProperty("page", 1);
    QVERIFY(focus(QStringLiteral("Detach disk0.raw")));
    press(Qt::Key_Space);
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Cancel"));
    press(Qt::Key_Return);
    QTRY_VERIFY(!named(QStringLiteral("Cancel")));
    QCOMPARE(m_library->disks(id).size(), 1);
    QVERIFY(focus(QStringLiteral("Detach disk0.raw")));
    press(Qt::Key_Space);
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Cancel"));
    press(Qt::Key_Tab);
    QCOMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Detach"));
    press(Qt::Key_Return);
    QTRY_COMPARE(m_library->disks(id).size(), 0);
}

void SheetsWindowTest::aConnectedMachineHasACable()
{
    openPreferences();
    m_window->setProperty("page", 3);
    QTRY_VERIFY(named(QStringLiteral("Cable plugged in"))); // by NAT, as the machine comes
    const QString id = m_library->machines().first().id;
    auto config = *m_library->config(id);
    config.hardware.nics.clear();
    m_library->setConfig(id, config);
    QTRY_VERIFY(!named(QStringLiteral("Cable plugged in")));
}

void SheetsWindowTest::onlyWhatIsSeenIsMeasured()
{
    openPreferences();
    const QString id = m_library->machines().first().id;
    QVERIFY(m_library->machine(id)->state == MachineState::Running);
    QTRY_COMPARE(m_library->watched, id);
    press(Qt::Key_PageDown, Qt::ControlModifier);
    QTRY_COMPARE(m_library->watched, QString());
    press(Qt::Key_PageUp, Qt::ControlModifier);
    QTRY_COMPARE(m_library->watched, id);
    m_window->hide();
    QTRY_COMPARE(m_library->watched, QString());
}

void SheetsWindowTest::theCatalogueIsChosenByKeyboard()
{
    open(QByteArray(kHead) + kWindow + kCatalogue);
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Search systems"));
    type("fedora");
    press(Qt::Key_Down);
    QCOMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Fedora Linux 39"));
    press(Qt::Key_Return);
    QTRY_VERIFY(named(QStringLiteral("Download Workstation")));
    QVERIFY(focus(QStringLiteral("Download Workstation")));
    press(Qt::Key_Return);
    QCOMPARE(m_library->offered.size(), 1);
}

void SheetsWindowTest::anUnknownSystemIsChosenByKeyboard()
{
    MachineDraft unknown = debian();
    unknown.osName.clear();
    open(QByteArray(kHead) + kWindow + kDraft);
    emit m_library->draftReady(unknown);
    QTRY_VERIFY(named(QStringLiteral("Choose the system")));
    QVERIFY(focus(QStringLiteral("Choose the system")));
    press(Qt::Key_Return);
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Search systems"));
    type("nothing of that name");
    press(Qt::Key_Return);
    QVERIFY(m_library->made.isEmpty());
    QCOMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Search systems"));
    press(Qt::Key_Escape);
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Choose the system"));
    press(Qt::Key_Return);
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Search systems"));
    type("debian");
    press(Qt::Key_Down);
    QCOMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Debian 12"));
    press(Qt::Key_Down);
    QCOMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Debian 11"));
    press(Qt::Key_Return);
    QTRY_COMPARE(nameOf(m_window->activeFocusItem()), QStringLiteral("Choose the system"));
    QVERIFY(m_library->made.isEmpty());
    QVERIFY(focus(QStringLiteral("Create and start")));
    press(Qt::Key_Return);
    QCOMPARE(m_library->made.size(), 1);
    QCOMPARE(m_library->made.first().osName, QStringLiteral("Debian 11"));
}

int main(int argc, char** argv)
{
    QQuickStyle::setStyle(QStringLiteral("Basic"));
    QQuickWindow::setGraphicsApi(QSGRendererInterface::Software);
    const QGuiApplication application(argc, argv);
    QAccessible::setActive(true);
    qml_register_types_org_vitrine_display();
    qml_register_types_org_vitrine_models();
    SheetsWindowTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "sheets_window_test.moc"
