// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/irqchip/apic_timer.h"

#include <algorithm>
#include <utility>

#include "vmm/irqchip/ticks.h"

namespace vmm::irqchip {

namespace {

constexpr uint64_t kMinPeriodNs = 20'000; // no guest gets more host timers a second than this
constexpr uint64_t kMinWaitNs = 1'000;    // the TSC was not there yet when the clock was

/// Figure 11-10: bits 3, 1 and 0; 111 divides by 1.
uint32_t divisorOf(uint32_t configuration)
{
    const uint32_t code = (configuration & 3) | (configuration & 8) >> 1;
    return uint32_t{1} << ((code + 1) & 7);
}

} // namespace

ApicTimer::ApicTimer(TimerService& clock, const cpu::TscSource& tsc, std::function<void()> callback)
    : m_clock(clock), m_tsc(tsc), m_timer(clock.createTimer(std::move(callback)))
{}

ApicTimer::Mode ApicTimer::modeOf(uint32_t lvt)
{
    const uint32_t mode = lvt >> 17 & 3;
    return mode == 1 ? Mode::Periodic : mode == 2 ? Mode::TscDeadline : Mode::OneShot;
}

bool ApicTimer::catchUp()
{
    if (!m_targetNs)
        return false;
    if (m_mode == Mode::TscDeadline)
        return catchUpDeadline();
    const uint64_t time = now();
    if (time < *m_targetNs)
        return false;
    m_lastNs = time;
    const uint64_t period = periodNs();
    if (m_mode == Mode::OneShot || period == 0)
        m_targetNs.reset();
    else
        m_targetNs = *m_targetNs + ((time - *m_targetNs) / period + 1) * period;
    return true;
}

bool ApicTimer::catchUpDeadline()
{
    if (ticks() < m_deadlineTsc) {
        if (now() >= *m_targetNs)
            aimAtTsc();
        return false;
    }
    m_deadlineTsc = 0;
    m_targetNs.reset();
    return true;
}

void ApicTimer::setMode(Mode mode)
{
    if (mode == m_mode)
        return;
    if (mode == Mode::TscDeadline || m_mode == Mode::TscDeadline) {
        stop();
        m_initial = 0;
    }
    m_mode = mode;
}

void ApicTimer::setInitial(uint32_t count)
{
    if (m_mode == Mode::TscDeadline)
        return;
    m_initial = count;
    m_targetNs.reset();
    if (count != 0)
        m_targetNs = saturatingSum(now(), periodNs());
}

void ApicTimer::setDivide(uint32_t configuration)
{
    const uint32_t left = current();
    m_divisor = divisorOf(configuration);
    if (m_targetNs && m_mode != Mode::TscDeadline)
        m_targetNs = saturatingSum(now(), uint64_t{left} * m_divisor);
}

uint32_t ApicTimer::current() const
{
    if (!m_targetNs || m_mode == Mode::TscDeadline)
        return 0;
    const uint64_t time = now();
    const uint64_t period = periodNs();
    uint64_t left = *m_targetNs > time ? *m_targetNs - time : 0;
    if (left == 0 && m_mode == Mode::Periodic && period != 0)
        left = period - (time - *m_targetNs) % period;
    // Rounded up: a running count never shows 0.
    return static_cast<uint32_t>(
        std::min<uint64_t>((left + m_divisor - 1) / m_divisor, 0xffff'ffff));
}

void ApicTimer::setDeadline(uint64_t tsc)
{
    if (m_mode != Mode::TscDeadline)
        return;
    m_deadlineTsc = tsc;
    m_targetNs.reset();
    if (tsc != 0)
        aimAtTsc();
}

void ApicTimer::aimAtTsc()
{
    const uint64_t passed = ticks();
    const uint64_t wait =
        m_deadlineTsc > passed ? nsOf(m_deadlineTsc - passed, m_tsc.ticksPerSecond()) : 0;
    m_targetNs = saturatingSum(now(), wait == 0 ? 0 : std::max(wait, kMinWaitNs));
}

void ApicTimer::setTscOffset(uint64_t offset)
{
    m_tscOffset = offset;
    if (m_deadlineTsc != 0)
        aimAtTsc();
}

void ApicTimer::stop()
{
    m_targetNs.reset();
    m_deadlineTsc = 0;
    m_timer->disarm();
}

void ApicTimer::load(const Saved& saved)
{
    stop();
    m_mode = saved.mode;
    m_divisor = divisorOf(saved.divide);
    m_lastNs = 0;
    m_initial = 0;
    if (m_mode == Mode::TscDeadline) {
        setDeadline(saved.deadlineTsc);
        return;
    }
    m_initial = saved.initial;
    if (m_initial == 0)
        return;
    uint32_t left = std::min(saved.current, saved.initial);
    if (left == 0 && m_mode == Mode::Periodic)
        left = saved.initial;
    m_targetNs = saturatingSum(now(), uint64_t{left} * m_divisor);
}

void ApicTimer::schedule(bool masked)
{
    if (!m_targetNs || (masked && m_mode == Mode::Periodic)) {
        m_timer->disarm();
        return;
    }
    uint64_t at = *m_targetNs;
    if (m_mode == Mode::Periodic)
        at = std::max(at, saturatingSum(m_lastNs, m_lastNs == 0 ? 0 : kMinPeriodNs));
    m_timer->arm(at);
}

} // namespace vmm::irqchip
