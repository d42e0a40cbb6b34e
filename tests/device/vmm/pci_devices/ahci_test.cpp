// SPDX-License-Identifier: GPL-3.0-or-later
// The AHCI controller as a driver sees it: registers, command lists, errors, resets, interrupts.
// AHCI 1.3.1.
#include <QtTest>
#include <random>

#include "tests/support/ahci_driver.h"
#include "tests/support/fake_block.h"
#include "tests/support/suites.h"

using namespace tests;
using vmm::pci_devices::Ahci;
using vmm::pci_devices::AhciDrive;
using vmm::pci_devices::DriveType;

namespace {

constexpr uint64_t kSectors = 4096;

/// A board with a disk at port 0 and an empty CD-ROM drive at port 1.
struct Rig {
    std::shared_ptr<FakeDisk> disk = std::make_shared<FakeDisk>();
    FakeBoard board;
    FakeIrqLine line;
    std::unique_ptr<Ahci> ahci;
    std::unique_ptr<AhciDriver> driver;

    Rig()
    {
        ahci = make();
        ahci->connectIntx(line);
        driver = std::make_unique<AhciDriver>(board, *ahci);
        for (uint64_t i = 0; i < kSectors; ++i)
            disk->bytes[i * 512] = static_cast<std::byte>(i + 1);
    }
    std::unique_ptr<Ahci> make()
    {
        std::vector<AhciDrive> drives(2);
        drives[0] = {0, DriveType::Disk, std::make_unique<FakeBackend>(disk, kSectors), "SERIAL"};
        drives[1] = {1, DriveType::Cdrom, nullptr, {}};
        return std::move(*Ahci::create(board.pciServices(), std::move(drives)));
    }
};

} // namespace

class AhciTest final : public QObject {
    Q_OBJECT

private slots:
    void identity();
    void hostRegisters();
    void portsAfterReset();
    void startsLikeFirmware();
    void readsAndWrites();
    void scatterGather();
    void pioSetupFis();
    void interruptLine();
    void interruptMessages();
    void narrowAndIndexedAccess();
    void queuedCommands();
    void queuedError();
    void duplicateTag();
    void taskFileErrorStopsThePort();
    void comresetAndSignature();
    void softwareReset();
    void hostResetWaitsForTheDrive();
    void cve_2023_5088();
    void stopWithCommandInFlight();
    void machineResetInFlight();
    void destroyedInFlight();
    void cve_2020_13659();
    void cve_2020_13754();
    void prdTableLimits();
    void busMasterOff();
    void pauseDrains();
    void state();
    void resets();
    void registerFuzz();
    void commandListFuzz();
};

void AhciTest::identity()
{
    Rig rig;
    QCOMPARE(rig.ahci->readConfig(0, 4), 0x29228086U);
    QCOMPARE(rig.ahci->readConfig(8, 4) >> 8, 0x010601U);
    QCOMPARE(rig.ahci->readConfig(0x3d, 1), 1U);
    QCOMPARE(rig.ahci->readConfig(0x90, 1), 0x40U);
    // Capabilities: SATA at a8h, then MSI at 80h or the other way round; both must be reachable.
    std::vector<uint32_t> ids;
    for (uint32_t at = rig.ahci->readConfig(0x34, 1); at != 0 && ids.size() < 8;
         at = rig.ahci->readConfig(static_cast<uint16_t>(at + 1), 1))
        ids.push_back(rig.ahci->readConfig(static_cast<uint16_t>(at), 1));
    QVERIFY(std::find(ids.begin(), ids.end(), 0x05U) != ids.end());
    QVERIFY(std::find(ids.begin(), ids.end(), 0x12U) != ids.end());
    rig.ahci->writeConfig(0x24, 0xffff'ffff, 4);
    QCOMPARE(rig.ahci->readConfig(0x24, 4), 0xffff'f000U);
}

void AhciTest::hostRegisters()
{
    Rig rig;
    auto& d = *rig.driver;
    QCOMPARE(d.host(0x0c), 0x3fU);
    QCOMPARE(d.host(0x00) & 0x1f, 5U);
    QCOMPARE(d.host(0x00) >> 8 & 0x1f, 31U);
    QCOMPARE(d.host(0x10), 0x10301U);
    QCOMPARE(d.host(0x04), 0x8000'0000U);
    d.setHost(0x04, 2);
    QCOMPARE(d.host(0x04), 0x8000'0002U);
    d.setHost(0x04, 1);
    QCOMPARE(d.host(0x04), 0x8000'0000U);
    d.setHost(0x00, 0);
    QVERIFY(d.host(0x00) != 0);
}

void AhciTest::portsAfterReset()
{
    Rig rig;
    AhciDriver disk(rig.board, *rig.ahci, 0);
    AhciDriver cdrom(rig.board, *rig.ahci, 1);
    AhciDriver empty(rig.board, *rig.ahci, 2);
    QCOMPARE(disk.reg(0x28), 0x123U);
    QCOMPARE(disk.reg(0x24), 0x0000'0101U);
    QCOMPARE(disk.reg(0x20), 0x0150U);
    QCOMPARE(cdrom.reg(0x28), 0x123U);
    QCOMPARE(cdrom.reg(0x24), 0xeb14'0101U);
    QCOMPARE(cdrom.reg(0x20) & 0x88, 0U);
    QCOMPARE(empty.reg(0x28), 0U);
    QCOMPARE(empty.reg(0x24), 0xffff'ffffU);
    QCOMPARE(empty.reg(0x20), 0x7fU);
}

/// The order of SeaBIOS' driver: reset, FRE, ST, IDENTIFY PACKET first, error recovery, IDENTIFY.
void AhciTest::startsLikeFirmware()
{
    Rig rig;
    auto& d = *rig.driver;
    d.setHost(0x04, d.host(0x04) | 1);
    QVERIFY(d.waitFor([&] { return (d.host(0x04) & 1) == 0; }));
    d.start();
    QCOMPARE(d.reg(0x18) & 0xc011, 0xc011U);
    // The signature FIS was waiting for FRE.
    QCOMPARE(d.bytes(d.fisAddress() + 0x40, 1)[0], uint8_t{0x34});
    QCOMPARE(d.bytes(d.fisAddress() + 0x42, 2), (std::vector<uint8_t>{0x50, 0x01}));
    const auto packet = d.ata(0xa1, 0, 0, 512);
    QVERIFY(packet.done && !packet.good());
    QVERIFY((packet.is & 0x4000'0000) != 0);
    QCOMPARE(packet.error, uint8_t{0x04});
    const auto identify = d.ata(0xec, 0, 0, 512);
    QVERIFY(identify.good());
    QVERIFY((identify.is & 2) != 0);
    QCOMPARE(identify.transferred, 512U);
    QCOMPARE(d.word(AhciDriver::kData, 100), uint16_t{kSectors});
    QVERIFY((d.word(AhciDriver::kData, 83) & 1 << 10) != 0);
    QCOMPARE(d.word(AhciDriver::kData, 27), uint16_t{'V' << 8 | 'I'});
}

void AhciTest::readsAndWrites()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    const auto read = d.ata(0x25, 7, 2, 1024);
    QVERIFY(read.good());
    QCOMPARE(read.transferred, 1024U);
    QVERIFY((read.is & 1) != 0);
    QCOMPARE(d.bytes(AhciDriver::kData, 1)[0], uint8_t{8});
    QCOMPARE(d.bytes(AhciDriver::kData + 512, 1)[0], uint8_t{9});
    d.fill(AhciDriver::kData, 1024, 0xa5);
    QVERIFY(d.ata(0x35, kSectors - 2, 2, 1024).good());
    QCOMPARE(rig.disk->bytes[(kSectors - 1) * 512 + 511], std::byte{0xa5});
    QVERIFY(d.ata(0xe7).good());
    QVERIFY(d.ata(0xea).good());
}

void AhciTest::scatterGather()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    const auto f = AhciDriver::fis(0x25, 3, 2);
    const std::vector<AhciBuffer> pieces = {{AhciDriver::kData, 2},
                                            {AhciDriver::kData + 0x1000, 510},
                                            {AhciDriver::kData + 0x2000, 512, true}};
    const auto outcome = d.run(f, pieces);
    QVERIFY(outcome.good());
    QVERIFY((outcome.is & 0x20) != 0); // descriptor processed
    QCOMPARE(d.bytes(AhciDriver::kData, 1)[0], uint8_t{4});
    QCOMPARE(d.bytes(AhciDriver::kData + 0x2000, 1)[0], uint8_t{5});
}

void AhciTest::pioSetupFis()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    const auto outcome = d.ata(0x20, 0, 1, 512);
    QVERIFY(outcome.good());
    const auto fis = d.bytes(d.fisAddress() + 0x20, 20);
    QCOMPARE(fis[0], uint8_t{0x5f});
    QCOMPARE(fis[2] & 0xc1, 0x40);
    QCOMPARE(fis[15], uint8_t{0x50});
    QCOMPARE(fis[16] | fis[17] << 8, 512);
}

void AhciTest::interruptLine()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    d.setReg(0x14, 0x7dc0'007f);
    d.setHost(0x04, 2);
    QVERIFY(!rig.line.level());
    QVERIFY(d.ata(0xe7).good());
    QVERIFY(AhciDriver::waitFor([&] { return rig.line.level(); }));
    QCOMPARE(d.host(0x08), 1U);
    d.setHost(0x08, 1);
    QVERIFY2(rig.line.level(), "IS is set again while PxIS is");
    d.setReg(0x10, 0xffff'ffff);
    QVERIFY(rig.line.level());
    d.setHost(0x08, 1);
    QVERIFY(!rig.line.level());
    QCOMPARE(d.host(0x08), 0U);
}

void AhciTest::interruptMessages()
{
    Rig rig;
    auto& d = *rig.driver;
    rig.ahci->writeConfig(0x84, 0xfee0'0000, 4);
    rig.ahci->writeConfig(0x8c, 0x41, 2);
    rig.ahci->writeConfig(0x82, 1, 2);
    d.start();
    d.setReg(0x14, 1);
    d.setHost(0x04, 2);
    QVERIFY(d.ata(0xe7).good());
    QVERIFY(AhciDriver::waitFor([&] { return rig.board.interrupts.sent().size() == 1; }));
    QCOMPARE(rig.board.interrupts.sent()[0].data, 0x41U);
    QVERIFY(!rig.line.level());
    d.setReg(0x10, 0xffff'ffff);
    d.setHost(0x08, 1);
    QVERIFY(d.ata(0xe7).good());
    QVERIFY(AhciDriver::waitFor([&] { return rig.board.interrupts.sent().size() == 2; }));
}

void AhciTest::narrowAndIndexedAccess()
{
    Rig rig;
    auto& d = *rig.driver;
    const vmm::memory::GuestPhys signature(AhciDriver::kAbar + 0x124);
    QCOMPARE(rig.board.mmio.read(signature, 1), 0x01U);
    QCOMPARE(rig.board.mmio.read(vmm::memory::GuestPhys(AhciDriver::kAbar + 0x120), 8),
             0x0000'0101'0000'0150U);
    rig.ahci->writeConfig(0x20, 0xc001, 4);
    rig.ahci->writeConfig(0x04, 7, 2);
    rig.board.pio.write(vmm::memory::GuestPort(0xc010), 0x124, 4);
    QCOMPARE(rig.board.pio.read(vmm::memory::GuestPort(0xc014), 4), 0x101U);
    rig.board.pio.write(vmm::memory::GuestPort(0xc010), 0x114, 4);
    rig.board.pio.write(vmm::memory::GuestPort(0xc014), 1, 4);
    QCOMPARE(d.reg(0x14), 1U);
}

void AhciTest::queuedCommands()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    rig.disk->hold();
    for (unsigned tag = 0; tag < 32; ++tag) {
        const auto f = AhciDriver::fis(0x60, tag * 2, static_cast<uint16_t>(tag << 3), 2);
        d.prepare(tag, f, {{AhciDriver::kData + tag * 1024, 1024}});
    }
    d.setReg(0x34, 0xffff'ffff);
    d.setReg(0x38, 0xffff'ffff);
    QVERIFY(rig.disk->waitForRequest());
    QCOMPARE(d.reg(0x38), 0U); // accepted at once
    QCOMPARE(d.reg(0x34), 0xffff'ffffU);
    QCOMPARE(d.reg(0x20) & 0x88, 0U);
    rig.disk->release();
    QVERIFY(AhciDriver::waitFor([&] { return d.reg(0x34) == 0; }));
    QVERIFY((d.reg(0x10) & 8) != 0);
    for (unsigned tag = 0; tag < 32; ++tag)
        QCOMPARE(d.bytes(AhciDriver::kData + tag * 1024, 1)[0], static_cast<uint8_t>(tag * 2 + 1));
    const auto write = AhciDriver::fis(0x61, 9, 5 << 3, 1, 0xc0); // FUA
    d.fill(AhciDriver::kData, 512, 0x77);
    d.prepare(5, write, {{AhciDriver::kData, 512}});
    d.setReg(0x34, 1 << 5);
    d.setReg(0x38, 1 << 5);
    QVERIFY(AhciDriver::waitFor([&] { return d.reg(0x34) == 0; }));
    QCOMPARE(rig.disk->bytes[9 * 512], std::byte{0x77});
    QVERIFY(rig.disk->stable);
}

void AhciTest::queuedError()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    d.prepare(3, AhciDriver::fis(0x60, kSectors, 3 << 3, 1), {{AhciDriver::kData, 512}});
    d.setReg(0x34, 1 << 3);
    d.setReg(0x38, 1 << 3);
    QVERIFY(AhciDriver::waitFor([&] { return (d.reg(0x10) & 0x4000'0000) != 0; }));
    QCOMPARE(d.reg(0x34), 1U << 3);
    d.recover();
    QVERIFY(d.ata(0x2f, 0x10, 1, 512).good());
    const auto log = d.bytes(AhciDriver::kData, 512);
    QCOMPARE(log[0], uint8_t{3});
    QCOMPARE(log[3], uint8_t{0x10});
    uint8_t sum = 0;
    for (const uint8_t byte : log)
        sum = static_cast<uint8_t>(sum + byte);
    QCOMPARE(sum, uint8_t{0});
}

void AhciTest::duplicateTag()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    rig.disk->hold();
    d.prepare(0, AhciDriver::fis(0x60, 0, 0, 1), {{AhciDriver::kData, 512}});
    d.setReg(0x34, 1);
    d.setReg(0x38, 1);
    QVERIFY(rig.disk->waitForRequest());
    for (int i = 0; i < 1000; ++i)
        d.setReg(0x38, 1);
    QVERIFY((d.reg(0x10) & 0x4000'0000) != 0);
    rig.disk->release();
    d.recover();
    QVERIFY(d.ata(0x25, 0, 1, 512).good());
}

void AhciTest::taskFileErrorStopsThePort()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    d.prepare(4, AhciDriver::fis(0x25, kSectors - 1, 2), {{AhciDriver::kData, 1024}});
    d.prepare(9, AhciDriver::fis(0xe7), {});
    d.setReg(0x38, 1 << 4);
    const auto outcome = d.wait(4);
    QVERIFY((outcome.is & 0x4000'0000) != 0);
    QCOMPARE(outcome.status & 1, 1);
    QCOMPARE(outcome.error, uint8_t{0x10});
    QCOMPARE(d.reg(0x18) >> 8 & 0x1f, 4U);
    d.setReg(0x38, 1 << 9);
    QCOMPARE(d.reg(0x38), 1U << 9 | 1U << 4);
    d.recover();
    QCOMPARE(d.reg(0x38), 0U);
    QVERIFY(d.ata(0xe7).good());
    rig.disk->failing = true;
    const auto failed = d.ata(0x25, 0, 1, 512);
    QVERIFY(failed.done && !failed.good());
    QCOMPARE(failed.error, uint8_t{0x40});
}

void AhciTest::comresetAndSignature()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    QVERIFY(d.stop());
    d.setReg(0x2c, 0x301);
    QCOMPARE(d.reg(0x28), 0U);
    d.setReg(0x2c, 0x300);
    QCOMPARE(d.reg(0x28), 0x123U);
    QCOMPARE(d.reg(0x24), 0x101U);
    QCOMPARE(d.reg(0x20), 0x150U);
    QVERIFY((d.reg(0x30) & 1 << 26) != 0);
    QVERIFY((d.reg(0x10) & 0x40) != 0);
    d.setReg(0x30, 0xffff'ffff);
    QCOMPARE(d.reg(0x10) & 0x40, 0U);
    d.setReg(0x2c, 4);
    QCOMPARE(d.reg(0x28), 4U);
    d.setReg(0x2c, 0);
    QCOMPARE(d.reg(0x28), 0x123U);
}

void AhciTest::softwareReset()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    AhciDriver::Fis reset{0x27, 0};
    reset[15] = 4;
    d.prepare(0, reset, {}, {}, 1U << 8 | 1U << 10);
    d.setReg(0x38, 1);
    QCOMPARE(d.reg(0x38), 0U);
    reset[15] = 0;
    d.prepare(1, reset, {});
    d.setReg(0x38, 2);
    QCOMPARE(d.reg(0x38), 0U);
    QCOMPARE(d.reg(0x24), 0x101U);
    QCOMPARE(d.reg(0x20), 0x150U);
    QVERIFY(d.ata(0xec, 0, 0, 512).good());
}

void AhciTest::hostResetWaitsForTheDrive()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    rig.disk->hold();
    d.fill(AhciDriver::kData, 512, 0xee);
    d.prepare(0, AhciDriver::fis(0x25, 1, 1), {{AhciDriver::kData, 512}});
    d.setReg(0x38, 1);
    QVERIFY(rig.disk->waitForRequest());
    d.setHost(0x04, 1);
    QCOMPARE(d.host(0x04) & 1, 1U);
    d.setReg(0x14, 0xffff'ffff); // ignored while resetting
    rig.disk->release();
    QVERIFY(AhciDriver::waitFor([&] { return (d.host(0x04) & 1) == 0; }));
    QCOMPARE(d.reg(0x14), 0U);
    QCOMPARE(d.bytes(AhciDriver::kData, 1)[0], uint8_t{0xee});
    d.start();
    QVERIFY(d.ata(0x25, 1, 1, 512).good());
}

/// A reset while a write or TRIM is in flight must not turn it into one for sector 0.
void AhciTest::cve_2023_5088()
{
    Rig rig;
    auto& d = *rig.driver;
    const std::vector<std::byte> sector0(rig.disk->bytes.begin(), rig.disk->bytes.begin() + 512);
    const std::array<uint64_t, 1> range{uint64_t{4} << 48 | 100};
    for (const uint8_t command : std::array<uint8_t, 3>{0x35, 0x06, 0x61}) {
        for (const bool hostReset : {false, true}) {
            d.start();
            const bool trim = command == 0x06;
            d.fill(AhciDriver::kData, 2048, trim ? 0 : 0xbd);
            if (trim)
                d.put(AhciDriver::kData, std::as_bytes(std::span(range)));
            rig.disk->hold();
            const auto f = command == 0x61 ? AhciDriver::fis(command, 100, 0, 4)
                                           : AhciDriver::fis(command, trim ? 0 : 100, trim ? 1 : 4,
                                                             trim ? 1 : 0);
            d.prepare(0, f, {{AhciDriver::kData, 2048}});
            d.setReg(0x34, command == 0x61 ? 1 : 0);
            d.setReg(0x38, 1);
            QVERIFY(rig.disk->waitForRequest());
            if (hostReset) {
                d.setHost(0x04, 1);
            } else {
                d.setReg(0x18, 0x10);
                d.setReg(0x2c, 1);
                d.setReg(0x2c, 0);
                QCOMPARE(d.reg(0x20) & 0x80, 0x80U); // busy until the drive let go
            }
            rig.disk->release();
            QVERIFY(d.waitFor([&] {
                return (d.host(0x04) & 1) == 0 && (d.reg(0x20) & 0x80) == 0 &&
                       (d.reg(0x18) & 0x8000) == 0;
            }));
            QVERIFY(std::equal(sector0.begin(), sector0.end(), rig.disk->bytes.begin()));
            QCOMPARE(d.reg(0x38), 0U);
        }
    }
    QVERIFY(rig.disk->discards.empty());
    d.start();
    QVERIFY(d.ata(0x25, 0, 1, 512).good());
}

void AhciTest::stopWithCommandInFlight()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    rig.disk->hold();
    d.fill(AhciDriver::kData, 512, 0xee);
    d.prepare(0, AhciDriver::fis(0x25, 5, 1), {{AhciDriver::kData, 512}});
    d.setReg(0x38, 1);
    QVERIFY(rig.disk->waitForRequest());
    d.setReg(0x18, 0x10);
    QCOMPARE(d.reg(0x38), 0U);
    QCOMPARE(d.reg(0x18) & 0x8000, 0x8000U); // CR until the drive let go
    d.setReg(0x18, 0x11);
    d.setReg(0x38, 1); // waits behind
    rig.disk->release();
    QVERIFY(d.waitFor([&] { return d.reg(0x38) == 0; }));
    QCOMPARE(d.bytes(AhciDriver::kData, 1)[0], uint8_t{6});
}

void AhciTest::machineResetInFlight()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    rig.disk->hold();
    d.prepare(0, AhciDriver::fis(0x35, 100, 1), {{AhciDriver::kData, 512}});
    d.setReg(0x38, 1);
    QVERIFY(rig.disk->waitForRequest());
    std::thread releaser([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        rig.disk->release();
    });
    rig.ahci->reset();
    releaser.join();
    QCOMPARE(rig.disk->bytes[0], std::byte{1});
    QCOMPARE(rig.disk->bytes[100 * 512], std::byte{101});
    AhciDriver again(rig.board, *rig.ahci);
    QCOMPARE(again.reg(0x38), 0U);
    again.start();
    QVERIFY(again.ata(0xec, 0, 0, 512).good());
}

/// The class of CVE-2026-45782: completions after teardown.
void AhciTest::destroyedInFlight()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    rig.disk->hold();
    for (unsigned tag = 0; tag < 8; ++tag)
        d.prepare(tag, AhciDriver::fis(0x61, tag, static_cast<uint16_t>(tag << 3), 1),
                  {{AhciDriver::kData, 512}});
    d.setReg(0x34, 0xff);
    d.setReg(0x38, 0xff);
    QVERIFY(rig.disk->waitForRequest());
    rig.ahci.reset();
    QCOMPARE(rig.disk->bytes[0], std::byte{1});
}

/// Buffers, tables and lists in MMIO, holes and past the end of RAM.
void AhciTest::cve_2020_13659()
{
    Rig rig;
    auto& d = *rig.driver;
    const uint64_t end = uint64_t{16} << 20;
    for (const uint64_t bad : {AhciDriver::kAbar, uint64_t{0xfee0'0000}, end, end - 256,
                               uint64_t{1} << 32, ~uint64_t{1}}) {
        d.start();
        const auto read = d.run(AhciDriver::fis(0x25, 0, 1), {{bad, 512}});
        QVERIFY2((read.is & 0x2000'0000) != 0, qPrintable(QString::number(bad, 16)));
        const auto identify = d.run(AhciDriver::fis(0xec), {{bad, 512}});
        QVERIFY((identify.is & 0x2000'0000) != 0);
        const auto trim = d.run(AhciDriver::fis(0x06, 0, 1, 1), {{bad, 512}});
        QVERIFY((trim.is & 0x2000'0000) != 0);
    }
    for (const uint64_t list : {end, AhciDriver::kAbar, end - 1024}) {
        d.start();
        d.setReg(0x00, static_cast<uint32_t>(list));
        d.setReg(0x38, 0x8000'0000);
        QVERIFY(d.waitFor([&] { return (d.reg(0x10) & 0x2800'0000) != 0; }));
        QVERIFY(d.stop());
    }
    d.start();
    d.setReg(0x08, 0xffff'ff00); // received FIS area outside RAM
    d.prepare(0, AhciDriver::fis(0xe7), {});
    d.setReg(0x38, 1);
    QVERIFY(d.waitFor([&] { return (d.reg(0x10) & 0x2000'0000) != 0; }));
    d.start();
    d.recover();
    QVERIFY(d.ata(0x25, 0, 1, 512).good());
}

/// Accesses of every width at every border of the BARs.
void AhciTest::cve_2020_13754()
{
    Rig rig;
    rig.ahci->writeConfig(0x20, 0xc001, 4);
    rig.ahci->writeConfig(0x04, 7, 2);
    for (const unsigned width : {1U, 2U, 4U, 8U}) {
        for (const uint64_t at :
             {uint64_t{0xfff}, uint64_t{0x1000} - width, uint64_t{0x3ff}, uint64_t{0x400} - width,
              uint64_t{0x400}, uint64_t{0xfd}, uint64_t{0xff}, uint64_t{0x17e}}) {
            static_cast<void>(
                rig.board.mmio.read(vmm::memory::GuestPhys(AhciDriver::kAbar + at), width));
            rig.board.mmio.write(vmm::memory::GuestPhys(AhciDriver::kAbar + at), ~uint64_t{0},
                                 width);
        }
        if (width == 8)
            continue;
        for (uint16_t port = 0xc000; port < 0xc024; ++port) {
            static_cast<void>(rig.board.pio.read(vmm::memory::GuestPort(port), width));
            rig.board.pio.write(vmm::memory::GuestPort(port), ~0U, width);
        }
    }
    QVERIFY(rig.ahci->saveState().fields.size() > 3);
}

void AhciTest::prdTableLimits()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    // Shorter than the data: nothing is moved, overflow is reported.
    const auto overflow = d.run(AhciDriver::fis(0x25, 0, 2), {{AhciDriver::kData, 512}});
    QVERIFY((overflow.is & 0x0100'0000) != 0 && (overflow.status & 1) != 0);
    // 65535 entries of two bytes, all pointing at the same place, are more than enough.
    const uint64_t table = 0x60'0000;
    d.prepare(0, AhciDriver::fis(0x25, 0, 128), {});
    for (uint32_t i = 0; i < 65535; ++i)
        d.putPrd(table + 0x80 + i * 16, {AhciDriver::kData, 2});
    const auto f = AhciDriver::fis(0x25, 0, 64);
    d.put(table, std::as_bytes(std::span(f)));
    const std::array<uint32_t, 4> header{5 | 0xffffU << 16, 0, static_cast<uint32_t>(table), 0};
    d.put(d.listAddress(), std::as_bytes(std::span(header)));
    d.setReg(0x10, 0xffff'ffff);
    d.setReg(0x38, 1);
    const auto small = d.wait(0);
    QVERIFY(small.good());
    QCOMPARE(small.transferred, 64U * 512);
    // A table that runs past the end of RAM.
    const uint64_t last = (uint64_t{16} << 20) - 0x100;
    d.put(last, std::as_bytes(std::span(f)));
    d.putPrd(last + 0x80, {AhciDriver::kData, 2});
    const std::array<uint32_t, 4> edge{5 | 0xffffU << 16, 0, static_cast<uint32_t>(last), 0};
    d.put(d.listAddress(), std::as_bytes(std::span(edge)));
    d.setReg(0x38, 1);
    QVERIFY((d.wait(0).is & 0x2000'0000) != 0);
    d.recover();
    // Entries that are not needed may hold anything (SeaBIOS sends 4 MiB at address 0).
    QVERIFY(d.run(AhciDriver::fis(0xe7), {{~uint64_t{0}, 0x40'0000, true}}).good());
}

void AhciTest::busMasterOff()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    rig.ahci->writeConfig(0x04, 0x0002, 2);
    d.prepare(0, AhciDriver::fis(0x25, 3, 1), {{AhciDriver::kData, 512}});
    d.setReg(0x38, 1);
    QCOMPARE(d.reg(0x38), 1U);
    rig.ahci->writeConfig(0x04, 0x0006, 2);
    QVERIFY(d.wait(0).good());
    QCOMPARE(d.bytes(AhciDriver::kData, 1)[0], uint8_t{4});
}

void AhciTest::pauseDrains()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    rig.disk->hold();
    for (unsigned tag = 0; tag < 4; ++tag)
        d.prepare(tag, AhciDriver::fis(0x60, tag, static_cast<uint16_t>(tag << 3), 1),
                  {{AhciDriver::kData + tag * 512, 512}});
    d.setReg(0x34, 0xf);
    d.setReg(0x38, 0xf);
    QVERIFY(rig.disk->waitForRequest());
    std::thread releaser([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        rig.disk->release();
    });
    rig.ahci->pause();
    releaser.join();
    QCOMPARE(d.reg(0x34), 0U);
    QCOMPARE(d.bytes(AhciDriver::kData + 3 * 512, 1)[0], uint8_t{4});
    rig.ahci->pause();
    d.prepare(7, AhciDriver::fis(0xe7), {});
    d.setReg(0x38, 1 << 7);
    QCOMPARE(d.reg(0x38), 1U << 7);
    const auto saved = rig.ahci->save();
    QCOMPARE(saved.ports[0].ci, 1U << 7);
    rig.ahci->resume();
    rig.ahci->resume();
    QVERIFY(d.wait(7).good());
}

void AhciTest::state()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    d.setReg(0x14, 0xff);
    d.setHost(0x04, 2);
    QVERIFY(d.ata(0xef, 0, 0x42, 0, 0x03).good());
    static_cast<void>(d.ata(0x25, kSectors, 1, 512));
    rig.ahci->pause();
    std::vector<std::unique_ptr<Ahci>> made;
    deviceStateSuite(*rig.ahci,
                     [&]() -> std::unique_ptr<vmm::state::Participant> { return rig.make(); });
}

void AhciTest::resets()
{
    Rig rig;
    auto& d = *rig.driver;
    d.start();
    QVERIFY(d.ata(0x25, 1, 1, 512).good());
    QVERIFY(d.ata(0xc6, 0, 4).good());
    FakeBoard board;
    auto disk = std::make_shared<FakeDisk>();
    const auto fresh = rig.make();
    resetSuite(*rig.ahci, *rig.ahci, *fresh, *fresh);
}

void AhciTest::registerFuzz()
{
    Rig rig;
    rig.ahci->writeConfig(0x04, 7, 2);
    for (unsigned seed = 1; seed < 6; ++seed)
        mmioFuzzSuite(*rig.ahci, 0x1000, seed);
    rig.ahci->reset();
    AhciDriver again(rig.board, *rig.ahci);
    again.start();
    QVERIFY(again.ata(0xec, 0, 0, 512).good());
}

/// Random command headers, tables and PRDs on both drives, with the registers in working order.
void AhciTest::commandListFuzz()
{
    Rig rig;
    std::mt19937_64 random(7);
    for (unsigned port = 0; port < 2; ++port) {
        AhciDriver d(rig.board, *rig.ahci, port);
        d.start();
        for (int round = 0; round < 3000; ++round) {
            auto f =
                AhciDriver::fis(static_cast<uint8_t>(port == 1 && random() % 2 ? 0xa0 : random()),
                                random() % 8000, static_cast<uint16_t>(random() % 9),
                                static_cast<uint16_t>(random()), static_cast<uint8_t>(random()));
            std::vector<uint8_t> packet(12);
            for (uint8_t& byte : packet)
                byte = static_cast<uint8_t>(random() % 3 == 0 ? random() : 0);
            std::vector<AhciBuffer> buffers(random() % 4);
            for (AhciBuffer& buffer : buffers)
                buffer = {random() % 8 == 0 ? random() : AhciDriver::kData + random() % 0x10000,
                          static_cast<uint32_t>(random() % 0x4000 + 1)};
            if (random() % 16 == 0)
                f[0] = static_cast<uint8_t>(random());
            const auto slot = static_cast<unsigned>(random() % 32);
            d.prepare(slot, f, buffers, packet);
            d.setReg(0x34, static_cast<uint32_t>(random()));
            d.setReg(0x38, 1U << slot);
            if (random() % 4 == 0)
                d.recover();
        }
    }
    rig.ahci->pause();
    static_cast<void>(rig.ahci->save());
    rig.ahci->resume();
}

QTEST_GUILESS_MAIN(AhciTest)
#include "ahci_test.moc"
