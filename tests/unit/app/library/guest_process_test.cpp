// SPDX-License-Identifier: GPL-3.0-or-later
// Starting a machine's process, and reading its last words.
#include <QtTest>

#include <fstream>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/library/guest_process.h"

using namespace app::library;

class GuestProcessTest : public QObject {
    Q_OBJECT

private slots:
    void startsWithItsArguments()
    {
        GuestProcess process = processOf("/bin/echo");
        process.id = "cafe";
        process.arguments = {"--headless"};
        const auto started = startGuestProcess(process);
        QVERIFY(started.has_value());
        QCOMPARE(statusOf(*started), 0);
        QCOMPARE(lastLine(started->output), std::string("--machine cafe --headless"));
    }
    void saysWhatCannotBeStarted()
    {
        const auto started = startGuestProcess(processOf("/nowhere/vitrine"));
        QVERIFY(!started.has_value());
        QVERIFY(started.error().sentence().starts_with("the machine's process cannot be started"));
    }
    void passesTheFocusOn()
    {
        const std::string script = m_folder.filePath("script").toStdString();
        std::ofstream(script) << "#!/bin/sh\nprintf '%s\\n\\n  \\n' \"$XDG_ACTIVATION_TOKEN\"\n";
        std::filesystem::permissions(script, std::filesystem::perms::owner_all);
        GuestProcess process = processOf(script);
        process.activationToken = "click-1";
        const auto started = startGuestProcess(process);
        QVERIFY(started.has_value());
        QCOMPARE(statusOf(*started), 0);
        QCOMPARE(lastLine(started->output), std::string("click-1"));
    }
    void cutsLongLines()
    {
        vmm::UniqueFd file(::memfd_create("output", MFD_CLOEXEC));
        QCOMPARE(lastLine(file), std::string());
        const std::string line(10000, 'x');
        QCOMPARE(::write(file.get(), line.data(), line.size()), ssize_t{10000});
        QCOMPARE(lastLine(file), std::string(300, 'x'));
    }
    void cutsBetweenCharacters()
    {
        vmm::UniqueFd file(::memfd_create("output", MFD_CLOEXEC));
        std::string line(299, 'x');
        line += "\xc3\xa9"; // two bytes of UTF-8
        QCOMPARE(::write(file.get(), line.data(), line.size()), ssize_t{301});
        QCOMPARE(lastLine(file), std::string(299, 'x'));
    }
    void readsTheEndOfALog()
    {
        const std::filesystem::path bundle = m_folder.path().toStdString();
        QCOMPARE(logTail(bundle, 100), std::string());
        QCOMPARE(lastLogTrouble(bundle), std::string());
        std::ofstream(bundle / "log.txt") << "first\nsecond\nthird\n\n";
        QCOMPARE(logTail(bundle, 100), std::string("first\nsecond\nthird\n\n"));
        QCOMPARE(logTail(bundle, 10), std::string("third\n\n"));
        QCOMPARE(lastLogTrouble(bundle), std::string("third"));
    }
    void tellsTroubleFromReports_data()
    {
        QTest::addColumn<QByteArray>("said");
        QTest::addColumn<QByteArray>("trouble");
        QTest::newRow("nothing") << QByteArray() << QByteArray();
        QTest::newRow("only reports")
            << QByteArray("vitrine: accel: KVM\nvitrine: state: running\nvitrine: control: on\n")
            << QByteArray();
        QTest::newRow("a warning below a report")
            << QByteArray("vitrine: state: running\n"
                          "12:01:02.345 warning vmm.gpu: the guest names no such surface\n"
                          "12:01:02.346 info vmm.gpu: a surface of 4 MiB\nvitrine: state: paused\n")
            << QByteArray("the guest names no such surface");
        QTest::newRow("a message")
            << QByteArray("vitrine: message: disk0.raw cannot be read\nvitrine: state: stopped\n")
            << QByteArray("disk0.raw cannot be read");
        QTest::newRow("why it gave up") << QByteArray("vitrine: no such machine: cafe\n")
                                        << QByteArray("no such machine: cafe");
        QTest::newRow("a library's words") << QByteArray("vitrine: state: running\nstack smashed\n")
                                           << QByteArray("stack smashed");
        QTest::newRow("of an earlier run")
            << QByteArray("2026-11-21 10:00:00 message: the disk is full\n"
                          "2026-11-22 18:04:24 accel: KVM\n2026-11-22 18:04:25 state: running\n")
            << QByteArray();
        QTest::newRow("of this run") << QByteArray("2026-11-22 18:04:24 accel: KVM\n"
                                                   "2026-11-22 18:05:00 message: the disk is full\n"
                                                   "2026-11-22 18:05:01 state: paused\n")
                                     << QByteArray("the disk is full");
    }
    void tellsTroubleFromReports()
    {
        QFETCH(QByteArray, said);
        vmm::UniqueFd file(::memfd_create("output", MFD_CLOEXEC));
        QCOMPARE(::write(file.get(), said.constData(), static_cast<size_t>(said.size())),
                 ssize_t{said.size()});
        QTEST(QByteArray::fromStdString(lastTrouble(file)), "trouble");
    }
    void readsNoLogThatIsNoFile()
    {
        const std::filesystem::path bundle = m_folder.filePath("other").toStdString();
        std::filesystem::create_directories(bundle / "log.txt");
        QCOMPARE(logTail(bundle, 100), std::string());
        std::filesystem::remove(bundle / "log.txt");
        QCOMPARE(::mkfifo((bundle / "log.txt").c_str(), 0600), 0);
        QCOMPARE(lastLogTrouble(bundle), std::string());
    }

private:
    GuestProcess processOf(const std::string& program)
    {
        GuestProcess process;
        process.program = program;
        process.folder = m_folder.path().toStdString();
        return process;
    }
    static int statusOf(const StartedGuest& started)
    {
        int status = -1;
        return ::waitpid(started.pid, &status, 0) == started.pid ? status : -1;
    }
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(GuestProcessTest)
#include "guest_process_test.moc"
