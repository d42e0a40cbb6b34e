// SPDX-License-Identifier: GPL-3.0-or-later
// Bus numbers, windows and interrupt pins of bridges, 64-bit BARs and the PCI Express capability.
// PCI-to-PCI Bridge Architecture 1.2; PCI Express Base 4.0 section 7.5.
#include <QtTest>

#include <thread>

#include "tests/device/vmm/pci/port_rig.h"

using namespace vmm;
using memory::GuestPhys;
using memory::GuestPort;
using pci::RootPort;
using tests::CardFunction;
using tests::PortRig;

namespace {

constexpr uint32_t kNobody = 0xffff'ffff;
constexpr uint32_t kCardId = 0x9abc'1234;

/// A bridge with nothing of its own.
class PlainBridge final : public pci::PciBridge {
public:
    explicit PlainBridge(const pci::PciServices& services)
        : PciBridge("plain", services,
                    {.vendor = 0x1234, .device = 1, .classCode = 0x06'0400, .headerType = 1})
    {}
};

struct PluggedRig : PortRig {
    PluggedRig()
    {
        CHECK(ports[0]->plug({&card}, RootPort::PlugTime::PowerOn));
        openBus();
        placeCard();
    }
};

} // namespace

class PciBridgeTest : public QObject {
    Q_OBJECT

private slots:
    void headerOfTypeOne()
    {
        PortRig rig;
        QCOMPARE(rig.port(0).read(0, 4), 0x2940'8086U);
        QCOMPARE(rig.port(1).read(0, 4), 0x2942'8086U);
        QCOMPARE(rig.port(0).read(pci::kClassCode, 2) | rig.port(0).read(0x0b, 1) << 16,
                 0x06'0400U);
        QCOMPARE(rig.port(0).read(pci::kHeaderType, 1), 0x81U); // more functions follow
        QCOMPARE(rig.port(1).read(pci::kHeaderType, 1), 0x01U);
        QCOMPARE(rig.port(0).read(pci::kInterruptPin, 1), 1U);
        QCOMPARE(rig.port(1).read(pci::kInterruptPin, 1), 2U);
        for (uint16_t offset = pci::kBar0; offset < pci::kBar0 + 8; offset += 4) {
            rig.port().write(offset, ~0U, 4);
            QCOMPARE(rig.port().read(offset, 4), 0U);
        }
        // What cannot be set tells the kinds of windows: I/O of 16 bits, prefetchable of 64.
        rig.port().write(pci::kIoBase, ~0U, 4);
        QCOMPARE(rig.port().read(pci::kIoBase, 4), 0xf0f0U);
        rig.port().write(pci::kMemoryBase, ~0U, 4);
        QCOMPARE(rig.port().read(pci::kMemoryBase, 4), 0xfff0'fff0U);
        rig.port().write(pci::kPrefetchBase, ~0U, 4);
        QCOMPARE(rig.port().read(pci::kPrefetchBase, 4), 0xfff1'fff1U);
        rig.port().write(0x30, ~0U, 4); // upper halves of the I/O window
        QCOMPARE(rig.port().read(0x30, 4), 0U);
        rig.port().write(0x38, ~0U, 4); // no ROM
        QCOMPARE(rig.port().read(0x38, 4), 0U);
    }

    void busNumbersRoute()
    {
        PortRig rig;
        QVERIFY(rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::PowerOn).has_value());
        QVERIFY(rig.ports[1]->plug({&rig.other}, RootPort::PlugTime::PowerOn).has_value());
        QCOMPARE(rig.at(5).read(0, 4), kNobody);
        rig.setBuses(0, 5, 7);
        QCOMPARE(rig.at(5).read(0, 4), kCardId);
        QCOMPARE(rig.at(5, 1).read(0, 4), kNobody); // the link has one device
        QCOMPARE(rig.at(5, 0, 1).read(0, 4), kNobody);
        QCOMPARE(rig.at(6).read(0, 4), kNobody); // claimed, but nobody behind
        rig.setBuses(1, 6, 9);                   // overlaps: the first port has 5 to 7
        QCOMPARE(rig.at(6).read(0, 4), kNobody);
        rig.setBuses(0, 5, 5);
        QCOMPARE(rig.at(6).read(0, 4), kCardId);
        rig.at(6).write(pci::kInterruptLine, 11, 1);
        QCOMPARE(rig.at(6).read(pci::kInterruptLine, 1), 11U);
        QCOMPARE(rig.at(5).read(pci::kInterruptLine, 1), 0U); // the other card
    }

    void hostileBusNumbers()
    {
        PluggedRig rig;
        for (const auto& [secondary, subordinate] :
             {std::pair<uint32_t, uint32_t>{0, 0xff}, {0, 0}, {7, 3}, {0xff, 0}}) {
            rig.setBuses(0, secondary, subordinate);
            QCOMPARE(rig.port().read(0, 4), 0x2940'8086U); // bus 0 stays what it is
            for (unsigned number = 1; number < 256; ++number)
                QCOMPARE(rig.at(static_cast<uint8_t>(number)).read(0, 4), kNobody);
        }
        rig.setBuses(0, 0xff, 0xff);
        QCOMPARE(rig.at(0xff).read(0, 4), kCardId);
    }

    void nestedBridges()
    {
        PortRig rig;
        PlainBridge plain(rig.board.pciServices());
        QVERIFY(rig.ports[0]->plug({&plain}, RootPort::PlugTime::PowerOn).has_value());
        QVERIFY(plain.attach(3 << 3, rig.card).has_value());
        const auto again = plain.attach(3 << 3, rig.other);
        QVERIFY(!again && again.error().code() == ErrorCode::Busy);
        rig.openBus();
        rig.setBuses(0, 5, 6);
        rig.at(5).write(pci::kSecondaryBus, 0x0606, 2);
        QCOMPARE(rig.at(6, 3).read(0, 4), kCardId);
        QCOMPARE(rig.at(6, 2).read(0, 4), kNobody);
        // Both bridges must let an address through.
        const auto card = rig.at(6, 3);
        card.placeBar(CardFunction::kMmioBar, PortRig::kMemory);
        card.command(pci::kCommandMemory);
        QCOMPARE(rig.mmio(PortRig::kMemory), kNobody);
        rig.at(5).write(pci::kMemoryBase, PortRig::kMemory >> 16 | PortRig::kMemory, 4);
        rig.at(5).command(pci::kCommandMemory);
        QCOMPARE(rig.mmio(PortRig::kMemory), 0x5a5a'5a5aU);
        rig.port().command(0);
        QCOMPARE(rig.mmio(PortRig::kMemory), kNobody);
        rig.port().command(pci::kCommandMemory);
        QCOMPARE(rig.mmio(PortRig::kMemory), 0x5a5a'5a5aU);
        // Pins: INTA# of device 3 is INTD# of the bridge in device 0 of the port in slot 1c.
        rig.card.raise(true);
        QVERIFY(rig.pirqs.levels[pci::PciBus::pirqFor(0x1c, 4)]);
        rig.at(5).write(pci::kSecondaryBus, 0, 2);
        QCOMPARE(rig.at(6, 3).read(0, 4), kNobody);
        plain.detach(3 << 3, rig.card);
        QVERIFY(!rig.pirqs.levels[pci::PciBus::pirqFor(0x1c, 4)]);
    }

    void windowsLetBarsThrough()
    {
        PluggedRig rig;
        QCOMPARE(rig.mmio(PortRig::kMemory), 0x5a5a'5a5aU);
        QCOMPARE(rig.board.pio.read(GuestPort(PortRig::kIo), 2), 0x5a5aU);
        QVERIFY(rig.ramMapped(PortRig::kHigh));
        const auto port = rig.port();
        port.write(pci::kMemoryBase, 0xe100, 2); // base above limit: closed
        QCOMPARE(rig.mmio(PortRig::kMemory), kNobody);
        QVERIFY(!rig.card.told[CardFunction::kMmioBar]);
        port.write(pci::kMemoryBase, 0xe000, 2);
        QVERIFY(rig.card.told[CardFunction::kMmioBar] == PortRig::kMemory);
        port.command(pci::kCommandMemory);
        QCOMPARE(rig.board.pio.read(GuestPort(PortRig::kIo), 2), 0xffffU);
        port.command(pci::kCommandIo);
        QCOMPARE(rig.mmio(PortRig::kMemory), kNobody);
        QVERIFY(!rig.ramMapped(PortRig::kHigh));
        QCOMPARE(rig.board.pio.read(GuestPort(PortRig::kIo), 2), 0x5a5aU);
        port.write(pci::kIoBase, 0xd0d0, 2);
        QCOMPARE(rig.board.pio.read(GuestPort(PortRig::kIo), 2), 0xffffU);
        port.command(pci::kCommandIo | pci::kCommandMemory);
        port.write(pci::kPrefetchBaseUpper, 9, 4);
        QVERIFY(!rig.ramMapped(PortRig::kHigh));
        port.write(pci::kPrefetchLimitUpper, 9, 4);
        QVERIFY(!rig.ramMapped(PortRig::kHigh));
        rig.at(PortRig::kBus).placeBar(CardFunction::kRamBar + 1, 9);
        QVERIFY(rig.ramMapped(0x9'0000'0000));
    }

    /// A BAR must lie inside one window as a whole.
    void barAcrossTheWindowsEnd()
    {
        PluggedRig rig;
        const auto card = rig.at(PortRig::kBus);
        const uint32_t last = PortRig::kMemory + 0x10'0000 - CardFunction::kMmioSize;
        card.placeBar(CardFunction::kMmioBar, last);
        QCOMPARE(rig.mmio(last), 0x5a5a'5a5aU);
        card.placeBar(CardFunction::kMmioBar, PortRig::kMemory + 0x10'0000);
        QCOMPARE(rig.mmio(PortRig::kMemory + 0x10'0000), kNobody);
        card.placeBar(CardFunction::kRamBar, 0x3ff0'0000);
        QVERIFY(rig.ramMapped(PortRig::kHigh + 0x3ff0'0000));
        card.placeBar(CardFunction::kRamBar, 0x4000'0000);
        QVERIFY(!rig.ramMapped(PortRig::kHigh + 0x4000'0000));
    }

    void isaEnable()
    {
        PluggedRig rig;
        rig.port().write(pci::kBridgeControl, pci::kBridgeControlIsa, 2);
        QCOMPARE(rig.board.pio.read(GuestPort(PortRig::kIo), 1), 0x5aU);
        rig.at(PortRig::kBus).placeBar(CardFunction::kIoBar, PortRig::kIo + 0x100);
        QCOMPARE(rig.board.pio.read(GuestPort(PortRig::kIo + 0x100), 1), 0xffU);
        rig.at(PortRig::kBus).placeBar(CardFunction::kIoBar, PortRig::kIo + 0x4c0);
        QCOMPARE(rig.board.pio.read(GuestPort(PortRig::kIo + 0x4c0), 1), 0x5aU);
        rig.port().write(pci::kBridgeControl, 0, 2);
        rig.at(PortRig::kBus).placeBar(CardFunction::kIoBar, PortRig::kIo + 0x100);
        QCOMPARE(rig.board.pio.read(GuestPort(PortRig::kIo + 0x100), 1), 0x5aU);
    }

    /// A window over RAM, and a BAR in it, take nothing away from the guest's RAM.
    void windowOverRam()
    {
        PluggedRig rig;
        rig.port().write(pci::kMemoryBase, 0xfff0'0000, 4); // all 4 GiB
        QVERIFY(rig.board.map
                    .setLayer("ram", 10, {{GuestPhys(0), 0x100'0000, rig.board.memory->hostBase()}})
                    .has_value());
        rig.at(PortRig::kBus).placeBar(CardFunction::kRamBar, 0x10'0000);
        rig.at(PortRig::kBus).placeBar(CardFunction::kRamBar + 1, 0);
        QVERIFY(rig.card.told[CardFunction::kRamBar] == 0x10'0000U);
        QVERIFY(!rig.ramMapped(0x10'0000));
        QCOMPARE(rig.board.mapSink.ranges.size(), size_t{1});
        QVERIFY(rig.board.mapSink.ranges[0].host == rig.board.memory->hostBase());
    }

    void wideBars()
    {
        PluggedRig rig;
        const auto card = rig.at(PortRig::kBus);
        card.command(0);
        QCOMPARE(card.bar(CardFunction::kMmioBar) & 0xf, 0xcU); // 64 bits, prefetchable
        card.placeBar(CardFunction::kMmioBar, ~0U);
        card.placeBar(CardFunction::kMmioBar + 1, ~0U);
        QCOMPARE(card.bar(CardFunction::kMmioBar), 0xffff'c00cU);
        QCOMPARE(card.bar(CardFunction::kMmioBar + 1), ~0U);
        rig.port().write(pci::kPrefetchBase, 0xfff0'0000, 4); // everything may pass
        rig.port().write(pci::kPrefetchBaseUpper, 0, 4);
        rig.port().write(pci::kPrefetchLimitUpper, ~0U, 4);
        card.command(pci::kCommandMemory); // while sized: nowhere
        QVERIFY(!rig.card.told[CardFunction::kMmioBar]);
        card.placeBar(CardFunction::kMmioBar + 1, 0x10'0000); // beyond any processor's addresses
        QVERIFY(!rig.card.told[CardFunction::kMmioBar]);
        card.placeBar(CardFunction::kMmioBar, 0);
        card.placeBar(CardFunction::kMmioBar + 1, 0xf'0000);
        QVERIFY(rig.card.told[CardFunction::kMmioBar] == 0xf'0000'0000'0000U);
        QCOMPARE(rig.mmio(0xf'0000'0000'3ffc), 0x5a5a'5a5aU);
        card.placeBar(CardFunction::kMmioBar + 1, 0);
        QVERIFY(!rig.card.told[CardFunction::kMmioBar]);
    }

    /// CVE-2020-13754: every width at and over the ends of BARs, configuration and windows.
    void cve_2020_13754_accessesAtTheEnds()
    {
        PluggedRig rig;
        for (uint64_t back = 0; back <= 16; ++back)
            for (unsigned size = 1; size <= 8; ++size) {
                const GuestPhys at(PortRig::kMemory + CardFunction::kMmioSize - back);
                static_cast<void>(rig.board.mmio.read(at, size));
                rig.board.mmio.write(at, ~uint64_t{0}, size);
                rig.board.mmio.write(GuestPhys(PortRig::kMemory - back), ~uint64_t{0}, size);
            }
        for (uint16_t back = 0; back <= 8; ++back)
            for (const unsigned size : {1U, 2U, 4U}) {
                const GuestPort at(
                    static_cast<uint16_t>(PortRig::kIo + CardFunction::kIoSize - back));
                static_cast<void>(rig.board.pio.read(at, size));
                rig.board.pio.write(at, ~0U, size);
            }
        QVERIFY(rig.card.mmio.accesses > 0 && !rig.card.mmio.outside);
        QVERIFY(rig.card.io.accesses > 0 && !rig.card.io.outside);
    }

    /// Every offset in every width, of ports and card; what is PCI Express has 4096 bytes.
    void everyOffset()
    {
        PluggedRig rig;
        pci::EcamWindow ecam(rig.bus);
        const auto mapping =
            *rig.board.mmio.map("ecam", GuestPhys(0xb000'0000), 256 << 20, ecam, 4);
        const auto read = [&](uint64_t bus, uint64_t devfn, uint64_t offset, unsigned size) {
            return rig.board.mmio.read(GuestPhys(0xb000'0000 | bus << 20 | devfn << 12 | offset),
                                       size);
        };
        for (const unsigned size : {1U, 2U, 4U, 8U})
            for (uint64_t offset = 0x100; offset + size <= 0x1000; ++offset) {
                QCOMPARE(read(0, 0x1c << 3, offset, size), uint64_t{0});
                QCOMPARE(read(PortRig::kBus, 0, offset, size), uint64_t{0});
            }
        for (const unsigned size : {1U, 2U, 4U})
            for (uint16_t offset = 0; offset < 0x100; ++offset) {
                rig.port().write(offset, ~0U, size);
                static_cast<void>(rig.port().read(offset, size));
                rig.at(PortRig::kBus).write(offset, ~0U, size);
                static_cast<void>(rig.at(PortRig::kBus).read(offset, size));
            }
        QCOMPARE(rig.port().read(0, 4), 0x2940'8086U);
    }

    /// An endpoint says where it sits: on bus 0 it has no link.
    void expressTypeFollowsThePlace()
    {
        PortRig rig;
        constexpr uint16_t kFlags = CardFunction::kExpress + pci::kExpressFlags;
        constexpr uint16_t kLink = CardFunction::kExpress + pci::kExpressLinkCaps;
        QVERIFY(rig.bus.attach({0, 2, 0}, rig.other).has_value());
        QVERIFY(rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::PowerOn).has_value());
        rig.openBus();
        QCOMPARE(rig.at(0, 2).read(CardFunction::kExpress, 1), 0x10U);
        QCOMPARE(rig.at(0, 2).read(kFlags, 2), 0x92U);
        QCOMPARE(rig.at(0, 2).read(kLink, 4), 0U);
        QCOMPARE(rig.at(PortRig::kBus).read(kFlags, 2), 0x02U);
        QCOMPARE(rig.at(PortRig::kBus).read(kLink, 4) & 0x3ff, 0x11U);
        QCOMPARE(rig.port().read(0x42, 2), 0x142U); // root port with a slot, version 2
        rig.port().write(0x48, ~0U, 4);
        QCOMPARE(rig.port().read(0x48, 4), 0x78ffU); // Device Control; nothing in the status
    }

    /// CVE-2024-26327: there is no SR-IOV capability whose number of functions could be set.
    void cve_2024_26327_noVirtualFunctions()
    {
        PluggedRig rig;
        for (uint16_t offset = 0x100; offset < 0x1000; offset += 4) {
            const pci::PciBdf bdf{PortRig::kBus, 0, 0};
            rig.bus.writeConfig(bdf, offset, 0xffff'ffff, 4);
            QCOMPARE(rig.bus.readConfig(bdf, offset, 4), 0U);
        }
        for (uint8_t function = 1; function < 8; ++function)
            QCOMPARE(rig.at(PortRig::kBus, 0, function).read(0, 4), kNobody);
    }

    /// A function taken out while others ask for it is not used after that.
    void detachWaitsForAccesses()
    {
        PortRig rig;
        PlainBridge plain(rig.board.pciServices());
        QVERIFY(rig.bus.attach({0, 4, 0}, plain).has_value());
        rig.at(0, 4).write(pci::kSecondaryBus, 0x0909, 2);
        std::atomic<bool> stop{false};
        std::vector<std::thread> vcpus;
        for (int i = 0; i < 2; ++i)
            vcpus.emplace_back([&] {
                uint32_t value = 0;
                while (!stop) {
                    rig.bus.writeConfig({9, 0, 0}, pci::kCommand, pci::kCommandMemory, 2);
                    value = rig.bus.readConfig({9, 0, 0}, 0, 4);
                    rig.bus.writeConfig({0, 4, 0}, pci::kMemoryBase, value, 4);
                }
            });
        for (int i = 0; i < 100; ++i) {
            const auto card = std::make_unique<CardFunction>("hot", rig.board.pciServices());
            QVERIFY(plain.attach(0, *card).has_value());
            std::this_thread::yield();
            plain.detach(0, *card);
        }
        stop = true;
        for (auto& vcpu : vcpus)
            vcpu.join();
        QCOMPARE(rig.at(9).read(0, 4), kNobody);
    }
};

QTEST_GUILESS_MAIN(PciBridgeTest)
#include "pci_bridge_test.moc"
