// SPDX-License-Identifier: GPL-3.0-or-later
// The registers as the vCPU reads and writes them: page, MSRs, CR8 and IA32_APIC_BASE.
#include "vmm/base/bits.h"
#include "vmm/irqchip/local_apic_chip.h"

namespace vmm::irqchip {

using namespace apic;

namespace {

bool inBank(uint32_t offset, uint32_t bank)
{
    return offset >= bank && offset < bank + 0x80;
}

/// Registers there are (table 11-1), in either mode.
bool exists(uint32_t offset)
{
    if (inBank(offset, kIsr) || inBank(offset, kTmr) || inBank(offset, kIrr))
        return true;
    switch (offset) {
    case kId:
    case kVersion:
    case kTaskPriority:
    case kArbitrationPriority:
    case kProcessorPriority:
    case kEoi:
    case kRemoteRead:
    case kLogicalDestination:
    case kDestinationFormat:
    case kSpurious:
    case kErrorStatus:
    case kIcrLow:
    case kIcrHigh:
    case kLvtTimer:
    case kLvtThermal:
    case kLvtPerformance:
    case kLvtLint0:
    case kLvtLint1:
    case kLvtError:
    case kInitialCount:
    case kCurrentCount:
    case kDivide:
        return true;
    default:
        return false;
    }
}

/// Table 11-6: what RDMSR takes.
bool readableMsr(uint32_t offset)
{
    return exists(offset) && offset != kEoi && offset != kArbitrationPriority &&
           offset != kRemoteRead && offset != kDestinationFormat && offset != kIcrHigh;
}

bool writableMsr(uint32_t offset)
{
    switch (offset) {
    case kTaskPriority:
    case kEoi:
    case kSpurious:
    case kErrorStatus:
    case kIcrLow:
    case kInitialCount:
    case kDivide:
    case kSelfIpi:
        return true;
    default:
        return offset >= kLvtTimer && offset <= kLvtError;
    }
}

/// Section 11.12.1.3: reserved bits raise #GP. Those of the spurious vector and LVT entries are
/// ignored instead, as in the in-kernel APIC.
bool validMsr(uint32_t offset, uint64_t value)
{
    switch (offset) {
    case kIcrLow:
        return (value & kIcrReserved) == 0;
    case kEoi:
    case kErrorStatus:
        return value == 0;
    case kTaskPriority:
    case kSelfIpi:
        return value <= 0xff;
    default:
        return value >> 32 == 0;
    }
}

uint32_t lvtWritable(uint32_t offset)
{
    constexpr uint32_t kVector = 0xff, kMode = 7 << 8, kPinBits = 1 << 13 | 1 << 15,
                       kTimerMode = 3 << 17;
    switch (offset) {
    case kLvtTimer:
        return kVector | kLvtMasked | kTimerMode;
    case kLvtThermal:
    case kLvtPerformance:
        return kVector | kLvtMasked | kMode;
    case kLvtError:
        return kVector | kLvtMasked;
    default:
        return kVector | kLvtMasked | kMode | kPinBits;
    }
}

} // namespace

bool LocalApicChip::validBase(uint64_t value) const
{
    const uint64_t address = widthMask(8) >> (64 - m_environment.physicalAddressBits) & ~0xfffULL;
    const bool extendedAlone = (value & (kExtended | kEnabled)) == kExtended;
    return (value & ~(address | kBootProcessor | kExtended | kEnabled)) == 0 && !extendedAlone;
}

/// Figure 11-27: out of x2APIC mode only by disabling, into it only from xAPIC mode.
bool LocalApicChip::setBase(uint64_t value)
{
    const uint64_t old = base();
    const bool toX2 = (value & kExtended) != 0;
    const bool wasX2 = (old & kExtended) != 0;
    const bool on = (value & kEnabled) != 0;
    if (!validBase(value) || (wasX2 && on && !toX2) || (toX2 && (old & kEnabled) == 0))
        return false;
    {
        MutexLock lock(m_mutex);
        m_base.store(value, std::memory_order_relaxed);
        if (!on && (old & kEnabled) != 0) {
            at(kId) = m_environment.index << 24;
            resetLocked();
        } else if (toX2 && !wasX2) {
            at(kIcrHigh) = 0;
        }
        noteLint0Locked();
        updateLocked();
    }
    wake();
    return true;
}

uint32_t LocalApicChip::read(uint32_t offset)
{
    if (!enabled() || x2())
        return ~uint32_t{0};
    uint32_t value = 0;
    {
        MutexLock lock(m_mutex);
        if (offset >= 0x400 || !exists(offset & ~0xfU))
            errorLocked(kIllegalRegister);
        else if ((offset & 0xf) == 0)
            value = readLocked(offset);
    }
    wake();
    return value;
}

uint32_t LocalApicChip::readLocked(uint32_t offset)
{
    switch (offset) {
    case kId:
        return x2() ? m_environment.index : at(kId);
    case kVersion:
        return kVersionValue;
    case kArbitrationPriority:
        return at(kProcessorPriority);
    case kLogicalDestination:
        return logicalIdLocked();
    case kEoi:
    case kRemoteRead:
        return 0;
    case kInitialCount:
        return m_timer.initial();
    case kCurrentCount:
        timerLocked();
        scheduleLocked();
        return m_timer.current();
    default:
        return at(offset);
    }
}

void LocalApicChip::write(uint32_t offset, uint32_t value)
{
    if (!enabled() || x2())
        return;
    Effect effect;
    {
        MutexLock lock(m_mutex);
        if (offset >= 0x400 || !exists(offset & ~0xfU))
            errorLocked(kIllegalRegister);
        else if ((offset & 0xf) == 0)
            writeLocked(offset, value, effect);
    }
    carryOut(effect);
}

void LocalApicChip::writeLocked(uint32_t offset, uint32_t value, Effect& effect)
{
    switch (offset) {
    case kId:
        at(kId) = value & 0xff00'0000;
        break;
    case kTaskPriority:
        at(kTaskPriority) = value & 0xff;
        updateLocked();
        break;
    case kEoi:
        effect.ended = endLocked();
        break;
    case kLogicalDestination:
        at(kLogicalDestination) = value & 0xff00'0000;
        break;
    case kDestinationFormat:
        at(kDestinationFormat) = value | 0x0fff'ffff;
        break;
    case kSpurious:
        writeSpuriousLocked(value);
        break;
    case kErrorStatus: // a write shows what was gathered since the last
        at(kErrorStatus) = m_errors;
        m_errors = 0;
        break;
    case kIcrHigh:
        at(kIcrHigh) = value & 0xff00'0000;
        break;
    case kIcrLow:
        at(kIcrLow) = value & kIcrWritable;
        effect.command = uint64_t{at(kIcrHigh)} << 32 | at(kIcrLow);
        break;
    case kInitialCount:
        timerLocked();
        m_timer.setInitial(value);
        scheduleLocked();
        break;
    case kDivide:
        timerLocked();
        at(kDivide) = value & 0xb;
        m_timer.setDivide(value);
        scheduleLocked();
        break;
    default:
        if (offset >= kLvtTimer && offset <= kLvtError)
            writeLvtLocked(offset, value);
        break;
    }
}

void LocalApicChip::writeLvtLocked(uint32_t offset, uint32_t value)
{
    value &= lvtWritable(offset);
    // Section 11.4.7.2: masked and stuck so while disabled by software.
    if (!softwareEnabledLocked())
        value |= kLvtMasked;
    if (offset == kLvtTimer)
        timerLocked();
    at(offset) = value;
    if (offset == kLvtLint0)
        noteLint0Locked();
    if (offset != kLvtTimer)
        return;
    m_timer.setMode(ApicTimer::modeOf(value));
    scheduleLocked();
}

void LocalApicChip::writeSpuriousLocked(uint32_t value)
{
    at(kSpurious) = value & 0x3ff;
    if ((value & kSoftwareEnable) != 0)
        return;
    timerLocked();
    for (uint32_t offset = kLvtTimer; offset <= kLvtError; offset += 16)
        at(offset) |= kLvtMasked;
    noteLint0Locked();
    scheduleLocked();
}

std::optional<uint64_t> LocalApicChip::readMsr(uint32_t index)
{
    uint64_t value = 0;
    {
        MutexLock lock(m_mutex);
        if (index == kTscDeadlineMsr) {
            timerLocked();
            value = m_timer.deadline();
        } else {
            const uint32_t offset = (index - kFirstMsr) << 4;
            if (!x2() || index < kFirstMsr || index > kLastMsr || !readableMsr(offset))
                return std::nullopt;
            value = readLocked(offset);
            if (offset == kIcrLow)
                value |= uint64_t{at(kIcrHigh)} << 32;
        }
    }
    wake();
    return value;
}

bool LocalApicChip::writeMsr(uint32_t index, uint64_t value)
{
    Effect effect;
    {
        MutexLock lock(m_mutex);
        const uint32_t offset = (index - kFirstMsr) << 4;
        if (index == kTscDeadlineMsr) {
            timerLocked();
            m_timer.setDeadline(value);
            timerLocked();
            scheduleLocked();
        } else if (!x2() || index < kFirstMsr || index > kLastMsr || !writableMsr(offset) ||
                   !validMsr(offset, value)) {
            return false;
        } else if (offset == kIcrLow) {
            at(kIcrLow) = static_cast<uint32_t>(value) & kIcrWritable;
            at(kIcrHigh) = static_cast<uint32_t>(value >> 32);
            effect.command = (value & ~uint64_t{0xffff'ffff}) | at(kIcrLow);
        } else if (offset == kSelfIpi) {
            effect.command = uint64_t{1} << 18 | value;
        } else {
            writeLocked(offset, static_cast<uint32_t>(value), effect);
        }
    }
    carryOut(effect);
    return true;
}

void LocalApicChip::setTscOffset(uint64_t offset)
{
    {
        MutexLock lock(m_mutex);
        timerLocked();
        m_timer.setTscOffset(offset);
        timerLocked();
        scheduleLocked();
    }
    wake();
}

uint8_t LocalApicChip::taskPriority() const
{
    MutexLock lock(m_mutex);
    return static_cast<uint8_t>(at(kTaskPriority) >> 4);
}

void LocalApicChip::setTaskPriority(uint8_t cr8)
{
    {
        MutexLock lock(m_mutex);
        at(kTaskPriority) = (cr8 & 0xfU) << 4;
        updateLocked();
    }
    wake();
}

} // namespace vmm::irqchip
