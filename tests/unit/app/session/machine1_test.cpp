// SPDX-License-Identifier: GPL-3.0-or-later
// Every method, property and signal of org.vitrine.Machine1 over a private bus, with Qt's D-Bus
// client on one side and a FakeMachine on the other; and the command line's own client.
#include <thread>

#include <QDBusConnection>
#include <QDBusInterface>
#include <QDBusReply>
#include <QFile>
#include <QImage>
#include <QProcess>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

#include <linux/input-event-codes.h>

#include "app/cli/machine_client.h"
#include "app/session/bus_names.h"
#include "app/session/control_loop.h"
#include "app/session/machine1_server.h"
#include "app/session/machine_session.h"
#include "app/session/name_lock.h"
#include "tests/support/fake_machine.h"

using namespace app::session;
using app::cli::SessionBus;

namespace {

/// A program that notes what it is asked.
class FakeHost final : public MachineHost {
public:
    std::string id() const override { return libraryId; }
    bool installing() const override { return installs.load(); }
    bool headless() const override { return true; }
    void present(Completion done) override
    {
        done(vmm::Error(vmm::ErrorCode::Unsupported, "it has no window"));
    }
    void suspend(Completion done) override
    {
        suspended = true;
        done({});
    }

    std::string libraryId;
    std::atomic<bool> installs{true};
    std::atomic<bool> suspended{false};
};

/// A session with a FakeMachine, its server and their loop on a thread of its own.
class ServedMachine {
public:
    explicit ServedMachine(const std::string& name, const std::string& id = {})
    {
        host.libraryId = id;
        m_loop = *ControlLoop::create();
        vmm::spec::MachineSpec spec;
        spec.name = name;
        m_session = *MachineSession::create([&](vmm::console::MachineListener& listener) {
            auto fake = std::make_unique<tests::FakeMachine>(spec, listener);
            machine = fake.get();
            return vmm::Result<std::unique_ptr<vmm::machine::Machine>>(std::move(fake));
        });
        const auto nowReady = [this](vmm::Result<void> outcome) {
            problem = outcome ? "" : outcome.error().sentence();
            ready = true;
        };
        m_server = Machine1Server::create(*m_loop, *m_session, host, nowReady);
        m_thread = std::thread([this] { m_loop->run(); });
    }
    ~ServedMachine() { stop(); }
    void stop()
    {
        m_loop->quit(0);
        if (m_thread.joinable())
            m_thread.join();
        if (m_server)
            m_server->detach();
        m_session.reset();
        m_loop->runPosted();
        m_server.reset();
    }
    bool waitReady()
    {
        return QTest::qWaitFor([this] { return ready.load(); });
    }

    FakeHost host;
    tests::FakeMachine* machine = nullptr;
    std::atomic<bool> ready{false};
    std::string problem;

private:
    std::unique_ptr<ControlLoop> m_loop;
    std::unique_ptr<MachineSession> m_session;
    std::unique_ptr<Machine1Server> m_server;
    std::thread m_thread;
};

/// Catches the object's signals.
class SignalCatcher : public QObject {
    Q_OBJECT
public slots:
    void state(const QString& value) { states << value; }
    void message(const QString& value) { messages << value; }
    void medium(const QString& value) { media << value; }
    void progress(int value) { percents << value; }

public:
    QStringList states, messages, media;
    QList<int> percents;
};

std::vector<std::string> downUp(int code)
{
    return {"down " + std::to_string(code), "up " + std::to_string(code)};
}

/// "Name:in:out" of each method, "Name:type" of each property and signal of our interface.
QSet<QString> members(const QByteArray& xml)
{
    QSet<QString> found;
    QXmlStreamReader reader(xml);
    bool ours = false;
    QString member;
    QString in;
    QString out;
    while (!reader.atEnd()) {
        reader.readNext();
        const QString tag = reader.name().toString();
        const auto attributes = reader.attributes();
        if (tag == QLatin1String("interface"))
            ours = reader.isStartElement() &&
                   attributes.value("name") == QLatin1String("org.vitrine.Machine1");
        if (!ours)
            continue;
        const bool isMember = tag == QLatin1String("method") || tag == QLatin1String("signal");
        if (reader.isStartElement() && isMember) {
            member = attributes.value("name").toString();
            in.clear();
            out.clear();
        } else if (reader.isStartElement() && tag == QLatin1String("arg")) {
            const bool isIn = attributes.value("direction") == QLatin1String("in");
            (isIn ? in : out) += attributes.value("type").toString() + "=" +
                                 attributes.value("name").toString() + " ";
        } else if (reader.isStartElement() && tag == QLatin1String("property")) {
            found << attributes.value("name").toString() + ":" +
                         attributes.value("type").toString();
        } else if (reader.isEndElement() && isMember) {
            found << tag + " " + member + ":" + in + ":" + out;
        }
    }
    return found;
}

} // namespace

class Machine1Test : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        const QString daemon = QStandardPaths::findExecutable("dbus-daemon");
        if (daemon.isEmpty())
            QSKIP("dbus-daemon is not installed");
        m_daemon.start(daemon, {"--session", "--nofork", "--print-address"});
        QVERIFY(m_daemon.waitForReadyRead(5000));
        qputenv("DBUS_SESSION_BUS_ADDRESS", m_daemon.readLine().trimmed());
        QVERIFY(QDBusConnection::sessionBus().isConnected());
    }
    void cleanupTestCase()
    {
        m_daemon.terminate();
        m_daemon.waitForFinished(5000);
    }
    void init()
    {
        m_served = std::make_unique<ServedMachine>("my-machine");
        QVERIFY(m_served->waitReady());
        QCOMPARE(m_served->problem, std::string());
        m_object = std::make_unique<QDBusInterface>("org.vitrine.Vitrine.Machine.my_2dmachine",
                                                    kObjectPath, kInterface);
        QVERIFY(m_object->isValid());
    }
    void cleanup()
    {
        m_object.reset();
        m_served.reset();
    }

    void introspectionIsWhatTheFileSays()
    {
        QFile file(QStringLiteral(MACHINE1_XML));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QDBusInterface plain(m_object->service(), kObjectPath,
                             "org.freedesktop.DBus.Introspectable");
        const QDBusReply<QString> reply = plain.call("Introspect");
        QVERIFY(reply.isValid());
        const auto expected = members(file.readAll());
        QVERIFY(expected.size() >= 25);
        QCOMPARE(members(reply.value().toUtf8()), expected);
    }

    void properties()
    {
        QCOMPARE(m_object->property("Name").toString(), "my-machine");
        QCOMPARE(m_object->property("State").toString(), "paused");
        QCOMPARE(m_object->property("Medium").toString(), "");
        QCOMPARE(m_object->property("Cpus").toUInt(), 2u);
        QCOMPARE(m_object->property("Memory").toULongLong(), 2ull << 30);
        QCOMPARE(m_object->property("SerialPty").toString(), "/dev/pts/42");
    }

    void theLibrarysIdNamesItOnTheBus()
    {
        ServedMachine ofLibrary("Debian 12", "0123abc");
        QVERIFY(ofLibrary.waitReady());
        QDBusInterface object("org.vitrine.Vitrine.Machine._30123abc", kObjectPath, kInterface);
        QCOMPARE(object.property("Id").toString(), "0123abc");
        QCOMPARE(object.property("Name").toString(), "Debian 12");
        QCOMPARE(m_object->property("Id").toString(), "");
    }

    void theProgramAnswersForItself()
    {
        QCOMPARE(m_object->property("Installing").toBool(), true);
        QCOMPARE(m_object->property("Headless").toBool(), true);
        fails(m_object->call("Present"), "Unsupported", "no window");
        ok(m_object->call("Suspend"));
        QVERIFY(m_served->host.suspended.load());
    }

    void thumbnailIsASmallPicture()
    {
        m_served->machine->screen.width = 640;
        m_served->machine->screen.height = 400;
        const QDBusReply<QByteArray> reply = m_object->call("Thumbnail", 160u);
        QVERIFY(reply.isValid());
        const QImage image = QImage::fromData(reply.value(), "PNG");
        QCOMPARE(image.size(), QSize(160, 100));
        QCOMPARE(image.pixel(159, 99), 0xff336699u);
        const QDBusReply<QByteArray> least = m_object->call("Thumbnail", 0u);
        QCOMPARE(QImage::fromData(least.value(), "PNG").width(), 16);
    }

    void loadIsThatOfThisProcess()
    {
        const QDBusMessage load = m_object->call("Load");
        QCOMPARE(load.signature(), "tttttt");
        QVERIFY(load.arguments().at(0).toULongLong() > 0);
        QVERIFY(load.arguments().at(1).toULongLong() > 1'000'000);
    }

    void runStateFollowsRequests()
    {
        SignalCatcher catcher;
        connectSignal("StateChanged", catcher, SLOT(state(QString)));
        ok(m_object->call("Resume"));
        QCOMPARE(m_object->property("State").toString(), "running");
        ok(m_object->call("Pause"));
        QCOMPARE(m_object->property("State").toString(), "paused");
        QTRY_COMPARE(catcher.states, QStringList({"running", "paused"}));
    }

    void resetAndPowerButtonReachTheMachine()
    {
        ok(m_object->call("Reset"));
        ok(m_object->call("PowerDown"));
        QCOMPARE(m_served->machine->notes(), (std::vector<std::string>{"reset", "power button"}));
    }

    void quitAnswersAndStops()
    {
        ok(m_object->call("Quit"));
        QCOMPARE(m_object->property("State").toString(), "stopped");
    }

    void screenshotIsAPicture()
    {
        const QTemporaryDir folder;
        const QString path = folder.filePath("a.png");
        ok(m_object->call("Screenshot", path));
        const QImage image(path);
        QCOMPARE(image.size(), QSize(4, 3));
        QCOMPARE(image.pixel(3, 2), 0xff336699u);
        QVERIFY(m_served->machine->screen.invalidated > 0); // the window lost nothing by it
    }

    void relativePathsAreRefused_data()
    {
        QTest::addColumn<QString>("method");
        for (const char* method : {"Screenshot", "InsertMedium", "Save"})
            QTest::newRow(method) << QString(method);
    }
    void relativePathsAreRefused()
    {
        QFETCH(const QString, method);
        for (const char* path : {"a.png", "", "../b"})
            fails(m_object->call(method, QString(path)), "Invalid", "not an absolute path");
    }

    void keysAndTextArePressed()
    {
        ok(m_object->call("Key", "ctrl-alt-delete"));
        QCOMPARE(m_served->machine->input.events(),
                 (std::vector<std::string>{"down 29", "down 56", "down 111", "up 111", "up 56",
                                           "up 29"}));
        ok(m_object->call("Type", "l\n"));
        auto events = m_served->machine->input.events();
        events.erase(events.begin(), events.begin() + 6);
        auto expected = downUp(KEY_L);
        for (const auto& event : downUp(KEY_ENTER))
            expected.push_back(event);
        QCOMPARE(events, expected);
        fails(m_object->call("Key", "ctrl-nokey"), "Invalid", "no key \"nokey\"");
        fails(m_object->call("Type", QString::fromUtf8("a\u00e4")), "Invalid", "US keyboard");
    }

    void mouseMovesThenClicks()
    {
        ok(m_object->call("Mouse", 5, -7, ""));
        ok(m_object->call("Mouse", 0, 0, "right"));
        QCOMPARE(m_served->machine->input.events(),
                 (std::vector<std::string>{"move 5 -7", "button 1 down", "button 1 up"}));
        fails(m_object->call("Mouse", 0, 0, "thumb"), "Invalid", "no mouse button");
        fails(m_object->call("Mouse", INT_MIN, 0, ""), "Invalid", "at most");
    }

    void textOrASentence()
    {
        fails(m_object->call("Text"), "Unsupported", "graphics mode");
        m_served->machine->screen.setText("GRUB");
        const QDBusReply<QString> reply = m_object->call("Text");
        QCOMPARE(reply.value(), "GRUB\n");
    }

    void devicesAndCounters()
    {
        const QDBusMessage devices = m_object->call("Devices");
        QCOMPARE(devices.signature(), "a(sa(ss))");
        const QDBusMessage stats = m_object->call("Stats");
        QCOMPARE(stats.signature(), "a{st}");
        QMap<QString, qulonglong> counters;
        stats.arguments().at(0).value<QDBusArgument>() >> counters;
        QCOMPARE(counters.value("exit.mmio"), 7ull);
        QCOMPARE(counters.value("pio.i8042.reads"), 1ull << 40);
    }

    void mediaGoInAndOut()
    {
        SignalCatcher catcher;
        connectSignal("MediumChanged", catcher, SLOT(medium(QString)));
        ok(m_object->call("InsertMedium", QString(MACHINE1_XML)));
        QCOMPARE(m_object->property("Medium").toString(), MACHINE1_XML);
        ok(m_object->call("EjectMedium"));
        QCOMPARE(m_object->property("Medium").toString(), "");
        QTRY_COMPARE(catcher.media, QStringList({MACHINE1_XML, ""}));
        fails(m_object->call("InsertMedium", "/nowhere.iso"), "NotFound", "/nowhere.iso");
    }

    void savingTellsItsProgress()
    {
        SignalCatcher catcher;
        connectSignal("SaveProgress", catcher, SLOT(progress(int)));
        const QTemporaryDir folder;
        ok(m_object->call("Save", folder.filePath("a.vitrine-state")));
        QVERIFY(QFile::exists(folder.filePath("a.vitrine-state")));
        QTRY_COMPARE(catcher.percents, (QList<int>{0, 50, 100}));
        fails(m_object->call("Save", "/nowhere/a"), "NotFound", "/nowhere/a");
    }

    void messagesArriveEvenWhenNotUtf8()
    {
        SignalCatcher catcher;
        connectSignal("Message", catcher, SLOT(message(QString)));
        m_served->machine->say("bad \xff byte");
        QTRY_COMPARE(catcher.messages, QStringList({QString::fromUtf8("bad \xef\xbf\xbd byte")}));
    }

    void wrongArgumentsAreAnError()
    {
        const QDBusMessage reply = m_object->call("Key", 5);
        QCOMPARE(reply.type(), QDBusMessage::ErrorMessage);
    }

    void aSecondMachineOfTheNameIsBusy()
    {
        ServedMachine second("my-machine");
        QVERIFY(second.waitReady());
        QCOMPARE(second.problem, std::string("a machine named my-machine is already running"));
    }

    void callsInFlightAreAnsweredWhenTheMachineEnds()
    {
        const QDBusPendingCall typing = m_object->asyncCall("Type", QString(500, QLatin1Char('a')));
        QTRY_VERIFY(!m_served->machine->input.events().empty());
        m_served->stop();
        QDBusPendingCallWatcher watcher(typing);
        watcher.waitForFinished();
        QVERIFY(typing.isError());
        QCOMPARE(typing.error().name(), "org.vitrine.Error.Cancelled");
    }

    /// A machine that starts holds its name before it is on the bus; who is not there and holds
    /// nothing is not waited for.
    void commandLineWaitsForTheStart()
    {
        QTemporaryDir folder;
        const QByteArray before = qgetenv("XDG_RUNTIME_DIR");
        qputenv("XDG_RUNTIME_DIR", folder.path().toUtf8());
        {
            const auto lock = NameLock::acquire("late");
            QVERIFY(lock.has_value());
            std::string state;
            std::thread asks([&state] {
                const auto bus = SessionBus::open();
                const auto status = bus->status("late");
                state = status ? status->state : status.error().sentence();
            });
            QTest::qWait(200);
            ServedMachine late("late");
            QVERIFY(late.waitReady());
            asks.join();
            QCOMPARE(state, std::string("paused"));
        }
        const auto none = SessionBus::open()->status("late");
        qputenv("XDG_RUNTIME_DIR", before);
        QVERIFY(!none.has_value());
        QCOMPARE(none.error().sentence(), std::string("no machine named late is running"));
    }

    void commandLineClient()
    {
        const auto bus = SessionBus::open();
        QVERIFY(bus.has_value());
        QCOMPARE(*bus->machines(), std::vector<std::string>{"my-machine"});
        const auto status = bus->status("my-machine");
        QVERIFY(status.has_value());
        QCOMPARE(status->memoryBytes, uint64_t{2} << 30);
        QCOMPARE(status->cpus, 2u);
        QCOMPARE(status->state, std::string("paused"));
        QVERIFY(bus->call("my-machine", "Resume").has_value());
        QVERIFY(bus->mouse("my-machine", 1, 2, "left").has_value());
        const auto devices = bus->devices("my-machine");
        QVERIFY(devices.has_value());
        QCOMPARE(devices->size(), size_t{2});
        QCOMPARE(devices->at(0).registers.at(1).second, std::string("0x61"));
        QVERIFY(devices->at(1).registers.empty());
        QCOMPARE(bus->counters("my-machine")->size(), size_t{2});
        QCOMPARE(bus->screenText("my-machine").error().sentence(),
                 std::string("the screen is in a graphics mode and has no text to read"));
        QCOMPARE(bus->call("other", "Pause").error().sentence(),
                 std::string("no machine named other is running"));
    }

    void withoutABusControlIsOff()
    {
        const QByteArray address = qgetenv("DBUS_SESSION_BUS_ADDRESS");
        qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus");
        ServedMachine alone("alone");
        const bool ready = alone.waitReady();
        qputenv("DBUS_SESSION_BUS_ADDRESS", address);
        QVERIFY(ready);
        QVERIFY(!alone.problem.empty());
    }

private:
    static void ok(const QDBusMessage& reply)
    {
        QVERIFY2(reply.type() == QDBusMessage::ReplyMessage, qPrintable(reply.errorMessage()));
    }
    static void fails(const QDBusMessage& reply, const QString& error, const QString& words)
    {
        QCOMPARE(reply.type(), QDBusMessage::ErrorMessage);
        QCOMPARE(reply.errorName(), "org.vitrine.Error." + error);
        QVERIFY2(reply.errorMessage().contains(words), qPrintable(reply.errorMessage()));
    }
    void connectSignal(const char* name, QObject& receiver, const char* slot)
    {
        QVERIFY(QDBusConnection::sessionBus().connect(m_object->service(), kObjectPath, kInterface,
                                                      name, &receiver, slot));
    }

    QProcess m_daemon;
    std::unique_ptr<ServedMachine> m_served;
    std::unique_ptr<QDBusInterface> m_object;
};

QTEST_GUILESS_MAIN(Machine1Test)
#include "machine1_test.moc"
