// SPDX-License-Identifier: GPL-3.0-or-later
// The library on folders and a session bus of its own, with processes that only pretend to be
// guests: a shell script as the program, and an object with org.vitrine.Machine1.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <optional>
#include <thread>

#include <QBuffer>
#include <QDBusAbstractAdaptor>
#include <QDBusInterface>
#include <QDBusReply>
#include <QFile>
#include <QImage>
#include <QProcess>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include "app/main/library_application.h"
#include "app/main/library_keeper.h"
#include "app/main/library_search.h"
#include "app/session/bus_names.h"
#include "tests/support/made_up_iso.h"

using app::library::Bundle;
using app::library::BundleLock;
using app::library::Job;
using app::library::Library;
using app::library::MachineConfig;
using app::library::NewDisk;
using app::main::LibraryApplication;
using app::main::LibraryKeeper;
using app::main::LibraryPlace;
using app::main::LibrarySearch;
using app::main::LibrarySurroundings;
using ui::models::MachineDraft;
using ui::models::MachineLoad;
using ui::models::MachineState;
using ui::models::MachineSummary;

namespace {

constexpr quint64 kDiskBytes = 1 << 20;
constexpr int kPatience = 30'000; // ms, where the systems are read: slow under a sanitizer

/// org.vitrine.Machine1, as much of it as the library asks for; remembers what it was asked.
class FakeMachine1 : public QDBusAbstractAdaptor {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.vitrine.Machine1")
    Q_PROPERTY(QString State MEMBER state)
    Q_PROPERTY(bool Installing MEMBER installing)
public:
    explicit FakeMachine1(QObject* guest) : QDBusAbstractAdaptor(guest) {}

    QString state = QStringLiteral("running");
    bool installing = false;
    QStringList calls;

public slots:
    void Pause() { calls << QStringLiteral("Pause"); }
    void Present() { calls << QStringLiteral("Present"); }
    void InsertMedium(const QString& path) { calls << "InsertMedium " + path; }
    QString AddForward(const QString& id, const QString& rule)
    {
        calls << "AddForward " + id + " " + rule;
        return rule;
    }
    QString ListeningPorts(const QString& id)
    {
        calls << "ListeningPorts " + id;
        return QStringLiteral("10.0.2.15:22 ssh\n10.0.2.15:8000");
    }
    QString AttachDisk(const QString& disk)
    {
        calls << "AttachDisk " + disk;
        return {};
    }
    QString ResizeDisk(const QString& id, const QString& bytes)
    {
        calls << "ResizeDisk " + id + " " + bytes;
        return {};
    }
    QByteArray Thumbnail(uint width)
    {
        calls << QStringLiteral("Thumbnail");
        QImage picture(static_cast<int>(width), 10, QImage::Format_RGB32);
        picture.fill(Qt::red);
        QByteArray png;
        QBuffer buffer(&png);
        buffer.open(QIODevice::WriteOnly);
        picture.save(&buffer, "png");
        return png;
    }
    qulonglong Load(qulonglong& memory, qulonglong& read, qulonglong& written, qulonglong& received,
                    qulonglong& sent)
    {
        memory = 2;
        read = 3;
        written = 4;
        received = 5;
        sent = 6;
        return 1;
    }
};

/// A guest's process, as the bus shows it: gone from there when destroyed.
class FakeGuest : public QObject {
    Q_OBJECT
public:
    FakeGuest(const QString& address, const QString& id, bool installing = false)
        : m_name(QString::fromStdString(app::session::busNameFor(id.toStdString()))),
          m_bus(QDBusConnection::connectToBus(address, m_name)),
          m_machine(new FakeMachine1(this))
    {
        m_machine->installing = installing;
        m_bus.registerObject(QString::fromLatin1(app::session::kObjectPath), this);
        m_bus.registerService(m_name);
    }
    ~FakeGuest() override
    {
        m_bus.unregisterService(m_name);
        QDBusConnection::disconnectFromBus(m_name);
    }

    const QStringList& calls() const { return m_machine->calls; }
    void say(const QString& signal, const QVariantList& arguments)
    {
        auto message =
            QDBusMessage::createSignal(QString::fromLatin1(app::session::kObjectPath),
                                       QString::fromLatin1(app::session::kInterface), signal);
        message.setArguments(arguments);
        m_bus.send(message);
    }
    void setState(const QString& word)
    {
        m_machine->state = word;
        say(QStringLiteral("StateChanged"), {word});
    }
    void endInstallation()
    {
        auto message = QDBusMessage::createSignal(QString::fromLatin1(app::session::kObjectPath),
                                                  QStringLiteral("org.freedesktop.DBus.Properties"),
                                                  QStringLiteral("PropertiesChanged"));
        message << QString::fromLatin1(app::session::kInterface)
                << QVariantMap{{QStringLiteral("Installing"), false}} << QStringList();
        m_bus.send(message);
    }

private:
    const QString m_name;
    QDBusConnection m_bus;
    FakeMachine1* m_machine; // owned as a child
};

} // namespace

class LibraryKeeperTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void cleanupTestCase();
    void init();
    void cleanup();

    void listsWhatLiesThere();
    void noticesWhatComesChangesAndGoes();
    void brokenBundleSaysWhy();
    void brokenBundleGoesToTheTrash();
    void brokenWhileItRuns();
    void foldersComeAndGo();
    void spoiledListOfFoldersSaysWhy();
    void handEditShows();
    void startsAProcessThatFails();
    void startsAProcessThatIsKilled();
    void runningByTheBus();
    void vanishedWithoutAWord();
    void vanishedAfterStopping();
    void strangersAreNotHeard();
    void thumbnailsOnlyOfVisibleOnes();
    void thumbnailOfTheBundle();
    void loadOfTheWatchedOne();
    void configurationNowAndLater();
    void textOfAConfiguration();
    void disksComeGrowAndGo();
    void disksOfARunningMachine();
    void outsideChangesAreTold();
    void forwardIsToldFirst();
    void portsAreAskedOfTheGuest();
    void renamesClonesRemovesAndRestores();
    void systemsToChooseFrom();
    void madeOfADraft();
    void madeOfADiskImage();
    void madeToInstallItself();
    void unusableFileIsRefused();
    void installationEnds();
    void secondStartHandsOn();
    void searches();
    void withoutABus();

private:
    QString makeMachine(const char* name);
    std::filesystem::path bundle(const QString& id) const;
    void begin();
    void writeProgram(const QByteArray& script);
    MachineSummary shown(const QString& id) const
    {
        return m_keeper->machine(id).value_or(MachineSummary());
    }
    bool has(const QString& id, MachineState state)
    {
        return QTest::qWaitFor([&] { return m_keeper->machine(id) && shown(id).state == state; });
    }

    QProcess m_daemon;
    QString m_address;
    std::unique_ptr<QTemporaryDir> m_home;
    LibrarySurroundings m_surroundings;
    std::unique_ptr<LibraryKeeper> m_keeper;
    std::unique_ptr<QSignalSpy> m_notices;
};

void LibraryKeeperTest::initTestCase()
{
    const QString daemon = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
    if (daemon.isEmpty()) {
        qInfo("dbus-daemon is not installed");
        std::exit(77);
    }
    m_daemon.start(daemon, {QStringLiteral("--session"), QStringLiteral("--nofork"),
                            QStringLiteral("--print-address")});
    QVERIFY(m_daemon.waitForStarted());
    QVERIFY(QTest::qWaitFor(
        [this] { return m_daemon.canReadLine() || m_daemon.waitForReadyRead(100); }));
    m_address = QString::fromUtf8(m_daemon.readLine()).trimmed();
    qRegisterMetaType<MachineLoad>();
}

void LibraryKeeperTest::cleanupTestCase()
{
    m_daemon.terminate();
    m_daemon.waitForFinished();
}

void LibraryKeeperTest::init()
{
    m_home = std::make_unique<QTemporaryDir>();
    const std::filesystem::path root = m_home->path().toStdString();
    qputenv("XDG_DATA_HOME", (root / "data").string().c_str());
    qputenv("XDG_CACHE_HOME", (root / "cache").string().c_str());
    m_surroundings.place = {root / "machines", root / "library.toml"};
    m_surroundings.program = (root / "program").string();
    m_surroundings.bus = QDBusConnection::connectToBus(m_address, QStringLiteral("library"));
    m_surroundings.downloads = m_home->path() + QStringLiteral("/downloads");
    QVERIFY(m_surroundings.bus.isConnected());
    writeProgram("exit 0");
}

void LibraryKeeperTest::cleanup()
{
    m_notices.reset();
    m_keeper.reset();
    m_surroundings.bus = QDBusConnection(QString());
    QDBusConnection::disconnectFromBus(QStringLiteral("library"));
    m_home.reset();
}

void LibraryKeeperTest::writeProgram(const QByteArray& script)
{
    QFile file(QString::fromStdString(m_surroundings.program));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
    file.write("#!/bin/sh\n" + script + "\n");
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
}

QString LibraryKeeperTest::makeMachine(const char* name)
{
    Job job;
    MachineConfig config;
    config.hardware.name = name;
    config.hardware.drives.push_back({vmm::spec::DriveKind::Disk, {}});
    const auto entry =
        m_surroundings.place.open()->create(config, {NewDisk{kDiskBytes, {}, false}}, job);
    if (!entry)
        qFatal("%s", entry.error().sentence().c_str());
    return QString::fromStdString(entry->config.id);
}

std::filesystem::path LibraryKeeperTest::bundle(const QString& id) const
{
    return m_surroundings.place.open()->find(id.toStdString())->bundle;
}

void LibraryKeeperTest::begin()
{
    m_keeper = std::make_unique<LibraryKeeper>(m_surroundings);
    m_notices = std::make_unique<QSignalSpy>(m_keeper.get(), &LibraryKeeper::notice);
}

void LibraryKeeperTest::listsWhatLiesThere()
{
    const QString id = makeMachine("Debian");
    begin();
    QVERIFY(m_keeper->machines().isEmpty()); // nothing waits for the disk
    QVERIFY(has(id, MachineState::Off));
    QCOMPARE(shown(id).name, QStringLiteral("Debian"));
    QCOMPARE(shown(id).cpus, 2);
    QCOMPARE(m_keeper->folders().size(), 1);
    QVERIFY(m_keeper->config(id));
}

void LibraryKeeperTest::noticesWhatComesChangesAndGoes()
{
    begin();
    QSignalSpy added(m_keeper.get(), &LibraryKeeper::machineAdded);
    QSignalSpy removed(m_keeper.get(), &LibraryKeeper::machineRemoved);
    QTRY_VERIFY(!m_keeper->folders().isEmpty());
    const QString id = makeMachine("Late");
    QTRY_COMPARE(added.size(), 1);
    auto file = *Bundle::open(bundle(id));
    QVERIFY(file.change([](MachineConfig& config) -> vmm::Result<void> {
        config.hardware.cpus = 1;
        return {};
    }));
    QTRY_COMPARE(shown(id).cpus, 1);
    std::filesystem::remove_all(bundle(id));
    QTRY_COMPARE(removed.size(), 1);
    QVERIFY(!m_keeper->machine(id));
}

void LibraryKeeperTest::brokenBundleSaysWhy()
{
    const auto path = m_surroundings.place.home / "Broken.vitrine";
    std::filesystem::create_directories(path);
    std::ofstream(path / "machine.toml") << "schema = 1\nname = \"Broken\ncpus = 2\n";
    begin();
    const QString id = QString::fromStdString(path.string());
    QVERIFY(has(id, MachineState::Broken));
    QVERIFY2(shown(id).problem.contains(QStringLiteral("line 2")), qPrintable(shown(id).problem));
    m_keeper->open(id);
    QCOMPARE(m_notices->size(), 1);
    QVERIFY(m_keeper->configText(id).contains(QStringLiteral("Broken")));
}

void LibraryKeeperTest::brokenBundleGoesToTheTrash()
{
    const auto path = m_surroundings.place.home / "Broken.vitrine";
    std::filesystem::create_directories(path);
    std::ofstream(path / "machine.toml") << "nonsense\n";
    begin();
    QSignalSpy deleted(m_keeper.get(), &LibraryKeeper::deleted);
    const QString id = QString::fromStdString(path.string());
    QVERIFY(has(id, MachineState::Broken));
    m_keeper->remove(id);
    QTRY_COMPARE(deleted.size(), 1);
    QTRY_VERIFY(!m_keeper->machine(id));
    QVERIFY(!std::filesystem::exists(path));
    m_keeper->undoRemove(deleted.at(0).at(1).toString());
    QVERIFY(has(id, MachineState::Broken));
    QVERIFY(m_notices->isEmpty());
}

/// It stays the machine it was: nothing is lost from sight while it runs, or after.
void LibraryKeeperTest::brokenWhileItRuns()
{
    const QString id = makeMachine("Guest");
    const auto path = bundle(id);
    begin();
    {
        FakeGuest guest(m_address, id);
        QVERIFY(has(id, MachineState::Running));
        QSignalSpy removed(m_keeper.get(), &LibraryKeeper::machineRemoved);
        std::ofstream(path / "machine.toml") << "schema = 1\nname = \"Guest\n";
        QTRY_VERIFY(!m_keeper->config(id));
        QCOMPARE(m_keeper->machines().size(), 1);
        QCOMPARE(shown(id).state, MachineState::Running);
        QVERIFY(removed.isEmpty());
    }
    QVERIFY(has(id, MachineState::Broken));
    QVERIFY2(shown(id).problem.contains(QStringLiteral("line 2")), qPrintable(shown(id).problem));
    QSignalSpy deleted(m_keeper.get(), &LibraryKeeper::deleted);
    m_keeper->remove(id);
    QTRY_COMPARE(deleted.size(), 1);
}

void LibraryKeeperTest::foldersComeAndGo()
{
    begin();
    QTRY_COMPARE(m_keeper->folders().size(), 1);
    const QTemporaryDir more;
    const std::filesystem::path elsewhere = more.path().toStdString();
    Job job;
    MachineConfig config;
    config.hardware.name = "Elsewhere";
    const auto there = Library::open(elsewhere, elsewhere / "none.toml")->create(config, {}, job);
    QVERIFY(there);
    const QString id = QString::fromStdString(there->config.id);
    m_keeper->addFolder(QUrl(QStringLiteral("sftp://somewhere/")));
    QCOMPARE(m_notices->size(), 1);
    m_keeper->addFolder(QUrl::fromLocalFile(more.path() + QStringLiteral("/nothing")));
    QTRY_COMPARE(m_notices->size(), 2);
    m_keeper->addFolder(QUrl::fromLocalFile(more.path()));
    QVERIFY(has(id, MachineState::Off));
    QCOMPARE(m_keeper->folders().size(), 2);
    m_keeper->removeFolder(m_keeper->folders().last());
    QTRY_VERIFY(!m_keeper->machine(id));
    QCOMPARE(m_keeper->folders().size(), 1);
    QVERIFY(std::filesystem::exists(there->bundle));
    QCOMPARE(m_notices->size(), 2);
}

void LibraryKeeperTest::spoiledListOfFoldersSaysWhy()
{
    const QString id = makeMachine("Here");
    std::ofstream(m_surroundings.place.settings) << "folders = [\n";
    begin();
    QVERIFY(has(id, MachineState::Off));
    QTRY_COMPARE(m_notices->size(), 1);
    QVERIFY(m_notices->at(0).at(0).toString().contains(QStringLiteral("library.toml line")));
    makeMachine("Another"); // looked at anew, and not told again
    QTRY_COMPARE(m_keeper->machines().size(), 2);
    QCOMPARE(m_notices->size(), 1);
}

void LibraryKeeperTest::handEditShows()
{
    const QString id = makeMachine("Edited");
    begin();
    QVERIFY(has(id, MachineState::Off));
    QFile file(QString::fromStdString((bundle(id) / "machine.toml").string()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QByteArray text = file.readAll();
    file.close();
    text.replace("cpus = 2", "cpus = 3");
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate)); // in place, as some editors do
    file.write(text);
    file.close();
    QTRY_COMPARE(shown(id).cpus, 3);
}

void LibraryKeeperTest::startsAProcessThatFails()
{
    const QString id = makeMachine("Failing");
    writeProgram("echo \"vitrine: $1 $2: the disk is on fire\" >&2; exit 1");
    begin();
    QVERIFY(has(id, MachineState::Off));
    m_keeper->open(id);
    QCOMPARE(shown(id).state, MachineState::Starting);
    QVERIFY(has(id, MachineState::Failed));
    QCOMPARE(shown(id).problem, "--machine " + id + ": the disk is on fire");
    writeProgram("exit 0");
    m_keeper->open(id); // the way out
    QVERIFY(has(id, MachineState::Off));
}

void LibraryKeeperTest::startsAProcessThatIsKilled()
{
    const QString id = makeMachine("Killed");
    writeProgram("echo working; kill -9 $$");
    begin();
    QVERIFY(has(id, MachineState::Off));
    m_keeper->open(id);
    QVERIFY(has(id, MachineState::Failed));
    QVERIFY2(shown(id).problem.contains(QLatin1String("9")) &&
                 shown(id).problem.contains(QLatin1String("working")),
             qPrintable(shown(id).problem));
}

void LibraryKeeperTest::runningByTheBus()
{
    const QString id = makeMachine("Guest");
    FakeGuest before(m_address, id); // runs since before the library
    begin();
    QVERIFY(has(id, MachineState::Running));
    before.setState(QStringLiteral("paused"));
    QVERIFY(has(id, MachineState::Paused));
    m_keeper->open(id);
    m_keeper->pause(id);
    QTRY_COMPARE(before.calls(), QStringList({QStringLiteral("Present"), QStringLiteral("Pause")}));
    before.say(QStringLiteral("Message"), {QStringLiteral("The disk is full")});
    QTRY_COMPARE(m_notices->size(), 1);
    m_keeper->suspend(id); // which this guest does not know
    QTRY_COMPARE(m_notices->size(), 2);
}

void LibraryKeeperTest::vanishedWithoutAWord()
{
    const QString id = makeMachine("Lost");
    begin();
    {
        FakeGuest guest(m_address, id);
        QVERIFY(has(id, MachineState::Running));
    }
    QVERIFY(has(id, MachineState::Failed));
    QVERIFY(!shown(id).problem.isEmpty());
    FakeGuest again(m_address, id);
    QVERIFY(has(id, MachineState::Running));
}

void LibraryKeeperTest::vanishedAfterStopping()
{
    const QString id = makeMachine("Stopped");
    begin();
    {
        FakeGuest guest(m_address, id);
        QVERIFY(has(id, MachineState::Running));
        guest.setState(QStringLiteral("stopped"));
        QVERIFY(has(id, MachineState::Stopping));
    }
    QVERIFY(has(id, MachineState::Off));
    QCOMPARE(m_notices->size(), 0);
}

void LibraryKeeperTest::strangersAreNotHeard()
{
    const QString id = makeMachine("Guest");
    FakeGuest guest(m_address, id);
    FakeGuest stranger(m_address, QStringLiteral("ffff"));
    begin();
    QVERIFY(has(id, MachineState::Running));
    stranger.say(QStringLiteral("Message"), {QStringLiteral("Give me your password")});
    stranger.setState(QStringLiteral("stopped"));
    guest.say(QStringLiteral("Message"), {QStringLiteral("ours")});
    QTRY_COMPARE(m_notices->size(), 1);
    QCOMPARE(m_notices->at(0).at(0).toString(), QStringLiteral("ours"));
    QCOMPARE(shown(id).state, MachineState::Running);
}

void LibraryKeeperTest::thumbnailsOnlyOfVisibleOnes()
{
    const QString seen = makeMachine("Seen");
    const QString hidden = makeMachine("Hidden");
    FakeGuest one(m_address, seen);
    FakeGuest other(m_address, hidden);
    begin();
    QVERIFY(has(seen, MachineState::Running) && has(hidden, MachineState::Running));
    QSignalSpy pictures(m_keeper.get(), &LibraryKeeper::thumbnailChanged);
    m_keeper->setVisibleMachines({seen});
    QTRY_VERIFY(!pictures.isEmpty());
    QCOMPARE(shown(seen).thumbnail.pixelColor(0, 0), QColor(Qt::red));
    QVERIFY(other.calls().isEmpty());
    QTRY_VERIFY(one.calls().size() >= 2); // again and again
}

void LibraryKeeperTest::thumbnailOfTheBundle()
{
    const QString id = makeMachine("Off");
    QImage picture(2000, 1000, QImage::Format_RGB32);
    picture.fill(Qt::blue);
    QVERIFY(picture.save(QString::fromStdString((bundle(id) / "thumbnail.png").string())));
    begin();
    m_keeper->setVisibleMachines({id});
    QTRY_VERIFY(!shown(id).thumbnail.isNull());
    QVERIFY(shown(id).thumbnail.width() < picture.width());
}

void LibraryKeeperTest::loadOfTheWatchedOne()
{
    const QString id = makeMachine("Guest");
    FakeGuest guest(m_address, id);
    begin();
    QVERIFY(has(id, MachineState::Running));
    MachineLoad load;
    connect(m_keeper.get(), &LibraryKeeper::loadChanged, this,
            [&](const QString&, const MachineLoad& now) { load = now; });
    m_keeper->setWatchedMachine(id);
    QTRY_COMPARE(load.netBytesSent, 6u);
    QCOMPARE(load.cpuNanoseconds, 1u);
    QCOMPARE(load.memoryBytes, 2u);
    QCOMPARE(load.diskBytesWritten, 4u);
}

void LibraryKeeperTest::configurationNowAndLater()
{
    const QString id = makeMachine("Guest");
    FakeGuest guest(m_address, id);
    begin();
    QVERIFY(has(id, MachineState::Running));
    QSignalSpy applied(m_keeper.get(), &LibraryKeeper::configApplied);
    std::string told; // whoever is told of a change finds it
    const QObject listener;
    connect(m_keeper.get(), &LibraryKeeper::configApplied, &listener,
            [&] { told = m_keeper->config(id)->notes; });
    auto config = *m_keeper->config(id);
    config.notes = "mine";
    for (auto& drive : config.hardware.drives)
        if (drive.kind == vmm::spec::DriveKind::Cdrom)
            drive.path = "/disc.iso";
    m_keeper->setConfig(id, config);
    QTRY_COMPARE(applied.size(), 1);
    QVERIFY(!applied[0][1].toBool());
    QTRY_COMPARE(guest.calls(), QStringList(QStringLiteral("InsertMedium /disc.iso")));
    QCOMPARE(told, std::string("mine"));
    config.hardware.cpus = 1;
    m_keeper->setConfig(id, config);
    QTRY_COMPARE(applied.size(), 2);
    QVERIFY(applied[1][1].toBool());
    QTRY_COMPARE(shown(id).cpus, 1);
}

void LibraryKeeperTest::textOfAConfiguration()
{
    const QString id = makeMachine("Text");
    begin();
    QVERIFY(has(id, MachineState::Off));
    QSignalSpy checked(m_keeper.get(), &LibraryKeeper::configTextChecked);
    QString text = m_keeper->configText(id);
    QVERIFY(m_keeper->configTextProblem(id, text).isEmpty());
    QVERIFY(m_keeper->configTextProblem(id, text + "\ncpus = \n").contains(QLatin1String("line")));
    m_keeper->setConfigText(id, text + "\ncpus = \n");
    QTRY_COMPARE(checked.size(), 1);
    QVERIFY(!checked[0][1].toString().isEmpty());
    text.replace(QLatin1String("cpus = 2"), QLatin1String("cpus = 4"));
    m_keeper->setConfigText(id, text);
    QTRY_COMPARE(checked.size(), 2);
    QCOMPARE(checked[1][1].toString(), QString());
    QTRY_COMPARE(shown(id).cpus, 4);
}

void LibraryKeeperTest::disksComeGrowAndGo()
{
    const QString id = makeMachine("Disks");
    begin();
    QVERIFY(has(id, MachineState::Off));
    QCOMPARE(m_keeper->disks(id).size(), 1);
    m_keeper->addDisk(id, 2 * kDiskBytes);
    QTRY_COMPARE(m_keeper->disks(id).size(), 2);
    const auto disk = m_keeper->disks(id).at(1);
    QCOMPARE(disk.bytes, 2 * kDiskBytes);
    m_keeper->growDisk(id, disk.id, 4 * kDiskBytes);
    QTRY_COMPARE(m_keeper->disks(id).at(1).bytes, 4 * kDiskBytes);
    m_keeper->growDisk(id, disk.id, kDiskBytes); // smaller
    QTRY_COMPARE(m_notices->size(), 1);
    QCOMPARE(m_keeper->disks(id).at(1).bytes, 4 * kDiskBytes);
    m_keeper->detachDisk(id, disk.id);
    QTRY_COMPARE(m_keeper->disks(id).size(), 1);
    QVERIFY(QFile::exists(disk.file)); // nothing is lost
    const auto lock = BundleLock::acquire(bundle(id));
    m_keeper->growDisk(id, m_keeper->disks(id).at(0).id, 8 * kDiskBytes); // somebody runs it
    QTRY_COMPARE(m_notices->size(), 2);
}

void LibraryKeeperTest::disksOfARunningMachine()
{
    const QString id = makeMachine("Live");
    FakeGuest guest(m_address, id);
    begin();
    QVERIFY(has(id, MachineState::Running));
    QSignalSpy applied(m_keeper.get(), &LibraryKeeper::configApplied);
    m_keeper->addDisk(id, 2 * kDiskBytes);
    QTRY_COMPARE(applied.size(), 1);
    QVERIFY(!applied[0][1].toBool());
    const auto disk = m_keeper->disks(id).at(1);
    QCOMPARE(guest.calls(), QStringList("AttachDisk " + disk.file + ",bus=virtio,id=" + disk.id));
    m_keeper->growDisk(id, disk.id, 4 * kDiskBytes); // by who has it
    const QString grow = "ResizeDisk " + disk.id + " " + QString::number(4 * kDiskBytes);
    QTRY_COMPARE(guest.calls().value(1), grow);
    m_keeper->detachDisk(id, disk.id); // refused: for the next start
    QTRY_COMPARE(applied.size(), 2);
    QVERIFY(applied[1][1].toBool());
    QVERIFY(m_notices->isEmpty());
    QCOMPARE(m_keeper->disks(id).size(), 1);
}

/// What no listing shows, and an open preferences window does.
void LibraryKeeperTest::outsideChangesAreTold()
{
    const QString id = makeMachine("Outside");
    FakeGuest guest(m_address, id);
    begin();
    QVERIFY(has(id, MachineState::Running));
    const QSignalSpy changed(m_keeper.get(), &LibraryKeeper::machineChanged);
    QTest::qWait(20); // the file's time has a later millisecond then
    auto other = Bundle::open(bundle(id));
    const auto close = [](MachineConfig& config) -> vmm::Result<void> {
        config.onClose = app::library::CloseAction::ShutDown;
        return {};
    };
    QVERIFY(other && other->change(close));
    QTRY_VERIFY(!changed.isEmpty());
    QCOMPARE(m_keeper->config(id)->onClose, app::library::CloseAction::ShutDown);
    QString words = m_keeper->configText(id);
    const QSignalSpy applied(m_keeper.get(), &LibraryKeeper::configApplied);
    words.replace(QLatin1String("kind = \"user\""),
                  QLatin1String("kind = \"user\"\nlink = \"down\""));
    m_keeper->setConfigText(id, words); // refused by a guest that does not know how
    QTRY_COMPARE(applied.size(), 1);
    QVERIFY(!m_keeper->config(id)->hardware.nics.at(0).linkUp);
    QVERIFY(applied[0][1].toBool());
}

void LibraryKeeperTest::forwardIsToldFirst()
{
    const QString id = makeMachine("Forward");
    FakeGuest guest(m_address, id);
    begin();
    QVERIFY(has(id, MachineState::Running));
    const QString rule = QStringLiteral("tcp:127.0.0.1:2222-:22");
    m_keeper->addForward(id, rule);
    QTRY_COMPARE(guest.calls(), QStringList("AddForward nic0 " + rule));
    QTRY_COMPARE(m_keeper->config(id)->hardware.nics.at(0).forwards.size(), size_t{1});
    m_keeper->removeForward(id, rule); // refused by a guest that does not know how
    QTRY_COMPARE(m_notices->size(), 1);
    QCOMPARE(m_keeper->config(id)->hardware.nics.at(0).forwards.size(), size_t{1});
}

void LibraryKeeperTest::portsAreAskedOfTheGuest()
{
    const QString id = makeMachine("Ports");
    const FakeGuest guest(m_address, id);
    begin();
    QVERIFY(has(id, MachineState::Running));
    QSignalSpy told(m_keeper.get(), &LibraryKeeper::portsTold);
    m_keeper->askPorts(QStringLiteral("nobody"));
    m_keeper->askPorts(id);
    QTRY_COMPARE(told.size(), 1);
    QCOMPARE(guest.calls(), QStringList("ListeningPorts "));
    QCOMPARE(told[0][0].toString(), id);
    QCOMPARE(told[0][1].toStringList(), (QStringList{"10.0.2.15:22 ssh", "10.0.2.15:8000"}));
    QVERIFY(told[0][2].toString().isEmpty());
}

void LibraryKeeperTest::renamesClonesRemovesAndRestores()
{
    const QString id = makeMachine("First");
    begin();
    QVERIFY(has(id, MachineState::Off));
    m_keeper->rename(id, QStringLiteral("Second"));
    QTRY_COMPARE(shown(id).name, QStringLiteral("Second"));
    m_keeper->setGroups(id, {QStringLiteral("Work")});
    QTRY_COMPARE(shown(id).groups, QStringList(QStringLiteral("Work")));
    m_keeper->clone(id);
    QCOMPARE(m_keeper->jobs().size(), 1);
    QTRY_COMPARE(m_keeper->machines().size(), 2);
    QTRY_VERIFY(m_keeper->jobs().isEmpty());
    QSignalSpy deleted(m_keeper.get(), &LibraryKeeper::deleted);
    m_keeper->remove(id);
    QTRY_COMPARE(deleted.size(), 1);
    QTRY_VERIFY(!m_keeper->machine(id));
    m_keeper->undoRemove(deleted[0][1].toString());
    QTRY_VERIFY(m_keeper->machine(id));
    QCOMPARE(m_notices->size(), 0);
}

void LibraryKeeperTest::systemsToChooseFrom()
{
    begin();
    QList<ui::models::SystemName> systems;
    connect(m_keeper.get(), &LibraryKeeper::systemsLoaded, this,
            [&](const QList<ui::models::SystemName>& loaded) { systems = loaded; });
    m_keeper->loadSystems();
    QTRY_VERIFY_WITH_TIMEOUT(!systems.isEmpty(), kPatience);
    const auto debian = std::find_if(systems.begin(), systems.end(), [](const auto& system) {
        return system.name == QStringLiteral("Debian 11");
    });
    QVERIFY(debian != systems.end() && !debian->logo.isEmpty());
    std::optional<MachineDraft> filled;
    connect(m_keeper.get(), &LibraryKeeper::systemFilledIn, this,
            [&](const MachineDraft& draft) { filled = draft; });
    m_keeper->withSystem(m_keeper->emptyDraft(), debian->osId);
    QTRY_VERIFY_WITH_TIMEOUT(filled, kPatience);
    QCOMPARE(filled->osName, debian->name);
    QCOMPARE(filled->config.os, debian->osId.toStdString());
}

void LibraryKeeperTest::madeOfADraft()
{
    begin();
    QTRY_VERIFY(!m_keeper->folders().isEmpty());
    QSignalSpy added(m_keeper.get(), &LibraryKeeper::machineAdded);
    MachineDraft draft = m_keeper->emptyDraft();
    QVERIFY(draft.hostCpus > 0 && draft.hostMemory > 0);
    QVERIFY(draft.config.hardware.memoryBytes <= draft.hostMemory / 2);
    draft.diskBytes = kDiskBytes;
    draft.config.hardware.name = "Fresh";
    m_keeper->create(draft, false);
    QCOMPARE(added.size(), 1); // at once
    const QString id = added[0][0].toString();
    QCOMPARE(shown(id).name, QStringLiteral("Fresh"));
    QCOMPARE(m_keeper->jobs().at(0).machine, id);
    QTRY_VERIFY(m_keeper->jobs().isEmpty() && m_keeper->config(id));
    QCOMPARE(m_keeper->disks(id).size(), 1);
    QCOMPARE(m_keeper->disks(id).at(0).bytes, kDiskBytes);
    QCOMPARE(added.size(), 1);
}

void LibraryKeeperTest::madeOfADiskImage()
{
    if (QStandardPaths::findExecutable(QStringLiteral("qemu-img")).isEmpty())
        QSKIP("qemu-img is not installed");
    const QString image = m_home->path() + QStringLiteral("/guest.qcow2");
    QCOMPARE(
        QProcess::execute(QStringLiteral("qemu-img"),
                          {QStringLiteral("create"), QStringLiteral("-q"), QStringLiteral("-f"),
                           QStringLiteral("qcow2"), image, QStringLiteral("3M")}),
        0);
    begin();
    QTRY_VERIFY(!m_keeper->folders().isEmpty());
    std::optional<MachineDraft> draft;
    connect(m_keeper.get(), &LibraryKeeper::draftReady, this,
            [&](const MachineDraft& ready) { draft = ready; });
    m_keeper->offer({QUrl::fromLocalFile(image)});
    QTRY_VERIFY_WITH_TIMEOUT(draft, kPatience);
    QCOMPARE(draft->source, MachineDraft::Source::DiskImage);
    QCOMPARE(draft->diskBytes, 3 * kDiskBytes);
    QSignalSpy added(m_keeper.get(), &LibraryKeeper::machineAdded);
    m_keeper->create(*draft, false);
    const QString id = added.at(0).at(0).toString();
    QTRY_VERIFY_WITH_TIMEOUT(m_keeper->jobs().isEmpty() && m_keeper->config(id), kPatience);
    QCOMPARE(m_keeper->disks(id).at(0).bytes, 3 * kDiskBytes);
    QVERIFY(QFile::exists(image));
}

/// What the sheet asks is all that an installation without questions needs.
void LibraryKeeperTest::madeToInstallItself()
{
    if (!tests::canMakeIso())
        QSKIP("genisoimage is not installed");
    const QString image = m_home->path() + QStringLiteral("/debian.iso");
    QVERIFY(tests::makeIso(image, QStringLiteral("Debian 11.5.0 amd64 n"),
                           {QStringLiteral("install.amd/vmlinuz"), QStringLiteral("kernel"),
                            QStringLiteral("install.amd/initrd.gz"), QStringLiteral("ramdisk")}));
    begin();
    QTRY_VERIFY(!m_keeper->folders().isEmpty());
    std::optional<MachineDraft> draft;
    connect(m_keeper.get(), &LibraryKeeper::draftReady, this,
            [&](const MachineDraft& ready) { draft = ready; });
    m_keeper->offer({QUrl::fromLocalFile(image)});
    QTRY_VERIFY_WITH_TIMEOUT(draft || !m_notices->isEmpty(), kPatience);
    if (!draft || !draft->canExpress)
        QSKIP("there is no database of systems");
    draft->diskBytes = kDiskBytes;
    draft->express = true;
    draft->user = QStringLiteral("ada");
    draft->password = QStringLiteral("secret");
    draft->language = QStringLiteral("de_DE");
    draft->keyboard = QStringLiteral("de");
    draft->timeZone = QStringLiteral("Europe/Berlin");
    draft->config.hardware.name = "Ada's engine";
    QSignalSpy added(m_keeper.get(), &LibraryKeeper::machineAdded);
    m_keeper->create(*draft, false);
    const QString id = added.at(0).at(0).toString();
    QTRY_VERIFY_WITH_TIMEOUT(!m_keeper->busy() && m_keeper->config(id) &&
                                 m_keeper->config(id)->install.pending,
                             kPatience);
    QFile ramdisk(QString::fromStdString((bundle(id) / "express-initrd").string()));
    QVERIFY(ramdisk.open(QIODevice::ReadOnly));
    const QByteArray script = ramdisk.readAll();
    QVERIFY(script.contains("Ada-s-engine") && script.contains("Europe/Berlin"));
    QVERIFY(!script.contains("secret"));
}

void LibraryKeeperTest::unusableFileIsRefused()
{
    const QString path = m_home->path() + QStringLiteral("/letter.txt");
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(5000, 'a'));
    file.close();
    begin();
    QVERIFY(m_keeper->accepts({QUrl::fromLocalFile(path)}));
    QVERIFY(!m_keeper->accepts({QUrl(QStringLiteral("ftp://host/file"))}));
    QVERIFY(!m_keeper->accepts({}));
    m_keeper->offer({QUrl::fromLocalFile(path)});
    QTRY_COMPARE_WITH_TIMEOUT(m_notices->size(), 1, kPatience);
    QVERIFY(m_notices->at(0).at(0).toString().contains(QLatin1String("letter.txt")));
}

void LibraryKeeperTest::installationEnds()
{
    const QString id = makeMachine("Installing");
    FakeGuest guest(m_address, id, true);
    begin();
    QTRY_VERIFY(shown(id).installing);
    guest.endInstallation();
    QTRY_VERIFY(!shown(id).installing);
}

void LibraryKeeperTest::secondStartHandsOn()
{
    LibraryApplication first(m_surroundings.bus);
    QCOMPARE(first.claim({}), LibraryApplication::Claim::First);
    QList<QUrl> opened;
    connect(&first, &LibraryApplication::opened, this,
            [&](const QList<QUrl>& urls) { opened = urls; });
    // The first one answers in its loop, so the second asks from a thread of its own.
    auto outcome = LibraryApplication::Claim::Alone;
    std::atomic<bool> over{false};
    std::thread second([&] {
        const auto bus = QDBusConnection::connectToBus(m_address, QStringLiteral("second"));
        outcome = LibraryApplication(bus).claim(
            app::main::urlsOf({QStringLiteral("/a file.iso"), QStringLiteral("https://host/x")}));
        over = true;
    });
    QTRY_VERIFY(over);
    second.join();
    QDBusConnection::disconnectFromBus(QStringLiteral("second"));
    QCOMPARE(outcome, LibraryApplication::Claim::HandedOn);
    QCOMPARE(opened, QList<QUrl>({QUrl::fromLocalFile(QStringLiteral("/a file.iso")),
                                  QUrl(QStringLiteral("https://host/x"))}));
}

void LibraryKeeperTest::searches()
{
    const QString id = makeMachine("Debian 12");
    makeMachine("Windows");
    begin();
    QVERIFY(has(id, MachineState::Off));
    LibrarySearch search(*m_keeper, m_surroundings.bus);
    QCOMPARE(search.find({QStringLiteral("deb"), QStringLiteral("12")}), QStringList(id));
    QVERIFY(search.find({}).isEmpty());
    QProcess client;
    client.start(QStringLiteral("gdbus"),
                 {QStringLiteral("call"), QStringLiteral("--address"), m_address,
                  QStringLiteral("--dest"), m_surroundings.bus.baseService(),
                  QStringLiteral("--object-path"), QStringLiteral("/org/vitrine/Vitrine/Runner"),
                  QStringLiteral("--method"), QStringLiteral("org.kde.krunner1.Match"),
                  QStringLiteral("debian")});
    QTRY_COMPARE(client.state(), QProcess::NotRunning);
    const QByteArray answer = client.readAllStandardOutput();
    QVERIFY2(answer.contains("Debian 12"), client.readAllStandardError());
}

void LibraryKeeperTest::withoutABus()
{
    const QString id = makeMachine("Alone");
    m_surroundings.bus = QDBusConnection(QString());
    writeProgram("trap 'exit 0' TERM; while :; do sleep 0.05; done");
    begin();
    QVERIFY(has(id, MachineState::Off));
    m_keeper->open(id);
    QCOMPARE(shown(id).state, MachineState::Running);
    m_keeper->pause(id);
    QCOMPARE(m_notices->size(), 1); // what cannot be done is said
    m_keeper->forceOff(id);
    QVERIFY(has(id, MachineState::Off));
}

QTEST_GUILESS_MAIN(LibraryKeeperTest)
#include "library_keeper_test.moc"
