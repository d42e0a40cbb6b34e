// SPDX-License-Identifier: GPL-3.0-or-later
// The real-time clock as firmware and operating systems drive it. MC146818A datasheet.
#include <QtTest>

#include "tests/support/fakes.h"
#include "tests/support/suites.h"
#include "vmm/chipset/rtc.h"
#include "vmm/chipset/rtc_regs.h"

using namespace vmm;
using namespace vmm::chipset::rtc;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kMillisecond = 1'000'000;

/// Host time that moves with guest time: 2023-11-14 22:13:20 UTC, a Tuesday, at the start.
class MovingWallClock final : public WallClock {
public:
    explicit MovingWallClock(const Clock& clock) : m_clock(clock) {}
    int64_t utcNs() const override
    {
        return 1'700'000'000'000'000'000 + jump + static_cast<int64_t>(m_clock.nowNs());
    }
    int64_t jump = 0;

private:
    const Clock& m_clock;
};

struct Rig {
    explicit Rig(const chipset::CmosSetup& setup = {})
        : rtc(std::move(*chipset::Rtc::create(board.pio, line, board.clock, wallClock, setup)))
    {}
    uint8_t read(uint8_t index)
    {
        board.pio.write(memory::GuestPort(0x70), index, 1);
        return static_cast<uint8_t>(board.pio.read(memory::GuestPort(0x71), 1));
    }
    void write(uint8_t index, uint8_t value)
    {
        board.pio.write(memory::GuestPort(0x70), index, 1);
        board.pio.write(memory::GuestPort(0x71), value, 1);
    }
    /// Time of day in BCD as a driver reads it.
    uint32_t time()
    {
        return uint32_t{read(kHours)} << 16 | uint32_t{read(kMinutes)} << 8 | read(kSeconds);
    }
    /// Register C without the periodic flag, which comes 1,024 times a second.
    uint8_t flags() { return read(kRegisterC) & ~kPf & 0xff; }
    void advance(uint64_t ns) { board.clock.advance(ns); }

    tests::FakeBoard board;
    MovingWallClock wallClock{board.clock};
    tests::FakeIrqLine line;
    std::unique_ptr<chipset::Rtc> rtc;
};

} // namespace

class RtcTest : public QObject {
    Q_OBJECT

private slots:
    void showsHostTimeInBcd()
    {
        Rig rig;
        QCOMPARE(rig.time(), 0x221320U);
        QCOMPARE(rig.read(kDayOfWeek), 3);
        QCOMPARE(rig.read(kDayOfMonth), 0x14);
        QCOMPARE(rig.read(kMonth), 0x11);
        QCOMPARE(rig.read(kYear), 0x23);
        QCOMPARE(rig.read(kCentury), 0x20);
        QCOMPARE(rig.read(kRegisterA), 0x26);
        QCOMPARE(rig.read(kRegisterB), 0x02);
        QCOMPARE(rig.read(kRegisterD), 0x80);
        QCOMPARE(rig.board.pio.read(memory::GuestPort(0x70), 1), 0xffU);
        rig.advance(2 * 3600 * kSecond);
        QCOMPARE(rig.time(), 0x001320U);
        QCOMPARE(rig.read(kDayOfMonth), 0x15);
    }

    void binaryAnd12Hour()
    {
        Rig rig;
        rig.write(kRegisterB, kBinary | k24Hour);
        QCOMPARE(rig.read(kHours), 22);
        QCOMPARE(rig.read(kYear), 23);
        rig.write(kRegisterB, kBinary);
        QCOMPARE(rig.read(kHours), 0x80 | 10);
        rig.write(kRegisterB, 0);
        QCOMPARE(rig.read(kHours), 0x90);
        rig.advance(2 * 3600 * kSecond); // midnight is 12 AM
        QCOMPARE(rig.read(kHours), 0x12);
        rig.advance(12 * 3600 * kSecond);
        QCOMPARE(rig.read(kHours), 0x92);
    }

    /// The index has 7 bits, bit 7 is the NMI mask; a 16-bit write sets index and data at once.
    void wideAccessIsIndexThenData()
    {
        Rig rig;
        rig.board.pio.write(memory::GuestPort(0x70), 0x5a'cf, 2);
        QCOMPARE(rig.read(0x4f), 0x5a);
    }

    /// Linux and Windows stop the clock with SET, write everything, let it go.
    void settingTheTimeWithSet()
    {
        Rig rig;
        rig.write(kRegisterB, kSet | k24Hour);
        rig.write(kSeconds, 0x58);
        rig.write(kMinutes, 0x59);
        rig.write(kHours, 0x23);
        rig.write(kDayOfWeek, 7); // wrong on purpose: the chip counts from what it is told
        rig.write(kDayOfMonth, 0x28);
        rig.write(kMonth, 0x02);
        rig.write(kYear, 0x24);
        rig.write(kCentury, 0x20);
        rig.advance(10 * kSecond);
        QCOMPARE(rig.time(), 0x235958U); // stands while SET is on
        rig.write(kRegisterB, k24Hour);
        rig.advance(2 * kSecond);
        QCOMPARE(rig.time(), 0x000000U);
        QCOMPARE(rig.read(kDayOfMonth), 0x29); // 2024 is a leap year
        QCOMPARE(rig.read(kDayOfWeek), 1);
        rig.advance(86'400 * kSecond);
        QCOMPARE(rig.read(kMonth), 0x03);
        QCOMPARE(rig.read(kDayOfMonth), 0x01);
    }

    /// Releasing the divider chain starts a second half through (datasheet "Divider stages").
    void dividerResetStartsHalfASecondIn()
    {
        Rig rig;
        rig.write(kRegisterB, kSet | k24Hour);
        rig.write(kRegisterA, 0x70);
        rig.write(kSeconds, 0x10);
        rig.write(kRegisterB, k24Hour);
        rig.advance(7 * kSecond);
        QCOMPARE(rig.read(kSeconds), 0x10);
        rig.write(kRegisterA, 0x26);
        rig.advance(499 * kMillisecond);
        QCOMPARE(rig.read(kSeconds), 0x10);
        rig.advance(2 * kMillisecond);
        QCOMPARE(rig.read(kSeconds), 0x11);
    }

    void singleWritesWhileRunning()
    {
        Rig rig;
        rig.write(kYear, 0x99);
        rig.write(kCentury, 0x19);
        QCOMPARE(rig.read(kYear), 0x99);
        QCOMPARE(rig.read(kCentury), 0x19);
        QCOMPARE(rig.time(), 0x221320U);
        rig.write(kSeconds, 0x99); // carries over rather than breaking anything
        QCOMPARE(rig.time(), 0x221439U);
    }

    void updateInProgressBeforeEachSecond()
    {
        Rig rig;
        rig.advance(kSecond - 250'000);
        QCOMPARE(rig.read(kRegisterA) & kUip, 0);
        rig.advance(10'000);
        QCOMPARE(rig.read(kRegisterA) & kUip, 0x80);
        QCOMPARE(rig.read(kSeconds), 0x20);
        rig.advance(240'000);
        QCOMPARE(rig.read(kRegisterA) & kUip, 0);
        QCOMPARE(rig.read(kSeconds), 0x21);
        rig.write(kRegisterB, kSet | k24Hour);
        rig.advance(kSecond - 100'000);
        QCOMPARE(rig.read(kRegisterA) & kUip, 0); // no updates, no UIP
    }

    void noTimerWithoutInterrupts()
    {
        Rig rig;
        static_cast<void>(rig.read(kRegisterC));
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
        rig.write(kRegisterB, k24Hour | kUie);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{1});
        rig.write(kRegisterB, k24Hour);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    void updateEndedInterrupt()
    {
        Rig rig;
        rig.advance(300 * kMillisecond);
        rig.write(kRegisterB, k24Hour | kUie);
        rig.advance(699 * kMillisecond);
        QVERIFY(!rig.line.level());
        rig.advance(kMillisecond);
        QVERIFY(rig.line.level());
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0}); // pending: nothing to wait for
        QCOMPARE(rig.flags(), kIrqf | kUf);
        QVERIFY(!rig.line.level());
        QCOMPARE(rig.flags(), 0);
        for (int i = 0; i < 5; ++i) {
            rig.advance(kSecond);
            QCOMPARE(rig.flags(), kIrqf | kUf);
        }
        QCOMPARE(rig.line.edges(), 6U);
    }

    void alarmRings_data()
    {
        QTest::addColumn<uint>("alarm"); // BCD hours, minutes, seconds
        QTest::addColumn<uint>("after"); // seconds from 22:13:20
        QTest::newRow("exact") << 0x221330U << 10U;
        QTest::newRow("tomorrow") << 0x221310U << 86'390U;
        QTest::newRow("every second") << 0xffffffU << 1U;
        QTest::newRow("every minute") << 0xc0c020U << 60U;
        QTest::newRow("every hour") << 0xff1400U << 40U;
        QTest::newRow("at this very second") << 0x221320U << 86'400U;
    }
    void alarmRings()
    {
        QFETCH(uint, alarm);
        QFETCH(uint, after);
        Rig rig;
        rig.write(kHoursAlarm, static_cast<uint8_t>(alarm >> 16));
        rig.write(kMinutesAlarm, static_cast<uint8_t>(alarm >> 8));
        rig.write(kSecondsAlarm, static_cast<uint8_t>(alarm));
        rig.write(kRegisterB, k24Hour | kAie);
        rig.advance(after * kSecond - 1);
        QVERIFY(!rig.line.level());
        rig.advance(1);
        QVERIFY(rig.line.level());
        QCOMPARE(rig.flags(), kIrqf | kAf | kUf);
    }

    void impossibleAlarmNeverRings()
    {
        Rig rig;
        rig.write(kHoursAlarm, 0x77);
        rig.write(kMinutesAlarm, 0xff);
        rig.write(kSecondsAlarm, 0xff);
        rig.write(kRegisterB, k24Hour | kAie);
        rig.advance(3 * 86'400 * kSecond);
        QVERIFY(!rig.line.level());
    }

    /// The host's clock is set forward: the alarm rings within the minute.
    void alarmFollowsTheHostClock()
    {
        Rig rig;
        rig.write(kHoursAlarm, 0x23);
        rig.write(kMinutesAlarm, 0x00);
        rig.write(kSecondsAlarm, 0x00);
        rig.write(kRegisterB, k24Hour | kAie);
        rig.wallClock.jump = 3600 * static_cast<int64_t>(kSecond);
        rig.advance(61 * kSecond);
        QVERIFY(rig.line.level());
    }

    void periodicInterrupt_data()
    {
        QTest::addColumn<int>("rate");
        QTest::addColumn<uint>("perSecond");
        QTest::newRow("1024 Hz") << 6 << 1024U;
        QTest::newRow("256 Hz") << 1 << 256U;
        QTest::newRow("128 Hz") << 2 << 128U;
        QTest::newRow("8192 Hz") << 3 << 8192U;
        QTest::newRow("2 Hz") << 15 << 2U;
        QTest::newRow("off") << 0 << 0U;
    }
    void periodicInterrupt()
    {
        QFETCH(int, rate);
        QFETCH(uint, perSecond);
        Rig rig;
        rig.write(kRegisterA, static_cast<uint8_t>(0x20 | rate));
        static_cast<void>(rig.read(kRegisterC));
        rig.write(kRegisterB, k24Hour | kPie);
        uint got = 0;
        for (int step = 0; step < 100'000; ++step) {
            rig.advance(10'000);
            if (!rig.line.level())
                continue;
            QCOMPARE(rig.read(kRegisterC) & (kIrqf | kPf), kIrqf | kPf);
            ++got;
        }
        QVERIFY2(got == perSecond || got + 1 == perSecond, qPrintable(QString::number(got)));
    }

    /// A guest that never acknowledges costs one timer, not a storm.
    void unacknowledgedPeriodicIsOneInterrupt()
    {
        Rig rig;
        rig.write(kRegisterA, 0x23);
        rig.write(kRegisterB, k24Hour | kPie);
        rig.advance(60 * kSecond);
        QCOMPARE(rig.line.edges(), 1U);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    /// Flags are set without their enables, for drivers that poll register C.
    void flagsWithoutInterrupts()
    {
        Rig rig;
        static_cast<void>(rig.read(kRegisterC));
        rig.advance(kSecond);
        QCOMPARE(rig.read(kRegisterC), kPf | kUf);
        QVERIFY(!rig.line.level());
    }

    void legacyReplacementTakesTheLine()
    {
        Rig rig;
        rig.write(kRegisterB, k24Hour | kPie);
        rig.rtc->legacyReplacement(true);
        rig.advance(kSecond);
        QCOMPARE(rig.line.edges(), 0U);
        rig.rtc->legacyReplacement(false);
        QVERIFY(rig.line.level());
    }

    void cmosForFirmware()
    {
        Rig rig({.memoryBelow4G = uint64_t{0xb0000000},
                 .memoryAbove4G = uint64_t{5} << 30,
                 .cpus = 4,
                 .bootOrder = {3, 2, 0}});
        QCOMPARE(rig.read(0x15) | rig.read(0x16) << 8, 640);
        QCOMPARE(rig.read(0x17) | rig.read(0x18) << 8, 0xffff);
        QCOMPARE(rig.read(0x30) | rig.read(0x31) << 8, 0xffff);
        QCOMPARE(rig.read(0x34) | rig.read(0x35) << 8, (0xb0000000LL - (16 << 20)) >> 16);
        QCOMPARE(rig.read(0x5b) | rig.read(0x5c) << 8 | rig.read(0x5d) << 16, 5 << 14);
        QCOMPARE(rig.read(0x5f), 3);
        QCOMPARE(rig.read(0x3d), 0x23);
        unsigned sum = 0;
        for (uint8_t i = 0x10; i <= 0x2d; ++i)
            sum += rig.read(i);
        QCOMPARE(uint(rig.read(0x2e) << 8 | rig.read(0x2f)), sum & 0xffff);
        rig.write(0x0f, 0x0a); // the shutdown code survives a reset
        rig.rtc->reset();
        QCOMPARE(rig.read(0x0f), 0x0a);
    }

    void resetClearsInterrupts()
    {
        Rig rig;
        Rig fresh;
        rig.write(kRegisterB, k24Hour | kPie | kAie | kUie);
        rig.advance(0);
        tests::resetSuite(*rig.rtc, *rig.rtc, *fresh.rtc, *fresh.rtc);
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    void state()
    {
        Rig rig;
        rig.write(kRegisterB, k24Hour | kPie | kUie);
        rig.write(kHours, 0x05);
        rig.advance(1'234'567'891);
        tests::deviceStateSuite(*rig.rtc, [&] { return makeParticipant(rig); });
    }

    void pendingInterruptSurvivesLoad()
    {
        Rig rig;
        rig.write(kRegisterB, k24Hour | kUie);
        rig.advance(2 * kSecond);
        Rig other;
        QVERIFY(other.rtc->load(rig.rtc->save()).has_value());
        QVERIFY(other.line.level());
        QCOMPARE(other.read(kRegisterC) & kUf, kUf);
    }

    /// Times at the ends of what the fields hold, alarms in the far future.
    void hostileState()
    {
        Rig rig;
        chipset::RtcState state = rig.rtc->save();
        state.index = 0x80;
        QVERIFY(!rig.rtc->load(state).has_value());
        state.index = 0;
        state.offsetSeconds = std::numeric_limits<int64_t>::min();
        QVERIFY(!rig.rtc->load(state).has_value());
        state.offsetSeconds = 0;
        state.offsetNanos = 1'000'000'000;
        QVERIFY(!rig.rtc->load(state).has_value());
        state.offsetNanos = 0;
        for (const int64_t far : {-900'000'000'000, 900'000'000'000}) {
            state.offsetSeconds = far;
            state.checkedSeconds = -far;
            state.cmos[kRegisterB] = k24Hour | kAie | kPie;
            QVERIFY(rig.rtc->load(state).has_value());
            rig.advance(kSecond);
            static_cast<void>(rig.time());
            static_cast<void>(rig.read(kRegisterC));
        }
    }

    void anyAccess()
    {
        Rig rig;
        tests::pioFuzzSuite(*rig.rtc, 2, 1);
        Rig other;
        QVERIFY(other.rtc->load(rig.rtc->save()).has_value()); // whatever was written can be saved
    }

private:
    /// A fresh RTC at the same moment as `like`.
    static std::unique_ptr<state::Participant> makeParticipant(const Rig& like)
    {
        struct Holder final : state::Participant {
            explicit Holder(uint64_t ns) { rig.advance(ns); }
            std::string stateName() const override { return rig.rtc->stateName(); }
            state::Record saveState() const override { return rig.rtc->saveState(); }
            Result<void> loadState(const state::Record& record) override
            {
                return rig.rtc->loadState(record);
            }
            Rig rig;
        };
        return std::make_unique<Holder>(like.board.clock.nowNs());
    }
};

QTEST_GUILESS_MAIN(RtcTest)
#include "rtc_test.moc"
