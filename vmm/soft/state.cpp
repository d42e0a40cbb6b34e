// SPDX-License-Identifier: GPL-3.0-or-later
// The executor's registers as cpu::CpuState, the form that KVM's vCPUs save and load too.
#include <algorithm>
#include <array>

#include "vmm/soft/core.h"
#include "vmm/soft/core_internal.h"
#include "vmm/soft/kvm_clock.h"
#include "vmm/soft/xsave.h"
#include "vmm/soft/xsave_components.h"

namespace vmm::soft {

namespace {

using cpu::CpuState;

constexpr size_t kMaxMsrs = 1024;
constexpr uint32_t kTsc = 0x10;
constexpr uint32_t kTscAdjust = 0x3b;
constexpr uint32_t kKvmStealTime = 0x4b56'4d03;
constexpr uint64_t kKnownFlags = 0x3f'7fd5;
constexpr uint8_t kShadowMovSs = 1;
constexpr uint8_t kShadowSti = 2;

/// What CpuState::msrs holds of an executor; those with fields of their own there are not among
/// them.
constexpr auto kSavedMsrs = std::to_array<uint32_t>({kTsc,
                                                     kTscAdjust,
                                                     0x174 /* SYSENTER_CS */,
                                                     0x175,
                                                     0x176,
                                                     0x1a0 /* MISC_ENABLE */,
                                                     0x277 /* PAT */,
                                                     0x2ff /* MTRR_DEF_TYPE */,
                                                     0x200,
                                                     0x201,
                                                     0x202,
                                                     0x203,
                                                     0x204,
                                                     0x205,
                                                     0x206,
                                                     0x207,
                                                     0x208,
                                                     0x209,
                                                     0x20a,
                                                     0x20b,
                                                     0x20c,
                                                     0x20d,
                                                     0x20e,
                                                     0x20f,
                                                     0x250,
                                                     0x258,
                                                     0x259,
                                                     0x268,
                                                     0x269,
                                                     0x26a,
                                                     0x26b,
                                                     0x26c,
                                                     0x26d,
                                                     0x26e,
                                                     0x26f,
                                                     0xc000'0081 /* STAR */,
                                                     0xc000'0082,
                                                     0xc000'0083,
                                                     0xc000'0084,
                                                     0xc000'0102 /* KERNEL_GS_BASE */,
                                                     0xc000'0103 /* TSC_AUX */,
                                                     0x4b56'4d00 /* kvmclock */,
                                                     0x4b56'4d01});

PendingException exceptionOf(const cpu::PendingEvents& events)
{
    PendingException pending;
    pending.present = events.exceptionInjected || events.exceptionPending;
    pending.vector = static_cast<Vector>(events.exceptionVector & 31);
    pending.hasCode = events.exceptionHasErrorCode;
    pending.code = events.exceptionErrorCode;
    if (events.exceptionHasPayload && pending.vector == Vector::Pf)
        pending.address = events.exceptionPayload;
    if (events.exceptionHasPayload && pending.vector == Vector::Db)
        pending.debugBits = events.exceptionPayload;
    return pending;
}

/// The counter first: the clock's page is written against it.
void loadMsrs(Core& c, const std::vector<cpu::Msr>& msrs)
{
    SystemRegisters& sys = c.sys;
    sys.others.clear();
    for (const cpu::Msr& msr : msrs)
        if (msr.index == kTsc)
            sys.tscOffset = msr.value - c.environment().tsc.nowTicks();
    for (const cpu::Msr& msr : msrs) {
        if (msr.index == kTsc)
            continue;
        if (msr.index == kTscAdjust)
            sys.tscAdjust = msr.value; // a write would move the counter again
        else if (!c.writeMsr(msr.index, msr.value))
            sys.others.push_back(msr);
        if (msr.index == kKvmStealTime)
            clearPreempted(c, msr.value);
    }
    // With an APIC, there is nothing that this executor saves and does not take back.
    sys.foreign = c.environment().apic != nullptr && !sys.others.empty();
}

} // namespace

Result<void> Core::load(const CpuState& state)
{
    if (state.msrs.size() > kMaxMsrs)
        return Error(ErrorCode::Invalid, "the saved CPU has too many model-specific registers");
    VectorState vector;
    ExtraState extra;
    TRY(components::unpackExtra(state.xsave, extra));
    if (!state.xsave.empty())
        TRY(unpackXsave(state.xsave, vector));
    else
        vector = regs.vector;
    resetRegisters(false);
    regs.vector = vector;
    regs.extra = std::move(extra);
    std::copy(state.general.begin(), state.general.end(), regs.general.begin());
    std::copy(state.segments.begin(), state.segments.end(), regs.segment.begin());
    regs.rip = state.rip;
    regs.flags.set(state.rflags);
    regs.systemFlags = (state.rflags & kKnownFlags & ~flag::kArithmetic) | flag::kOne;
    sys.gdt = state.gdt;
    sys.idt = state.idt;
    sys.cr0 = state.cr0 | cr::k0Et;
    sys.cr2 = state.cr2;
    sys.cr3 = state.cr3;
    sys.cr4 = state.cr4;
    sys.efer = state.efer;
    sys.xcr0 = (state.xcr0 & (7 | components::extraUser())) | 1;
    sys.dr = state.debugAddress;
    sys.dr6 = state.dr6;
    sys.dr7 = state.dr7;
    loadMsrs(*this, state.msrs);
    m_pending = exceptionOf(state.events);
    m_unknown.clear();
    m_injected.reset();
    if (state.events.interruptInjected)
        m_injected = state.events.interruptVector;
    m_nmiPending = state.events.nmiPending || state.events.nmiInjected ? 1 : 0;
    m_nmiMasked = state.events.nmiMasked && !state.events.nmiInjected;
    m_shadow = (state.events.interruptShadow & kShadowMovSs) != 0 ? Shadow::MovSs
               : (state.events.interruptShadow & kShadowSti) != 0 ? Shadow::Sti
                                                                  : Shadow::None;
    m_halted = state.activity == cpu::Activity::Halted;
    m_waitForSipi = state.activity == cpu::Activity::WaitingForInit ||
                    state.activity == cpu::Activity::WaitingForSipi;
    if (m_environment.apic != nullptr && !state.msrs.empty())
        TRY(m_environment.apic->load(state));
    modeChanged();
    debugRegistersChanged();
    m_blocks->clear();
    refreshMap(); // the assist's executors hear of no change of the map otherwise
    if (!loadPdptes())
        m_pending = {};
    return {};
}

void Core::save(CpuState& state)
{
    std::copy_n(regs.general.begin(), state.general.size(), state.general.begin());
    std::copy(regs.segment.begin(), regs.segment.end(), state.segments.begin());
    state.rip = regs.rip;
    state.rflags = regs.rflags();
    state.gdt = sys.gdt;
    state.idt = sys.idt;
    state.cr0 = sys.cr0;
    state.cr2 = sys.cr2;
    state.cr3 = sys.cr3;
    state.cr4 = sys.cr4;
    state.efer = sys.efer;
    state.xcr0 = sys.xcr0;
    state.debugAddress = sys.dr;
    state.dr6 = sys.dr6;
    state.dr7 = sys.dr7;
    state.msrs = sys.others;
    for (const uint32_t index : kSavedMsrs)
        if (uint64_t value = 0; readMsr(index, value))
            state.msrs.push_back({index, value});
    packXsave(regs.vector, sys.xcr0, state.xsave);
    components::packExtra(regs.extra, state.xsave);
    state.events = {};
    state.events.exceptionInjected = m_pending.present;
    state.events.exceptionVector = static_cast<uint8_t>(m_pending.vector);
    state.events.exceptionHasErrorCode = m_pending.hasCode;
    state.events.exceptionErrorCode = m_pending.code;
    state.events.exceptionHasPayload =
        m_pending.vector == Vector::Db || m_pending.vector == Vector::Pf;
    state.events.exceptionPayload =
        m_pending.vector == Vector::Db ? m_pending.debugBits : m_pending.address;
    state.events.interruptInjected = m_injected.has_value();
    state.events.interruptVector = m_injected.value_or(0);
    state.events.nmiPending = m_nmiPending != 0;
    state.events.nmiMasked = m_nmiMasked;
    state.events.interruptShadow = m_shadow == Shadow::MovSs ? kShadowMovSs
                                   : m_shadow == Shadow::Sti ? kShadowSti
                                                             : 0;
    state.activity = m_waitForSipi ? cpu::Activity::WaitingForSipi
                     : m_halted    ? cpu::Activity::Halted
                                   : cpu::Activity::Running;
    if (m_environment.apic != nullptr) {
        state.cr8 = m_environment.apic->taskPriority();
        m_environment.apic->save(state);
    }
}

} // namespace vmm::soft
