// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/irqchip/pit.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "vmm/base/bits.h"
#include "vmm/irqchip/ticks.h"

namespace vmm::irqchip {

namespace {

using cpu::PitChannelState;

constexpr uint64_t kMinPeriodNs = 20'000;
constexpr uint8_t kNeverProgrammed = 0xff; // the mode after power-on
constexpr uint32_t kFullCount = 0x10000;

/// Access modes and byte states; the two word states say which byte comes next.
enum Access : uint8_t { Latch, Low, High, Word, WordHigh };

uint32_t fromBcd(uint32_t count)
{
    return (count & 0xf) + 10 * (count >> 4 & 0xf) + 100 * (count >> 8 & 0xf) +
           1000 * (count >> 12 & 0xf);
}

uint16_t toBcd(uint64_t value)
{
    return static_cast<uint16_t>(value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 |
                                 value / 1000 % 10 << 12);
}

/// The initial count in ticks.
uint64_t period(const PitChannelState& counter)
{
    if (counter.count == 0 || counter.count >= kFullCount)
        return counter.bcd != 0 ? 10000 : kFullCount;
    return counter.bcd != 0 ? fromBcd(counter.count) : counter.count;
}

bool periodic(const PitChannelState& counter)
{
    return counter.mode == 2 || counter.mode == 3;
}

bool triggered(const PitChannelState& counter)
{
    return counter.mode == 1 || counter.mode == 5;
}

} // namespace

Result<std::unique_ptr<Pit>> Pit::create(bus::PioBus& pio, TimerService& clock,
                                         std::function<void()> tick)
{
    std::unique_ptr<Pit> pit(new Pit(clock, std::move(tick)));
    using memory::GuestPort;
    pit->m_windows[0] = TRY(pio.map("pit", GuestPort(0x40), 4, pit->m_timerPorts, 1));
    pit->m_windows[1] = TRY(pio.map("port 61", GuestPort(0x61), 1, pit->m_systemPort, 1));
    return pit;
}

Pit::Pit(TimerService& clock, std::function<void()> tick)
    : m_clock(clock), m_tick(std::move(tick)), m_timer(clock.createTimer([this] { onTimer(); }))
{
    reset();
}

uint32_t Pit::Ports::readPort(uint16_t offset, unsigned)
{
    return m_system ? m_owner.readSystem() : m_owner.read(offset);
}

void Pit::Ports::writePort(uint16_t offset, uint32_t value, unsigned)
{
    if (m_system)
        m_owner.writeSystem(static_cast<uint8_t>(value));
    else
        m_owner.write(offset, static_cast<uint8_t>(value));
}

/// A low gate stops all modes but those it triggers (datasheet, "Gate Pin Operations Summary").
bool Pit::stands(const Counter& counter)
{
    return !counter.counting || (counter.state.gate == 0 && !triggered(counter.state));
}

uint64_t Pit::elapsedNs(const Counter& counter) const
{
    return stands(counter) ? counter.frozenNs : m_clock.nowNs() - counter.startNs;
}

uint64_t Pit::ticks(const Counter& counter) const
{
    return ticksIn(elapsedNs(counter), kTicksPerSecond);
}

bool Pit::output(const Counter& counter) const
{
    const PitChannelState& state = counter.state;
    const bool mode0 = state.mode == 0 || state.mode > 5;
    if (!counter.counting)
        return !mode0;
    const uint64_t done = ticks(counter);
    const uint64_t count = period(state);
    if (mode0 || state.mode == 1)
        return done >= count;
    if (periodic(state) && state.gate == 0)
        return true;
    if (state.mode == 2)
        return done % count != count - 1;
    if (state.mode == 3)
        return done % count < (count + 1) / 2;
    return done != count;
}

uint16_t Pit::value(const Counter& counter) const
{
    const uint64_t done = ticks(counter);
    const uint64_t count = period(counter.state);
    const uint64_t wrap = counter.state.bcd != 0 ? 10000 : kFullCount;
    uint64_t left = 0;
    if (counter.state.mode == 2)
        left = count - done % count;
    else if (counter.state.mode == 3) // counts down by two, twice a period
        left = count - 2 * (done % count) % count;
    else
        left = (count + wrap - done % wrap) % wrap;
    return counter.state.bcd != 0 ? toBcd(left) : static_cast<uint16_t>(left);
}

uint8_t Pit::read(unsigned index)
{
    if (index >= kCounters)
        return 0;
    MutexLock lock(m_mutex);
    Counter& counter = m_counters[index];
    PitChannelState& state = counter.state;
    if (state.statusLatched != 0) {
        state.statusLatched = 0;
        return state.status;
    }
    const bool latched = state.countLatched != 0;
    const uint16_t count = latched ? state.latchedCount : value(counter);
    uint8_t& step = latched ? state.countLatched : state.readState;
    const bool high = step == High || step == WordHigh;
    // A latched word ends with its high byte; a live one begins again with the low one.
    if (step == Word)
        step = latched ? static_cast<uint8_t>(High) : static_cast<uint8_t>(WordHigh);
    else if (latched)
        step = Latch;
    else if (step == WordHigh)
        step = Word;
    return static_cast<uint8_t>(high ? count >> 8 : count);
}

void Pit::write(unsigned index, uint8_t value)
{
    MutexLock lock(m_mutex);
    if (index >= kCounters)
        controlLocked(value);
    else
        writeCountLocked(index, value);
}

void Pit::writeCountLocked(unsigned index, uint8_t value)
{
    Counter& counter = m_counters[index];
    PitChannelState& state = counter.state;
    switch (state.writeState) {
    case High:
        loadCountLocked(index, static_cast<uint16_t>(value << 8));
        break;
    case Word:
        state.writeLatch = value;
        state.writeState = WordHigh;
        if (state.mode == 0 && counter.counting) // the first byte stops mode 0
            stopLocked(index);
        break;
    case WordHigh:
        state.writeState = Word;
        loadCountLocked(index, static_cast<uint16_t>(state.writeLatch | value << 8));
        break;
    default:
        loadCountLocked(index, value);
        break;
    }
}

void Pit::stopLocked(unsigned index)
{
    m_counters[index].frozenNs = elapsedNs(m_counters[index]);
    m_counters[index].counting = false;
    if (index == 0)
        scheduleLocked();
}

void Pit::controlLocked(uint8_t value)
{
    const unsigned index = value >> 6;
    if (index == kCounters) {
        readBackLocked(value);
        return;
    }
    Counter& counter = m_counters[index];
    const uint8_t access = value >> 4 & 3;
    if (access == Latch) {
        latchCount(counter);
        return;
    }
    stopLocked(index);
    PitChannelState& state = counter.state;
    state.readWriteMode = access;
    state.readState = access;
    state.writeState = access;
    state.mode = value >> 1 & 7;
    if (state.mode > 5)
        state.mode = static_cast<uint8_t>(state.mode - 4);
    state.bcd = value & 1;
}

void Pit::readBackLocked(uint8_t command)
{
    for (unsigned i = 0; i < kCounters; ++i) {
        Counter& counter = m_counters[i];
        PitChannelState& state = counter.state;
        if ((command & bit(i + 1)) == 0)
            continue;
        if ((command & 0x20) == 0)
            latchCount(counter);
        if ((command & 0x10) == 0 && state.statusLatched == 0) {
            const unsigned mode = state.mode == kNeverProgrammed ? 0U : state.mode;
            state.status = static_cast<uint8_t>((output(counter) ? 0x80U : 0U) |
                                                (state.readWriteMode & 3U) << 4 | (mode & 7) << 1 |
                                                (state.bcd != 0 ? 1U : 0U));
            state.statusLatched = 1;
        }
    }
}

void Pit::latchCount(Counter& counter) const
{
    PitChannelState& state = counter.state;
    if (state.countLatched != 0)
        return;
    state.latchedCount = value(counter);
    state.countLatched = state.readWriteMode;
}

void Pit::loadCountLocked(unsigned index, uint16_t count)
{
    Counter& counter = m_counters[index];
    PitChannelState& state = counter.state;
    state.count = count == 0 ? kFullCount : count;
    counter.counting = true;
    counter.frozenNs = 0;
    counter.startNs = m_clock.nowNs();
    if (triggered(state)) // waits for its gate with the output high
        counter.startNs -= nsOf(period(state) + 1, kTicksPerSecond);
    if (index != 0)
        return;
    m_oneShotDone = false;
    scheduleLocked();
}

/// Counter 2 alone has a gate the guest can move.
void Pit::setGateLocked(bool gate)
{
    Counter& counter = m_counters[2];
    PitChannelState& state = counter.state;
    if ((state.gate != 0) == gate)
        return;
    const uint64_t now = m_clock.nowNs();
    if (!gate) {
        counter.frozenNs = elapsedNs(counter);
        state.gate = 0;
        return;
    }
    state.gate = 1;
    if (!counter.counting)
        return;
    const bool restarts = triggered(state) || periodic(state);
    counter.startNs = restarts ? now : now - counter.frozenNs;
}

uint8_t Pit::readSystem() const
{
    MutexLock lock(m_mutex);
    const Counter& counter = m_counters[2];
    const unsigned refresh = m_clock.nowNs() >> 14 & 1; // toggles about every 15 us
    return static_cast<uint8_t>((counter.state.gate != 0 ? 1U : 0U) | (m_speakerData ? 2U : 0U) |
                                refresh << 4 | (output(counter) ? 0x20U : 0U));
}

void Pit::writeSystem(uint8_t value)
{
    MutexLock lock(m_mutex);
    setGateLocked((value & 1) != 0);
    m_speakerData = (value & 2) != 0;
}

std::optional<uint64_t> Pit::nextTickLocked() const
{
    const Counter& counter = m_counters[0];
    const PitChannelState& state = counter.state;
    const bool once = state.mode == 0 || state.mode == 4;
    if (m_hpetLegacy || stands(counter) || (!once && !periodic(state)) || (once && m_oneShotDone))
        return std::nullopt;
    const uint64_t count = period(state);
    const uint64_t target = once ? count : (ticks(counter) / count + 1) * count;
    // By what is left: `startNs` may lie before the clock's beginning.
    const uint64_t end = nsOf(target, kTicksPerSecond);
    const uint64_t elapsed = elapsedNs(counter);
    uint64_t due = m_clock.nowNs() + (end > elapsed ? end - elapsed : 0);
    if (!once && m_lastNs)
        due = std::max(due, *m_lastNs + kMinPeriodNs);
    return due;
}

/// Only where counter 0 changes: an edge that is due already and on its way would be lost.
void Pit::scheduleLocked()
{
    const std::optional<uint64_t> due = nextTickLocked();
    if (due == m_due)
        return;
    m_due = due;
    if (due)
        m_timer->arm(*due);
    else
        m_timer->disarm();
}

void Pit::onTimer()
{
    bool tick = false;
    {
        MutexLock lock(m_mutex);
        const uint64_t now = m_clock.nowNs();
        if (!m_due)
            return;
        tick = now >= *m_due;
        if (tick) {
            m_lastNs = now;
            m_oneShotDone = !periodic(m_counters[0].state);
        }
        m_due.reset();
        scheduleLocked();
    }
    if (tick)
        m_tick();
}

void Pit::setHpetLegacy(bool on)
{
    MutexLock lock(m_mutex);
    m_hpetLegacy = on;
    scheduleLocked();
}

void Pit::reset()
{
    MutexLock lock(m_mutex);
    resetLocked();
    scheduleLocked();
}

void Pit::resetLocked()
{
    for (unsigned i = 0; i < kCounters; ++i) {
        Counter counter;
        counter.state.mode = kNeverProgrammed;
        counter.state.gate = i != 2 ? 1 : 0;
        counter.state.count = kFullCount;
        counter.startNs = m_clock.nowNs();
        m_counters[i] = counter;
    }
    m_hpetLegacy = false;
    m_speakerData = false;
    m_oneShotDone = false;
    m_lastNs.reset();
}

void Pit::save(cpu::IrqchipState& state) const
{
    MutexLock lock(m_mutex);
    for (unsigned i = 0; i < kCounters; ++i) {
        state.pit[i] = m_counters[i].state;
        constexpr uint64_t kEnd = std::numeric_limits<int64_t>::max();
        state.pit[i].elapsedNs = static_cast<int64_t>(std::min(elapsedNs(m_counters[i]), kEnd));
    }
    state.pitHpetLegacy = m_hpetLegacy;
    state.speakerData = m_speakerData;
}

Result<void> Pit::check(const cpu::IrqchipState& state)
{
    for (const PitChannelState& counter : state.pit)
        if (counter.count > kFullCount || (counter.mode > 7 && counter.mode != kNeverProgrammed) ||
            counter.readWriteMode > Word || counter.readState > WordHigh ||
            counter.writeState > WordHigh || counter.countLatched > WordHigh ||
            counter.elapsedNs < 0)
            return Error(ErrorCode::Invalid, "irqchip: the PIT's state is impossible");
    return {};
}

void Pit::load(const cpu::IrqchipState& state)
{
    MutexLock lock(m_mutex);
    const uint64_t now = m_clock.nowNs();
    for (unsigned i = 0; i < kCounters; ++i) {
        Counter counter;
        counter.state = state.pit[i];
        counter.frozenNs = static_cast<uint64_t>(state.pit[i].elapsedNs);
        counter.startNs = now - counter.frozenNs;
        m_counters[i] = counter;
    }
    m_hpetLegacy = state.pitHpetLegacy;
    m_speakerData = state.speakerData;
    m_lastNs.reset();
    // The in-kernel PIT does not save whether a one-shot is over and starts it anew; a guest that
    // waits for it must not wait forever, one that had it is not hurt by another.
    m_oneShotDone = false;
    m_due.reset();
    scheduleLocked();
}

} // namespace vmm::irqchip
