// SPDX-License-Identifier: GPL-3.0-or-later
// The local APIC's timer. SDM volume 3 section 11.5.4. It counts nanoseconds divided by the
// divider.
#include <QtTest>

#include "tests/device/vmm/irqchip/rig.h"

using tests::IrqchipRig;

namespace {

constexpr uint32_t kPeriodic = 1 << 17, kDeadline = 2 << 17, kMasked = 1 << 16;
constexpr uint32_t kTscDeadline = 0x6e0;

struct Rig : IrqchipRig {
    Rig()
    {
        enable();
        apic().write(kTdcr, 0xb); // by 1
    }
    uint32_t count() { return apic().read(kTmcct); }
    void advance(uint64_t ns) { board.clock.advance(ns); }
};

} // namespace

class ApicTimerTest : public QObject {
    Q_OBJECT

private slots:
    void oneShot()
    {
        Rig rig;
        rig.apic().write(Rig::kLvtTimer, 0x40);
        rig.apic().write(Rig::kTmict, 1'000'000);
        rig.advance(400'000);
        QCOMPARE(rig.count(), 600'000U);
        QCOMPARE(rig.take(), -1);
        rig.advance(600'000);
        QCOMPARE(rig.take(), 0x40);
        QCOMPARE(rig.count(), 0U);
        QCOMPARE(rig.apic().read(Rig::kTmict), 1'000'000U);
        rig.eoi();
        rig.advance(5'000'000);
        QCOMPARE(rig.take(), -1);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
        rig.apic().write(Rig::kTmict, 1'000'000);
        rig.apic().write(Rig::kTmict, 0);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    void divider()
    {
        Rig rig;
        rig.apic().write(Rig::kTmict, 1000);
        const std::array<std::pair<uint32_t, uint32_t>, 8> divisors = {
            {{0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {10, 128}, {11, 1}}};
        for (const auto& [code, divisor] : divisors) {
            rig.apic().write(Rig::kTdcr, code);
            rig.apic().write(Rig::kTmict, 1000);
            rig.advance(100 * divisor);
            QCOMPARE(rig.count(), 900U);
        }
    }

    void periodic()
    {
        Rig rig;
        rig.apic().write(Rig::kLvtTimer, kPeriodic | 0x40);
        rig.apic().write(Rig::kTmict, 1'000'000);
        int ticks = 0;
        for (int i = 0; i < 20; ++i) {
            rig.advance(500'000);
            if (rig.take() == 0x40) {
                ++ticks;
                rig.eoi();
            }
        }
        QCOMPARE(ticks, 10);
        rig.advance(10'250'000); // missed ones are not made up
        QCOMPARE(rig.take(), 0x40);
        rig.eoi();
        QCOMPARE(rig.take(), -1);
        QCOMPARE(rig.count(), 750'000U);
        rig.apic().write(Rig::kLvtTimer, kPeriodic | kMasked | 0x40);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0}); // nobody would hear it
        rig.advance(1'500'000);
        QCOMPARE(rig.count(), 250'000U);
    }

    void shortPeriodsDoNotStorm()
    {
        Rig rig;
        rig.apic().write(Rig::kLvtTimer, kPeriodic | 0x40);
        rig.apic().write(Rig::kTmict, 1);
        const int before = rig.sinks[0].interrupts;
        rig.advance(1'000'000);
        QVERIFY(rig.sinks[0].interrupts - before <= 51);
        QVERIFY(rig.apic().pending());
    }

    void modeChanges()
    {
        Rig rig;
        rig.apic().write(Rig::kLvtTimer, kMasked | 0x40);
        rig.apic().write(Rig::kTmict, 1000);
        rig.advance(600);
        rig.apic().write(Rig::kLvtTimer, kMasked | kPeriodic | 0x40);
        QCOMPARE(rig.count(), 400U); // goes on
        rig.advance(600);
        QCOMPARE(rig.count(), 800U);
        rig.apic().write(Rig::kLvtTimer, kMasked | 0x40);
        rig.advance(900);
        QCOMPARE(rig.count(), 0U);
        rig.apic().write(Rig::kLvtTimer, kMasked | kPeriodic | 0x40);
        QCOMPARE(rig.count(), 0U); // stays
        rig.apic().write(Rig::kLvtTimer, kDeadline | 0x40);
        QCOMPARE(rig.apic().read(Rig::kTmict), 0U);
        rig.apic().write(Rig::kTmict, 1000);
        QCOMPARE(rig.apic().read(Rig::kTmict), 0U);
    }

    void tscDeadline()
    {
        Rig rig;
        rig.advance(1000);
        QVERIFY(rig.apic().writeMsr(kTscDeadline, 5000)); // other mode: ignored
        QCOMPARE(rig.apic().readMsr(kTscDeadline), std::optional<uint64_t>(0));
        rig.apic().write(Rig::kLvtTimer, kDeadline | 0x40);
        QVERIFY(rig.apic().writeMsr(kTscDeadline, 2'002'000));
        QCOMPARE(rig.apic().readMsr(kTscDeadline), std::optional<uint64_t>(2'002'000));
        rig.advance(999'999);
        QCOMPARE(rig.take(), -1);
        rig.advance(1);
        QCOMPARE(rig.take(), 0x40);
        rig.eoi();
        QCOMPARE(rig.apic().readMsr(kTscDeadline), std::optional<uint64_t>(0));
        QVERIFY(rig.apic().writeMsr(kTscDeadline, 1)); // past: at once
        QCOMPARE(rig.take(), 0x40);
        rig.eoi();
        QVERIFY(rig.apic().writeMsr(kTscDeadline, ~uint64_t{0}));
        QVERIFY(rig.apic().writeMsr(kTscDeadline, 0));
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    void movedCounter()
    {
        Rig rig;
        rig.apic().write(Rig::kLvtTimer, kDeadline | 0x40);
        QVERIFY(rig.apic().writeMsr(kTscDeadline, 2'000'000));
        rig.apic().setTscOffset(1'000'000);
        rig.advance(499'999);
        QCOMPARE(rig.take(), -1);
        rig.advance(1);
        QCOMPARE(rig.take(), 0x40);
        rig.eoi();

        // A saved counter says by itself how far ahead the vCPU's is.
        QVERIFY(rig.apic().writeMsr(kTscDeadline, 50'002'000'000));
        vmm::cpu::CpuState state;
        state.msrs = {{0x10, 50'000'000'000}};
        rig.apic().save(state);
        Rig other;
        QVERIFY(other.apic().load(state).has_value());
        QCOMPARE(other.apic().readMsr(kTscDeadline), std::optional<uint64_t>(50'002'000'000));
        other.advance(999'999);
        QCOMPARE(other.take(), -1);
        other.advance(1);
        QCOMPARE(other.take(), 0x40);
    }

    void resumes()
    {
        Rig rig;
        rig.apic().write(Rig::kLvtTimer, kPeriodic | 0x40);
        rig.apic().write(Rig::kTdcr, 3);
        rig.apic().write(Rig::kTmict, 1000);
        rig.advance(4'000);
        vmm::cpu::CpuState state;
        rig.apic().save(state);
        Rig other;
        other.advance(123'456);
        QVERIFY(other.apic().load(state).has_value());
        QCOMPARE(other.count(), 750U);
        other.advance(11'999);
        QCOMPARE(other.take(), -1);
        other.advance(1);
        QCOMPARE(other.take(), 0x40);

        rig.apic().write(Rig::kLvtTimer, kDeadline | 0x40);
        QVERIFY(rig.apic().writeMsr(kTscDeadline, 1'000'000));
        rig.apic().save(state);
        Rig third;
        QVERIFY(third.apic().load(state).has_value());
        third.advance(499'999);
        QCOMPARE(third.take(), -1);
        third.advance(1);
        QCOMPARE(third.take(), 0x40);
    }
};

QTEST_GUILESS_MAIN(ApicTimerTest)
#include "apic_timer_test.moc"
