// SPDX-License-Identifier: GPL-3.0-or-later
// The preferences of a machine: what is typed is checked, what is chosen arrives, what comes back
// is shown. Load, host checks and the settings of all machines, too.
#include <QGuiApplication>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "ui/models/demo_library.h"
#include "ui/models/host_check_model.h"
#include "ui/models/load_model.h"
#include "ui/models/preferences_app.h"
#include "ui/models/preferences_config.h"
#include "ui/models/preferences_model.h"
#include "ui/models/quantity.h"

using namespace ui::models;

class PreferencesModelTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void showsTheMachine();
    void numbersAreWrittenOnceTheyRest();
    void numbersAreWrittenBeforeThePageGoes();
    void choicesHaveNamesOfTheirOwn();
    void choicesArrive();
    void quickChangesAddUp();
    void whatIsRefusedGoesBack();
    void aRemovedKernelTakesItsWordsAlong();
    void disksGrowAndNeverShrink();
    void forwardsStayOnThisComputer();
    void wrongForwardsAreRefused_data();
    void wrongForwardsAreRefused();
    void rulesAreReadAndWritten();
    void theSshCommandFollowsTheForward();
    void appliedSaysWhen();
    void configurationGoesRoundAndBack();
    void wrongConfigurationIsNotWritten();
    void overtakenConfigurationKeepsWhatWasTyped();
    void loadBecomesRates();
    void nobodyLooksNothingIsMeasured();
    void hostChecksAreRead();
    void missingCheckerIsSaid();
    void hostKeysAreKept();
    void foldersAndDownloads();

private:
    QString idIn(MachineState state) const;

    std::unique_ptr<DemoLibrary> m_library;
    std::unique_ptr<PreferencesModel> m_prefs;
};

QString PreferencesModelTest::idIn(MachineState state) const
{
    for (const MachineSummary& machine : m_library->machines()) {
        if (machine.state == state)
            return machine.id;
    }
    return {};
}

void PreferencesModelTest::init()
{
    m_prefs.reset();
    m_library = std::make_unique<DemoLibrary>();
    m_library->setPace(0);
    m_library->setLively(false);
    m_prefs = std::make_unique<PreferencesModel>();
    m_prefs->setController(m_library.get());
    m_prefs->setMachine(idIn(MachineState::Off));
}

void PreferencesModelTest::showsTheMachine()
{
    QVERIFY(m_prefs->valid());
    QVERIFY(!m_prefs->alive());
    QVERIFY(m_prefs->laterText().isEmpty());
    QCOMPARE(m_prefs->memory()->value(),
             m_library->config(m_prefs->machine())->hardware.memoryBytes);
    m_prefs->setMachine(idIn(MachineState::Running));
    QVERIFY(m_prefs->running());
    QVERIFY(!m_prefs->laterText().isEmpty());
    m_prefs->setMachine(QStringLiteral("nobody"));
    QVERIFY(!m_prefs->valid());
}

void PreferencesModelTest::numbersAreWrittenOnceTheyRest()
{
    const QSignalSpy applied(m_library.get(), &LibraryController::configApplied);
    m_prefs->memory()->type(QStringLiteral("3 GiB"));
    m_prefs->memory()->step(1);
    m_prefs->cpus()->type(QStringLiteral("3"));
    QCOMPARE(applied.count(), 0);
    QTRY_COMPARE(applied.count(), 1);
    const auto config = m_library->config(m_prefs->machine());
    QCOMPARE(config->hardware.memoryBytes, 4 * kGiB);
    QCOMPARE(config->hardware.cpus, 3U);
}

void PreferencesModelTest::numbersAreWrittenBeforeThePageGoes()
{
    const QString first = m_prefs->machine();
    m_prefs->memory()->type(QStringLiteral("3 GiB"));
    m_prefs->setMachine(idIn(MachineState::Running));
    QCOMPARE(m_library->config(first)->hardware.memoryBytes, 3 * kGiB);
    m_prefs->memory()->type(QStringLiteral("5 GiB"));
    const QString second = m_prefs->machine();
    m_prefs.reset();
    QCOMPARE(m_library->config(second)->hardware.memoryBytes, 5 * kGiB);
}

/// QML finds a choice by its name alone: of two alike, one would silently mean the other.
void PreferencesModelTest::choicesHaveNamesOfTheirOwn()
{
    const QMetaObject& facts = PreferencesModel::staticMetaObject;
    QStringList names;
    for (int i = facts.enumeratorOffset(); i < facts.enumeratorCount(); ++i) {
        for (int key = 0; key < facts.enumerator(i).keyCount(); ++key)
            names << QString::fromLatin1(facts.enumerator(i).key(key));
    }
    QVERIFY(names.contains(QStringLiteral("Nat")));
    QVERIFY2(names.removeDuplicates() == 0, qPrintable(names.join(QLatin1Char(' '))));
}

void PreferencesModelTest::choicesArrive()
{
    using namespace vmm::spec;
    const auto hardware = [this] { return m_library->config(m_prefs->machine())->hardware; };
    m_prefs->setGivesBack(false);
    QVERIFY(hardware().balloon == BalloonKind::None);
    m_prefs->setGivesBack(true);
    QVERIFY(hardware().balloon == BalloonKind::Auto);
    using Serial = PreferencesModel::Serial;
    QVERIFY(m_prefs->serial() == Serial::Nothing);
    m_prefs->setSerial(Serial::Terminal);
    QVERIFY(hardware().serial == SerialKind::Pty && m_prefs->serial() == Serial::Terminal);
    m_prefs->setSerial(Serial::Other); // nothing to choose
    QVERIFY(hardware().serial == SerialKind::Pty);
    m_prefs->setSerial(Serial::Nothing);
    QVERIFY(hardware().serial == SerialKind::None);
    m_prefs->setEntropy(!m_prefs->entropy());
    QCOMPARE(hardware().entropy, m_prefs->entropy());
    m_prefs->setTellsCopies(!m_prefs->tellsCopies());
    QCOMPARE(hardware().generationId, m_prefs->tellsCopies());
    m_prefs->setNetwork(PreferencesModel::Network::None);
    QVERIFY(hardware().nics.front().kind == NicKind::None);
    m_prefs->setNetwork(PreferencesModel::Network::Nat);
    QVERIFY(hardware().nics.front().kind == NicKind::User);
    m_prefs->setLinkUp(false);
    QVERIFY(!hardware().nics.front().linkUp);
    m_prefs->setRestricted(true);
    QVERIFY(hardware().nics.front().restricted);
    m_prefs->setBoot(PreferencesModel::Boot::Menu);
    QVERIFY(hardware().boot == BootOrder::Menu);
    m_prefs->setFirmware(PreferencesModel::Firmware::Uefi);
    QCOMPARE(hardware().firmwarePath, std::string("uefi"));
    m_prefs->setFirmware(PreferencesModel::Firmware::Bios);
    QCOMPARE(hardware().firmwarePath, std::string());
    m_prefs->setClosing(PreferencesModel::Closing::ShutDown);
    QVERIFY(m_library->config(m_prefs->machine())->onClose == app::library::CloseAction::ShutDown);
    m_prefs->setDisposable(true);
    QVERIFY(m_library->config(m_prefs->machine())->disposable);
}

namespace {

/// Writes later, as a controller does that never blocks; or refuses.
class Slow : public DemoLibrary {
public:
    void setConfig(const QString& id, const app::library::MachineConfig& config) override
    {
        waiting.append({id, config});
    }
    void write()
    {
        for (const auto& [id, config] : std::exchange(waiting, {}))
            DemoLibrary::setConfig(id, config);
    }
    QList<std::pair<QString, app::library::MachineConfig>> waiting;
};

} // namespace

void PreferencesModelTest::quickChangesAddUp()
{
    Slow library;
    PreferencesModel prefs;
    prefs.setController(&library);
    prefs.setMachine(library.machines().first().id);
    prefs.setGivesBack(!prefs.givesBack());
    const bool givesBack = prefs.givesBack();
    emit library.machineChanged(prefs.machine()); // something else happens meanwhile
    QCOMPARE(prefs.givesBack(), givesBack);
    prefs.setBoot(PreferencesModel::Boot::Menu);
    library.write();
    const auto hardware = library.config(prefs.machine())->hardware;
    QVERIFY(hardware.boot == vmm::spec::BootOrder::Menu);
    QCOMPARE(hardware.balloon == vmm::spec::BalloonKind::Auto, givesBack);
    QCOMPARE(prefs.givesBack(), givesBack);
}

void PreferencesModelTest::whatIsRefusedGoesBack()
{
    Slow library;
    PreferencesModel prefs;
    prefs.setController(&library);
    prefs.setMachine(library.machines().first().id);
    const bool before = prefs.givesBack();
    prefs.setGivesBack(!before);
    QCOMPARE(prefs.givesBack(), !before);
    emit library.notice(QStringLiteral("The disk is full"), prefs.machine());
    QCOMPARE(prefs.givesBack(), before);
}

void PreferencesModelTest::aRemovedKernelTakesItsWordsAlong()
{
    m_prefs->useKernelFile(QUrl::fromLocalFile(QStringLiteral("/boot/vmlinuz")));
    m_prefs->useInitrdFile(QUrl::fromLocalFile(QStringLiteral("/boot/initrd")));
    m_prefs->setCommandLine(QStringLiteral("quiet"));
    QCOMPARE(m_library->config(m_prefs->machine())->hardware.commandLine, std::string("quiet"));
    m_prefs->setKernel({});
    QVERIFY(m_prefs->initrd().isEmpty());
    QVERIFY(m_library->config(m_prefs->machine())->hardware.commandLine.empty());
    m_prefs->useKernelFile(QUrl(QStringLiteral("https://example.org/vmlinuz")));
    QVERIFY(m_prefs->kernel().isEmpty());
}

void PreferencesModelTest::disksGrowAndNeverShrink()
{
    QCOMPARE(m_prefs->disks()->count(), 1);
    QVERIFY(!m_prefs->growDisk(QStringLiteral("disk0"), QStringLiteral("10 GiB")).isEmpty());
    QVERIFY(!m_prefs->growDisk(QStringLiteral("disk0"), QStringLiteral("big")).isEmpty());
    QVERIFY(m_prefs->growDisk(QStringLiteral("disk0"), QStringLiteral("30 GiB")).isEmpty());
    QCOMPARE(m_prefs->disks()->bytes(QStringLiteral("disk0")), 30 * kGiB);
    QVERIFY(!m_prefs->addDisk(QStringLiteral("")).isEmpty());
    QVERIFY(m_prefs->addDisk(QStringLiteral("8 GiB")).isEmpty());
    QCOMPARE(m_prefs->disks()->count(), 2);
    m_prefs->detachDisk(QStringLiteral("disk0"));
    QCOMPARE(m_prefs->disks()->count(), 1);
}

void PreferencesModelTest::forwardsStayOnThisComputer()
{
    m_prefs->setNetwork(PreferencesModel::Network::Nat);
    const int before = m_prefs->forwards()->count();
    QVERIFY(m_prefs->addForward(QStringLiteral("8080"), QStringLiteral(" 80 "), false, false)
                .isEmpty());
    QCOMPARE(m_prefs->forwards()->count(), before + 1);
    const QModelIndex row = m_prefs->forwards()->index(before);
    QCOMPARE(row.data(ForwardList::RuleRole).toString(), QStringLiteral("tcp:127.0.0.1:8080-:80"));
    QVERIFY(!row.data(ForwardList::OpenRole).toBool());
    QVERIFY(
        m_prefs->addForward(QStringLiteral("5353"), QStringLiteral("53"), true, true).isEmpty());
    const QModelIndex open = m_prefs->forwards()->index(before + 1);
    QVERIFY(open.data(ForwardList::OpenRole).toBool());
    m_prefs->removeForward(open.data(ForwardList::RuleRole).toString());
    QCOMPARE(m_prefs->forwards()->count(), before + 1);
}

void PreferencesModelTest::wrongForwardsAreRefused_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<QString>("guest");
    QTest::newRow("nothing") << QString() << QString();
    QTest::newRow("zero") << QStringLiteral("0") << QStringLiteral("22");
    QTest::newRow("too high") << QStringLiteral("65536") << QStringLiteral("22");
    QTest::newRow("words") << QStringLiteral("ssh") << QStringLiteral("22");
    QTest::newRow("negative") << QStringLiteral("8080") << QStringLiteral("-1");
    QTest::newRow("taken") << QStringLiteral("7777") << QStringLiteral("23");
}

void PreferencesModelTest::wrongForwardsAreRefused()
{
    QFETCH(QString, host);
    QFETCH(QString, guest);
    m_prefs->setNetwork(PreferencesModel::Network::Nat);
    QVERIFY(
        m_prefs->addForward(QStringLiteral("7777"), QStringLiteral("7"), false, false).isEmpty());
    const int before = m_prefs->forwards()->count();
    QVERIFY(!m_prefs->addForward(host, guest, false, false).isEmpty());
    QCOMPARE(m_prefs->forwards()->count(), before);
}

void PreferencesModelTest::rulesAreReadAndWritten()
{
    for (const char* text :
         {"tcp:127.0.0.1:2222-10.0.2.15:22", "udp:0.0.0.0:53-:53", "tcp:[::1]:8080-:80"}) {
        const auto rule = forwardRuleFrom(QString::fromLatin1(text));
        QVERIFY2(rule, text);
        QCOMPARE(rule->text(), QString::fromLatin1(text));
    }
    const auto shortRule = forwardRuleFrom(QStringLiteral("2222:22"));
    QVERIFY(shortRule);
    QCOMPARE(shortRule->text(), QStringLiteral("tcp:127.0.0.1:2222-:22"));
    QVERIFY(!shortRule->open());
    QVERIFY(forwardRuleFrom(QStringLiteral("udp:[::]:1-:1"))->open());
    for (const char* text : {"", "22", "tcp:22", "sctp:127.0.0.1:1-:1", "tcp:host:1-:1"})
        QVERIFY2(!forwardRuleFrom(QString::fromLatin1(text)), text);
}

void PreferencesModelTest::theSshCommandFollowsTheForward()
{
    m_prefs->setNetwork(PreferencesModel::Network::Nat);
    while (m_prefs->forwards()->count() > 0)
        m_prefs->removeForward(
            m_prefs->forwards()->index(0).data(ForwardList::RuleRole).toString());
    QVERIFY(m_prefs->sshCommand().isEmpty());
    m_prefs->addForward(QStringLiteral("2222"), QStringLiteral("22"), true, false); // UDP is no SSH
    QVERIFY(m_prefs->sshCommand().isEmpty());
    m_prefs->addForward(QStringLiteral("2222"), QStringLiteral("22"), false, false);
    QCOMPARE(m_prefs->sshCommand(), QStringLiteral("ssh -p 2222 127.0.0.1"));
}

void PreferencesModelTest::appliedSaysWhen()
{
    const QSignalSpy quiet(m_prefs.get(), &PreferencesModel::applied);
    m_prefs->setLinkUp(!m_prefs->linkUp());
    QCOMPARE(quiet.count(), 0); // it is off: everything is for its next start
    m_prefs->setMachine(idIn(MachineState::Running));
    m_prefs->setBoot(PreferencesModel::Boot::Menu);
    QCOMPARE(quiet.count(), 1);
    QVERIFY(!quiet.first().first().toString().isEmpty());
}

void PreferencesModelTest::configurationGoesRoundAndBack()
{
    ConfigEditor editor;
    editor.setController(m_library.get());
    editor.setMachine(m_prefs->machine());
    const QString before = editor.text();
    QVERIFY(!before.isEmpty() && !editor.changed());
    editor.setText(before + QStringLiteral("# mine\n"));
    QVERIFY(editor.changed());
    const QSignalSpy saved(&editor, &ConfigEditor::saved);
    editor.save();
    QCOMPARE(saved.count(), 1);
    QVERIFY(!editor.changed());
    QCOMPARE(m_library->configText(m_prefs->machine()), before + QStringLiteral("# mine\n"));
    editor.setText(QStringLiteral("else"));
    editor.revert();
    QCOMPARE(editor.text(), before + QStringLiteral("# mine\n"));
}

void PreferencesModelTest::wrongConfigurationIsNotWritten()
{
    ConfigEditor editor;
    editor.setController(m_library.get());
    editor.setMachine(m_prefs->machine());
    const QString before = editor.text();
    editor.setText(before + QStringLiteral("what is this"));
    QTRY_VERIFY(!editor.problem().isEmpty()); // checked while it is typed
    QCOMPARE(editor.problemLine(), static_cast<int>(before.count(QLatin1Char('\n'))) + 1);
    const QSignalSpy saved(&editor, &ConfigEditor::saved);
    editor.save();
    QCOMPARE(saved.count(), 0);
    QVERIFY(editor.changed());
    QCOMPARE(m_library->configText(m_prefs->machine()), before);
    editor.revert();
    QVERIFY(editor.problem().isEmpty());
}

void PreferencesModelTest::overtakenConfigurationKeepsWhatWasTyped()
{
    ConfigEditor editor;
    editor.setController(m_library.get());
    editor.setMachine(m_prefs->machine());
    const QString mine = editor.text() + QStringLiteral("# mine\n");
    editor.setText(mine);
    m_library->setConfigText(m_prefs->machine(), QStringLiteral("schema = 1\n# theirs\n"));
    emit m_library->machineChanged(m_prefs->machine());
    QVERIFY(editor.overtaken());
    QCOMPARE(editor.text(), mine);
    editor.revert();
    QVERIFY(!editor.overtaken());
    QVERIFY(editor.text().contains(QStringLiteral("# theirs")));
}

void PreferencesModelTest::loadBecomesRates()
{
    const QString id = idIn(MachineState::Running);
    LoadModel load;
    load.setController(m_library.get());
    load.setMachine(id);
    load.setActive(true);
    MachineLoad now;
    now.at = 1000;
    emit m_library->loadChanged(id, now);
    QVERIFY(load.cpu()->values().isEmpty()); // one counter is no rate
    now.at = 2000;
    now.cpuNanoseconds = 1000000000;
    now.memoryBytes = kGiB;
    now.diskBytesRead = 3 * kMiB;
    now.netBytesSent = kMiB;
    emit m_library->loadChanged(id, now);
    const int cpus = m_library->machine(id)->cpus;
    QCOMPARE(load.cpu()->values(), QList<qreal>{1.0 / cpus});
    QCOMPARE(load.disk()->values(), QList<qreal>{3.0 * kMiB});
    QCOMPARE(load.network()->others(), QList<qreal>{1.0 * kMiB});
    QVERIFY(load.disk()->text().contains(QStringLiteral("3 MiB/s")));
    QVERIFY(load.disk()->top() >= 3.0 * kMiB);
    now.at = 3000;
    now.diskBytesRead = 0; // the machine was started anew
    emit m_library->loadChanged(id, now);
    QCOMPARE(load.disk()->values().last(), 0.0);
    for (int i = 0; i < 2 * LoadSeries::kKept; ++i) {
        now.at += 1000;
        emit m_library->loadChanged(id, now);
    }
    QCOMPARE(load.cpu()->values().size(), qsizetype{LoadSeries::kKept});
}

void PreferencesModelTest::nobodyLooksNothingIsMeasured()
{
    const QString id = idIn(MachineState::Running);
    LoadModel load;
    load.setController(m_library.get());
    load.setMachine(id);
    MachineLoad now;
    for (now.at = 1000; now.at < 5000; now.at += 1000)
        emit m_library->loadChanged(id, now);
    QVERIFY(load.cpu()->values().isEmpty());
    load.setActive(true);
    for (; now.at < 9000; now.at += 1000)
        emit m_library->loadChanged(QStringLiteral("another"), now);
    QVERIFY(load.cpu()->values().isEmpty());
}

void PreferencesModelTest::hostChecksAreRead()
{
    const QList<HostCheckRow> rows = hostChecksFrom(
        R"({"checks":[{"id":"kvm","title":"KVM","verdict":"good","finding":"yes","advice":""},
            {"title":"Memory","verdict":"limited","finding":"little","advice":"More"},
            {"verdict":"bad"}, 7, {"title":"New","verdict":"unheard of"}]})");
    QCOMPARE(rows.size(), 3);
    QVERIFY(rows.at(0).verdict == HostCheckRow::Verdict::Good);
    QVERIFY(rows.at(1).verdict == HostCheckRow::Verdict::Limited);
    QCOMPARE(rows.at(1).advice, QStringLiteral("More"));
    QVERIFY(rows.at(2).verdict == HostCheckRow::Verdict::Bad);
    for (const char* wrong : {"", "[]", "{\"checks\":{}}", "{\"checks\":", "nonsense"})
        QVERIFY2(hostChecksFrom(wrong).isEmpty(), wrong);
}

void PreferencesModelTest::missingCheckerIsSaid()
{
    HostCheckModel checks;
    checks.setProgram(QStringLiteral("/nowhere/vitrine"));
    checks.check();
    QTRY_VERIFY(!checks.checking());
    QVERIFY(!checks.problem().isEmpty());
    QCOMPARE(checks.rowCount(), 0);
}

void PreferencesModelTest::hostKeysAreKept()
{
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("settings.ini"));
    {
        AppPreferencesModel prefs(nullptr, file);
        QVERIFY(prefs.addHostKey(QStringLiteral("Ctrl+Alt+Return")).isEmpty());
        QVERIFY(prefs.addHostKey(QStringLiteral("Meta+L")).isEmpty());
        QVERIFY(!prefs.addHostKey(QStringLiteral("Meta+L")).isEmpty()); // twice
        QVERIFY(!prefs.addHostKey(QStringLiteral("A")).isEmpty());      // the guest types with it
        QVERIFY(!prefs.addHostKey(QStringLiteral("")).isEmpty());
        prefs.removeHostKey(QStringLiteral("Meta+L"));
    }
    const AppPreferencesModel again(nullptr, file);
    QCOMPARE(again.hostKeys(), QStringList{QStringLiteral("Ctrl+Alt+Return")});
    QCOMPARE(
        QSettings(file, QSettings::IniFormat).value(QStringLiteral("keyboard/kept")).toStringList(),
        again.hostKeys());
    QCOMPARE(AppPreferencesModel::keysText(Qt::Key_F4, Qt::AltModifier), QStringLiteral("Alt+F4"));
    QVERIFY(AppPreferencesModel::keysText(Qt::Key_Control, Qt::ControlModifier).isEmpty());
}

void PreferencesModelTest::foldersAndDownloads()
{
    const QTemporaryDir folder;
    AppPreferencesModel prefs(nullptr, folder.filePath(QStringLiteral("settings.ini")));
    prefs.setController(m_library.get());
    const QStringList before = prefs.folders();
    const QSignalSpy changed(&prefs, &AppPreferencesModel::foldersChanged);
    prefs.addFolder(QUrl::fromLocalFile(QStringLiteral("/more")));
    QCOMPARE(prefs.folders(), before + QStringList{QStringLiteral("/more")});
    prefs.removeFolder(before.first()); // the default one stays
    QCOMPARE(prefs.folders().size(), before.size() + 1);
    prefs.removeFolder(QStringLiteral("/more"));
    QCOMPARE(prefs.folders(), before);
    QCOMPARE(changed.count(), 2);
    QVERIFY(prefs.hasDownloads());
    prefs.emptyDownloads();
    QVERIFY(!prefs.hasDownloads());
    QVERIFY(!prefs.downloadText().isEmpty());
}

int main(int argc, char** argv)
{
    const QGuiApplication application(argc, argv);
    PreferencesModelTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "preferences_model_test.moc"
