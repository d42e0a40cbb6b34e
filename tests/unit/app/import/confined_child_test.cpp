// SPDX-License-Identifier: GPL-3.0-or-later
// Programs that read hostile files get nothing else to read, and end when they are told.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>

#include "app/import/confined_child.h"
#include "tests/support/sanitizers.h"
#include "tests/unit/app/import/appliance_maker.h"
#include "vmm/base/unique_fd.h"

using namespace app::import;

namespace {

/// Runs `command` with `more` of a plan; what it printed, or the error's sentence.
struct Run {
    std::string output;
    std::string sentence;
    int exitCode = -1;
};

Run runPlan(ChildPlan plan)
{
    Run run;
    plan.watch = [&run](std::string_view text) -> vmm::Result<void> {
        run.output += text;
        return {};
    };
    const auto end = runConfined(plan);
    if (end)
        run.exitCode = end->exitCode;
    else
        run.sentence = end.error().sentence();
    return run;
}

bool hasLandlock()
{
    return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

} // namespace

class ConfinedChildTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;
    QString m_secret = m_dir.filePath("secret");

private slots:
    void initTestCase()
    {
        if (!tests::kMayStartPrograms)
            QSKIP("starts programs");
        QVERIFY(writeFile(m_secret, "content"));
    }
    void filesArePassedByNumber()
    {
        const vmm::UniqueFd fd(::open(qPrintable(m_secret), O_RDONLY | O_CLOEXEC));
        const Run run = runPlan({.command = {"cat", "/dev/fd/3"}, .files = {fd.get()}});
        QCOMPARE(run.output, std::string("content"));
        QCOMPARE(run.exitCode, 0);
    }
    void nothingElseIsReadOrWritten()
    {
        if (!hasLandlock())
            QSKIP("this kernel has no Landlock");
        const std::string secret = m_secret.toStdString();
        QVERIFY(runPlan({.command = {"cat", secret}}).exitCode > 0);
        QCOMPARE(runPlan({.command = {"cat", secret}, .readable = {secret}}).output,
                 std::string("content"));
        const vmm::UniqueFd fd(::open(qPrintable(m_secret), O_RDWR | O_CLOEXEC));
        QVERIFY(
            runPlan({.command = {"cp", "/dev/null", "/dev/fd/3"}, .files = {fd.get()}}).exitCode >
            0);
        QCOMPARE(contentOf(m_secret), QByteArray("content"));
        QVERIFY(runPlan({.command = {"touch", secret + "2"}}).exitCode > 0);
        QCOMPARE(runPlan({.command = {"cp", "/dev/null", "/dev/fd/3"},
                          .files = {fd.get()},
                          .writable = fd.get()})
                     .exitCode,
                 0);
        QCOMPARE(contentOf(m_secret), QByteArray());
        QVERIFY(writeFile(m_secret, "content"));
        // This thread is as free as before.
        QCOMPARE(contentOf(m_secret), QByteArray("content"));
    }
    void nothingOfOursIsInherited()
    {
        qputenv("VITRINE_TEST_SECRET", "x");
        const int leak = ::open(qPrintable(m_secret), O_RDONLY); // no O_CLOEXEC
        const Run environment = runPlan({.command = {"env"}});
        const Run descriptors = runPlan({.command = {"sh", "-c",
                                                     "for i in 3 4 5 6 7 8 9; do "
                                                     "(: <&$i) 2>/dev/null && echo $i; "
                                                     "done; exit 0"}});
        ::close(leak);
        QVERIFY(environment.output.find("SECRET") == std::string::npos);
        QVERIFY(environment.output.find("LC_ALL=C.UTF-8\n") != std::string::npos);
        QCOMPARE(descriptors.output, std::string());
        QCOMPARE(descriptors.exitCode, 0);
    }
    void aProgramThatNeverEndsIsEnded()
    {
        const Run run =
            runPlan({.command = {"sleep", "1000"}, .timeout = std::chrono::milliseconds(50)});
        QCOMPARE(run.sentence, std::string("looking at it takes too long"));
    }
    void whoClosesItsOutputIsStillWaitedFor()
    {
        QCOMPARE(runPlan({.command = {"sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 7"}}).exitCode,
                 7);
    }
    void itsChildrenEndWithIt()
    {
        ChildPlan plan{.command = {"sh", "-c", "sleep 1000 & echo $!; wait"}};
        pid_t grandchild = 0;
        plan.watch = [&](std::string_view text) -> vmm::Result<void> {
            if (text.empty())
                return {};
            grandchild = static_cast<pid_t>(std::stoi(std::string(text)));
            return vmm::Error(vmm::ErrorCode::Cancelled, "given up");
        };
        const auto end = runConfined(plan);
        QVERIFY(!end.has_value());
        QVERIFY(end.error().code() == vmm::ErrorCode::Cancelled);
        QVERIFY(grandchild > 0);
        // Gone, or waiting for init to notice.
        const auto gone = [grandchild] {
            const QByteArray status = contentOf(QString("/proc/%1/stat").arg(grandchild));
            return status.isEmpty() || status.contains(") Z ");
        };
        QTRY_VERIFY(gone());
    }
    void limitsHold()
    {
        const Run run = runPlan({.command = {"sh", "-c", "sleep 0.1; ulimit -v; ulimit -t"},
                                 .addressSpace = uint64_t{1} << 30,
                                 .cpuSeconds = 5});
        QCOMPARE(run.output, std::string("1048576\n5\n"));
    }
    void aMissingProgramIsNamed()
    {
        QVERIFY(runPlan({.command = {"vitrine-no-such-program"}})
                    .sentence.find("vitrine-no-such-program is missing") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(ConfinedChildTest)
#include "confined_child_test.moc"
