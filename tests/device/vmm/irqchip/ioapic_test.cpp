// SPDX-License-Identifier: GPL-3.0-or-later
// The IOAPIC as ACPI systems drive it. Intel 82093AA datasheet.
#include <QtTest>

#include "tests/device/vmm/irqchip/rig.h"

using tests::IrqchipRig;

namespace {
constexpr uint64_t kLevel = 1 << 15, kMasked = 1 << 16, kRemoteIrr = 1 << 14, kLogical = 1 << 11;
uint64_t to(uint64_t destination)
{
    return destination << 56;
}

/// The PICs masked, as a system with an IOAPIC leaves them.
struct Rig : IrqchipRig {
    explicit Rig(unsigned cpus = 1) : IrqchipRig(cpus)
    {
        initPics();
        out(0x21, 0xff);
        out(0xa1, 0xff);
    }
};
} // namespace

class IoapicTest : public QObject {
    Q_OBJECT

private slots:
    void registers()
    {
        Rig rig;
        QCOMPARE(rig.io(1), 0x170020U);
        rig.io(1, 0xffff'ffff);
        QCOMPARE(rig.io(1), 0x170020U);
        rig.io(0, 0xffff'ffff);
        QCOMPARE(rig.io(0), 0x0f00'0000U);
        QCOMPARE(rig.entry(23), kMasked);
        rig.route(23, to(1) | kMasked | 0x40 | kRemoteIrr | 1 << 12);
        QCOMPARE(rig.entry(23), to(1) | kMasked | 0x40);
        QCOMPARE(rig.io(0xff), 0U);
    }

    void edges()
    {
        Rig rig;
        rig.enable();
        rig.route(4, 0x44);
        rig.line(4, true);
        rig.line(4, true);
        QCOMPARE(rig.take(), 0x44);
        rig.eoi();
        QCOMPARE(rig.take(), -1);
        rig.line(4, false);
        rig.pulse(4);
        QCOMPARE(rig.take(), 0x44);
    }

    void maskedEdgeIsLost()
    {
        Rig rig;
        rig.enable();
        rig.route(4, 0x44 | kMasked);
        rig.pulse(4);
        rig.route(4, 0x44);
        QCOMPARE(rig.take(), -1);
        rig.pulse(4);
        QCOMPARE(rig.take(), 0x44);
    }

    void levels()
    {
        Rig rig;
        rig.enable();
        rig.route(20, 0x60 | kLevel);
        rig.line(20, true);
        QCOMPARE(rig.entry(20), 0x60 | kLevel | kRemoteIrr);
        QCOMPARE(rig.take(), 0x60);
        rig.line(20, true);
        QCOMPARE(rig.take(), -1);
        rig.eoi(); // still high: again
        QCOMPARE(rig.take(), 0x60);
        rig.line(20, false);
        QCOMPARE(rig.entry(20), 0x60 | kLevel | kRemoteIrr);
        rig.eoi();
        QCOMPARE(rig.entry(20), 0x60 | kLevel);
        QCOMPARE(rig.take(), -1);
        rig.line(20, true);
        QCOMPARE(rig.take(), 0x60);
        rig.line(20, false);
        rig.board.mmio.write(vmm::memory::GuestPhys(0xfec0'0040), 0x60, 4); // EOI register
        QCOMPARE(rig.entry(20), 0x60 | kLevel);
    }

    void maskedLevelWaits()
    {
        Rig rig;
        rig.enable();
        rig.route(20, 0x60 | kLevel | kMasked);
        rig.line(20, true);
        QCOMPARE(rig.take(), -1);
        rig.route(20, 0x60 | kLevel);
        QCOMPARE(rig.take(), 0x60);
        // Turned into an edge and back, the remote IRR is forgotten.
        rig.route(20, 0x60 | kMasked);
        QCOMPARE(rig.entry(20), 0x60 | kMasked);
        rig.line(20, false);
    }

    void levelNobodyTakesIsNotStuck()
    {
        Rig rig;
        rig.route(20, to(7) | 0x60 | kLevel);
        rig.line(20, true);
        QCOMPARE(rig.entry(20), to(7) | 0x60 | kLevel);
        rig.enable();
        rig.route(20, 0x60 | kLevel);
        QCOMPARE(rig.take(), 0x60);
    }

    void isaTimerComesInAtPin2()
    {
        Rig rig;
        rig.enable();
        for (unsigned pin = 0; pin < 24; ++pin)
            rig.route(pin, 0x40 + pin);
        rig.pulse(0);
        QCOMPARE(rig.take(), 0x42);
        rig.eoi();
        rig.pulse(2);
        QCOMPARE(rig.take(), -1);
        rig.pulse(24);
        rig.pulse(0xffff'ffff);
        QCOMPARE(rig.take(), -1);
    }

    void destinations()
    {
        Rig rig(3);
        for (unsigned i = 0; i < 3; ++i) {
            rig.enable(i);
            rig.apic(i).write(IrqchipRig::kLdr, 1U << (24 + i));
        }
        rig.route(5, to(2) | 0x50);
        rig.pulse(5);
        QCOMPARE(rig.take(0), -1);
        QCOMPARE(rig.take(2), 0x50);
        rig.eoi(2);
        rig.route(5, to(0x6) | kLogical | 0x51);
        rig.pulse(5);
        QCOMPARE(rig.take(0), -1);
        QCOMPARE(rig.take(1), 0x51);
        QCOMPARE(rig.take(2), 0x51);
        rig.eoi(1);
        rig.eoi(2);
        rig.route(5, to(0xff) | 0x52);
        rig.pulse(5);
        for (unsigned i = 0; i < 3; ++i)
            QCOMPARE(rig.take(i), 0x52);
    }

    void lowestPriorityTakesTurns()
    {
        Rig rig(3);
        for (unsigned i = 0; i < 3; ++i) {
            rig.enable(i);
            rig.apic(i).write(IrqchipRig::kLdr, 1U << (24 + i));
        }
        rig.apic(1).write(IrqchipRig::kTpr, 0x30);
        rig.route(5, to(0x7) | kLogical | 1 << 8 | 0x50);
        std::array<int, 3> taken{};
        for (int round = 0; round < 6; ++round) {
            rig.pulse(5);
            for (unsigned i = 0; i < 3; ++i) {
                if (rig.take(i) == 0x50) {
                    ++taken[i];
                    rig.eoi(i);
                }
            }
        }
        QCOMPARE(taken[0] + taken[2], 6);
        QVERIFY(taken[0] > 0 && taken[2] > 0);
        rig.apic(1).write(IrqchipRig::kSvr, 0xff); // disabled ones are not asked
        rig.route(5, to(0x2) | kLogical | 1 << 8 | 0x50);
        rig.pulse(5);
        QVERIFY(!rig.apic(1).pending());
    }

    void otherDeliveryModes()
    {
        Rig rig(2);
        rig.enable();
        rig.route(6, to(1) | 4 << 8);
        rig.pulse(6);
        QCOMPARE(rig.sinks[1].nmis, 1);
        rig.route(6, to(1) | 5 << 8);
        rig.pulse(6);
        QCOMPARE(rig.sinks[1].inits, 1);
        for (const uint64_t mode : {2U, 3U, 7U}) { // SMI, reserved, ExtINT: nowhere
            rig.route(6, mode << 8 | 0x55);
            rig.pulse(6);
            QVERIFY(!rig.apic().pending());
        }
    }

    void sharedVectorEndsBoth()
    {
        Rig rig;
        rig.enable();
        rig.route(20, 0x60 | kLevel);
        rig.route(21, 0x60 | kLevel);
        rig.line(20, true);
        rig.line(21, true);
        QCOMPARE(rig.take(), 0x60);
        rig.line(20, false);
        rig.eoi();
        QCOMPARE(rig.entry(20), 0x60 | kLevel);
        QCOMPARE(rig.entry(21), 0x60 | kLevel | kRemoteIrr);
        QCOMPARE(rig.take(), 0x60);
    }
};

QTEST_GUILESS_MAIN(IoapicTest)
#include "ioapic_test.moc"
