// SPDX-License-Identifier: GPL-3.0-or-later
// The real program as a person types it: sentences, exit status, and that nothing is left behind.
#include <memory>
#include <optional>

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace {

const QString kProgram = QStringLiteral(VITRINE_PROGRAM);
constexpr int kPatience = 30'000; // ms; the machine may be busy

bool hasKvm()
{
    return ::access("/dev/kvm", R_OK | W_OK) == 0;
}

} // namespace

class ProgramTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_runtime.emplace();
        m_errors.clear();
    }
    void cleanup()
    {
        QVERIFY2(QDir(m_runtime->path()).isEmpty(QDir::AllEntries | QDir::NoDotAndDotDot),
                 "something was left in the runtime directory");
    }

    void helpAndVersion()
    {
        const Outcome help = run({"--help"});
        QCOMPARE(help.status, 0);
        QVERIFY(help.output.startsWith("Usage: vitrine"));
        QVERIFY(help.errors.isEmpty());
        QCOMPARE(run({"--version"}).output, QByteArray("vitrine 0.1.0\n"));
    }
    void usageErrors()
    {
        const Outcome wrong = run({"run", "--fly"});
        QCOMPARE(wrong.status, 2);
        QCOMPARE(wrong.errors,
                 QByteArray("vitrine: there is no option --fly; see vitrine run --help\n"));
        QCOMPARE(run({"fly"}).status, 2);
    }
    void mistakesAreOneSentence_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QByteArray>("words");
        QTest::addColumn<int>("status");
        const auto row = [](const char* name, const QStringList& arguments, const QByteArray& words,
                            int status) { QTest::newRow(name) << arguments << words << status; };
        row("no such file", {"--cdrom", "/nowhere.iso"}, "/nowhere.iso", 3);
        row("a folder", {"--disk", "/tmp"}, "/tmp", 1);
        row("no such firmware", {"--firmware", "/nowhere.bin"}, "/nowhere.bin", 3);
        row("no such state", {"--restore", "/nowhere.state"}, "/nowhere.state", 3);
        row("not a state", {"--restore", kProgram}, kProgram.toUtf8(), 1);
        row("memory", {"--memory", "1K"}, "memory must be", 1);
    }
    void mistakesAreOneSentence()
    {
        if (!hasKvm())
            QSKIP("/dev/kvm cannot be opened");
        QFETCH(const QStringList, arguments);
        QFETCH(const QByteArray, words);
        QFETCH(const int, status);
        const Outcome outcome = run(QStringList{"run", "--headless"} + arguments);
        QCOMPARE(outcome.status, status);
        QVERIFY2(outcome.errors.startsWith("vitrine: "), outcome.errors.constData());
        QVERIFY2(outcome.errors.contains(words), outcome.errors.constData());
        QCOMPARE(outcome.errors.count('\n'), 1);
    }
    void withoutADisplay()
    {
        const Outcome outcome = run({"run"});
        QCOMPARE(outcome.status, 1);
        QVERIFY(outcome.errors.contains("there is no display"));
        const Outcome dead = run({"run"}, {{"DISPLAY", ":4242"}});
        QCOMPARE(dead.status, 1);
        QVERIFY2(dead.errors.contains("the display cannot be opened"), dead.errors.constData());
        QCOMPARE(dead.errors.count('\n'), 1);
    }
    void controlWithoutABus()
    {
        const Outcome unknown = run({"ctl", "vitrine", "status"});
        QCOMPARE(unknown.status, 3);
        QCOMPARE(unknown.errors, QByteArray("vitrine: there is no machine vitrine\n"));
        const QTemporaryDir data;
        const Variables own = {{"XDG_DATA_HOME", data.path()}};
        QCOMPARE(run({"new", "--name", "vitrine"}, own).status, 0);
        const Outcome outcome = run({"ctl", "vitrine", "status"}, own);
        QCOMPARE(outcome.status, 1);
        QVERIFY2(outcome.errors.contains("no session bus"), outcome.errors.constData());
        QCOMPARE(run({"list"}).status, 0);
    }
    void aNameIsUsedOnceAndAMachineEndsCleanly()
    {
        if (!hasKvm())
            QSKIP("/dev/kvm cannot be opened");
        const auto first = start({"run", "--headless", "--memory", "64M", "--name", "one"});
        QTRY_VERIFY_WITH_TIMEOUT(errorsOf(*first).contains("control: off"), kPatience);
        const Outcome second = run({"run", "--headless", "--disk", "/nowhere", "--name", "one"});
        QCOMPARE(second.status, 4);
        QVERIFY2(second.errors.contains("a machine named one is already running"),
                 second.errors.constData());
        QVERIFY(run({"list"}).output.startsWith("one "));
        ::kill(static_cast<pid_t>(first->processId()), SIGTERM);
        QVERIFY(first->waitForFinished(kPatience));
        QCOMPARE(first->exitStatus(), QProcess::NormalExit);
        QCOMPARE(first->exitCode(), 0);
    }
    void theWindowEndsCleanly()
    {
        if (!hasKvm())
            QSKIP("/dev/kvm cannot be opened");
        const auto window = start({"run", "--memory", "64M"}, {{"QT_QPA_PLATFORM", "offscreen"}});
        QTRY_VERIFY_WITH_TIMEOUT(errorsOf(*window).contains("state: running"), kPatience);
        ::kill(static_cast<pid_t>(window->processId()), SIGINT);
        QVERIFY(window->waitForFinished(kPatience));
        QCOMPARE(window->exitStatus(), QProcess::NormalExit);
        QCOMPARE(window->exitCode(), 0);
    }
    void theWindowSaysWhatIsWrong()
    {
        if (!hasKvm())
            QSKIP("/dev/kvm cannot be opened");
        const auto window =
            start({"run", "--cdrom", "/nowhere.iso"}, {{"QT_QPA_PLATFORM", "offscreen"}});
        QTRY_VERIFY_WITH_TIMEOUT(errorsOf(*window).contains("/nowhere.iso"), kPatience);
        ::kill(static_cast<pid_t>(window->processId()), SIGTERM);
        QVERIFY(window->waitForFinished(kPatience));
        QCOMPARE(window->exitCode(), 1);
    }

private:
    using Variables = QList<QPair<QString, QString>>;
    struct Outcome {
        int status = -1;
        QByteArray output;
        QByteArray errors;
    };

    std::unique_ptr<QProcess> start(const QStringList& arguments, const Variables& extra = {})
    {
        auto process = std::make_unique<QProcess>();
        QProcessEnvironment environment;
        environment.insert("XDG_RUNTIME_DIR", m_runtime->path());
        environment.insert("PATH", qEnvironmentVariable("PATH"));
        environment.insert("HOME", m_runtime->path());
        for (const auto& [name, value] : extra)
            environment.insert(name, value);
        process->setProcessEnvironment(environment);
        process->start(kProgram, arguments);
        return process;
    }
    Outcome run(const QStringList& arguments, const Variables& extra = {})
    {
        const auto process = start(arguments, extra);
        if (!process->waitForFinished(kPatience) || process->exitStatus() != QProcess::NormalExit)
            return {-1, {}, process->readAllStandardError()};
        return {process->exitCode(), process->readAllStandardOutput(),
                process->readAllStandardError()};
    }
    QByteArray errorsOf(QProcess& process)
    {
        m_errors += process.readAllStandardError();
        return m_errors;
    }

    std::optional<QTemporaryDir> m_runtime;
    QByteArray m_errors;
};

QTEST_GUILESS_MAIN(ProgramTest)
#include "program_test.moc"
