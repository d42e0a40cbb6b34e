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
        const std::string line = std::string(299, 'x') + "\xc3\xa9"; // two bytes of UTF-8
        QCOMPARE(::write(file.get(), line.data(), line.size()), ssize_t{301});
        QCOMPARE(lastLine(file), std::string(299, 'x'));
    }
    void readsTheEndOfALog()
    {
        const std::filesystem::path bundle = m_folder.path().toStdString();
        QCOMPARE(logTail(bundle, 100), std::string());
        QCOMPARE(lastLogLine(bundle), std::string());
        std::ofstream(bundle / "log.txt") << "first\nsecond\nthird\n\n";
        QCOMPARE(logTail(bundle, 100), std::string("first\nsecond\nthird\n\n"));
        QCOMPARE(logTail(bundle, 10), std::string("third\n\n"));
        QCOMPARE(lastLogLine(bundle), std::string("third"));
    }
    void readsNoLogThatIsNoFile()
    {
        const std::filesystem::path bundle = m_folder.filePath("other").toStdString();
        std::filesystem::create_directories(bundle / "log.txt");
        QCOMPARE(logTail(bundle, 100), std::string());
        std::filesystem::remove(bundle / "log.txt");
        QCOMPARE(::mkfifo((bundle / "log.txt").c_str(), 0600), 0);
        QCOMPARE(lastLogLine(bundle), std::string());
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
