// SPDX-License-Identifier: GPL-3.0-or-later
// Real-time clock and CMOS memory at ports 0x70/0x71, IRQ 8 (Motorola MC146818A datasheet; ICH9
// datasheet 13.6).
#include "vmm/chipset/rtc.h"

#include <algorithm>

#include "vmm/chipset/rtc_regs.h"

namespace vmm::chipset {

using namespace rtc;

namespace {
constexpr int64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kTickRate = 32'768;
// UIP rises 244 us before the update (datasheet "Update cycle"); the update itself takes no time
// here.
constexpr uint32_t kUipNs = 244'000;
// The alarm's timer runs on guest time but the clock follows the host's: look again this often, in
// case somebody set the host's clock.
constexpr int64_t kLookAgainNs = 60 * kSecondNs;
// Where the two run apart the timer is early now and then: wait this long, do not spin.
constexpr int64_t kMinWaitNs = 10'000;
// 28,500 years: what registers can hold, and inside what the calendar can do.
constexpr int64_t kMaxOffsetSeconds = 900'000'000'000;

bool isTimeRegister(uint8_t index)
{
    return index <= kYear ? index % 2 == 0 || index >= kDayOfWeek : index == kCentury;
}

uint64_t ticksAt(uint64_t ns)
{
    constexpr auto kSecond = static_cast<uint64_t>(kSecondNs);
    return ns / kSecond * kTickRate + ns % kSecond * kTickRate / kSecond;
}

/// The first moment at which ticksAt() is `ticks`.
uint64_t nsOfTicks(uint64_t ticks)
{
    constexpr auto kSecond = static_cast<uint64_t>(kSecondNs);
    return ticks / kTickRate * kSecond + (ticks % kTickRate * kSecond + kTickRate - 1) / kTickRate;
}
} // namespace

Result<std::unique_ptr<Rtc>> Rtc::create(bus::PioBus& pio, bus::IrqLine& irq8, TimerService& timers,
                                         const WallClock& wallClock, const CmosSetup& setup)
{
    std::unique_ptr<Rtc> rtc(new Rtc(irq8, timers, wallClock, setup));
    rtc->m_ports = TRY(pio.map("rtc", memory::GuestPort(0x70), 2, *rtc, 1));
    return rtc;
}

Rtc::Rtc(bus::IrqLine& irq8, TimerService& timers, const WallClock& wallClock,
         const CmosSetup& setup)
    : m_timers(timers), m_wallClock(wallClock), m_irq(irq8)
{
    MutexLock lock(m_mutex);
    m_cmos[kRegisterA] = 0x26; // 32,768 Hz crystal, 1,024 Hz periodic rate
    m_cmos[kRegisterB] = k24Hour;
    m_cmos[kRegisterD] = kVrt;
    fillCmos(setup);
    m_checkedSeconds = momentLocked().seconds;
    m_checkedTicks = ticksNow();
    m_timer = timers.createTimer([this] { onTimer(); });
}

void Rtc::fillCmos(const CmosSetup& setup)
{
    const auto store = [this](uint8_t at, uint64_t value, unsigned bytes)
                           VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
                               for (unsigned i = 0; i < bytes; ++i)
                                   m_cmos[at + i] = static_cast<uint8_t>(value >> (8 * i));
                           };
    const auto above = [&setup](uint64_t from, uint64_t unit, uint64_t most) {
        return std::min((std::max(setup.memoryBelow4G, from) - from) / unit, most);
    };
    store(kEquipment, 0x06, 1); // floating-point unit, PS/2 pointing device
    store(kBaseMemory, 640, 2);
    store(kExtendedMemory, above(uint64_t{1} << 20, 1024, 0xffff), 2);
    store(kExtendedMemoryAgain, above(uint64_t{1} << 20, 1024, 0xffff), 2);
    store(kMemoryAbove16M, above(uint64_t{16} << 20, 65'536, 0xffff), 2);
    store(kMemoryAbove4G, std::min(setup.memoryAbove4G / 65'536, uint64_t{0xffffff}), 3);
    store(kOtherCpus, std::min(setup.cpus, 256U) - (setup.cpus > 0 ? 1 : 0), 1);
    store(kBootFirst, (setup.bootOrder[0] & 15U) | (setup.bootOrder[1] & 15U) << 4, 1);
    store(kBootThird, (setup.bootOrder[2] & 15U) << 4 | 1, 1); // bit 0: no floppy signature check
    unsigned sum = 0;
    for (unsigned i = 0x10; i < kChecksum; ++i)
        sum += m_cmos[i];
    store(kChecksum, (sum >> 8 & 0xff) | (sum & 0xff) << 8, 2);
}

rtc::Encoding Rtc::encodingLocked() const
{
    return {(m_cmos[kRegisterB] & kBinary) != 0, (m_cmos[kRegisterB] & k24Hour) != 0};
}

rtc::Alarm Rtc::alarmLocked() const
{
    const Encoding encoding = encodingLocked();
    const auto part = [](uint8_t number, unsigned value) {
        return (number & kWildcard) == kWildcard ? std::nullopt : std::optional(value);
    };
    const uint8_t second = m_cmos[kSecondsAlarm];
    const uint8_t minute = m_cmos[kMinutesAlarm];
    const uint8_t hour = m_cmos[kHoursAlarm];
    return {part(second, encoding.value(second)), part(minute, encoding.value(minute)),
            part(hour, encoding.hourValue(hour))};
}

bool Rtc::runningLocked() const
{
    return (m_cmos[kRegisterB] & kSet) == 0 && (m_cmos[kRegisterA] & kDividerMask) < kDividerReset;
}

Rtc::Moment Rtc::momentLocked() const
{
    const int64_t utc = m_wallClock.utcNs();
    int64_t seconds = utc / kSecondNs;
    int64_t nanos = utc % kSecondNs;
    if (nanos < 0) {
        nanos += kSecondNs;
        --seconds;
    }
    nanos += m_offsetNanos;
    return {seconds + m_offsetSeconds + nanos / kSecondNs,
            static_cast<uint32_t>(nanos % kSecondNs)};
}

/// All registers with the time as it is now, unless the clock stands.
std::array<uint8_t, 128> Rtc::registersLocked() const
{
    auto registers = m_cmos;
    if (!runningLocked())
        return registers;
    const Date date = dateOf(momentLocked().seconds);
    const Encoding encoding = encodingLocked();
    const auto year = static_cast<unsigned>((date.year % 10'000 + 10'000) % 10'000);
    registers[kSeconds] = encoding.number(date.second);
    registers[kMinutes] = encoding.number(date.minute);
    registers[kHours] = encoding.hour(date.hour);
    registers[kDayOfWeek] = encoding.number((date.weekday - 1 + m_weekdayOffset) % 7 + 1);
    registers[kDayOfMonth] = encoding.number(date.day);
    registers[kMonth] = encoding.number(date.month);
    registers[kYear] = encoding.number(year % 100);
    registers[kCentury] = encoding.number(year / 100);
    return registers;
}

/// Lets the clock go on from what the time registers say, `nanos` into that second.
void Rtc::setTimeLocked(uint32_t nanos)
{
    const Encoding encoding = encodingLocked();
    Date date;
    date.second = encoding.value(m_cmos[kSeconds]);
    date.minute = encoding.value(m_cmos[kMinutes]);
    date.hour = encoding.hourValue(m_cmos[kHours]);
    date.day = encoding.value(m_cmos[kDayOfMonth]);
    date.month = encoding.value(m_cmos[kMonth]);
    date.year =
        static_cast<int>(encoding.value(m_cmos[kCentury]) * 100 + encoding.value(m_cmos[kYear]));
    const int64_t seconds = secondsOf(date);
    m_offsetSeconds = 0;
    m_offsetNanos = 0;
    const Moment host = momentLocked();
    const int64_t difference = int64_t{nanos} - host.nanos;
    m_offsetSeconds = seconds - host.seconds - (difference < 0 ? 1 : 0);
    m_offsetNanos = static_cast<uint32_t>(difference < 0 ? difference + kSecondNs : difference);
    const unsigned weekday = encoding.value(m_cmos[kDayOfWeek]);
    m_weekdayOffset = static_cast<uint8_t>((weekday + 7 - dateOf(seconds).weekday % 7) % 7);
    m_checkedSeconds = seconds;
}

uint64_t Rtc::ticksNow() const
{
    return ticksAt(m_timers.nowNs());
}

/// Length of the periodic interrupt in 32,768 Hz ticks, 0 when it is off (datasheet table 5).
uint64_t Rtc::periodTicksLocked() const
{
    const unsigned rate = m_cmos[kRegisterA] & kRateMask;
    if (rate == 0 || (m_cmos[kRegisterA] & kDividerMask) >= kDividerReset)
        return 0;
    return uint64_t{1} << (rate <= 2 ? rate + 6 : rate - 1);
}

/// Sets the flags of what happened since the last look.
void Rtc::catchUpLocked()
{
    uint8_t flags = 0;
    if (runningLocked()) {
        const int64_t now = momentLocked().seconds;
        if (now > m_checkedSeconds) {
            const auto alarm = alarmLocked().next(m_checkedSeconds);
            flags = alarm && *alarm <= now ? kUf | kAf : kUf;
        }
        m_checkedSeconds = now;
    }
    const uint64_t ticks = ticksNow();
    const uint64_t period = periodTicksLocked();
    if (period != 0 && ticks / period != m_checkedTicks / period)
        flags |= kPf;
    m_checkedTicks = ticks;
    m_cmos[kRegisterC] |= flags;
}

/// Brings interrupt and timer in line with the registers.
void Rtc::updateLocked()
{
    const bool pending = (m_cmos[kRegisterC] & m_cmos[kRegisterB] & kFlags) != 0;
    m_cmos[kRegisterC] =
        static_cast<uint8_t>((m_cmos[kRegisterC] & kFlags) | (pending ? kIrqf : 0));
    m_irq.publish(pending && !m_replaced);
    // A pending interrupt stays until the guest reads register C, which comes here again.
    const auto deadline = pending || m_replaced ? std::nullopt : deadlineLocked();
    if (deadline)
        m_timer->arm(*deadline);
    else
        m_timer->disarm();
}

/// Guest time of the next enabled interrupt.
std::optional<uint64_t> Rtc::deadlineLocked() const
{
    std::optional<uint64_t> deadline;
    const uint8_t enabled = m_cmos[kRegisterB];
    const uint64_t period = periodTicksLocked();
    if ((enabled & kPie) != 0 && period != 0)
        deadline = nsOfTicks((m_checkedTicks / period + 1) * period);
    if ((enabled & (kUie | kAie)) == 0 || !runningLocked())
        return deadline;
    const Moment now = momentLocked();
    const auto target = (enabled & kUie) != 0 ? std::optional(now.seconds + 1)
                                              : alarmLocked().next(m_checkedSeconds);
    if (!target)
        return deadline;
    const int64_t seconds = std::clamp(*target - now.seconds, int64_t{0}, kLookAgainNs / kSecondNs);
    const int64_t wait = std::max(seconds * kSecondNs - now.nanos, kMinWaitNs);
    const uint64_t at = m_timers.nowNs() + static_cast<uint64_t>(wait);
    return std::min(deadline.value_or(at), at);
}

void Rtc::onTimer()
{
    {
        MutexLock lock(m_mutex);
        catchUpLocked();
        updateLocked();
    }
    m_irq.deliver();
}

uint32_t Rtc::readPort(uint16_t offset, unsigned)
{
    if (offset == 0)
        return 0xff; // the index register cannot be read (ICH9 13.6.1)
    uint8_t value = 0;
    {
        MutexLock lock(m_mutex);
        value = readRegisterLocked(m_index);
    }
    m_irq.deliver();
    return value;
}

void Rtc::writePort(uint16_t offset, uint32_t value, unsigned)
{
    {
        MutexLock lock(m_mutex);
        if (offset == 0)
            m_index =
                value & 0x7f; // DEVIATION: bit 7, NMI off, does nothing: there is no NMI source
        else
            writeRegisterLocked(m_index, static_cast<uint8_t>(value));
    }
    m_irq.deliver();
}

uint8_t Rtc::readRegisterLocked(uint8_t index)
{
    if (isTimeRegister(index))
        m_cmos = registersLocked();
    if (index == kRegisterA) {
        const bool updating =
            runningLocked() && momentLocked().nanos >= static_cast<uint32_t>(kSecondNs) - kUipNs;
        return static_cast<uint8_t>(m_cmos[kRegisterA] | (updating ? kUip : 0));
    }
    if (index == kRegisterC) {
        catchUpLocked();
        updateLocked();
        const uint8_t flags = m_cmos[kRegisterC];
        m_cmos[kRegisterC] = 0;
        updateLocked();
        return flags;
    }
    return m_cmos[index];
}

void Rtc::writeRegisterLocked(uint8_t index, uint8_t value)
{
    catchUpLocked();
    if (index == kRegisterA || index == kRegisterB) {
        writeControlLocked(index, value);
    } else if (isTimeRegister(index)) {
        m_cmos = registersLocked();
        m_cmos[index] = value;
        if (runningLocked())
            setTimeLocked(momentLocked().nanos);
    } else if (index != kRegisterC && index != kRegisterD) {
        m_cmos[index] = value;
    }
    updateLocked();
}

void Rtc::writeControlLocked(uint8_t index, uint8_t value)
{
    const bool wasRunning = runningLocked();
    const uint32_t nanos = momentLocked().nanos;
    const bool wasReset = (m_cmos[kRegisterA] & kDividerMask) >= kDividerReset;
    m_cmos = registersLocked();
    if (index == kRegisterA)
        m_cmos[kRegisterA] = value & ~kUip & 0xff;
    else if ((value & kSet) != 0)
        m_cmos[kRegisterB] = value & ~kUie & 0xff; // datasheet: SET clears UIE
    else
        m_cmos[kRegisterB] = value;
    const bool isReset = (m_cmos[kRegisterA] & kDividerMask) >= kDividerReset;
    // The first update comes half a second after the divider chain is let go; SET alone leaves the
    // chain running (datasheet "Divider stages").
    if (!wasRunning && runningLocked())
        setTimeLocked(wasReset && !isReset ? kSecondNs / 2 : nanos);
}

void Rtc::reset()
{
    {
        MutexLock lock(m_mutex);
        catchUpLocked();
        m_index = 0;
        m_cmos[kRegisterB] &= ~(kPie | kAie | kUie | kSqwe) & 0xff;
        m_cmos[kRegisterC] = 0;
        updateLocked();
    }
    m_irq.deliver();
}

void Rtc::legacyReplacement(bool on)
{
    {
        MutexLock lock(m_mutex);
        m_replaced = on;
        catchUpLocked();
        updateLocked();
    }
    m_irq.deliver();
}

RtcState Rtc::save() const
{
    MutexLock lock(m_mutex);
    return {m_index,       registersLocked(), m_offsetSeconds,
            m_offsetNanos, m_weekdayOffset,   m_checkedSeconds};
}

Result<void> Rtc::load(const RtcState& state)
{
    if (state.index > 0x7f || state.offsetNanos >= kSecondNs || state.weekdayOffset > 6)
        return Error(ErrorCode::Invalid, "rtc: a register is out of range");
    if (std::max(state.offsetSeconds, state.checkedSeconds) > kMaxOffsetSeconds ||
        std::min(state.offsetSeconds, state.checkedSeconds) < -kMaxOffsetSeconds)
        return Error(ErrorCode::Invalid, "rtc: the time is out of range");
    {
        MutexLock lock(m_mutex);
        m_index = state.index;
        m_cmos = state.cmos;
        m_cmos[kRegisterA] &= ~kUip & 0xff;
        m_cmos[kRegisterD] = kVrt;
        m_offsetSeconds = state.offsetSeconds;
        m_offsetNanos = state.offsetNanos;
        m_weekdayOffset = state.weekdayOffset;
        m_checkedSeconds = state.checkedSeconds;
        m_checkedTicks = ticksNow();
        updateLocked();
    }
    m_irq.redeliver();
    return {};
}

} // namespace vmm::chipset
