// SPDX-License-Identifier: GPL-3.0-or-later
// Configuration mechanisms and interrupt wiring. PCI Local Bus 3.0 section 3.2.2.3.2, PCI Express
// Base 3.0 section 7.2.2.
#include <QtTest>

#include "tests/device/vmm/pci/test_function.h"
#include "tests/support/suites.h"

using namespace vmm;
using memory::GuestPhys;
using memory::GuestPort;
using tests::PciRig;

class PciBusTest : public QObject {
    Q_OBJECT

private slots:
    void configAddressIsADwordOnly()
    {
        PciRig rig;
        auto& pio = rig.board.pio;
        pio.write(GuestPort(0xcf8), 0xffff'ffff, 4);
        QCOMPARE(pio.read(GuestPort(0xcf8), 4), 0x80ff'fffcU);
        pio.write(GuestPort(0xcf8), 0, 2); // not CONFIG_ADDRESS
        pio.write(GuestPort(0xcf8), 0, 1);
        QCOMPARE(pio.read(GuestPort(0xcf8), 4), 0x80ff'fffcU);
        pio.write(GuestPort(0xcf9), 0x06, 1);
        QCOMPARE(rig.resetControl.written, 0x06U);
        QCOMPARE(pio.read(GuestPort(0xcf9), 1), 0x0aU);
        QCOMPARE(pio.read(GuestPort(0xcf8), 4), 0x80ff'fffcU);
    }

    void dataPortsOfEveryWidthAndLane()
    {
        PciRig rig;
        auto& pio = rig.board.pio;
        pio.write(GuestPort(0xcf8), 0x8000'1800, 4);
        QCOMPARE(pio.read(GuestPort(0xcfc), 4), 0x5678'1234U);
        QCOMPARE(pio.read(GuestPort(0xcfd), 1), 0x12U);
        QCOMPARE(pio.read(GuestPort(0xcfe), 2), 0x5678U);
        QCOMPARE(pio.read(GuestPort(0xcfd), 2), 0x7812U);
        QCOMPARE(pio.read(GuestPort(0xcfe), 4), 0xffff'5678U); // over the end of the ports
        pio.write(GuestPort(0xcf8), 0x0000'1800, 4);           // enable bit clear
        QCOMPARE(pio.read(GuestPort(0xcfc), 4), 0xffff'ffffU);
    }

    /// CVE-2021-4158 class: selectors of buses, devices and functions nobody has.
    void cve_2021_4158_everySelectorIsSurvived()
    {
        PciRig rig;
        auto& pio = rig.board.pio;
        unsigned present = 0;
        for (uint32_t select = 0; select < 0x1'0000; ++select) {
            pio.write(GuestPort(0xcf8), 0x8000'0000 | select << 8, 4);
            present += pio.read(GuestPort(0xcfc), 4) != 0xffff'ffff ? 1 : 0;
            pio.write(GuestPort(0xcfc), 0xffff'ffff, 4);
        }
        QCOMPARE(present, 1U);
    }

    void attachOnlyOnce()
    {
        PciRig rig;
        const auto again = rig.bus.attach(PciRig::kBdf, rig.function);
        QVERIFY(!again.has_value() && again.error().code() == ErrorCode::Busy);
    }

    void interruptWiring()
    {
        // As the DSDT's _PRT says: slots 0-24 rotate over PIRQE-H, 25-31 take PIRQA-D.
        QCOMPARE(pci::PciBus::pirqFor(0, 1), 4U);
        QCOMPARE(pci::PciBus::pirqFor(1, 1), 5U);
        QCOMPARE(pci::PciBus::pirqFor(3, 4), 6U);
        QCOMPARE(pci::PciBus::pirqFor(24, 1), 4U);
        QCOMPARE(pci::PciBus::pirqFor(25, 1), 0U);
        QCOMPARE(pci::PciBus::pirqFor(31, 4), 3U);
    }

    void sharedLinesAreOred()
    {
        PciRig rig;
        auto& first = rig.bus.intxLine({0, 2, 0}, 1);
        auto& second = rig.bus.intxLine({0, 6, 0}, 1); // the same PIRQ
        const unsigned pirq = pci::PciBus::pirqFor(2, 1);
        QCOMPARE(pci::PciBus::pirqFor(6, 1), pirq);
        QVERIFY(&rig.bus.intxLine({0, 2, 0}, 1) == &first);
        first.set(true);
        second.set(true);
        first.set(false);
        QVERIFY(rig.pirqs.levels[pirq]);
        second.set(false);
        QVERIFY(!rig.pirqs.levels[pirq]);
    }

    void ecamWidths()
    {
        PciRig rig;
        pci::EcamWindow ecam(rig.bus);
        const auto mapping =
            *rig.board.mmio.map("ecam", GuestPhys(0xb000'0000), 256 << 20, ecam, 4);
        const auto at = [](uint64_t offset) { return GuestPhys(0xb000'0000 + (3 << 15) + offset); };
        auto& mmio = rig.board.mmio;
        QCOMPARE(mmio.read(at(0), 4), uint64_t{0x5678'1234});
        QCOMPARE(mmio.read(at(1), 1), uint64_t{0x12});
        QCOMPARE(mmio.read(at(0), 8) & 0xffff'ffff, uint64_t{0x5678'1234});
        QCOMPARE(mmio.read(at(2), 4) & 0xffff, uint64_t{0x5678});
        QCOMPARE(mmio.read(at(0x100), 4), uint64_t{0xffff'ffff}); // no extended space
        QCOMPARE(mmio.read(at(0xffc), 8), ~uint64_t{0});          // into the next function
        mmio.write(at(0x3f), 0x00aa'bb00'0000, 6);
        QCOMPARE(mmio.read(at(0x40), 4), uint64_t{0x11bb'1111});
        for (unsigned size = 1; size <= 8; ++size) {
            mmio.write(at(0x42), 0x5a, size);
            QCOMPARE(mmio.read(at(0x42), 1), uint64_t{0x5a});
        }
        mmio.write(at(0x41), 0xffff'0000, 3); // the byte enables alone
        QCOMPARE(mmio.read(at(0x42), 1), uint64_t{0});
        tests::mmioFuzzSuite(ecam, 256 << 20);
    }

    void configPortState()
    {
        PciRig rig;
        rig.board.pio.write(GuestPort(0xcf8), 0x8000'1844, 4);
        struct Fresh final : state::Participant {
            PciRig rig;
            std::string stateName() const override { return rig.ports.stateName(); }
            state::Record saveState() const override { return rig.ports.saveState(); }
            Result<void> loadState(const state::Record& record) override
            {
                return rig.ports.loadState(record);
            }
        };
        tests::deviceStateSuite(rig.ports, [] { return std::make_unique<Fresh>(); });
        tests::pioFuzzSuite(rig.ports, 8, 4);
        PciRig fresh;
        tests::resetSuite(rig.ports, rig.ports, fresh.ports, fresh.ports);
    }
};

QTEST_GUILESS_MAIN(PciBusTest)
#include "pci_bus_test.moc"
