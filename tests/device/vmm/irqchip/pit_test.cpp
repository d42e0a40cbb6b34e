// SPDX-License-Identifier: GPL-3.0-or-later
// The PIT as SeaBIOS, Linux, GRUB and memtest86+ drive it. Intel 8254 datasheet.
#include <QtTest>

#include "tests/device/vmm/irqchip/rig.h"

using tests::IrqchipRig;

namespace {

/// The shortest time that holds `ticks`.
uint64_t ns(uint64_t ticks)
{
    return (ticks * 1'000'000'000 + 1'193'181) / 1'193'182;
}

struct Rig : IrqchipRig {
    Rig() { initPics(); }
    void program(unsigned counter, unsigned mode, unsigned count)
    {
        out(0x43, counter << 6 | 3 << 4 | mode << 1);
        out(0x40 + counter, count & 0xff);
        out(0x40 + counter, count >> 8);
    }
    unsigned word(unsigned counter)
    {
        const unsigned low = in(0x40 + counter);
        return low | in(0x40 + counter) << 8;
    }
    unsigned latched(unsigned counter)
    {
        out(0x43, counter << 6);
        return word(counter);
    }
    bool output2() { return (in(0x61) & 0x20) != 0; }
    void advance(uint64_t time) { board.clock.advance(time); }
    bool tick()
    {
        if (take() != 0x20)
            return false;
        out(0x20, 0x20);
        return true;
    }
};

} // namespace

class PitTest : public QObject {
    Q_OBJECT

private slots:
    void idleAfterPowerOn()
    {
        Rig rig;
        rig.advance(1'000'000'000);
        QVERIFY(!rig.tick());
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    void rateGenerator()
    {
        Rig rig;
        rig.program(0, 2, 1193);
        int ticks = 0;
        for (int i = 0; i < 1000; ++i) {
            rig.advance(ns(1193) / 2);
            ticks += rig.tick() ? 1 : 0;
        }
        QVERIFY(ticks >= 499 && ticks <= 500);
        rig.program(0, 2, 1000);
        rig.advance(ns(300));
        QCOMPARE(rig.latched(0), 700U);
        rig.advance(ns(900));
        QCOMPARE(rig.latched(0), 800U);
    }

    void lostTicksAreNotMadeUp()
    {
        Rig rig;
        rig.program(0, 2, 0); // 18.2 Hz
        rig.advance(10'000'000'000);
        QVERIFY(rig.tick());
        QVERIFY(!rig.tick());
        rig.program(0, 2, 1); // as fast as it goes
        const int before = rig.sinks[0].interrupts;
        rig.advance(1'000'000);
        QVERIFY(rig.sinks[0].interrupts - before <= 55);
    }

    void squareWave()
    {
        Rig rig;
        rig.program(0, 3, 1000);
        rig.advance(ns(100));
        QCOMPARE(rig.latched(0), 800U); // by two
        rig.advance(ns(500));
        QCOMPARE(rig.latched(0), 800U);
        rig.advance(ns(400));
        QVERIFY(rig.tick());
        rig.out(0x61, 1);
        rig.program(2, 3, 1000);
        QVERIFY(rig.output2());
        rig.advance(ns(500));
        QVERIFY(!rig.output2());
        rig.advance(ns(501));
        QVERIFY(rig.output2());
    }

    void oneShots()
    {
        for (const unsigned mode : {0U, 4U}) {
            Rig rig;
            rig.program(0, mode, 5000);
            rig.advance(ns(4999));
            QVERIFY(!rig.tick());
            rig.advance(ns(2));
            QVERIFY(rig.tick());
            rig.advance(ns(200'000));
            QVERIFY(!rig.tick());
            rig.out(0x43, 0x30 | mode << 1); // a control word alone stops it
            QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
        }
    }

    void calibrationWithCounter2()
    {
        Rig rig;
        rig.out(0x61, (rig.in(0x61) & ~2U) | 1);
        rig.program(2, 0, 11932);
        QVERIFY(!rig.output2());
        rig.advance(9'999'000);
        QVERIFY(!rig.output2());
        rig.advance(2'000);
        QVERIFY(rig.output2());
        QCOMPARE(rig.in(0x61) & 3, 1U);
        rig.out(0x43, 0xb0); // again: low at once
        QVERIFY(!rig.output2());
    }

    void gateStopsAndRestarts()
    {
        Rig rig;
        rig.out(0x61, 0);
        rig.program(2, 0, 1000);
        rig.advance(ns(5000));
        QVERIFY(!rig.output2());
        QCOMPARE(rig.latched(2), 1000U);
        rig.out(0x61, 1);
        rig.advance(ns(400));
        rig.out(0x61, 0);
        rig.advance(ns(5000));
        QCOMPARE(rig.latched(2), 600U);
        rig.out(0x61, 3);
        QCOMPARE(rig.in(0x61) & 3, 3U);
        rig.advance(ns(601));
        QVERIFY(rig.output2());

        rig.out(0x61, 0);
        rig.program(2, 1, 1000); // triggered by its gate
        QVERIFY(rig.output2());
        rig.out(0x61, 1);
        QVERIFY(!rig.output2());
        rig.advance(ns(1001));
        QVERIFY(rig.output2());
    }

    void latchesAndReadBack()
    {
        Rig rig;
        rig.program(0, 2, 0x8000);
        rig.advance(ns(0x100));
        rig.out(0x43, 0x00);
        rig.advance(ns(0x100));
        rig.out(0x43, 0x00); // the first latch counts
        QCOMPARE(rig.word(0), 0x7f00U);
        const unsigned live = rig.word(0);
        QVERIFY(live == 0x7e00 || live == 0x7dff);
        rig.out(0x43, 0xc2); // read-back: status and count of counter 0
        QCOMPARE(rig.in(0x40), 0xb4U);
        QCOMPARE(rig.word(0), live);
        rig.out(0x43, 0xe8); // status alone, counter 2
        QCOMPARE(rig.in(0x42) & 0x3f, 0U);
        rig.out(0x43, 0x14); // low byte only
        rig.out(0x40, 0x80);
        QCOMPARE(rig.in(0x40), 0x80U);
        rig.out(0x43, 0x24); // high byte only
        rig.out(0x40, 0x12);
        QCOMPARE(rig.in(0x40), 0x12U);
        QCOMPARE(rig.in(0x43), 0U);
    }

    void decimal()
    {
        Rig rig;
        rig.out(0x43, 0x31);
        rig.out(0x40, 0x00);
        rig.out(0x40, 0x10); // 1000
        rig.advance(ns(1));
        QCOMPARE(rig.latched(0), 0x0999U);
        rig.advance(ns(1000));
        QVERIFY(rig.tick());
    }

    void refreshToggles()
    {
        Rig rig;
        const unsigned before = rig.in(0x61) & 0x10;
        rig.advance(1 << 14);
        QVERIFY((rig.in(0x61) & 0x10) != before);
    }

    void hpetTakesOver()
    {
        Rig rig;
        rig.program(0, 2, 1000);
        rig.chip->setHpetLegacy(true);
        rig.advance(10'000'000);
        QVERIFY(!rig.tick());
        rig.pulse(0); // the HPET's
        QVERIFY(rig.tick());
        rig.chip->setHpetLegacy(false);
        rig.advance(10'000'000);
        QVERIFY(rig.tick());
    }

    void resumes()
    {
        Rig rig;
        rig.program(0, 2, 10'000);
        rig.advance(ns(2'500));
        const vmm::cpu::IrqchipState state = rig.chip->save();
        Rig other;
        QVERIFY(other.chip->load(state).has_value());
        QCOMPARE(other.latched(0), 7'500U);
        other.advance(ns(7'499));
        QVERIFY(!other.tick());
        other.advance(ns(2));
        QVERIFY(other.tick());
    }
};

QTEST_GUILESS_MAIN(PitTest)
#include "pit_test.moc"
