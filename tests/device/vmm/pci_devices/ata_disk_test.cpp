// SPDX-License-Identifier: GPL-3.0-or-later
// Every command of the ATA disk through the controller. ATA8-ACS-2.
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "tests/support/ahci_driver.h"
#include "tests/support/fake_block.h"
#include "vmm/block/open_image.h"

using namespace tests;
using vmm::pci_devices::Ahci;
using vmm::pci_devices::AhciDrive;
using vmm::pci_devices::DriveType;

namespace {

constexpr uint64_t kSectors = 70000; // above what 8-bit and 16-bit counts reach

struct Rig {
    std::shared_ptr<FakeDisk> disk = std::make_shared<FakeDisk>();
    FakeBoard board;
    std::unique_ptr<Ahci> ahci;
    std::unique_ptr<AhciDriver> driver;

    explicit Rig(bool readOnly = false)
    {
        std::vector<AhciDrive> drives(1);
        drives[0] = {2, DriveType::Disk, std::make_unique<FakeBackend>(disk, kSectors, readOnly),
                     "ABC123"};
        ahci = std::move(*Ahci::create(board.pciServices(), std::move(drives)));
        driver = std::make_unique<AhciDriver>(board, *ahci, 2);
        driver->start();
    }
    std::vector<uint8_t> sector(uint64_t lba, uint8_t command = 0x25)
    {
        if (!driver->ata(command, lba, 1, 512).good())
            return {};
        return driver->bytes(AhciDriver::kData, 512);
    }
};

std::string swapped(AhciDriver& driver, unsigned first, unsigned words)
{
    std::string text;
    for (unsigned i = 0; i < words; ++i) {
        const uint16_t word = driver.word(AhciDriver::kData, first + i);
        text += static_cast<char>(word >> 8);
        text += static_cast<char>(word);
    }
    return text;
}

} // namespace

class AtaDiskTest final : public QObject {
    Q_OBJECT

private slots:
    void identify();
    void readCommands_data();
    void readCommands();
    void writeCommands_data();
    void writeCommands();
    void largeTransfer();
    void rangeChecks();
    void cylinderHeadSector();
    void readOnly();
    void nativeMax();
    void setFeatures();
    void power();
    void smart();
    void trim();
    void logs();
    void unknownCommandsAbort();
    void realFile();
    void createErrors();
};

void AtaDiskTest::identify()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.ata(0xec, 0, 0, 512).good());
    QCOMPARE(QString::fromStdString(swapped(d, 10, 10)).trimmed(), QString("ABC123"));
    QCOMPARE(QString::fromStdString(swapped(d, 27, 20)).trimmed(), QString("VITRINE HARDDISK"));
    const auto w = [&](unsigned i) { return d.word(AhciDriver::kData, i); };
    QCOMPARE(w(60) | static_cast<uint32_t>(w(61)) << 16, static_cast<uint32_t>(kSectors));
    QCOMPARE(w(100) | static_cast<uint32_t>(w(101)) << 16, static_cast<uint32_t>(kSectors));
    QCOMPARE(w(75), uint16_t{31});
    QVERIFY((w(76) & 0x100) != 0);
    QCOMPARE(w(106), uint16_t{0x6003});
    QCOMPARE(w(169), uint16_t{1});
    QVERIFY((w(49) & 0x300) == 0x300);
    QCOMPARE(w(83) & 0xc000, 0x4000);
    const auto bytes = d.bytes(AhciDriver::kData, 512);
    QCOMPARE(bytes[510], uint8_t{0xa5});
    uint8_t sum = 0;
    for (const uint8_t byte : bytes)
        sum = static_cast<uint8_t>(sum + byte);
    QCOMPARE(sum, uint8_t{0});
}

void AtaDiskTest::readCommands_data()
{
    QTest::addColumn<int>("command");
    QTest::addColumn<int>("cause");
    for (const int command : {0x20, 0x21, 0x24, 0x29, 0xc4})
        QTest::addRow("pio %02x", static_cast<unsigned>(command)) << command << 2;
    for (const int command : {0x25, 0xc8, 0xc9})
        QTest::addRow("dma %02x", static_cast<unsigned>(command)) << command << 1;
}

void AtaDiskTest::readCommands()
{
    QFETCH(int, command);
    QFETCH(int, cause);
    Rig rig;
    rig.disk->bytes[77 * 512 + 3] = std::byte{0x5a};
    const auto outcome = rig.driver->ata(static_cast<uint8_t>(command), 77, 1, 512);
    QVERIFY(outcome.good());
    QCOMPARE(static_cast<int>(outcome.is & 3), cause);
    QCOMPARE(rig.driver->bytes(AhciDriver::kData, 4)[3], uint8_t{0x5a});
    QCOMPARE(outcome.transferred, 512U);
}

void AtaDiskTest::writeCommands_data()
{
    QTest::addColumn<int>("command");
    QTest::addColumn<bool>("stable");
    for (const int command : {0x30, 0x31, 0x34, 0x35, 0x39, 0xc5, 0xca, 0xcb})
        QTest::addRow("write %02x", static_cast<unsigned>(command)) << command << false;
    for (const int command : {0x3d, 0xce})
        QTest::addRow("fua %02x", static_cast<unsigned>(command)) << command << true;
}

void AtaDiskTest::writeCommands()
{
    QFETCH(int, command);
    QFETCH(bool, stable);
    Rig rig;
    rig.driver->fill(AhciDriver::kData, 1024, 0x3c);
    const auto outcome = rig.driver->ata(static_cast<uint8_t>(command), 90, 2, 1024);
    QVERIFY(outcome.good());
    QVERIFY((outcome.is & 1) != 0);
    QCOMPARE(rig.disk->bytes[90 * 512], std::byte{0x3c});
    QCOMPARE(rig.disk->bytes[92 * 512 - 1], std::byte{0x3c});
    QCOMPARE(rig.disk->bytes[92 * 512], std::byte{0});
    QCOMPARE(rig.disk->stable, stable);
}

/// Counts of 0 mean 256 and 65536.
void AtaDiskTest::largeTransfer()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.ata(0xc8, 0, 0, 256 * 512).good());
    rig.disk->bytes[65535 * 512 + 511] = std::byte{0x99};
    std::vector<AhciBuffer> buffers;
    for (unsigned i = 0; i < 8; ++i)
        buffers.push_back({0x80'0000, 0x40'0000}); // eight times the same 4 MiB
    const auto outcome = d.run(AhciDriver::fis(0x25, 0, 0), buffers);
    QVERIFY(outcome.good());
    QCOMPARE(outcome.transferred, 65536U * 512);
    QCOMPARE(d.bytes(0x80'0000 + 0x3f'ffff, 1)[0], uint8_t{0x99});
}

void AtaDiskTest::rangeChecks()
{
    Rig rig;
    auto& d = *rig.driver;
    const std::array<std::pair<uint64_t, uint16_t>, 4> bad{
        {{kSectors, 1}, {kSectors - 1, 2}, {(uint64_t{1} << 48) - 1, 1}, {kSectors - 10, 0}}};
    for (const auto& [lba, count] : bad) {
        for (const int command : {0x25, 0x35, 0x42, 0x24}) {
            const auto outcome = d.ata(static_cast<uint8_t>(command), lba, count, 1024);
            QVERIFY(outcome.done && !outcome.good());
            QCOMPARE(outcome.error, uint8_t{0x10});
        }
    }
    QVERIFY(rig.disk->log.empty());
    QVERIFY(d.ata(0x42, 0, 100).good());
    QVERIFY(d.ata(0x40, 0, 0).good());
}

void AtaDiskTest::cylinderHeadSector()
{
    Rig rig;
    auto& d = *rig.driver;
    rig.disk->bytes[(1 * 16 + 2) * 63 * 512 + 4 * 512] = std::byte{0x21};
    QVERIFY(d.ata(0xc8, 1 << 8 | 5, 1, 512, 0, 0x02).good());
    QCOMPARE(d.bytes(AhciDriver::kData, 1)[0], uint8_t{0x21});
    QVERIFY(!d.ata(0xc8, 1 << 8 | 0, 1, 512, 0, 0x02).good());
    QVERIFY(!d.ata(0xc8, 1 << 8 | 64, 1, 512, 0, 0x02).good());
    QVERIFY(d.ata(0x91, 0, 17, 0, 0, 0x03).good());
    QVERIFY(!d.ata(0xc8, 1 << 8 | 18, 1, 512, 0, 0x02).good());
    QVERIFY(!d.ata(0x91, 0, 0).good());
}

void AtaDiskTest::readOnly()
{
    Rig rig(true);
    auto& d = *rig.driver;
    QVERIFY(!d.ata(0x35, 0, 1, 512).good());
    QVERIFY(!d.ata(0x06, 0, 1, 512, 1).good());
    QVERIFY(d.ata(0x25, 0, 1, 512).good());
    QVERIFY(d.ata(0xea).good());
}

void AtaDiskTest::nativeMax()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.ata(0x27).good());
    const auto fis = d.bytes(d.fisAddress() + 0x40, 20);
    const uint32_t last = fis[4] | static_cast<uint32_t>(fis[5]) << 8 |
                          static_cast<uint32_t>(fis[6]) << 16 | static_cast<uint32_t>(fis[8]) << 24;
    QCOMPARE(last, static_cast<uint32_t>(kSectors - 1));
    QVERIFY(d.ata(0xf8).good());
}

void AtaDiskTest::setFeatures()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.ata(0xef, 0, 0x45, 0, 0x03).good());
    QVERIFY(!d.ata(0xef, 0, 0x47, 0, 0x03).good());
    QVERIFY(d.ata(0xef, 0, 0, 0, 0x82).good());
    d.fill(AhciDriver::kData, 512, 1);
    QVERIFY(d.ata(0x35, 5, 1, 512).good());
    QVERIFY(rig.disk->stable); // without a write cache every write is stable
    QVERIFY(d.ata(0xef, 0, 0, 0, 0x02).good());
    QVERIFY(d.ata(0x35, 5, 1, 512).good());
    QVERIFY(!rig.disk->stable);
    QVERIFY(d.ata(0xef, 0, 0, 0, 0x55).good());
    QVERIFY(d.ata(0xec, 0, 0, 512).good());
    QCOMPARE(d.word(AhciDriver::kData, 85) & 0x40, 0);
    QVERIFY(d.ata(0xef, 0, 0, 0, 0xaa).good());
    QVERIFY(!d.ata(0xef, 0, 0, 0, 0x99).good());
    QVERIFY(d.ata(0xc6, 0, 8).good());
    QVERIFY(!d.ata(0xc6, 0, 3).good());
    QVERIFY(!d.ata(0xc6, 0, 128).good());
    QVERIFY(d.ata(0xc6, 0, 0).good());
    QVERIFY(!d.ata(0xc4, 0, 1, 512).good());
}

void AtaDiskTest::power()
{
    Rig rig;
    auto& d = *rig.driver;
    const auto mode = [&] {
        static_cast<void>(d.ata(0xe5));
        return d.bytes(d.fisAddress() + 0x4c, 1)[0];
    };
    QCOMPARE(mode(), uint8_t{0xff});
    QVERIFY(d.ata(0xe0).good());
    QCOMPARE(rig.disk->log.back(), vmm::block::IoKind::Flush);
    QCOMPARE(mode(), uint8_t{0});
    QVERIFY(d.ata(0x25, 0, 1, 512).good());
    QCOMPARE(mode(), uint8_t{0xff});
    for (const int command :
         {0xe1, 0xe2, 0xe3, 0xe6, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x10, 0x70})
        QVERIFY(d.ata(static_cast<uint8_t>(command)).good());
}

void AtaDiskTest::smart()
{
    Rig rig;
    auto& d = *rig.driver;
    constexpr uint64_t key = 0xc24f00;
    QVERIFY(!d.ata(0xb0, 0, 0, 0, 0xda).good());
    QVERIFY(d.ata(0xb0, key, 0, 0, 0xda).good());
    QCOMPARE(d.bytes(d.fisAddress() + 0x45, 2), (std::vector<uint8_t>{0x4f, 0xc2}));
    for (const uint16_t page : std::array<uint16_t, 2>{0xd0, 0xd1}) {
        QVERIFY(d.ata(0xb0, key, 1, 512, page).good());
        uint8_t sum = 0;
        for (const uint8_t byte : d.bytes(AhciDriver::kData, 512))
            sum = static_cast<uint8_t>(sum + byte);
        QCOMPARE(sum, uint8_t{0});
    }
    QVERIFY(d.ata(0xb0, key, 0, 0, 0xd8).good());
    QVERIFY(!d.ata(0xb0, key, 0, 0, 0x11).good());
}

void AtaDiskTest::trim()
{
    Rig rig;
    auto& d = *rig.driver;
    rig.disk->bytes[1000 * 512] = std::byte{1};
    std::vector<uint64_t> ranges(64);
    ranges[0] = uint64_t{8} << 48 | 1000;
    ranges[63] = uint64_t{1} << 48 | (kSectors - 1);
    d.put(AhciDriver::kData, std::as_bytes(std::span(ranges)));
    QVERIFY(d.ata(0x06, 0, 1, 512, 1).good());
    QCOMPARE(rig.disk->discards.size(), size_t{2});
    QCOMPARE(rig.disk->discards[0].offset, uint64_t{1000 * 512});
    QCOMPARE(rig.disk->bytes[1000 * 512], std::byte{0});
    ranges[1] = uint64_t{2} << 48 | (kSectors - 1);
    d.put(AhciDriver::kData, std::as_bytes(std::span(ranges)));
    QCOMPARE(d.ata(0x06, 0, 1, 512, 1).error, uint8_t{0x10});
    QCOMPARE(rig.disk->discards.size(), size_t{2}); // all or nothing
    QVERIFY(!d.ata(0x06, 0, 1, 512, 0).good());
    QVERIFY(!d.ata(0x06, 0, 0, 512, 1).good());
    QVERIFY(!d.ata(0x06, 0, 9, 9 * 512, 1).good());
    const std::vector<uint64_t> none(64);
    d.put(AhciDriver::kData, std::as_bytes(std::span(none)));
    QVERIFY(d.ata(0x06, 0, 1, 512, 1).good());
}

void AtaDiskTest::logs()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.ata(0x2f, 0, 1, 512).good());
    QCOMPARE(d.bytes(AhciDriver::kData, 1)[0], uint8_t{1});
    QVERIFY(d.ata(0x2f, 0x10, 1, 512).good());
    QCOMPARE(d.bytes(AhciDriver::kData, 1)[0], uint8_t{0x80});
    QVERIFY(!d.ata(0x2f, 0x30, 1, 512).good());
    QVERIFY(!d.ata(0x2f, 0x10, 0xffff, 512).good());
    QVERIFY(!d.ata(0x2f, 0x110, 1, 512).good());
}

void AtaDiskTest::unknownCommandsAbort()
{
    Rig rig;
    auto& d = *rig.driver;
    for (const int command : {0x00, 0xa0, 0xa1, 0x08, 0x3f, 0x92, 0xf1, 0xff}) {
        const auto outcome = d.ata(static_cast<uint8_t>(command));
        QVERIFY(outcome.done && !outcome.good());
        QCOMPARE(outcome.error, uint8_t{0x04});
    }
    QVERIFY(d.ata(0x90).done);
    QCOMPARE(d.bytes(d.fisAddress() + 0x43, 1)[0], uint8_t{1});
}

/// The whole way down to a raw file, with its last sector not filled up.
void AtaDiskTest::realFile()
{
    QTemporaryDir folder;
    const std::string path = folder.filePath("disk.raw").toStdString();
    std::ofstream(path, std::ios::binary) << std::string(700, 'x');
    FakeBoard board;
    std::vector<AhciDrive> drives(1);
    auto backend = vmm::block::openDisk(path);
    QVERIFY(backend.has_value());
    drives[0] = {0, DriveType::Disk, std::move(*backend), {}};
    auto ahci = std::move(*Ahci::create(board.pciServices(), std::move(drives)));
    AhciDriver d(board, *ahci);
    d.start();
    d.fill(AhciDriver::kData, 1024, 0xff);
    QVERIFY(d.ata(0x25, 0, 2, 1024).good());
    QCOMPARE(d.bytes(AhciDriver::kData + 699, 2), (std::vector<uint8_t>{'x', 0}));
    QCOMPARE(d.bytes(AhciDriver::kData + 1023, 1)[0], uint8_t{0});
    d.fill(AhciDriver::kData, 512, 'y');
    QVERIFY(d.ata(0x35, 1, 1, 512).good());
    QVERIFY(d.ata(0xea).good());
    QCOMPARE(QFileInfo(folder.filePath("disk.raw")).size(), qint64{1024});
    QVERIFY(!vmm::block::openDisk(path).has_value()); // locked
    ahci.reset();
    QVERIFY(vmm::block::openDisk(path).has_value());
}

void AtaDiskTest::createErrors()
{
    FakeBoard board;
    std::vector<AhciDrive> far(1);
    far[0].port = 6;
    QVERIFY(!Ahci::create(board.pciServices(), std::move(far)).has_value());
    std::vector<AhciDrive> twice(2);
    QVERIFY(!Ahci::create(board.pciServices(), std::move(twice)).has_value());
    std::vector<AhciDrive> nothing(1);
    nothing[0].type = DriveType::Disk;
    QVERIFY(!Ahci::create(board.pciServices(), std::move(nothing)).has_value());
}

QTEST_GUILESS_MAIN(AtaDiskTest)
#include "ata_disk_test.moc"
