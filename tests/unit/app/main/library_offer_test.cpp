// SPDX-License-Identifier: GPL-3.0-or-later
// What is proposed for a file, and which changes of a configuration a running machine takes over.
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "app/main/library_live.h"
#include "app/main/library_offer.h"

using app::library::MachineConfig;
using app::main::HostMeans;
using app::main::LiveCall;
using app::main::livePlan;
using app::main::lookAt;
using app::main::Offered;
using ui::models::MachineDraft;
using vmm::spec::DriveBus;
using vmm::spec::DriveKind;

namespace {

constexpr quint64 kGibibyte = quint64{1} << 30;
const HostMeans kMeans{8 * kGibibyte, 4, 100 * kGibibyte};

MachineConfig machineWithDiskAndDrive()
{
    MachineConfig config;
    config.hardware.drives.push_back({DriveKind::Cdrom, {}});
    config.hardware.drives.push_back({DriveKind::Disk, "disk0.raw"});
    config.hardware.nameDevices();
    return config;
}

/// A file of `bytes` zeros with `words` at `offset`.
QString makeFile(const QTemporaryDir& folder, const char* name, const char* words, qint64 offset)
{
    const QString path = folder.filePath(QString::fromLatin1(name));
    QFile file(path);
    constexpr qint64 kBytes = 65536;
    if (!file.open(QIODevice::ReadWrite) || !file.resize(kBytes) || !file.seek(offset) ||
        file.write(words) < 0)
        qFatal("the file cannot be written");
    return path;
}

} // namespace

class LibraryOfferTest : public QObject {
    Q_OBJECT
private slots:
    void recommendsWithinTheHost();
    void recommendsWhatTheSystemKnows();
    void looksAtADiscWithoutTheDatabase();
    void looksAtARawDisk();
    void foldersAndMissingFiles();
    void nothingChanged();
    void wordsNeedNoStart();
    void linkForwardsAndLimits();
    void newHardwareWaits();
};

void LibraryOfferTest::recommendsWithinTheHost()
{
    MachineDraft draft = app::main::plainDraft(kMeans);
    QCOMPARE(draft.config.hardware.memoryBytes, 2 * kGibibyte);
    app::os::OsFacts facts;
    facts.recommended = {16, 64 * kGibibyte, 0};
    facts.minimum.diskBytes = 200 * kGibibyte;
    app::main::recommend(draft, facts, kMeans);
    QCOMPARE(draft.config.hardware.memoryBytes, kMeans.memoryBytes / 2);
    QCOMPARE(draft.config.hardware.cpus, 4u);
    QCOMPARE(draft.diskBytes, 200 * kGibibyte);
    QCOMPARE(draft.recommendedMemory, 64 * kGibibyte);
}

void LibraryOfferTest::recommendsWhatTheSystemKnows()
{
    MachineDraft draft = app::main::plainDraft(kMeans);
    app::os::OsFacts facts;
    facts.id = "http://example.org/os";
    facts.name = "Example";
    facts.firmwareBios = false;
    facts.firmwareUefi = true;
    facts.virtioBlock = false;
    app::main::recommend(draft, facts, kMeans);
    QCOMPARE(draft.config.hardware.firmwarePath, std::string("uefi"));
    QVERIFY(!draft.canBios && draft.canUefi);
    QCOMPARE(draft.config.hardware.drives.at(0).bus, DriveBus::Ahci);
    QCOMPARE(draft.osName, QStringLiteral("Example"));
    facts.virtioBlock = true;
    app::main::recommend(draft, facts, kMeans);
    QCOMPARE(draft.config.hardware.drives.at(0).bus, DriveBus::VirtioBlk);
}

void LibraryOfferTest::looksAtADiscWithoutTheDatabase()
{
    const QTemporaryDir folder;
    const QString path = makeFile(folder, "some.iso", "\1CD001", 32768);
    const Offered offered = lookAt(path, nullptr, kMeans);
    QCOMPARE(offered.kind, Offered::Kind::Draft);
    QCOMPARE(offered.draft.source, MachineDraft::Source::Installer);
    const auto& drives = offered.draft.config.hardware.drives;
    QCOMPARE(drives.size(), size_t{2});
    QCOMPARE(drives[0].path, path.toStdString());
    QVERIFY(drives[1].kind == DriveKind::Disk && drives[1].path.empty());
    QCOMPARE(offered.draft.config.name(), std::string("some"));
}

void LibraryOfferTest::looksAtARawDisk()
{
    const QTemporaryDir folder;
    const QString disk = makeFile(folder, "bootable", "\x55\xaa", 510);
    const Offered offered = lookAt(disk, nullptr, kMeans);
    if (offered.problem.contains(QLatin1String("qemu-img")))
        QSKIP("qemu-img is not installed");
    QCOMPARE(offered.kind, Offered::Kind::Draft);
    QCOMPARE(offered.draft.source, MachineDraft::Source::DiskImage);
    QCOMPARE(offered.draft.diskBytes, 65536u);
    const QString other = makeFile(folder, "notes", "words", 0);
    QCOMPARE(lookAt(other, nullptr, kMeans).kind, Offered::Kind::Unusable);
}

void LibraryOfferTest::foldersAndMissingFiles()
{
    const QTemporaryDir folder;
    QCOMPARE(lookAt(folder.path(), nullptr, kMeans).kind, Offered::Kind::Unusable);
    makeFile(folder, "machine.toml", "", 0);
    QCOMPARE(lookAt(folder.path(), nullptr, kMeans).kind, Offered::Kind::Bundle);
    const Offered missing = lookAt(folder.filePath(QStringLiteral("gone.iso")), nullptr, kMeans);
    QCOMPARE(missing.kind, Offered::Kind::Unusable);
    QVERIFY(missing.problem.contains(QLatin1String("gone.iso")));
}

void LibraryOfferTest::nothingChanged()
{
    const MachineConfig config = machineWithDiskAndDrive();
    const auto plan = livePlan(config, config);
    QVERIFY(plan.calls.isEmpty() && !plan.atNextStart);
}

void LibraryOfferTest::wordsNeedNoStart()
{
    const MachineConfig config = machineWithDiskAndDrive();
    MachineConfig wished = config;
    wished.notes = "mine";
    wished.groups = {"Work"};
    wished.onClose = app::library::CloseAction::Keep;
    QVERIFY(!livePlan(config, wished).atNextStart);
}

void LibraryOfferTest::linkForwardsAndLimits()
{
    MachineConfig config = machineWithDiskAndDrive();
    config.hardware.nics.at(0).forwards = {"tcp:127.0.0.1:1-:1", "tcp:127.0.0.1:2-:2"};
    MachineConfig wished = config;
    wished.hardware.nics[0].linkUp = false;
    wished.hardware.nics[0].forwards = {"tcp:127.0.0.1:2-:2", "tcp:127.0.0.1:3-:3"};
    wished.hardware.drives[1].limits.operationsPerSecond = 100;
    const auto plan = livePlan(config, wished);
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

void LibraryOfferTest::newHardwareWaits()
{
    const MachineConfig config = machineWithDiskAndDrive();
    MachineConfig wished = config;
    wished.hardware.memoryBytes *= 2;
    QVERIFY(livePlan(config, wished).atNextStart);
    wished = config;
    wished.hardware.nics.clear();
    QVERIFY(livePlan(config, wished).atNextStart);
}

QTEST_GUILESS_MAIN(LibraryOfferTest)
#include "library_offer_test.moc"
