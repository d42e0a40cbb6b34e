// SPDX-License-Identifier: GPL-3.0-or-later
// What is proposed for a file, and which changes of a configuration a running machine takes over.
#include <QTemporaryDir>
#include <QTest>

#include "app/main/library_live.h"
#include "app/main/library_offer.h"
#include "tests/unit/app/making/offered_file.h"

using app::library::MachineConfig;
using app::main::LiveCall;
using app::main::livePlan;
using app::main::lookAt;
using app::main::Offered;
using app::making::Draft;
using app::os::OsDatabase;
using tests::kGibibyte;
using tests::kMeans;
using tests::offeredDisc;
using tests::offeredFile;
using ui::models::MachineDraft;
using vmm::spec::DriveBus;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;

namespace {

const std::filesystem::path kBundle = "/machines/Guest.vitrine";

MachineConfig machineWithDiskAndDrive()
{
    MachineConfig config;
    config.hardware.drives.push_back({DriveKind::Cdrom, {}});
    config.hardware.drives.push_back({DriveKind::Disk, "disk0.raw"});
    config.hardware.nameDevices();
    return config;
}

} // namespace

class LibraryOfferTest : public QObject {
    Q_OBJECT
private slots:
    void showsWhatIsProposed();
    void makesWhatWasChanged();
    void keepsTheImageToTakeOver();
    void aSystemIsFilledIn();
    void anApplianceKnowsItsHardware();
    void foldersAndMissingFiles();
    void nothingChanged();
    void wordsNeedNoStart();
    void linkForwardsAndLimits();
    void disksComeAndGo();
    void newHardwareWaits();
};

void LibraryOfferTest::showsWhatIsProposed()
{
    const QTemporaryDir folder;
    const auto path = offeredDisc(folder, "some.iso");
    const Offered offered = lookAt(QString::fromStdString(path.string()), nullptr, kMeans);
    QCOMPARE(offered.kind, Offered::Kind::Draft);
    const MachineDraft& sheet = offered.draft;
    QCOMPARE(sheet.source, MachineDraft::Source::Installer);
    QCOMPARE(sheet.sourceName, QStringLiteral("some.iso"));
    const auto& drives = sheet.config.hardware.drives;
    QCOMPARE(drives.size(), size_t{2});
    QCOMPARE(drives[0].path, path.string());
    QVERIFY(drives[1].kind == DriveKind::Disk && drives[1].path.empty());
    QVERIFY(sheet.diskBytes > 0);
    QCOMPARE(sheet.hostMemory, quint64{kMeans.memoryBytes});
}

void LibraryOfferTest::makesWhatWasChanged()
{
    Draft draft = app::making::plainDraft(kMeans);
    draft.source = Draft::Source::LiveMedium;
    draft.file = "/some.iso";
    draft.diskBus = DriveBus::Ahci;
    draft.config.hardware.drives.push_back({DriveKind::Cdrom, "/some.iso"});
    MachineDraft sheet = app::main::sheetOf(draft);
    sheet.diskBytes = 5 * kGibibyte;
    sheet.tryLive = true;
    sheet.express = true;
    sheet.user = QStringLiteral("ada");
    sheet.timeZone = QStringLiteral("Europe/Berlin");
    const Draft back = app::main::draftOf(sheet);
    QVERIFY(back.source == draft.source && back.file == draft.file && back.tryLive);
    QCOMPARE(back.config.hardware.drives.size(), size_t{1});
    QCOMPARE(back.config.hardware.drives[0].path, std::string("/some.iso"));
    QVERIFY(back.diskBus == DriveBus::Ahci && back.express);
    QCOMPARE(back.disks.size(), size_t{1});
    QCOMPARE(back.disks[0].bytes, 5 * kGibibyte);
    QCOMPARE(back.answers.user, std::string("ada"));
    QCOMPARE(back.answers.timeZone, std::string("Europe/Berlin"));
}

void LibraryOfferTest::keepsTheImageToTakeOver()
{
    Draft draft = app::making::plainDraft(kMeans);
    draft.source = Draft::Source::Appliance;
    draft.file = "/some.ova";
    draft.disks.assign(1, {7 * kGibibyte, "/some.ova"});
    const Draft back = app::main::draftOf(app::main::sheetOf(draft));
    QVERIFY(back.source == Draft::Source::Appliance && back.file == "/some.ova");
    QCOMPARE(back.disks.size(), size_t{1});
    QVERIFY(back.disks[0].source == "/some.ova" && back.disks[0].bytes == 7 * kGibibyte);
    QVERIFY(back.config.hardware.drives.empty());
}

void LibraryOfferTest::aSystemIsFilledIn()
{
    const auto database = OsDatabase::load();
    if (!database)
        QSKIP("osinfo-db is not installed");
    const QTemporaryDir folder;
    const auto path = offeredDisc(folder, "some.iso");
    MachineDraft sheet = lookAt(QString::fromStdString(path.string()), nullptr, kMeans).draft;
    sheet.ticket = 7;
    sheet.config.hardware.name = "Mine";
    const auto with = [&](const char* os) {
        return app::main::sheetWithSystem(sheet, **database, QString::fromLatin1(os), kMeans);
    };
    const MachineDraft debian = with("debian11");
    QCOMPARE(debian.osName, QStringLiteral("Debian 11"));
    QVERIFY(!debian.osLogo.isEmpty() && debian.ticket == 7);
    QCOMPARE(debian.config.os, std::string("http://debian.org/debian/11"));
    QCOMPARE(debian.config.name(), std::string("Mine"));
    QCOMPARE(debian.sourceName, sheet.sourceName);
    QVERIFY(debian.recommendedMemory > 0 && debian.canTryLive == sheet.canTryLive);
    QVERIFY(debian.config.hardware.drives.at(1).bus == DriveBus::VirtioBlk);
    sheet = debian; // and then another
    const MachineDraft windows = with("winxp");
    QVERIFY(windows.osName.contains(QStringLiteral("XP")));
    QVERIFY(windows.config.hardware.drives.at(1).bus == DriveBus::Ahci);
    QCOMPARE(windows.config.hardware.drives.size(), size_t{2});
    QCOMPARE(with("beos1").osName, sheet.osName);
}

void LibraryOfferTest::anApplianceKnowsItsHardware()
{
    const auto database = OsDatabase::load();
    if (!database)
        QSKIP("osinfo-db is not installed");
    Draft draft = app::making::plainDraft(kMeans);
    draft.source = Draft::Source::Appliance;
    draft.diskBus = DriveBus::Ahci;
    draft.disks.assign(1, {5 * kGibibyte, "/some.ova"});
    draft.config.hardware.memoryBytes = 3 * kGibibyte;
    const MachineDraft sheet = app::main::sheetWithSystem(app::main::sheetOf(draft), **database,
                                                          QStringLiteral("debian11"), kMeans);
    QCOMPARE(sheet.osName, QStringLiteral("Debian 11"));
    QCOMPARE(sheet.config.hardware.memoryBytes, 3 * kGibibyte);
    QVERIFY(sheet.config.hardware.drives.at(0).bus == DriveBus::Ahci);
    QCOMPARE(sheet.diskBytes, quint64{5 * kGibibyte});
    QCOMPARE(app::main::draftOf(sheet).file.string(), std::string("/some.ova"));
}

void LibraryOfferTest::foldersAndMissingFiles()
{
    const QTemporaryDir folder;
    QCOMPARE(lookAt(folder.path(), nullptr, kMeans).kind, Offered::Kind::Unusable);
    offeredFile(folder, "machine.toml");
    QCOMPARE(lookAt(folder.path(), nullptr, kMeans).kind, Offered::Kind::Bundle);
    const Offered missing = lookAt(folder.filePath(QStringLiteral("gone.iso")), nullptr, kMeans);
    QCOMPARE(missing.kind, Offered::Kind::Unusable);
    QVERIFY(missing.problem.contains(QLatin1String("gone.iso")));
}

void LibraryOfferTest::nothingChanged()
{
    const MachineConfig config = machineWithDiskAndDrive();
    const auto plan = livePlan(config, config, kBundle);
    QVERIFY(plan.calls.isEmpty() && !plan.atNextStart);
}

void LibraryOfferTest::wordsNeedNoStart()
{
    const MachineConfig config = machineWithDiskAndDrive();
    MachineConfig wished = config;
    wished.notes = "mine";
    wished.groups = {"Work"};
    wished.onClose = app::library::CloseAction::Keep;
    QVERIFY(!livePlan(config, wished, kBundle).atNextStart);
}

void LibraryOfferTest::linkForwardsAndLimits()
{
    MachineConfig config = machineWithDiskAndDrive();
    config.hardware.nics.at(0).forwards = {"tcp:127.0.0.1:1-:1", "tcp:127.0.0.1:2-:2"};
    MachineConfig wished = config;
    wished.hardware.nics[0].linkUp = false;
    wished.hardware.nics[0].forwards = {"tcp:127.0.0.1:2-:2", "tcp:127.0.0.1:3-:3"};
    wished.hardware.drives[1].limits.operationsPerSecond = 100;
    const auto plan = livePlan(config, wished, kBundle);
    const QList<LiveCall> expected = {
        {QStringLiteral("LimitDisk"), {QStringLiteral("disk0"), QStringLiteral("bps=0,iops=100")}},
        {QStringLiteral("RemoveForward"),
         {QStringLiteral("nic0"), QStringLiteral("tcp:127.0.0.1:1-:1")}},
        {QStringLiteral("AddForward"),
         {QStringLiteral("nic0"), QStringLiteral("tcp:127.0.0.1:3-:3")}},
        {QStringLiteral("SetLink"), {QStringLiteral("nic0"), QStringLiteral("down")}}};
    QCOMPARE(plan.calls, expected);
    QVERIFY(!plan.atNextStart);
}

void LibraryOfferTest::disksComeAndGo()
{
    const MachineConfig config = machineWithDiskAndDrive();
    MachineConfig wished = config;
    const auto isDisk = [](const DriveSpec& drive) { return drive.kind == DriveKind::Disk; };
    std::erase_if(wished.hardware.drives, isDisk);
    DriveSpec disk{DriveKind::Disk, "more.raw"};
    disk.bus = vmm::spec::DriveBus::VirtioBlk;
    disk.id = "disk7";
    wished.hardware.drives.push_back(disk);
    const auto plan = livePlan(config, wished, kBundle);
    const QList<LiveCall> expected = {
        {QStringLiteral("Detach"), {QStringLiteral("disk0")}},
        {QStringLiteral("AttachDisk"),
         {QStringLiteral("/machines/Guest.vitrine/more.raw,bus=virtio,id=disk7")}}};
    QCOMPARE(plan.calls, expected);
    QVERIFY(!plan.atNextStart);
}

void LibraryOfferTest::newHardwareWaits()
{
    const MachineConfig config = machineWithDiskAndDrive();
    MachineConfig wished = config;
    wished.hardware.memoryBytes *= 2;
    QVERIFY(livePlan(config, wished, kBundle).atNextStart);
    wished = config;
    wished.hardware.nics.clear();
    QVERIFY(livePlan(config, wished, kBundle).atNextStart);
}

QTEST_GUILESS_MAIN(LibraryOfferTest)
#include "library_offer_test.moc"
