// SPDX-License-Identifier: GPL-3.0-or-later
// The event timer as Linux and Windows drive it. IA-PC HPET Specification 1.0a.
#include <QtTest>

#include "tests/support/fakes.h"
#include "tests/support/suites.h"
#include "vmm/chipset/hpet.h"

using namespace vmm;
using namespace vmm::chipset::hpet;

namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kMillisecondTicks = 10'000;

struct Listener final : chipset::LegacyReplacementListener {
    void legacyReplacement(bool value) override { on = value; }
    bool on = false;
};

struct Rig {
    uint64_t in(uint64_t offset, unsigned size = 8)
    {
        return board.mmio.read(memory::GuestPhys(chipset::Hpet::kBase + offset), size);
    }
    void out(uint64_t offset, uint64_t value, unsigned size = 8)
    {
        board.mmio.write(memory::GuestPhys(chipset::Hpet::kBase + offset), value, size);
    }
    static uint64_t config(unsigned timer) { return kTimerBase + timer * kTimerStride; }
    static uint64_t comparator(unsigned timer) { return config(timer) + kTimerComparator; }
    void advance(uint64_t ns) { board.clock.advance(ns); }
    const tests::FakeIrqLine& gsi(unsigned number) { return board.interrupts.line(number); }

    tests::FakeBoard board;
    Listener listener;
    std::unique_ptr<chipset::Hpet> hpet =
        std::move(*chipset::Hpet::create(board.mmio, board.interrupts, board.clock, {&listener}));
};

struct Fresh final : state::Participant {
    explicit Fresh(uint64_t ns) { rig.advance(ns); }
    std::string stateName() const override { return rig.hpet->stateName(); }
    state::Record saveState() const override { return rig.hpet->saveState(); }
    Result<void> loadState(const state::Record& record) override
    {
        return rig.hpet->loadState(record);
    }
    Rig rig;
};

} // namespace

class HpetTest : public QObject {
    Q_OBJECT

private slots:
    void capabilities()
    {
        Rig rig;
        QCOMPARE(rig.in(kCapabilities), uint64_t{0x05f5e100'8086a201});
        QCOMPARE(rig.in(kCapabilities + 4, 4), uint64_t{0x05f5e100});
        QCOMPARE(rig.in(Rig::config(0)), uint64_t{0x0000c000'00000030});
        QCOMPARE(rig.in(Rig::config(3)), uint64_t{0});
        rig.out(kCapabilities, 0);
        QCOMPARE(rig.in(kCapabilities, 4), uint64_t{0x8086a201});
    }

    void counterRunsWhileEnabled()
    {
        Rig rig;
        rig.advance(kMillisecond);
        QCOMPARE(rig.in(kMainCounter), uint64_t{0});
        rig.out(kMainCounter, 500);
        rig.out(kConfiguration, kEnableCnf);
        rig.advance(kMillisecond);
        QCOMPARE(rig.in(kMainCounter), 500 + kMillisecondTicks);
        rig.out(kMainCounter, 0); // not while it runs
        QCOMPARE(rig.in(kMainCounter), 500 + kMillisecondTicks);
        rig.out(kConfiguration, 0);
        rig.advance(kMillisecond);
        QCOMPARE(rig.in(kMainCounter), 500 + kMillisecondTicks);
        rig.out(kMainCounter, 0xffffffff, 4);
        rig.out(kMainCounter + 4, 7, 4);
        QCOMPARE(rig.in(kMainCounter), uint64_t{0x7'ffffffff});
        rig.out(kConfiguration, kEnableCnf);
        rig.advance(100);
        QCOMPARE(rig.in(kMainCounter, 4), uint64_t{0});
        QCOMPARE(rig.in(kMainCounter + 4, 4), uint64_t{8});
    }

    /// Linux hpet_clkevt_set_state_periodic: accumulator with VAL_SET, then the period.
    void linuxPeriodicInLegacyMode()
    {
        Rig rig;
        rig.out(kConfiguration, 0, 4);
        rig.out(Rig::config(0), kIntEnb | kTypePeriodic | kValSet | k32Mode, 4);
        rig.out(Rig::comparator(0), kMillisecondTicks, 4);
        rig.out(Rig::comparator(0), kMillisecondTicks, 4);
        rig.out(kConfiguration, kEnableCnf | kLegRtCnf, 4);
        QVERIFY(rig.listener.on);
        rig.advance(kMillisecond - 100);
        QCOMPARE(rig.gsi(0).edges(), 0U);
        rig.advance(100);
        QCOMPARE(rig.gsi(0).edges(), 1U);
        QVERIFY(!rig.gsi(0).level()); // an edge is a pulse
        QCOMPARE(rig.in(kInterruptStatus), uint64_t{0});
        for (int i = 0; i < 999; ++i)
            rig.advance(kMillisecond);
        QCOMPARE(rig.gsi(0).edges(), 1000U);
        QCOMPARE(rig.in(Rig::comparator(0)), 1001 * kMillisecondTicks);
        rig.out(kConfiguration, kEnableCnf, 4);
        QVERIFY(!rig.listener.on);
    }

    /// Linux hpet_clkevt_set_next_event.
    void linuxOneShot()
    {
        Rig rig;
        rig.out(kConfiguration, kEnableCnf | kLegRtCnf, 4);
        rig.out(Rig::config(0), kIntEnb | k32Mode, 4);
        rig.advance(5 * kMillisecond);
        QCOMPARE(rig.gsi(0).edges(), 0U);
        for (unsigned i = 1; i < 10; ++i) {
            const auto now = static_cast<uint32_t>(rig.in(kMainCounter, 4));
            rig.out(Rig::comparator(0), now + kMillisecondTicks, 4);
            rig.advance(kMillisecond - 100);
            QCOMPARE(rig.gsi(0).edges(), i - 1);
            rig.advance(100);
            QCOMPARE(rig.gsi(0).edges(), i);
        }
        rig.advance(1000 * kMillisecond);
        QCOMPARE(rig.gsi(0).edges(), 9U);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    /// A moment that passed while the guest was writing fires at once.
    void missedOneShotFires()
    {
        Rig rig;
        rig.out(kConfiguration, kEnableCnf | kLegRtCnf);
        rig.out(Rig::config(1), kIntEnb);
        rig.advance(kMillisecond);
        rig.out(Rig::comparator(1), kMillisecondTicks - 50);
        QCOMPARE(rig.gsi(8).edges(), 1U);
        rig.advance(kMillisecond);
        QCOMPARE(rig.gsi(8).edges(), 1U);
    }

    void oneShotAcrossThe32BitWrap()
    {
        Rig rig;
        rig.out(kMainCounter, 0xffffff00);
        rig.out(kConfiguration, kEnableCnf | kLegRtCnf);
        rig.out(Rig::config(0), kIntEnb | k32Mode);
        rig.out(Rig::comparator(0), 0x100, 4);
        rig.advance(0x1ff * 100);
        QCOMPARE(rig.gsi(0).edges(), 0U);
        rig.advance(100);
        QCOMPARE(rig.gsi(0).edges(), 1U);
    }

    /// Level interrupts hold the line and the status bit until that is written as one.
    void levelTriggered()
    {
        Rig rig;
        rig.out(kConfiguration, kEnableCnf);
        rig.out(Rig::config(2), IntRoute::set(kIntEnb | kIntTypeLevel, 14));
        rig.out(Rig::comparator(2), kMillisecondTicks);
        rig.advance(2 * kMillisecond);
        QVERIFY(rig.gsi(14).level());
        QCOMPARE(rig.in(kInterruptStatus), uint64_t{4});
        rig.out(kInterruptStatus, 3, 4);
        QVERIFY(rig.gsi(14).level());
        rig.out(kInterruptStatus, 4, 4);
        QVERIFY(!rig.gsi(14).level());
        QCOMPARE(rig.in(kInterruptStatus), uint64_t{0});
    }

    void routesNobodyOffered()
    {
        Rig rig;
        rig.out(kConfiguration, kEnableCnf);
        for (unsigned route = 0; route < 32; ++route) {
            rig.out(Rig::config(2), IntRoute::set(kIntEnb | (route % 2) * kIntTypeLevel, route));
            rig.out(Rig::comparator(2), rig.in(kMainCounter) + 200);
            rig.advance(kMillisecond);
        }
        for (unsigned line = 0; line < 32; ++line)
            QCOMPARE(rig.gsi(line).edges() != 0, line == 14 || line == 15);
    }

    /// The shortest period costs at most one interrupt in 10 us; missed ones are skipped.
    void stormsAreBounded()
    {
        Rig rig;
        rig.out(kConfiguration, kEnableCnf | kLegRtCnf);
        rig.out(Rig::config(0), kIntEnb | kTypePeriodic | kValSet);
        rig.out(Rig::comparator(0), 1);
        rig.advance(100 * kMillisecond);
        QVERIFY(rig.gsi(0).edges() <= 10'001);
        QVERIFY(rig.gsi(0).edges() >= 9'000);
        rig.out(Rig::comparator(0), 0); // period 0: one shot
        rig.advance(100 * kMillisecond);
        QVERIFY(rig.gsi(0).edges() <= 10'003);
    }

    /// Nothing is armed while no comparator interrupts, and a periodic comparator goes on all the
    /// same.
    void idleCostsNothing()
    {
        Rig rig;
        rig.out(kConfiguration, kEnableCnf);
        rig.out(Rig::config(0), kTypePeriodic | kValSet);
        rig.out(Rig::comparator(0), kMillisecondTicks);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
        rig.advance(10 * kMillisecond + 500);
        QCOMPARE(rig.in(Rig::comparator(0)), 11 * kMillisecondTicks);
        QCOMPARE(rig.gsi(0).edges(), 0U);
    }

    void partialAndOddAccess()
    {
        Rig rig;
        rig.out(Rig::comparator(1), 0x1122334455667788);
        QCOMPARE(rig.in(Rig::comparator(1) + 1, 1), uint64_t{0x77});
        QCOMPARE(rig.in(Rig::comparator(1) + 2, 4), uint64_t{0x33445566});
        QCOMPARE(rig.in(Rig::comparator(1) + 6, 4), uint64_t{0x1122});
        rig.out(Rig::comparator(1), 0xff, 1); // not a defined width
        rig.out(Rig::comparator(1) + 4, 0xaabbccdd, 4);
        QCOMPARE(rig.in(Rig::comparator(1)), uint64_t{0xaabbccdd55667788});
        rig.out(Rig::config(1), k32Mode);
        QCOMPARE(rig.in(Rig::comparator(1)), uint64_t{0x55667788});
    }

    void resetSuite()
    {
        Rig rig;
        Rig fresh;
        drive(rig);
        tests::resetSuite(*rig.hpet, *rig.hpet, *fresh.hpet, *fresh.hpet);
        QVERIFY(!rig.listener.on);
        QVERIFY(!rig.gsi(15).level());
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    void state()
    {
        Rig rig;
        drive(rig);
        const uint64_t now = rig.board.clock.nowNs();
        tests::deviceStateSuite(*rig.hpet, [now] { return std::make_unique<Fresh>(now); });
        Rig other; // restored at another guest time: the counter goes on where it was
        QVERIFY(other.hpet->load(rig.hpet->save()).has_value());
        QVERIFY(other.listener.on);
        QVERIFY(other.gsi(15).level());
        QCOMPARE(other.in(kMainCounter), rig.in(kMainCounter));
        rig.advance(3 * kMillisecond);
        other.advance(3 * kMillisecond);
        QCOMPARE(other.in(Rig::comparator(0)), rig.in(Rig::comparator(0)));
        QVERIFY(other.gsi(0).edges() > 0);
    }

    void hostileState()
    {
        Rig rig;
        auto state = rig.hpet->save();
        state.configuration = 4;
        QVERIFY(!rig.hpet->load(state).has_value());
        state = rig.hpet->save();
        state.interruptStatus = 8;
        QVERIFY(!rig.hpet->load(state).has_value());
        for (const uint64_t odd : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 63, ~uint64_t{0}}) {
            state = rig.hpet->save();
            state.configuration = kEnableCnf | kLegRtCnf;
            state.counter = ~odd;
            for (auto& timer : state.timers)
                timer = {kIntEnb | kTypePeriodic, odd, odd, odd, true};
            QVERIFY(rig.hpet->load(state).has_value());
            rig.advance(10 * kMillisecond);
            static_cast<void>(rig.in(kMainCounter));
        }
    }

    void anyAccess()
    {
        for (unsigned seed = 1; seed < 20; ++seed) {
            Rig rig;
            for (unsigned round = 0; round < 20; ++round) {
                tests::mmioFuzzSuite(*rig.hpet, kWindowSize, seed * 100 + round, 500);
                rig.advance(kMillisecond);
            }
            Rig other;
            QVERIFY(other.hpet->load(rig.hpet->save()).has_value());
        }
    }

private:
    /// A periodic timer 0 in legacy mode, a pending level interrupt of timer 2.
    static void drive(Rig& rig)
    {
        rig.out(kConfiguration, kEnableCnf | kLegRtCnf);
        rig.out(Rig::config(0), kIntEnb | kTypePeriodic | kValSet);
        rig.out(Rig::comparator(0), kMillisecondTicks);
        rig.out(Rig::config(2), IntRoute::set(kIntEnb | kIntTypeLevel, 15));
        rig.out(Rig::comparator(2), 123);
        rig.advance(5 * kMillisecond + 4321);
    }
};

QTEST_GUILESS_MAIN(HpetTest)
#include "hpet_test.moc"
