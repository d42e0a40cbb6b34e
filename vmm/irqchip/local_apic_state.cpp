// SPDX-License-Identifier: GPL-3.0-or-later
// Power-on, INIT, and the saved page: registers 16 bytes apart, laid out as KVM_GET_LAPIC does.
#include <algorithm>

#include "vmm/base/bits.h"
#include "vmm/irqchip/local_apic_chip.h"

namespace vmm::irqchip {

using namespace apic;

namespace {

/// Bits of a register that a saved page may set; what is left out follows from the rest.
uint32_t loadMask(uint32_t offset)
{
    constexpr uint32_t kLowVectors = 0xffff; // 0-15 cannot be requested
    switch (offset) {
    case kIsr:
    case kTmr:
    case kIrr:
        return ~kLowVectors;
    case kTaskPriority:
        return 0xff;
    case kId:
    case kLogicalDestination:
        return 0xff00'0000;
    case kSpurious:
        return 0x3ff;
    case kErrorStatus:
        return 0xff;
    case kIcrLow:
        return kIcrWritable;
    case kLvtTimer:
        return 0x7'00ff;
    case kLvtThermal:
    case kLvtPerformance:
    case kLvtError:
        return 0x1'07ff;
    case kLvtLint0:
    case kLvtLint1:
        return 0x1'a7ff;
    case kDivide:
        return 0xb;
    case kDestinationFormat:
    case kIcrHigh:
    case kInitialCount:
    case kCurrentCount:
        return ~uint32_t{0};
    default:
        return offset > kIsr && offset < kErrorStatus ? ~uint32_t{0} : 0;
    }
}

std::optional<uint64_t> savedMsr(const cpu::CpuState& state, uint32_t index)
{
    for (const cpu::Msr& msr : state.msrs)
        if (msr.index == index)
            return msr.value;
    return std::nullopt;
}

void saveDeadline(cpu::CpuState& state, uint64_t value)
{
    const auto found = std::find_if(state.msrs.begin(), state.msrs.end(), [](const cpu::Msr& msr) {
        return msr.index == kTscDeadlineMsr;
    });
    if (found == state.msrs.end())
        state.msrs.push_back({kTscDeadlineMsr, value});
    else
        found->value = value;
}

} // namespace

void LocalApicChip::save(cpu::CpuState& state) const
{
    MutexLock lock(m_mutex);
    for (unsigned i = 0; i < kRegisters; ++i)
        storeLe<uint32_t>(&state.lapic[i * size_t{16}], m_registers[i]);
    const auto put = [&state](uint32_t offset, uint32_t value) {
        storeLe<uint32_t>(&state.lapic[offset], value);
    };
    // The ID keeps its xAPIC form in both modes.
    put(kVersion, kVersionValue);
    put(kLogicalDestination, logicalIdLocked());
    put(kInitialCount, m_timer.initial());
    put(kCurrentCount, m_timer.current());
    state.apicBase = base();
    saveDeadline(state, m_timer.deadline());
}

Result<void> LocalApicChip::load(const cpu::CpuState& state)
{
    if (!validBase(state.apicBase))
        return Error(ErrorCode::Invalid, "a CPU's saved IA32_APIC_BASE is impossible");
    {
        MutexLock lock(m_mutex);
        m_base.store(state.apicBase, std::memory_order_relaxed);
        m_errors = 0;
        for (uint32_t i = 0; i < kRegisters; ++i)
            m_registers[i] = loadLe<uint32_t>(&state.lapic[i * size_t{16}]) & loadMask(i * 16);
        at(kDestinationFormat) |= 0x0fff'ffff;
        if (x2())
            at(kId) = m_environment.index << 24;
        else
            at(kIcrHigh) &= 0xff00'0000;
        ApicTimer::Saved timer;
        timer.mode = ApicTimer::modeOf(at(kLvtTimer));
        timer.initial = at(kInitialCount);
        timer.current = at(kCurrentCount);
        timer.divide = at(kDivide);
        timer.deadlineTsc = savedMsr(state, kTscDeadlineMsr).value_or(0);
        if (const auto tsc = savedMsr(state, kTscMsr))
            m_timer.setTscOffset(*tsc - m_environment.tsc.nowTicks());
        m_timer.load(timer);
        scheduleLocked();
        noteLint0Locked();
        updateLocked();
    }
    if (m_environment.loaded)
        m_environment.loaded();
    wake();
    return {};
}

void LocalApicChip::reset(bool init)
{
    MutexLock lock(m_mutex);
    if (!init) {
        const bool boot = m_environment.index == 0;
        m_base.store(kDefaultBase | kEnabled | (boot ? kBootProcessor : 0),
                     std::memory_order_relaxed);
        at(kId) = m_environment.index << 24;
    }
    resetLocked();
}

/// Section 11.4.7.1; the ID stays.
void LocalApicChip::resetLocked()
{
    const uint32_t id = at(kId);
    m_registers.fill(0);
    at(kId) = id;
    at(kDestinationFormat) = ~uint32_t{0};
    at(kSpurious) = 0xff;
    for (uint32_t offset = kLvtTimer; offset <= kLvtError; offset += 16)
        at(offset) = kLvtMasked;
    if (m_environment.index == 0)
        at(kLvtLint0) = 7 << 8; // ExtINT, not masked: see the class
    m_errors = 0;
    m_timer.setMode(ApicTimer::Mode::OneShot);
    m_timer.setDivide(0);
    m_timer.setInitial(0);
    m_timer.stop();
    noteLint0Locked();
    updateLocked();
}

} // namespace vmm::irqchip
