// SPDX-License-Identifier: GPL-3.0-or-later
// What is proposed for a file.
#include <QTest>

#include <sys/stat.h>

#include "app/import/disk_image.h"
#include "tests/unit/app/making/offered_file.h"

using namespace app::making;
using tests::kGibibyte;
using tests::kMeans;
using tests::offeredDisc;
using tests::offeredFile;
using vmm::spec::DriveBus;
using vmm::spec::DriveKind;

class DraftTest : public QObject {
    Q_OBJECT
private slots:
    void recommendsWithinTheHost();
    void recommendsWhatTheSystemKnows();
    void looksAtADiscWithoutTheDatabase();
    void looksAtARawDisk();
    void knowsMachines();
    void saysWhatIsNoDraft();

private:
    static std::string problemOf(const std::filesystem::path& file)
    {
        const auto draft = draftFor(file, nullptr, kMeans);
        return draft ? std::string() : draft.error().sentence();
    }
};

void DraftTest::recommendsWithinTheHost()
{
    Draft draft = plainDraft(kMeans);
    QCOMPARE(draft.config.hardware.memoryBytes, 2 * kGibibyte);
    QCOMPARE(draft.config.hardware.cpus, 2u);
    app::os::OsFacts facts;
    facts.recommended = {16, 64 * kGibibyte, 0};
    facts.minimum.diskBytes = 200 * kGibibyte;
    recommend(draft, facts);
    QCOMPARE(draft.config.hardware.memoryBytes, kMeans.memoryBytes / 2);
    QCOMPARE(draft.config.hardware.cpus, 4u);
    QCOMPARE(draft.disks.at(0).bytes, 200 * kGibibyte);
    QCOMPARE(draft.recommendedMemory, 64 * kGibibyte);
}

void DraftTest::recommendsWhatTheSystemKnows()
{
    Draft draft = plainDraft(kMeans);
    app::os::OsFacts facts;
    facts.id = "http://example.org/os";
    facts.name = "Example";
    facts.firmwareBios = false;
    facts.firmwareUefi = true;
    facts.virtioBlock = false;
    recommend(draft, facts);
    QCOMPARE(draft.config.hardware.firmwarePath, std::string("uefi"));
    QVERIFY(!draft.canBios && draft.canUefi);
    QCOMPARE(draft.diskBus, DriveBus::Ahci);
    QCOMPARE(draft.osName, std::string("Example"));
    facts.virtioBlock = true;
    recommend(draft, facts);
    QCOMPARE(draft.diskBus, DriveBus::VirtioBlk);
}

void DraftTest::looksAtADiscWithoutTheDatabase()
{
    const QTemporaryDir folder;
    const auto path = offeredDisc(folder, "some.iso");
    const auto draft = draftFor(path, nullptr, kMeans);
    QVERIFY(draft.has_value());
    QVERIFY(draft->source == Draft::Source::Installer);
    QVERIFY(draft->canTryLive && !draft->tryLive);
    QVERIFY(draft->file == path);
    const auto& drives = draft->config.hardware.drives;
    QCOMPARE(drives.size(), size_t{1});
    QVERIFY(drives[0].kind == DriveKind::Cdrom && drives[0].path == path.string());
    QCOMPARE(draft->disks.size(), size_t{1});
    QVERIFY(draft->disks[0].source.empty() && draft->disks[0].bytes > 0);
    QCOMPARE(draft->config.name(), std::string("some"));
}

void DraftTest::looksAtARawDisk()
{
    const QTemporaryDir folder;
    const auto disk = offeredFile(folder, "bootable", "\x55\xaa", 510);
    if (problemOf(disk).find("qemu-img") != std::string::npos)
        QSKIP("qemu-img is not installed");
    const auto draft = draftFor(disk, nullptr, kMeans);
    QVERIFY(draft.has_value());
    QVERIFY(draft->source == Draft::Source::DiskImage);
    QCOMPARE(draft->disks.at(0).bytes, uint64_t{65536});
    QVERIFY(draft->disks.at(0).source == disk);
    QVERIFY(problemOf(offeredFile(folder, "notes", "words")).starts_with("notes is neither"));
}

void DraftTest::knowsMachines()
{
    const QTemporaryDir folder;
    const std::filesystem::path bundle = folder.path().toStdString();
    QVERIFY(!isMachine(bundle));
    offeredFile(folder, "machine.toml");
    QVERIFY(isMachine(bundle));
    QVERIFY(isMachine(bundle / "Some.VITRINE.tar.zst"));
    QVERIFY(!isMachine(bundle / "some.iso"));
    QVERIFY(problemOf(bundle).ends_with("is a machine already; it can be imported"));
}

void DraftTest::saysWhatIsNoDraft()
{
    const QTemporaryDir folder;
    const std::filesystem::path here = folder.path().toStdString();
    QVERIFY(problemOf(here / "gone.iso").ends_with("gone.iso is not there"));
    QVERIFY(problemOf(here).ends_with("is not a file a machine can be made of"));
    QCOMPARE(::mkfifo((here / "pipe.iso").c_str(), 0600), 0);
    QVERIFY(problemOf(here / "pipe.iso").ends_with("is not a file a machine can be made of"));
    offeredFile(folder, "broken.ova", "words");
    QVERIFY(!problemOf(here / "broken.ova").empty());
}

QTEST_GUILESS_MAIN(DraftTest)
#include "draft_test.moc"
