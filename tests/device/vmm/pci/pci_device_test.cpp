// SPDX-License-Identifier: GPL-3.0-or-later
// Configuration space, BARs, INTx and MSI of a function. PCI Local Bus 3.0 section 6.
#include <QtTest>

#include <algorithm>

#include "tests/device/vmm/pci/test_function.h"
#include "tests/support/suites.h"

using namespace vmm;
using memory::GuestPhys;
using memory::GuestPort;
using tests::PciRig;
using tests::TestFunction;

namespace {

constexpr uint32_t kMmioBase = 0xe000'0000;
constexpr uint32_t kIoBase = 0xc000;
constexpr uint32_t kRamBase = 0xe100'0000;
constexpr uint32_t kMsixBase = 0xe200'0000;
constexpr uint32_t kRomBase = 0xe300'0000;

void placeAll(const PciRig& rig)
{
    rig.driver.placeBar(TestFunction::kMmioBar, kMmioBase);
    rig.driver.placeBar(TestFunction::kIoBar, kIoBase);
    rig.driver.placeBar(TestFunction::kRamBar, kRamBase);
    rig.driver.placeBar(TestFunction::kMsixBar, kMsixBase);
    rig.driver.command(pci::kCommandIo | pci::kCommandMemory | pci::kCommandMaster);
}

bool mappedAt(const PciRig& rig, uint64_t base)
{
    const auto& ranges = rig.board.mapSink.ranges;
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return range.base == GuestPhys(base); });
}

struct FreshFunction final : state::Participant {
    tests::FakeBoard board;
    TestFunction function{"test", board.pciServices()};
    std::string stateName() const override { return function.stateName(); }
    state::Record saveState() const override { return function.saveState(); }
    Result<void> loadState(const state::Record& record) override
    {
        return function.loadState(record);
    }
};

} // namespace

class PciDeviceTest : public QObject {
    Q_OBJECT

private slots:
    void headerAndWriteMasks()
    {
        PciRig rig;
        QCOMPARE(rig.driver.read(0, 4), 0x5678'1234U);
        rig.driver.write(0, 0, 4);
        QCOMPARE(rig.driver.read(0, 4), 0x5678'1234U);
        rig.driver.write(0x40, 0, 4);
        QCOMPARE(rig.driver.read(0x40, 4), 0x1100'1111U);
        rig.driver.write(0x41, 0xffff, 2);
        QCOMPARE(rig.driver.read(0x40, 4), 0x11ff'1111U);
        QCOMPARE(rig.driver.read(0x42, 1), 0xffU);
        QCOMPARE(rig.driver.read(0x3d, 1), 1U);
        rig.driver.write(0x3c, 11, 1);
        QCOMPARE(rig.driver.read(0x3c, 1), 11U);
    }

    void capabilityListEnds()
    {
        PciRig rig;
        QVERIFY((rig.driver.read(pci::kStatus, 2) & pci::kStatusCapabilities) != 0);
        std::vector<uint32_t> found;
        for (uint32_t at = rig.driver.read(pci::kCapabilities, 1); at != 0 && found.size() < 50;
             at = rig.driver.read(static_cast<uint16_t>(at + 1), 1))
            found.push_back(rig.driver.read(static_cast<uint16_t>(at), 1));
        QVERIFY((found == std::vector<uint32_t>{pci::kCapabilityMsi, pci::kCapabilityMsix}));
    }

    void barSizing()
    {
        PciRig rig;
        QCOMPARE(rig.driver.barSize(TestFunction::kMmioBar, 0xf),
                 static_cast<uint32_t>(TestFunction::kMmioSize));
        QCOMPARE(rig.driver.barSize(TestFunction::kIoBar, 3), TestFunction::kIoSize);
        QCOMPARE(rig.driver.barSize(TestFunction::kRamBar, 0xf),
                 static_cast<uint32_t>(TestFunction::kRamSize));
        QCOMPARE(rig.driver.bar(TestFunction::kIoBar) & 3, 1U);
        QCOMPARE(rig.driver.bar(TestFunction::kRamBar) & 0xf, 8U);
        rig.driver.placeBar(3, 0xffff'ffff);
        QCOMPARE(rig.driver.bar(3), 0U); // no such BAR
        // Sizing with decoding on maps nothing at the top and keeps the device reachable.
        placeAll(rig);
        rig.driver.placeBar(TestFunction::kMmioBar, 0xffff'ffff);
        QCOMPARE(rig.board.mmio.read(GuestPhys(0xffff'f000), 4), uint64_t{0xffff'ffff});
        rig.driver.placeBar(TestFunction::kMmioBar, kMmioBase);
        QCOMPARE(rig.board.mmio.read(GuestPhys(kMmioBase), 1), uint64_t{0x5a});
    }

    void decodingFollowsCommand()
    {
        PciRig rig;
        placeAll(rig);
        QCOMPARE(rig.board.mmio.read(GuestPhys(kMmioBase), 2), uint64_t{0x5a5a});
        QCOMPARE(rig.board.pio.read(GuestPort(kIoBase), 4), 0x5a5a'5a5aU);
        QVERIFY(mappedAt(rig, kRamBase));
        QVERIFY(rig.function.master());
        rig.driver.command(0);
        QCOMPARE(rig.board.mmio.read(GuestPhys(kMmioBase), 2), uint64_t{0xffff});
        QCOMPARE(rig.board.pio.read(GuestPort(kIoBase), 4), 0xffff'ffffU);
        QVERIFY(!mappedAt(rig, kRamBase));
        QVERIFY(!rig.function.master());
        rig.driver.command(pci::kCommandMemory);
        rig.driver.placeBar(TestFunction::kRamBar, kRamBase + 0x10'0000);
        QVERIFY(mappedAt(rig, kRamBase + 0x10'0000) && !mappedAt(rig, kRamBase));
        rig.driver.placeBar(TestFunction::kRamBar, 0);
        QVERIFY(!mappedAt(rig, 0));
        rig.driver.placeBar(TestFunction::kIoBar, 0x1'0000);
        rig.driver.command(pci::kCommandIo);
        QCOMPARE(rig.board.pio.read(GuestPort(0), 1), 0xffU); // beyond the last port
    }

    void movesAreTold()
    {
        PciRig rig;
        placeAll(rig);
        QCOMPARE(rig.function.moves, 4U);
        QVERIFY(rig.function.told[TestFunction::kMmioBar] == kMmioBase);
        QVERIFY(rig.function.told[TestFunction::kIoBar] == kIoBase);
        QVERIFY(!rig.function.told[6]);
        rig.driver.placeBar(TestFunction::kMmioBar, kMmioBase); // no move
        rig.driver.write(0x40, 0, 4);
        QCOMPARE(rig.function.moves, 4U);
        rig.driver.placeBar(TestFunction::kMmioBar, kMmioBase + 0x1000);
        QVERIFY(rig.function.told[TestFunction::kMmioBar] == kMmioBase + 0x1000);
        rig.driver.command(0);
        QCOMPARE(rig.function.moves, 9U);
        for (const auto& base : rig.function.told)
            QVERIFY(!base);
        rig.driver.command(pci::kCommandMemory);
        FreshFunction loaded;
        QVERIFY(loaded.loadState(rig.function.saveState()).has_value());
        QVERIFY(loaded.function.told[TestFunction::kMmioBar] == kMmioBase + 0x1000);
        rig.function.reset();
        QVERIFY(!rig.function.told[TestFunction::kMmioBar]);
    }

    /// A BAR that found its place taken is not told as mapped.
    void refusedPlaceIsNotTold()
    {
        PciRig rig;
        TestFunction second("second", rig.board.pciServices(), 0x77);
        QVERIFY(rig.bus.attach({0, 4, 0}, second).has_value());
        const tests::PciDriver other(rig.board.pio, {0, 4, 0});
        placeAll(rig);
        other.placeBar(TestFunction::kMmioBar, kMmioBase);
        other.command(pci::kCommandMemory);
        QCOMPARE(second.moves, 0U);
    }

    void romNeedsBothEnables()
    {
        PciRig rig;
        rig.driver.write(pci::kRomBar, 0xffff'f800, 4);
        QCOMPARE(rig.driver.read(pci::kRomBar, 4), 0xffff'f000U);
        rig.driver.write(pci::kRomBar, kRomBase | 1, 4);
        QVERIFY(!mappedAt(rig, kRomBase));
        rig.driver.command(pci::kCommandMemory);
        QVERIFY(mappedAt(rig, kRomBase));
        QVERIFY(rig.board.mapSink.ranges[0].access == memory::MapAccess::ReadOnly);
        rig.driver.write(pci::kRomBar, kRomBase, 4);
        QVERIFY(!mappedAt(rig, kRomBase));
    }

    void overlappingBars()
    {
        PciRig rig;
        TestFunction second("second", rig.board.pciServices(), 0x77);
        QVERIFY(rig.bus.attach({0, 4, 0}, second).has_value());
        const tests::PciDriver other(rig.board.pio, {0, 4, 0});
        placeAll(rig);
        other.placeBar(TestFunction::kMmioBar, kMmioBase);
        other.command(pci::kCommandMemory);
        QCOMPARE(rig.board.mmio.read(GuestPhys(kMmioBase), 1), uint64_t{0x5a}); // first come
        rig.driver.placeBar(TestFunction::kMmioBar, kMmioBase + 0x1000);
        other.placeBar(TestFunction::kMmioBar, kMmioBase);
        QCOMPARE(rig.board.mmio.read(GuestPhys(kMmioBase), 1), uint64_t{0x77});
        QCOMPARE(rig.board.mmio.read(GuestPhys(kMmioBase + 0x1000), 1), uint64_t{0x5a});
    }

    /// CVE-2020-13754: accesses of every width at and over the end of every BAR stay inside it.
    void cve_2020_13754_accessesAtBarEnds()
    {
        PciRig rig;
        placeAll(rig);
        const uint64_t msixSize = rig.function.msix->barSize();
        for (const auto& [base, size] :
             {std::pair<uint64_t, uint64_t>{kMmioBase, TestFunction::kMmioSize},
              {kMsixBase, msixSize}}) {
            for (uint64_t back = 0; back <= 16; ++back) {
                for (const unsigned width : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
                    const GuestPhys at(base + size - back);
                    static_cast<void>(rig.board.mmio.read(at, width));
                    rig.board.mmio.write(at, ~uint64_t{0}, width);
                    rig.board.mmio.write(GuestPhys(base - back), ~uint64_t{0}, width);
                }
            }
        }
        for (uint16_t back = 0; back <= 8; ++back)
            for (const unsigned width : {1U, 2U, 4U}) {
                const GuestPort at(static_cast<uint16_t>(kIoBase + TestFunction::kIoSize - back));
                static_cast<void>(rig.board.pio.read(at, width));
                rig.board.pio.write(at, 0xffff'ffff, width);
            }
        QVERIFY(rig.function.mmio.accesses > 0 && !rig.function.mmio.outside);
        QVERIFY(rig.function.io.accesses > 0 && !rig.function.io.outside);
    }

    /// CVE-2020-27821: a mapping that is taken away and put elsewhere is never reached through the
    /// old place.
    void cve_2020_27821_noStaleTranslation()
    {
        PciRig rig;
        placeAll(rig);
        for (uint32_t i = 0; i < 64; ++i) {
            const uint32_t base = kMmioBase + (i % 2) * 0x10'0000;
            const uint32_t old = kMmioBase + ((i + 1) % 2) * 0x10'0000;
            rig.driver.placeBar(TestFunction::kMmioBar, base);
            QCOMPARE(rig.board.mmio.read(GuestPhys(base + TestFunction::kMmioSize - 4), 8),
                     uint64_t{0xffff'ffff'5a5a'5a5a});
            QCOMPARE(rig.board.mmio.read(GuestPhys(old), 8), ~uint64_t{0});
        }
        QVERIFY(!rig.function.mmio.outside);
    }

    void intxAndItsDisableBit()
    {
        PciRig rig;
        const unsigned pirq = pci::PciBus::pirqFor(3, 1);
        rig.function.raise(true);
        QVERIFY(rig.pirqs.levels[pirq]);
        QVERIFY((rig.driver.read(pci::kStatus, 2) & pci::kStatusInterrupt) != 0);
        QVERIFY((rig.driver.read(pci::kStatus, 1) & pci::kStatusInterrupt) != 0);
        QVERIFY((rig.driver.read(pci::kCommand, 4) >> 16 & pci::kStatusInterrupt) != 0);
        rig.driver.command(pci::kCommandIntxDisable);
        QVERIFY(!rig.pirqs.levels[pirq]);
        QVERIFY((rig.driver.read(pci::kStatus, 2) & pci::kStatusInterrupt) != 0);
        rig.driver.command(0);
        QVERIFY(rig.pirqs.levels[pirq]);
        rig.function.raise(false);
        QVERIFY(!rig.pirqs.levels[pirq]);
    }

    void msiReplacesIntx()
    {
        PciRig rig;
        rig.driver.command(pci::kCommandMaster);
        QVERIFY(!rig.function.message());
        rig.driver.write(TestFunction::kMsi + 4, 0xfee0'1003, 4);
        QCOMPARE(rig.driver.read(TestFunction::kMsi + 4, 4), 0xfee0'1000U);
        rig.driver.write(TestFunction::kMsi + 8, 0, 4);
        rig.driver.write(TestFunction::kMsi + 12, 0x41, 2);
        rig.function.raise(true);
        rig.driver.write(TestFunction::kMsi + 2, 0xffff, 2);
        QCOMPARE(rig.driver.read(TestFunction::kMsi + 2, 2), 0x81U); // 64-bit, enabled, one vector
        QVERIFY(!rig.pirqs.levels[pci::PciBus::pirqFor(3, 1)]);
        QVERIFY(rig.function.message());
        const auto sent = rig.board.interrupts.sent();
        QVERIFY((sent == std::vector<bus::MsiMessage>{{0xfee0'1000, 0x41}}));
        rig.driver.command(0); // no bus master, no memory write
        QVERIFY(!rig.function.message());
    }

    void configurationBeyondTheEnd()
    {
        PciRig rig;
        for (const uint16_t offset :
             {uint16_t{0xff}, uint16_t{0x100}, uint16_t{0xffc}, uint16_t{0xfff}}) {
            for (const unsigned size : {2U, 4U}) {
                rig.function.writeConfig(offset, ~0U, size);
                QCOMPARE(rig.function.readConfig(offset, size), size == 2 ? 0xffffU : ~0U);
            }
        }
    }

    void stateAndReset()
    {
        PciRig rig;
        placeAll(rig);
        rig.function.raise(true);
        rig.board.mmio.write(GuestPhys(kMsixBase + 8), 0x1234, 4);
        tests::deviceStateSuite(rig.function, [] { return std::make_unique<FreshFunction>(); });
        FreshFunction loaded;
        QVERIFY(loaded.loadState(rig.function.saveState()).has_value());
        QCOMPARE(loaded.board.mmio.read(GuestPhys(kMmioBase), 1), uint64_t{0x5a});
        FreshFunction fresh;
        tests::resetSuite(rig.function, rig.function, fresh, fresh.function);
        QVERIFY(!rig.pirqs.levels[pci::PciBus::pirqFor(3, 1)]);
        QCOMPARE(rig.board.mmio.read(GuestPhys(kMmioBase), 1), uint64_t{0xff});
    }

    /// A state whose interrupt is disabled lowers a line that was high before it was loaded.
    void loadLowersTheLine()
    {
        PciRig saved;
        saved.function.raise(true);
        saved.driver.command(pci::kCommandIntxDisable);
        PciRig rig;
        rig.function.raise(true);
        const unsigned pirq = pci::PciBus::pirqFor(3, 1);
        QVERIFY(rig.pirqs.levels[pirq]);
        QVERIFY(rig.function.loadState(saved.function.saveState()).has_value());
        QVERIFY(!rig.pirqs.levels[pirq]);
        rig.driver.command(0);
        QVERIFY(rig.pirqs.levels[pirq]);
    }

    void configurationFuzz()
    {
        PciRig rig;
        std::mt19937 random(5);
        for (int i = 0; i < 20000; ++i) {
            const unsigned size = 1U << random() % 3;
            const auto offset = static_cast<uint16_t>(random() % 256 & ~(size - 1));
            rig.driver.write(offset, static_cast<uint32_t>(random()), size);
            static_cast<void>(rig.driver.read(offset, size));
        }
        QCOMPARE(rig.driver.read(0, 4), 0x5678'1234U);
        QVERIFY(!rig.function.mmio.outside);
    }
};

QTEST_GUILESS_MAIN(PciDeviceTest)
#include "pci_device_test.moc"
