// SPDX-License-Identifier: GPL-3.0-or-later
// High precision event timer with three comparators (IA-PC HPET Specification 1.0a).
#include "vmm/chipset/hpet.h"

#include <algorithm>
#include <utility>

namespace vmm::chipset {

using namespace hpet;

namespace {
constexpr uint64_t kMinRearmNs = 10'000;
constexpr uint64_t kFarTicks = uint64_t{1} << 56; // 228 years; further off needs no timer
constexpr uint64_t k32Mask = 0xffffffff;

bool periodic(const HpetTimerState& timer)
{
    return (timer.config & kTypePeriodic) != 0;
}

uint64_t sizeMask(const HpetTimerState& timer)
{
    return (timer.config & k32Mode) != 0 ? k32Mask : ~uint64_t{0};
}
} // namespace

Result<std::unique_ptr<Hpet>> Hpet::create(bus::MmioBus& mmio, bus::InterruptController& interrupts,
                                           TimerService& timers,
                                           std::vector<LegacyReplacementListener*> listeners,
                                           uint32_t routes, memory::GuestPhys base)
{
    std::unique_ptr<Hpet> hpet(new Hpet(interrupts, timers, std::move(listeners), routes));
    hpet->m_window = TRY(mmio.map("hpet", base, kWindowSize, *hpet));
    return hpet;
}

Hpet::Hpet(bus::InterruptController& interrupts, TimerService& timers,
           std::vector<LegacyReplacementListener*> listeners, uint32_t routes)
    : m_timers(timers), m_listeners(std::move(listeners)), m_routes(routes)
{
    for (uint32_t gsi = 0; gsi < m_outputs.size(); ++gsi) {
        if (gsi == 0 || gsi == 8 || (routes >> gsi & 1) != 0)
            m_outputs[gsi] = std::make_unique<Output>(interrupts, gsi);
    }
    m_timer = timers.createTimer([this] { onTimer(); });
}

bool Hpet::enabledLocked() const
{
    return (m_state.configuration & kEnableCnf) != 0;
}

uint64_t Hpet::counterLocked() const
{
    if (!enabledLocked())
        return m_state.counter;
    return m_state.counter + (m_timers.nowNs() - m_startNs) / kPeriodNs;
}

/// Works out at which counter value the comparator matches next. A comparator already passed: with
/// WaitForWrap a 32-bit one matches after the counter wraps, as the chip does. DEVIATION: FireNow
/// matches at once, because the guest aimed at a moment that passed while it was writing; Linux
/// and others would lose the tick.
void Hpet::aimLocked(HpetTimerState& timer, Past past)
{
    const uint64_t counter = counterLocked();
    uint64_t distance = timer.comparator - counter;
    bool passed = timer.comparator < counter;
    if ((timer.config & k32Mode) != 0) {
        distance &= k32Mask;
        passed = distance > k32Mask / 2;
    }
    if (passed && past == Past::FireNow)
        distance = 0;
    // A 64-bit counter does not wrap in a machine's life.
    timer.waiting = !(passed && past == Past::WaitForWrap && (timer.config & k32Mode) == 0);
    timer.target = counter + distance;
}

/// Handles every match up to now; true when there was one.
bool Hpet::catchUpLocked()
{
    if (!enabledLocked())
        return false;
    const uint64_t counter = counterLocked();
    bool matched = false;
    for (unsigned i = 0; i < kTimers; ++i) {
        if (!m_state.timers[i].waiting || m_state.timers[i].target > counter)
            continue;
        matchLocked(i, counter);
        matched = true;
    }
    return matched;
}

void Hpet::matchLocked(unsigned index, uint64_t counter)
{
    HpetTimerState& timer = m_state.timers[index];
    if (periodic(timer) && timer.period != 0) {
        // Periods missed meanwhile are one interrupt (2.3.9.2.2 promises no more).
        const uint64_t missed = (counter - timer.target) / timer.period;
        timer.target += (missed + 1) * timer.period;
        timer.comparator = timer.target & sizeMask(timer);
    } else {
        // DEVIATION: a 32-bit one-shot would match again 429 s later when the counter wraps.
        timer.waiting = false;
    }
    if ((timer.config & kIntEnb) == 0)
        return;
    if ((timer.config & kIntTypeLevel) != 0)
        m_state.interruptStatus |= uint64_t{1} << index;
    else if (Output* output = outputLocked(index))
        output->pulse.store(true, std::memory_order_release);
}

/// Where the timer's interrupt goes; null when nowhere.
Hpet::Output* Hpet::outputLocked(unsigned index)
{
    if ((m_state.configuration & kLegRtCnf) != 0 && index < 2)
        return m_outputs[index == 0 ? 0 : 8].get();
    const auto route = static_cast<uint32_t>(IntRoute::get(m_state.timers[index].config));
    return (m_routes >> route & 1) != 0 ? m_outputs[route].get() : nullptr;
}

void Hpet::publishLocked()
{
    std::array<bool, 32> levels{};
    for (unsigned i = 0; i < kTimers; ++i) {
        const uint64_t config = m_state.timers[i].config;
        const bool asserted = (m_state.interruptStatus >> i & 1) != 0 && (config & kIntEnb) != 0 &&
                              (config & kIntTypeLevel) != 0;
        const Output* output = outputLocked(i);
        for (size_t gsi = 0; asserted && gsi < levels.size(); ++gsi)
            levels[gsi] = levels[gsi] || (output != nullptr && m_outputs[gsi].get() == output);
    }
    for (size_t gsi = 0; gsi < levels.size(); ++gsi) {
        if (m_outputs[gsi])
            m_outputs[gsi]->level.publish(levels[gsi]);
    }
    m_legacy.store((m_state.configuration & kLegRtCnf) != 0, std::memory_order_release);
}

void Hpet::scheduleLocked()
{
    const uint64_t counter = counterLocked();
    uint64_t distance = kFarTicks;
    for (const HpetTimerState& timer : m_state.timers) {
        if (timer.waiting && (timer.config & kIntEnb) != 0)
            distance = std::min(distance, timer.target > counter ? timer.target - counter : 0);
    }
    if (!enabledLocked() || distance >= kFarTicks) {
        m_timer->disarm();
        return;
    }
    const uint64_t ticks = counter - m_state.counter + distance;
    m_timer->arm(std::max(m_startNs + ticks * kPeriodNs, m_firedNs + kMinRearmNs));
}

void Hpet::deliver()
{
    deliverLegacy();
    for (const auto& output : m_outputs) {
        if (!output)
            continue;
        if (output->pulse.exchange(false, std::memory_order_acq_rel) && !output->level.published())
            output->line.pulse();
        output->level.deliver();
    }
}

void Hpet::deliverLegacy()
{
    MutexLock lock(m_legacyMutex);
    const bool on = m_legacy.load(std::memory_order_acquire);
    if (on == m_legacyTold)
        return;
    m_legacyTold = on;
    for (LegacyReplacementListener* listener : m_listeners)
        listener->legacyReplacement(on);
}

void Hpet::onTimer()
{
    {
        MutexLock lock(m_mutex);
        m_firedNs = m_timers.nowNs();
        catchUpLocked();
        publishLocked();
        scheduleLocked();
    }
    deliver();
}

uint64_t Hpet::registerLocked(uint64_t offset)
{
    switch (offset) {
    case kCapabilities:
        return kCapabilitiesValue;
    case kConfiguration:
        return m_state.configuration;
    case kInterruptStatus:
        return m_state.interruptStatus;
    case kMainCounter:
        return counterLocked();
    default:
        break;
    }
    if (offset < kTimerBase || offset >= kTimerBase + kTimers * kTimerStride)
        return 0;
    const HpetTimerState& timer = m_state.timers[(offset - kTimerBase) / kTimerStride];
    switch ((offset - kTimerBase) % kTimerStride) {
    case kTimerConfig:
        return timer.config | kPerIntCap | kSizeCap | uint64_t{m_routes} << 32;
    case kTimerComparator:
        return timer.comparator;
    default:
        return 0; // no FSB interrupts
    }
}

uint64_t Hpet::readMmio(uint64_t offset, unsigned size)
{
    const auto inFirst = static_cast<unsigned>(offset % 8);
    uint64_t value = 0;
    bool matched = false;
    {
        MutexLock lock(m_mutex);
        matched = catchUpLocked();
        value = registerLocked(offset - inFirst) >> (8 * inFirst);
        if (inFirst + size > 8)
            value |= registerLocked(offset - inFirst + 8) << (8 * (8 - inFirst));
        if (matched) {
            publishLocked();
            scheduleLocked();
        }
    }
    if (matched)
        deliver();
    return value & widthMask(size);
}

void Hpet::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    if (size < 4 || offset % size != 0)
        return; // only aligned 32- and 64-bit accesses are defined (2.3.2)
    const auto shift = static_cast<unsigned>(8 * (offset % 8));
    {
        MutexLock lock(m_mutex);
        catchUpLocked();
        writeRegisterLocked(offset - offset % 8, value << shift, widthMask(size) << shift);
        catchUpLocked();
        publishLocked();
        scheduleLocked();
    }
    deliver();
}

void Hpet::writeRegisterLocked(uint64_t offset, uint64_t value, uint64_t mask)
{
    const uint64_t merged = (registerLocked(offset) & ~mask) | (value & mask);
    switch (offset) {
    case kConfiguration:
        return writeConfigurationLocked(merged);
    case kInterruptStatus:
        m_state.interruptStatus &= ~(value & mask);
        return;
    case kMainCounter:
        if (!enabledLocked()) // only while halted (2.3.7)
            m_state.counter = merged;
        return;
    default:
        break;
    }
    if (offset < kTimerBase || offset >= kTimerBase + kTimers * kTimerStride)
        return;
    HpetTimerState& timer = m_state.timers[(offset - kTimerBase) / kTimerStride];
    if ((offset - kTimerBase) % kTimerStride == kTimerConfig)
        writeTimerConfigLocked(timer, merged);
    else if ((offset - kTimerBase) % kTimerStride == kTimerComparator)
        writeComparatorLocked(timer, value, mask);
}

void Hpet::writeConfigurationLocked(uint64_t value)
{
    const bool was = enabledLocked();
    m_state.counter = counterLocked();
    m_startNs = m_timers.nowNs();
    m_state.configuration = value & (kEnableCnf | kLegRtCnf);
    if (was || !enabledLocked())
        return;
    for (HpetTimerState& timer : m_state.timers) // the counter may have been set while halted
        aimLocked(timer, Past::WaitForWrap);
}

void Hpet::writeTimerConfigLocked(HpetTimerState& timer, uint64_t value)
{
    const uint64_t before = std::exchange(timer.config, value & kWritable);
    const uint64_t changed = before ^ timer.config;
    if ((timer.config & k32Mode) != 0) {
        timer.comparator &= k32Mask;
        timer.period &= k32Mask;
    }
    if ((before & ~timer.config & kIntTypeLevel) != 0)
        m_state.interruptStatus &= ~(uint64_t{1} << (&timer - m_state.timers.data()));
    if ((changed & (k32Mode | kTypePeriodic)) != 0 || (changed & timer.config & kIntEnb) != 0)
        aimLocked(timer, Past::WaitForWrap);
}

void Hpet::writeComparatorLocked(HpetTimerState& timer, uint64_t value, uint64_t mask)
{
    const auto merge = [&](uint64_t old) {
        return ((old & ~mask) | (value & mask)) & sizeMask(timer);
    };
    // In periodic mode a plain write sets the period; with VAL_SET it sets the accumulator too
    // (2.3.9.2.2). Linux writes both in turn, others only once with VAL_SET.
    if (periodic(timer))
        timer.period = merge(timer.period);
    if (!periodic(timer) || (timer.config & kValSet) != 0) {
        timer.comparator = merge(timer.comparator);
        aimLocked(timer, Past::FireNow);
    }
    timer.config &= ~kValSet;
}

void Hpet::reset()
{
    {
        MutexLock lock(m_mutex);
        m_state = HpetState{};
        m_startNs = m_timers.nowNs();
        publishLocked();
        scheduleLocked();
    }
    deliver();
}

HpetState Hpet::save() const
{
    MutexLock lock(m_mutex);
    HpetState state = m_state;
    state.counter = counterLocked();
    return state;
}

Result<void> Hpet::load(const HpetState& state)
{
    bool fits = (state.configuration & ~(kEnableCnf | kLegRtCnf)) == 0 &&
                state.interruptStatus < uint64_t{1} << kTimers;
    for (const HpetTimerState& timer : state.timers)
        fits = fits && (timer.config & ~kWritable) == 0;
    if (!fits)
        return Error(ErrorCode::Invalid, "hpet: a register has bits it does not have");
    {
        MutexLock lock(m_mutex);
        m_state = state;
        m_startNs = m_timers.nowNs();
        m_firedNs = 0;
        publishLocked();
        scheduleLocked();
    }
    deliver();
    for (const auto& output : m_outputs) {
        if (output && output->level.published())
            output->level.redeliver();
    }
    return {};
}

} // namespace vmm::chipset
