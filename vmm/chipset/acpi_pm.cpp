// SPDX-License-Identifier: GPL-3.0-or-later
// ICH9 power management block. Intel ICH9 datasheet (316972-004), section 13.8.3; ACPI 6.4
// section 4.8.
#include "vmm/chipset/acpi_pm.h"

#include <limits>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/bus/bus.h"

namespace vmm::chipset {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr uint64_t kTimerMask = (uint64_t{1} << kPmTimerBits) - 1;
// TMROF_STS is set each time the timer's highest bit toggles (section 13.8.3.1).
constexpr uint64_t kOverflowTicks = uint64_t{1} << (kPmTimerBits - 1);

/// PM timer ticks in `ns`, whole seconds apart so that nothing overflows.
constexpr uint64_t ticksOf(uint64_t ns)
{
    return ns / kNsPerSecond * kPmTimerHz + ns % kNsPerSecond * kPmTimerHz / kNsPerSecond;
}
constexpr uint64_t kLastTick = ticksOf(std::numeric_limits<uint64_t>::max());

/// The first nanosecond of `tick`, which is at most kLastTick.
constexpr uint64_t nsOf(uint64_t tick)
{
    const uint64_t part = tick % kPmTimerHz * kNsPerSecond;
    return checkedSum(tick / kPmTimerHz * kNsPerSecond, (part + kPmTimerHz - 1) / kPmTimerHz)
        .value_or(std::numeric_limits<uint64_t>::max());
}

constexpr uint64_t nextOverflow(uint64_t ticks)
{
    return alignDown(ticks, kOverflowTicks) + kOverflowTicks;
}

constexpr uint64_t replaceHalf(uint64_t value, bool high, uint32_t half)
{
    return high ? (value & 0xffff'ffff) | uint64_t{half} << 32 : (value >> 32 << 32) | half;
}

} // namespace

AcpiPm::AcpiPm(TimerService& clock, bus::SystemControl& system, bus::IrqLine& sci)
    : m_clock(clock), m_system(system), m_sci(sci)
{
    {
        MutexLock lock(m_mutex);
        m_state.overflowTick = nextOverflow(ticks());
    }
    m_timer = clock.createTimer([this] { timerFired(); });
}

uint64_t AcpiPm::ticks() const
{
    return ticksOf(m_clock.nowNs());
}

uint32_t AcpiPm::readPort(uint16_t offset, unsigned size)
{
    MutexLock lock(m_mutex);
    return static_cast<uint32_t>(bus::readWindow32(
        offset, size, [this](uint64_t at) VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            return readRegisterLocked(at);
        }));
}

uint32_t AcpiPm::readRegisterLocked(uint64_t offset)
{
    switch (offset) {
    case kPm1Status:
        checkOverflowLocked();
        return m_state.pm1Status | uint32_t{m_state.pm1Enable} << 16;
    case kPm1Control:
        return m_state.pm1Control;
    case kPmTimer:
        return static_cast<uint32_t>(ticks() & kTimerMask);
    case kGpe0Status:
        return static_cast<uint32_t>(m_state.gpe0Status);
    case kGpe0Status + 4:
        return static_cast<uint32_t>(m_state.gpe0Status >> 32);
    case kGpe0Enable:
        return static_cast<uint32_t>(m_state.gpe0Enable);
    case kGpe0Enable + 4:
        return static_cast<uint32_t>(m_state.gpe0Enable >> 32);
    case kSmiEnable:
        return m_state.smiEnable;
    default:
        return 0; // processor control, SMI status, TCO: nothing behind them, nothing ever happens
    }
}

/// What the bytes a narrow write leaves out count as.
uint32_t AcpiPm::mergeValueLocked(uint64_t offset) const
{
    switch (offset) {
    case kPm1Status:
        return uint32_t{m_state.pm1Enable} << 16; // status is write-one-to-clear
    case kPm1Control:
        return m_state.pm1Control;
    case kGpe0Enable:
        return static_cast<uint32_t>(m_state.gpe0Enable);
    case kGpe0Enable + 4:
        return static_cast<uint32_t>(m_state.gpe0Enable >> 32);
    case kSmiEnable:
        return m_state.smiEnable;
    default:
        return 0;
    }
}

void AcpiPm::writePort(uint16_t offset, uint32_t value, unsigned size)
{
    std::optional<unsigned> sleepType;
    {
        MutexLock lock(m_mutex);
        m_sleepType.reset();
        bus::writeWindow32(
            offset, value, size,
            [this](uint64_t at) VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
                return mergeValueLocked(at);
            },
            [this](uint64_t at, uint32_t fresh) VITRINE_THREAD_ATTRIBUTE(
                no_thread_safety_analysis) { writeRegisterLocked(at, fresh); });
        updateLocked();
        sleepType = m_sleepType;
    }
    m_sci.deliver();
    if (sleepType)
        performSleep(*sleepType);
}

void AcpiPm::writeRegisterLocked(uint64_t offset, uint32_t value)
{
    switch (offset) {
    case kPm1Status:
        clearStatusLocked(static_cast<uint16_t>(value));
        m_state.pm1Enable = static_cast<uint16_t>(value >> 16 & kPm1EnableWritable);
        break;
    case kPm1Control:
        writeControlLocked(value);
        break;
    case kGpe0Status:
    case kGpe0Status + 4:
        m_state.gpe0Status &= ~replaceHalf(0, offset != kGpe0Status, value);
        break;
    case kGpe0Enable:
    case kGpe0Enable + 4:
        m_state.gpe0Enable = replaceHalf(m_state.gpe0Enable, offset != kGpe0Enable, value);
        break;
    case kSmiEnable:
        m_state.smiEnable = value;
        break;
    default:
        break;
    }
}

void AcpiPm::writeControlLocked(uint32_t value)
{
    // DEVIATION: SCI_EN cannot be cleared, because there is no system management mode to go back to
    // (the FADT says so with SMI_CMD 0).
    m_state.pm1Control = (value & kPm1ControlWritable) | kPm1SciEnable;
    if ((value & kPm1SleepEnable) != 0)
        m_sleepType = Field<12, 10>::get(value);
}

void AcpiPm::performSleep(unsigned type)
{
    // DEVIATION: the ICH9's own types are 5 to 7 for S3 to S5; ours are what the DSDT tells. Others
    // do nothing.
    if (type == kSleepTypeS5 || type == kSleepTypeS4)
        m_system.requestPowerOff();
    else if (type == kSleepTypeS3)
        m_system.requestSuspend();
}

void AcpiPm::clearStatusLocked(uint16_t bits)
{
    checkOverflowLocked();
    m_state.pm1Status = static_cast<uint16_t>(m_state.pm1Status & ~bits);
}

/// Sets TMROF_STS when its time has passed. Looked at only when somebody can notice.
void AcpiPm::checkOverflowLocked()
{
    const uint64_t now = ticks();
    if (now < m_state.overflowTick)
        return;
    m_state.pm1Status |= kPm1StatusTimer;
    m_state.overflowTick = nextOverflow(now);
}

/// Brings the SCI and the host timer up to date with the registers.
void AcpiPm::updateLocked()
{
    checkOverflowLocked();
    const bool pm1 = (m_state.pm1Status & m_state.pm1Enable & kPm1SciSources) != 0;
    m_sci.publish(pm1 || (m_state.gpe0Status & m_state.gpe0Enable) != 0);
    // The host is woken for the overflow only while the guest waits for one.
    if ((m_state.pm1Enable & ~m_state.pm1Status & kPm1StatusTimer) != 0)
        m_timer->arm(nsOf(m_state.overflowTick));
    else
        m_timer->disarm();
}

void AcpiPm::timerFired()
{
    {
        MutexLock lock(m_mutex);
        updateLocked();
    }
    m_sci.deliver();
}

void AcpiPm::powerButton()
{
    {
        MutexLock lock(m_mutex);
        m_state.pm1Status |= kPm1StatusPowerButton;
        updateLocked();
    }
    m_sci.deliver();
}

void AcpiPm::raiseEvent(unsigned event)
{
    CHECK(event < kGpeCount);
    {
        MutexLock lock(m_mutex);
        m_state.gpe0Status |= uint64_t{1} << event;
        updateLocked();
    }
    m_sci.deliver();
}

void AcpiPm::wake(WakeReason reason)
{
    {
        MutexLock lock(m_mutex);
        m_state.pm1Status |= kPm1StatusWake;
        if (reason == WakeReason::PowerButton)
            m_state.pm1Status |= kPm1StatusPowerButton;
        updateLocked();
    }
    m_sci.deliver();
}

void AcpiPm::reset()
{
    {
        MutexLock lock(m_mutex);
        // SMI_EN reads with APMC_EN set: firmware takes it for "SMM is set up already" and leaves
        // it alone; otherwise SeaBIOS waits for an SMI for ever.
        m_state = AcpiPmState{};
        m_state.overflowTick = nextOverflow(ticks());
        updateLocked();
    }
    m_sci.deliver();
}

AcpiPmState AcpiPm::save() const
{
    MutexLock lock(m_mutex);
    return m_state;
}

Result<void> AcpiPm::load(const AcpiPmState& state)
{
    if (state.overflowTick > kLastTick)
        return Error(ErrorCode::Invalid, "acpi-pm: overflow-tick is out of range");
    {
        MutexLock lock(m_mutex);
        m_state = state;
        m_state.pm1Enable &= kPm1EnableWritable;
        m_state.pm1Control = (state.pm1Control & kPm1ControlWritable) | kPm1SciEnable;
        updateLocked();
    }
    m_sci.redeliver();
    return {};
}

} // namespace vmm::chipset
