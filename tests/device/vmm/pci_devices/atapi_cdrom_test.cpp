// SPDX-License-Identifier: GPL-3.0-or-later
// Every packet command of the CD-ROM drive, media change and eject. MMC-5.
#include <QtTest>

#include "tests/support/ahci_driver.h"
#include "tests/support/fake_block.h"
#include "tests/support/suites.h"

using namespace tests;
using vmm::pci_devices::Ahci;
using vmm::pci_devices::AhciDrive;
using vmm::pci_devices::DriveType;
using vmm::pci_devices::EjectMode;

namespace {

constexpr uint32_t kBlocks = 1000;
constexpr uint64_t kData = AhciDriver::kData;

struct Rig {
    std::shared_ptr<FakeDisk> disc = std::make_shared<FakeDisk>();
    FakeBoard board;
    std::unique_ptr<Ahci> ahci;
    std::unique_ptr<AhciDriver> driver;
    int moves = 0;

    explicit Rig(uint32_t blocks = kBlocks)
    {
        ahci = make(blocks);
        ahci->setMediaListener([this](unsigned) { ++moves; });
        driver = std::make_unique<AhciDriver>(board, *ahci, 1);
        driver->start();
        for (uint32_t i = 0; i < std::min(blocks, kBlocks); ++i)
            disc->bytes[i * size_t{2048}] = static_cast<std::byte>(i + 1);
    }
    std::unique_ptr<Ahci> make(uint32_t blocks = kBlocks)
    {
        std::vector<AhciDrive> drives(1);
        drives[0] = {1, DriveType::Cdrom, blocks != 0 ? medium(blocks) : nullptr, "CD1"};
        return std::move(*Ahci::create(board.pciServices(), std::move(drives)));
    }
    std::unique_ptr<FakeBackend> medium(uint32_t blocks = kBlocks)
    {
        return std::make_unique<FakeBackend>(disc, blocks * uint64_t{4}, true);
    }
    /// Sense of a command that should fail; 0 when it did not.
    uint32_t senseOf(const std::vector<uint8_t>& cdb, uint32_t size = 0)
    {
        return driver->packet(cdb, size).good() ? 0 : driver->sense();
    }
};

std::vector<uint8_t> read10(uint32_t lba, uint16_t count)
{
    return {0x28,
            0,
            static_cast<uint8_t>(lba >> 24),
            static_cast<uint8_t>(lba >> 16),
            static_cast<uint8_t>(lba >> 8),
            static_cast<uint8_t>(lba),
            0,
            static_cast<uint8_t>(count >> 8),
            static_cast<uint8_t>(count)};
}

std::vector<uint8_t> readCd(uint32_t lba, uint32_t count, uint8_t parts)
{
    return {0xbe,
            0,
            static_cast<uint8_t>(lba >> 24),
            static_cast<uint8_t>(lba >> 16),
            static_cast<uint8_t>(lba >> 8),
            static_cast<uint8_t>(lba),
            static_cast<uint8_t>(count >> 16),
            static_cast<uint8_t>(count >> 8),
            static_cast<uint8_t>(count),
            parts};
}

const std::vector<uint8_t> kReady = {0};
const std::vector<uint8_t> kEject = {0x1b, 0, 0, 0, 2};
const std::vector<uint8_t> kLoad = {0x1b, 0, 0, 0, 3};
const std::vector<uint8_t> kEvent = {0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8};
constexpr uint32_t kNoMedium = 0x023a01;
constexpr uint32_t kTrayOpen = 0x023a02;
constexpr uint32_t kOutOfRange = 0x052100;
constexpr uint32_t kInvalidField = 0x052400;
constexpr uint32_t kChanged = 0x062800;

} // namespace

class AtapiCdromTest final : public QObject {
    Q_OBJECT

private slots:
    void identify();
    void packetEndsWithRegisterFis();
    void reads();
    void shortBuffers();
    void cve_2020_29443();
    void readCdParts();
    void capacityAndToc();
    void inquiry();
    void modePages();
    void configuration();
    void discInformation();
    void dvdStructures();
    void otherCommands();
    void emptyDrive();
    void mediaChange();
    void guestEjects();
    void lockedTray();
    void ejectWhileReading();
    void readError();
    void state();
    void resets();
};

void AtapiCdromTest::identify()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.ata(0xa1, 0, 0, 512).good());
    QCOMPARE(d.word(kData, 0), uint16_t{0x85c0});
    QVERIFY((d.word(kData, 49) & 0x100) != 0);
    const auto outcome = d.ata(0xec, 0, 0, 512);
    QVERIFY(outcome.done && !outcome.good());
    QCOMPARE(d.bytes(d.fisAddress() + 0x44, 3), (std::vector<uint8_t>{0x01, 0x14, 0xeb}));
    QVERIFY(!d.ata(0x20, 0, 1, 512).good());
    QVERIFY(!d.ata(0x25, 0, 1, 512).good());
    QVERIFY(d.ata(0xef, 0, 0x42, 0, 0x03).good());
    QVERIFY(!d.ata(0xef, 0, 0x7f, 0, 0x03).good());
    QVERIFY(d.ata(0xe5).good());
    QVERIFY(d.ata(0xe1).good());
    static_cast<void>(d.ata(0x08));
    QCOMPARE(d.bytes(d.fisAddress() + 0x44, 3), (std::vector<uint8_t>{0x01, 0x14, 0xeb}));
}

void AtapiCdromTest::packetEndsWithRegisterFis()
{
    Rig rig;
    auto& d = *rig.driver;
    const auto outcome = d.packet(read10(4, 1), 2048);
    QVERIFY(outcome.good());
    QCOMPARE(outcome.is & 3, 1U);
    QCOMPARE(outcome.status, uint8_t{0x50});
    QCOMPARE(outcome.transferred, 2048U);
    QCOMPARE(d.bytes(d.fisAddress() + 0x4c, 1)[0], uint8_t{3}); // interrupt reason
}

void AtapiCdromTest::reads()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.packet(kReady).good());
    QVERIFY(d.packet(read10(9, 2), 4096).good());
    QCOMPARE(d.bytes(kData, 1)[0], uint8_t{10});
    QCOMPARE(d.bytes(kData + 2048, 1)[0], uint8_t{11});
    QVERIFY(d.packet({0xa8, 0, 0, 0, 0, 20, 0, 0, 0, 3}, 3 * 2048).good());
    QCOMPARE(d.bytes(kData, 1)[0], uint8_t{21});
    QVERIFY(d.packet(read10(0, 0)).good());
    QVERIFY(d.packet(read10(kBlocks - 1, 1), 2048).good());
    QCOMPARE(rig.senseOf(read10(kBlocks, 1), 2048), kOutOfRange);
    QCOMPARE(rig.senseOf(read10(kBlocks - 1, 2), 4096), kOutOfRange);
    QVERIFY(d.packet({0x2b, 0, 0, 0, 0, 1}).good());
    QCOMPARE(rig.senseOf({0x2b, 0, 0xff, 0xff, 0xff, 0xff}), kOutOfRange);
}

/// A buffer shorter than the answer gets its part; the rest is dropped.
void AtapiCdromTest::shortBuffers()
{
    Rig rig;
    auto& d = *rig.driver;
    d.fill(kData, 64, 0xee);
    const auto outcome = d.packet({0x12, 0, 0, 0, 96}, 8);
    QVERIFY(outcome.good());
    QCOMPARE(outcome.transferred, 8U);
    QCOMPARE(d.bytes(kData + 8, 1)[0], uint8_t{0xee});
    QCOMPARE(d.packet(read10(0, 4), 2048).transferred, 2048U);
    QVERIFY(d.packet(read10(0, 4)).good());
}

void AtapiCdromTest::cve_2020_29443()
{
    Rig rig;
    const uint32_t huge = 0xffff'ffff;
    QCOMPARE(rig.senseOf(readCd(huge, 1, 0x10), 4096), kOutOfRange);
    QCOMPARE(rig.senseOf(readCd(huge, 1, 0xf8), 4096), kOutOfRange);
    QCOMPARE(rig.senseOf(readCd(0, 0xff'ffff, 0x10), 4096), kOutOfRange);
    QCOMPARE(rig.senseOf(readCd(0, 0xff'ffff, 0xf8), 4096), kOutOfRange);
    QCOMPARE(rig.senseOf(readCd(huge, 0xff'ffff, 0xf8), 4096), kOutOfRange);
    QCOMPARE(rig.senseOf(read10(huge, 0xffff), 4096), kOutOfRange);
    QCOMPARE(rig.senseOf({0xa8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 4096),
             kOutOfRange);
    QCOMPARE(rig.senseOf({0xa8, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}, 4096), kOutOfRange);
    QCOMPARE(rig.senseOf(readCd(0, kBlocks, 0xf8), 4096), kInvalidField);
    QVERIFY(rig.disc->log.empty());
}

void AtapiCdromTest::readCdParts()
{
    Rig rig;
    auto& d = *rig.driver;
    const auto raw = d.packet(readCd(5, 2, 0xf8), 2 * 2352);
    QVERIFY(raw.good());
    QCOMPARE(raw.transferred, 2U * 2352);
    QCOMPARE(d.bytes(kData, 2), (std::vector<uint8_t>{0, 0xff}));
    QCOMPARE(d.bytes(kData + 12, 4), (std::vector<uint8_t>{0, 0x02, 0x05, 1}));
    QCOMPARE(d.bytes(kData + 16, 1)[0], uint8_t{6});
    QCOMPARE(d.bytes(kData + 2352 + 16, 1)[0], uint8_t{7});
    QCOMPARE(d.packet(readCd(5, 1, 0x10), 4096).transferred, 2048U);
    QCOMPARE(d.packet(readCd(5, 1, 0x30), 4096).transferred, 2052U);
    QVERIFY(d.packet(readCd(5, 1, 0)).good());
    auto audio = readCd(5, 1, 0xf8);
    audio[1] = 1 << 2;
    QCOMPARE(rig.senseOf(audio, 2352), 0x056400U);
    auto subchannel = readCd(5, 1, 0xf8);
    subchannel.push_back(1);
    QCOMPARE(rig.senseOf(subchannel, 2448), kInvalidField);
}

void AtapiCdromTest::capacityAndToc()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.packet({0x25}, 8).good());
    QCOMPARE(d.bytes(kData, 8), (std::vector<uint8_t>{0, 0, 0x03, 0xe7, 0, 0, 8, 0}));
    QCOMPARE(d.packet({0x43, 0, 0, 0, 0, 0, 0, 1, 0}, 256).transferred, 20U);
    auto toc = d.bytes(kData, 20);
    QCOMPARE(toc[1], uint8_t{18});
    QCOMPARE(toc[6], uint8_t{1});
    QCOMPARE(toc[14], uint8_t{0xaa});
    QCOMPARE(toc[18] << 8 | toc[19], static_cast<int>(kBlocks));
    QVERIFY(d.packet({0x43, 2, 0, 0, 0, 0, 0xaa, 1, 0}, 256).good());
    toc = d.bytes(kData, 12);
    QCOMPARE((toc[9] * 60 + toc[10]) * 75 + toc[11], static_cast<int>(kBlocks + 150));
    QCOMPARE(rig.senseOf({0x43, 0, 0, 0, 0, 0, 5, 1, 0}, 256), kInvalidField);
    QCOMPARE(d.packet({0x43, 0, 1, 0, 0, 0, 0, 1, 0}, 256).transferred, 12U);
    QCOMPARE(d.packet({0x43, 0, 0, 0, 0, 0, 0, 1, 0, 0x40}, 256).transferred, 12U);
    QCOMPARE(d.packet({0x43, 0, 2, 0, 0, 0, 0, 1, 0}, 256).transferred, 48U);
    QCOMPARE(rig.senseOf({0x43, 0, 5, 0, 0, 0, 0, 1, 0}, 256), kInvalidField);
}

void AtapiCdromTest::inquiry()
{
    Rig rig;
    auto& d = *rig.driver;
    QCOMPARE(d.packet({0x12, 0, 0, 0, 96}, 96).transferred, 36U);
    const auto data = d.bytes(kData, 36);
    QCOMPARE(data[0], uint8_t{5});
    QCOMPARE(data[1], uint8_t{0x80});
    QCOMPARE(std::string(data.begin() + 8, data.begin() + 15), std::string("VITRINE"));
    QCOMPARE(d.packet({0x12, 1, 0, 0, 96}, 96).transferred, 7U);
    QCOMPARE(d.packet({0x12, 1, 0x80, 0, 96}, 96).transferred, 7U);
    QCOMPARE(d.packet({0x12, 1, 0x83, 0, 96}, 96).transferred, 28U);
    QCOMPARE(rig.senseOf({0x12, 1, 0x55, 0, 96}, 96), kInvalidField);
    QCOMPARE(rig.senseOf({0x12, 0, 1, 0, 96}, 96), kInvalidField);
    QCOMPARE(d.packet({0x12, 0, 0, 0, 5}, 96).transferred, 5U);
}

void AtapiCdromTest::modePages()
{
    Rig rig;
    auto& d = *rig.driver;
    QCOMPARE(d.packet({0x5a, 0, 0x2a, 0, 0, 0, 0, 1, 0}, 256).transferred, 30U);
    auto data = d.bytes(kData, 30);
    QCOMPARE(data[1], uint8_t{28});
    QCOMPARE(data[8], uint8_t{0x2a});
    QCOMPARE(data[14] & 0x2b, 0x29);
    QVERIFY(d.packet({0x1e, 0, 0, 0, 1}).good());
    QVERIFY(d.packet({0x5a, 0, 0x2a, 0, 0, 0, 0, 1, 0}, 256).good());
    QCOMPARE(d.bytes(kData + 14, 1)[0] & 2, 2);
    QVERIFY(d.packet({0x5a, 0, 0x3f, 0, 0, 0, 0, 1, 0}, 256).good());
    QVERIFY(d.packet({0x5a, 0, 0x7f, 0, 0, 0, 0, 1, 0}, 256).good());
    QCOMPARE(rig.senseOf({0x5a, 0, 0xff, 0, 0, 0, 0, 1, 0}, 256), 0x053900U);
    QCOMPARE(rig.senseOf({0x5a, 0, 0x05, 0, 0, 0, 0, 1, 0}, 256), kInvalidField);
    QCOMPARE(d.packet({0x1a, 0, 0x01, 0, 255}, 256).transferred, 16U);
    QVERIFY(d.packet({0x55, 0x10, 0, 0, 0, 0, 0, 0, 20}, 20).good());
    QVERIFY(d.packet({0x15, 0x10, 0, 0, 12}, 12).good());
    QVERIFY(d.packet({0x55, 0x10, 0, 0, 0, 0, 0, 0xff, 0xff}, 20).good());
}

void AtapiCdromTest::configuration()
{
    Rig rig;
    auto& d = *rig.driver;
    const std::vector<uint8_t> all = {0x46, 0, 0, 0, 0, 0, 0, 2, 0};
    const auto outcome = d.packet(all, 512);
    QVERIFY(outcome.good());
    auto data = d.bytes(kData, 8);
    QCOMPARE(data[3], static_cast<uint8_t>(outcome.transferred - 4));
    QCOMPARE(data[7], uint8_t{0x08});
    QCOMPARE(d.packet({0x46, 2, 0, 3, 0, 0, 0, 2, 0}, 512).transferred, 16U);
    QCOMPARE(d.packet({0x46, 2, 0x77, 3, 0, 0, 0, 2, 0}, 512).transferred, 8U);
    QVERIFY(d.packet({0x46, 1, 0, 0, 0, 0, 0, 2, 0}, 512).transferred < outcome.transferred);
    QCOMPARE(rig.senseOf({0x46, 3, 0, 0, 0, 0, 0, 2, 0}, 512), kInvalidField);
    Rig dvd(400000);
    QVERIFY(dvd.driver->packet(all, 512).good());
    QCOMPARE(dvd.driver->bytes(kData + 7, 1)[0], uint8_t{0x10});
}

void AtapiCdromTest::discInformation()
{
    Rig rig;
    auto& d = *rig.driver;
    QCOMPARE(d.packet({0x51, 0, 0, 0, 0, 0, 0, 0, 64}, 64).transferred, 34U);
    QCOMPARE(d.bytes(kData, 3), (std::vector<uint8_t>{0, 32, 0x0e}));
    QCOMPARE(rig.senseOf({0x51, 1, 0, 0, 0, 0, 0, 0, 64}, 64), kInvalidField);
    QCOMPARE(d.packet({0x52, 1, 0, 0, 0, 1, 0, 0, 64}, 64).transferred, 36U);
    QCOMPARE(d.bytes(kData + 26, 2), (std::vector<uint8_t>{0x03, 0xe8}));
    QVERIFY(d.packet({0x52, 0, 0, 0, 0, 1, 0, 0, 64}, 64).good());
    QCOMPARE(rig.senseOf({0x52, 1, 0, 0, 0, 9, 0, 0, 64}, 64), kInvalidField);
    QCOMPARE(rig.senseOf({0x52, 0, 0, 1, 0, 0, 0, 0, 64}, 64), kInvalidField);
}

void AtapiCdromTest::dvdStructures()
{
    Rig cd;
    QCOMPARE(cd.senseOf({0xad, 0, 0, 0, 0, 0, 0, 0, 8, 4}, 2052), 0x053002U);
    Rig rig(400000);
    auto& d = *rig.driver;
    QCOMPARE(d.packet({0xad, 0, 0, 0, 0, 0, 0, 0, 8, 4}, 4096).transferred, 2052U);
    QCOMPARE(d.bytes(kData, 2), (std::vector<uint8_t>{0x08, 0x02}));
    QCOMPARE(d.packet({0xad, 0, 0, 0, 0, 0, 0, 1, 8, 4}, 4096).transferred, 8U);
    QCOMPARE(d.packet({0xad, 0, 0, 0, 0, 0, 0, 4, 8, 4}, 4096).transferred, 2052U);
    QCOMPARE(d.packet({0xad, 0, 0, 0, 0, 0, 0, 0xff, 8, 4}, 4096).transferred, 20U);
    QCOMPARE(rig.senseOf({0xad, 0, 0, 0, 0, 0, 0, 3, 8, 4}, 4096), kInvalidField);
    QCOMPARE(rig.senseOf({0xad, 0, 0, 0, 0, 0, 1, 0, 8, 4}, 4096), kInvalidField);
}

void AtapiCdromTest::otherCommands()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.packet({0xbb, 0, 0xff, 0xff}).good());
    QCOMPARE(d.packet({0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8}, 8).transferred, 8U);
    QCOMPARE(rig.senseOf({0x2a}), 0x052000U);
    QCOMPARE(rig.senseOf({0xff}), 0x052000U);
    QCOMPARE(d.sense(), 0U); // sense is gone once it was fetched
    QVERIFY(d.packet(kEvent, 8).good());
    QCOMPARE(d.bytes(kData, 8), (std::vector<uint8_t>{0, 6, 4, 0x10, 0, 2, 0, 0}));
    QVERIFY(d.packet({0x4a, 1, 0, 0, 0x02, 0, 0, 0, 8}, 8).good());
    QCOMPARE(d.bytes(kData, 4), (std::vector<uint8_t>{0, 2, 0x80, 0x10}));
    QCOMPARE(rig.senseOf({0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8}, 8), kInvalidField);
}

void AtapiCdromTest::emptyDrive()
{
    Rig rig(0);
    auto& d = *rig.driver;
    QCOMPARE(rig.senseOf(kReady), kNoMedium);
    QCOMPARE(rig.senseOf(read10(0, 1), 2048), kNoMedium);
    QCOMPARE(rig.senseOf({0x25}, 8), kNoMedium);
    QVERIFY(d.packet({0x12, 0, 0, 0, 96}, 96).good());
    QVERIFY(d.packet({0x46, 0, 0, 0, 0, 0, 0, 2, 0}, 512).good());
    QCOMPARE(d.bytes(kData + 6, 2), (std::vector<uint8_t>{0, 0}));
    QVERIFY(d.packet({0x5a, 0, 0x2a, 0, 0, 0, 0, 1, 0}, 256).good());
    QCOMPARE(rig.ahci->mediumPath(1), std::string());
    QVERIFY(rig.ahci->ejectMedium(1, EjectMode::Ask).has_value());
}

void AtapiCdromTest::mediaChange()
{
    Rig rig;
    auto& d = *rig.driver;
    QCOMPARE(rig.ahci->cdromPort(), std::optional<unsigned>(1));
    QVERIFY(!rig.ahci->insertMedium(0, rig.medium()).has_value());
    QVERIFY(!rig.ahci->insertMedium(99, rig.medium()).has_value());
    QVERIFY(rig.ahci->insertMedium(1, rig.medium(500)).has_value());
    QCOMPARE(rig.moves, 1);
    // First the old one is gone, then the new one is announced, then it is there.
    QVERIFY(d.packet({0x12, 0, 0, 0, 96}, 96).good());
    QCOMPARE(rig.senseOf(kReady), kTrayOpen);
    QCOMPARE(rig.senseOf(read10(0, 1), 2048), kChanged);
    QVERIFY(d.packet(kReady).good());
    QVERIFY(d.packet({0x25}, 8).good());
    QCOMPARE(d.bytes(kData + 2, 2), (std::vector<uint8_t>{0x01, 0xf3}));
    QVERIFY(d.packet(kEvent, 8).good());
    QCOMPARE(d.bytes(kData + 4, 2), (std::vector<uint8_t>{2, 2}));
    QVERIFY(d.packet(kEvent, 8).good());
    QCOMPARE(d.bytes(kData + 4, 1)[0], uint8_t{0});
    QVERIFY(rig.ahci->ejectMedium(1, EjectMode::Ask).has_value());
    QCOMPARE(rig.ahci->mediumPath(1), std::string());
    QCOMPARE(rig.senseOf(kReady), kTrayOpen);
    QVERIFY(d.packet(kEvent, 8).good());
    QCOMPARE(d.bytes(kData + 4, 2), (std::vector<uint8_t>{3, 1}));
    QVERIFY(rig.ahci->insertMedium(1, rig.medium()).has_value());
    QCOMPARE(rig.senseOf(kReady), kChanged);
    QVERIFY(d.packet(kReady).good());
}

void AtapiCdromTest::guestEjects()
{
    Rig rig;
    auto& d = *rig.driver;
    QCOMPARE(rig.ahci->mediumPath(1), std::string("fake"));
    QVERIFY(d.packet(kEject).good());
    QCOMPARE(rig.moves, 1);
    QCOMPARE(rig.ahci->mediumPath(1), std::string());
    QCOMPARE(rig.senseOf(kReady), kTrayOpen);
    QVERIFY(d.packet(kEject).good());
    QCOMPARE(rig.moves, 1);
    QVERIFY(d.packet({0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8}, 8).good());
    QCOMPARE(d.bytes(kData + 1, 1)[0], uint8_t{0x10});
    QVERIFY(d.packet(kLoad).good());
    QCOMPARE(rig.moves, 2);
    QCOMPARE(rig.senseOf(kReady), kChanged);
    QVERIFY(d.packet(read10(0, 1), 2048).good());
    QVERIFY(d.packet({0x1b, 0, 0, 0, 0}).good());
    QVERIFY(d.packet({0x1b, 0, 0, 0, 1}).good());
    QCOMPARE(rig.moves, 2);
}

void AtapiCdromTest::lockedTray()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.packet({0x1e, 0, 0, 0, 1}).good());
    QCOMPARE(rig.senseOf(kEject), 0x055302U);
    const auto asked = rig.ahci->ejectMedium(1, EjectMode::Ask);
    QVERIFY(!asked.has_value());
    QCOMPARE(asked.error().code(), vmm::ErrorCode::Busy);
    QVERIFY(d.packet(kReady).good());
    QVERIFY(d.packet(kEvent, 8).good());
    QCOMPARE(d.bytes(kData + 4, 2), (std::vector<uint8_t>{1, 2})); // eject request
    QVERIFY(d.packet({0x1e, 0, 0, 0, 0}).good());
    QVERIFY(rig.ahci->ejectMedium(1, EjectMode::Ask).has_value());
    QVERIFY(rig.ahci->insertMedium(1, rig.medium()).has_value());
    QCOMPARE(rig.senseOf(kReady), kChanged);
    QVERIFY(d.packet({0x1e, 0, 0, 0, 1}).good());
    QVERIFY(rig.ahci->ejectMedium(1, EjectMode::Force).has_value());
    QCOMPARE(rig.senseOf(kReady), kTrayOpen);
}

/// Forcing a medium out while it is read ends the read with an error, and frees nothing in use.
void AtapiCdromTest::ejectWhileReading()
{
    Rig rig;
    auto& d = *rig.driver;
    rig.disc->hold();
    d.prepare(0, AhciDriver::fis(0xa0, 0, 0, 1), {{kData, 2048}}, [] {
        auto cdb = read10(0, 1);
        cdb.resize(12);
        return cdb;
    }());
    d.setReg(0x38, 1);
    QVERIFY(rig.disc->waitForRequest());
    QVERIFY(rig.ahci->ejectMedium(1, EjectMode::Force).has_value());
    const auto outcome = d.wait(0);
    QVERIFY(outcome.done && !outcome.good());
    d.recover();
    QCOMPARE(d.sense(), kTrayOpen);
}

void AtapiCdromTest::readError()
{
    Rig rig;
    rig.disc->failing = true;
    QCOMPARE(rig.senseOf(read10(0, 1), 2048), 0x031100U);
    QCOMPARE(rig.senseOf(readCd(0, 1, 0xf8), 2352), 0x031100U);
    rig.disc->failing = false;
    QVERIFY(rig.driver->packet(read10(0, 1), 2048).good());
}

void AtapiCdromTest::state()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.packet({0x1e, 0, 0, 0, 1}).good());
    QVERIFY(rig.ahci->insertMedium(1, rig.medium()).has_value());
    static_cast<void>(d.packet(read10(kBlocks, 1), 2048));
    rig.ahci->pause();
    deviceStateSuite(*rig.ahci,
                     [&]() -> std::unique_ptr<vmm::state::Participant> { return rig.make(); });
    // A saved drive goes on with its media sequence.
    const auto copy = rig.make();
    QVERIFY(copy->loadState(rig.ahci->saveState()).has_value());
    const auto cdrom = copy->save().ports[1].cdrom;
    QVERIFY(cdrom.drive.locked && cdrom.drive.changePending);
}

void AtapiCdromTest::resets()
{
    Rig rig;
    auto& d = *rig.driver;
    QVERIFY(d.packet({0x1e, 0, 0, 0, 1}).good());
    static_cast<void>(d.packet(read10(kBlocks, 1), 2048));
    const auto fresh = rig.make();
    resetSuite(*rig.ahci, *rig.ahci, *fresh, *fresh);
}

QTEST_GUILESS_MAIN(AtapiCdromTest)
#include "atapi_cdrom_test.moc"
