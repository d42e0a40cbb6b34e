// SPDX-License-Identifier: GPL-3.0-or-later
// Starting a machine's process, and reading its last words.
#include <QtTest>

#include <fstream>

#include <sys/wait.h>

#include "app/library/guest_process.h"

using namespace app::library;

class GuestProcessTest : public QObject {
    Q_OBJECT

private slots:
    void init() { m_log = m_folder.filePath("log.txt").toStdString(); }
    void cleanup() { std::filesystem::remove(m_log); }

    void startsWithItsArguments()
    {
        GuestProcess process;
        process.program = "/bin/echo";
        process.id = "cafe";
        process.arguments = {"--headless"};
        process.log = m_log;
        const auto pid = startGuestProcess(process);
        QVERIFY(pid.has_value());
        int status = -1;
        QCOMPARE(::waitpid(*pid, &status, 0), *pid);
        QCOMPARE(status, 0);
        QCOMPARE(lastLogLine(m_log), std::string("--machine cafe --headless"));
    }
    void saysWhatCannotBeStarted()
    {
        GuestProcess process;
        process.program = "/nowhere/vitrine";
        process.log = m_log;
        const auto pid = startGuestProcess(process);
        QVERIFY(!pid.has_value());
        QVERIFY(pid.error().sentence().starts_with("the machine's process cannot be started"));
    }
    void readsTheLastLine()
    {
        QCOMPARE(lastLogLine(m_log), std::string());
        std::ofstream(m_log) << "one\ntwo  \n\n \n";
        QCOMPARE(lastLogLine(m_log), std::string("two"));
        QCOMPARE(lastLogLine(m_log, 4), std::string("two"));
        QCOMPARE(lastLogLine(m_log, 9), std::string());
        std::ofstream(m_log) << std::string(10000, 'x');
        QCOMPARE(lastLogLine(m_log), std::string(300, 'x'));
    }

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_log;
};

QTEST_GUILESS_MAIN(GuestProcessTest)
#include "guest_process_test.moc"
