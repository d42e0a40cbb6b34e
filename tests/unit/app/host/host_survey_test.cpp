// SPDX-License-Identifier: GPL-3.0-or-later
// What this computer has for machines: each check says what it found, and what to do when it is
// little.
#include <filesystem>
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include "app/host/host_survey.h"

using namespace app::host;
using Verdict = HostCheck::Verdict;

namespace {

std::string meminfo(uint64_t totalMiB, uint64_t freeMiB)
{
    return "MemTotal:       " + std::to_string(totalMiB << 10) + " kB\nMemFree:  1 kB\n" +
           "MemAvailable:   " + std::to_string(freeMiB << 10) + " kB\n";
}

void make(const std::filesystem::path& file, bool executable)
{
    std::ofstream(file) << "x";
    std::filesystem::permissions(file, executable ? std::filesystem::perms::owner_all
                                                  : std::filesystem::perms::owner_read);
}

} // namespace

class HostSurveyTest : public QObject {
    Q_OBJECT
private slots:
    void missingKvmIsExplained();
    void memoryIsMeasuredByWhatIsFree();
    void nonsenseOfTheKernelIsNoCrash();
    void spaceIsThatOfTheFirstFolderThatExists();
    void rendersNodesAreFound();
    void toolsAreLookedForInPath();
    void everyCheckSaysWhatToDo();
};

void HostSurveyTest::missingKvmIsExplained()
{
    const HostCheck check = checkAccess("/nowhere/kvm");
    QVERIFY(check.verdict == Verdict::Limited);
    QCOMPARE(check.finding, std::string("/nowhere/kvm is missing"));
    QVERIFY(check.advice.starts_with("Turn on virtualization"));
    QVERIFY(checkAccess("/dev/null").verdict == Verdict::Limited);
}

void HostSurveyTest::memoryIsMeasuredByWhatIsFree()
{
    QVERIFY(checkMemory(meminfo(16384, 8192)).verdict == Verdict::Good);
    QVERIFY(checkMemory(meminfo(16384, 1024)).verdict == Verdict::Limited);
    const HostCheck little = checkMemory(meminfo(16384, 100));
    QVERIFY(little.verdict == Verdict::Bad);
    QCOMPARE(little.finding, std::string("100 MiB of 16.0 GiB are free"));
    QVERIFY(!little.advice.empty());
}

void HostSurveyTest::nonsenseOfTheKernelIsNoCrash()
{
    for (const char* text : {"", "MemTotal:", "MemTotal: x kB\nMemAvailable: -1",
                             "MemAvailable:      99999999999999999999999 kB\nMemTotal: 1 kB"})
        QVERIFY2(checkMemory(text).verdict == Verdict::Limited, text);
}

void HostSurveyTest::spaceIsThatOfTheFirstFolderThatExists()
{
    const QTemporaryDir folder;
    const std::filesystem::path root = folder.path().toStdString();
    const HostCheck check = checkSpace(root / "not" / "there");
    QVERIFY(check.finding.find("are free") != std::string::npos);
    QVERIFY(check.finding.find((root / "not" / "there").string()) != std::string::npos);
    const HostCheck memory = checkSpace("/proc/self"); // no file system with room
    QVERIFY(memory.verdict != Verdict::Good);
    QVERIFY(!memory.advice.empty());
}

void HostSurveyTest::rendersNodesAreFound()
{
    const QTemporaryDir folder;
    const std::filesystem::path root = folder.path().toStdString();
    QVERIFY(checkGraphics(root).verdict == Verdict::Limited);
    QVERIFY(checkGraphics(root / "nowhere").verdict == Verdict::Limited);
    make(root / "card0", true);
    QVERIFY(checkGraphics(root).verdict == Verdict::Limited);
    make(root / "renderD128", true);
    QVERIFY(checkGraphics(root).verdict == Verdict::Good);
}

void HostSurveyTest::toolsAreLookedForInPath()
{
    const QTemporaryDir folder;
    const std::filesystem::path root = folder.path().toStdString();
    const std::string path = "/nowhere::" + root.string();
    QVERIFY(checkImageTools(path).verdict == Verdict::Limited);
    QVERIFY(checkImageTools("").verdict == Verdict::Limited);
    make(root / "qemu-img", true);
    QVERIFY(checkImageTools(path).verdict == Verdict::Good);
}

void HostSurveyTest::everyCheckSaysWhatToDo()
{
    const auto checks = surveyHost("/tmp");
    QVERIFY(checks.size() >= 5);
    for (const HostCheck& check : checks) {
        QVERIFY2(!check.title.empty() && !check.finding.empty(), check.id.c_str());
        QVERIFY2(check.verdict == Verdict::Good || !check.advice.empty(), check.id.c_str());
        QVERIFY2(!check.finding.ends_with('.') && !check.advice.ends_with('.'), check.id.c_str());
    }
}

QTEST_GUILESS_MAIN(HostSurveyTest)
#include "host_survey_test.moc"
