// SPDX-License-Identifier: GPL-3.0-or-later
// vCPU state between KVM's structs and cpu::CpuState
// (api.rst 4.11-4.15, 4.18-4.20, 4.31-4.32, 4.57-4.58).
#include <algorithm>
#include <fmt/core.h>

#include "vmm/base/bits.h"
#include "vmm/kvm/kvm_structs.h"
#include "vmm/kvm/kvm_vcpu.h"

namespace vmm::kvm {

namespace {

using cpu::CpuState;

constexpr uint32_t kTscMsr = 0x10;
constexpr uint32_t kTscDeadlineMsr = 0x6e0;

cpu::Segment fromKvm(const kvm_segment& from)
{
    cpu::Segment to;
    to.base = from.base;
    to.limit = from.limit;
    to.selector = from.selector;
    to.type = from.type;
    to.present = from.present != 0;
    to.dpl = from.dpl;
    to.db = from.db != 0;
    to.s = from.s != 0;
    to.l = from.l != 0;
    to.g = from.g != 0;
    to.avl = from.avl != 0;
    to.unusable = from.unusable != 0;
    return to;
}

kvm_segment toKvm(const cpu::Segment& from)
{
    kvm_segment to{};
    to.base = from.base;
    to.limit = from.limit;
    to.selector = from.selector;
    to.type = from.type & 0xf;
    to.present = from.present ? 1 : 0;
    to.dpl = from.dpl & 3;
    to.db = from.db ? 1 : 0;
    to.s = from.s ? 1 : 0;
    to.l = from.l ? 1 : 0;
    to.g = from.g ? 1 : 0;
    to.avl = from.avl ? 1 : 0;
    to.unusable = from.unusable ? 1 : 0;
    return to;
}

void generalFromKvm(const kvm_regs& regs, CpuState& state)
{
    state.general = {regs.rax, regs.rcx, regs.rdx, regs.rbx, regs.rsp, regs.rbp,
                     regs.rsi, regs.rdi, regs.r8,  regs.r9,  regs.r10, regs.r11,
                     regs.r12, regs.r13, regs.r14, regs.r15};
    state.rip = regs.rip;
    state.rflags = regs.rflags;
}

kvm_regs generalToKvm(const CpuState& state)
{
    const auto& g = state.general;
    kvm_regs regs{};
    regs.rax = g[0];
    regs.rcx = g[1];
    regs.rdx = g[2];
    regs.rbx = g[3];
    regs.rsp = g[4];
    regs.rbp = g[5];
    regs.rsi = g[6];
    regs.rdi = g[7];
    regs.r8 = g[8];
    regs.r9 = g[9];
    regs.r10 = g[10];
    regs.r11 = g[11];
    regs.r12 = g[12];
    regs.r13 = g[13];
    regs.r14 = g[14];
    regs.r15 = g[15];
    regs.rip = state.rip;
    regs.rflags = state.rflags;
    return regs;
}

void systemFromKvm(const kvm_sregs& sregs, CpuState& state)
{
    const kvm_segment* segments[] = {&sregs.es, &sregs.cs, &sregs.ss,  &sregs.ds,
                                     &sregs.fs, &sregs.gs, &sregs.ldt, &sregs.tr};
    for (size_t i = 0; i < state.segments.size(); ++i)
        state.segments[i] = fromKvm(*segments[i]);
    state.gdt = {sregs.gdt.base, sregs.gdt.limit};
    state.idt = {sregs.idt.base, sregs.idt.limit};
    state.cr0 = sregs.cr0;
    state.cr2 = sregs.cr2;
    state.cr3 = sregs.cr3;
    state.cr4 = sregs.cr4;
    state.cr8 = sregs.cr8;
    state.efer = sregs.efer;
    state.apicBase = sregs.apic_base;
}

kvm_sregs systemToKvm(const CpuState& state)
{
    kvm_sregs sregs{};
    kvm_segment* segments[] = {&sregs.es, &sregs.cs, &sregs.ss,  &sregs.ds,
                               &sregs.fs, &sregs.gs, &sregs.ldt, &sregs.tr};
    for (size_t i = 0; i < state.segments.size(); ++i)
        *segments[i] = toKvm(state.segments[i]);
    sregs.gdt.base = state.gdt.base;
    sregs.gdt.limit = state.gdt.limit;
    sregs.idt.base = state.idt.base;
    sregs.idt.limit = state.idt.limit;
    sregs.cr0 = state.cr0;
    sregs.cr2 = state.cr2;
    sregs.cr3 = state.cr3;
    sregs.cr4 = state.cr4;
    sregs.cr8 = state.cr8;
    sregs.efer = state.efer;
    sregs.apic_base = state.apicBase;
    return sregs;
}

cpu::PendingEvents eventsFromKvm(const kvm_vcpu_events& from)
{
    cpu::PendingEvents to;
    to.exceptionInjected = from.exception.injected != 0;
    to.exceptionPending = from.exception.pending != 0;
    to.exceptionVector = from.exception.nr;
    to.exceptionHasErrorCode = from.exception.has_error_code != 0;
    to.exceptionErrorCode = from.exception.error_code;
    to.exceptionHasPayload = from.exception_has_payload != 0;
    to.exceptionPayload = from.exception_payload;
    to.interruptInjected = from.interrupt.injected != 0;
    to.interruptVector = from.interrupt.nr;
    to.interruptSoft = from.interrupt.soft != 0;
    to.interruptShadow = from.interrupt.shadow;
    to.nmiInjected = from.nmi.injected != 0;
    to.nmiPending = from.nmi.pending != 0;
    to.nmiMasked = from.nmi.masked != 0;
    to.sipiVector = from.sipi_vector;
    return to;
}

kvm_vcpu_events eventsToKvm(const cpu::PendingEvents& from)
{
    kvm_vcpu_events to{};
    // "pending" and the payload need a capability we do not turn on; a pending exception is
    // injected.
    to.exception.injected = from.exceptionInjected || from.exceptionPending ? 1 : 0;
    to.exception.nr = from.exceptionVector & 31;
    to.exception.has_error_code = from.exceptionHasErrorCode ? 1 : 0;
    to.exception.error_code = from.exceptionErrorCode;
    to.interrupt.injected = from.interruptInjected ? 1 : 0;
    to.interrupt.nr = from.interruptVector;
    to.interrupt.soft = from.interruptSoft ? 1 : 0;
    to.interrupt.shadow = from.interruptShadow & 3;
    to.nmi.injected = from.nmiInjected ? 1 : 0;
    to.nmi.pending = from.nmiPending ? 1 : 0;
    to.nmi.masked = from.nmiMasked ? 1 : 0;
    to.sipi_vector = from.sipiVector & 0xff;
    to.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SIPI_VECTOR |
               KVM_VCPUEVENT_VALID_SHADOW;
    return to;
}

/// MSRs of `indices` that this vCPU has. KVM stops at the first it refuses (hosts differ): that one
/// is left out and the rest is asked for again.
std::vector<cpu::Msr> readMsrs(int fd, const std::vector<uint32_t>& indices)
{
    std::vector<cpu::Msr> values;
    for (size_t at = 0; at < indices.size();) {
        MsrArray array(indices.size() - at);
        for (size_t i = at; i < indices.size(); ++i)
            array.set(i - at, kvm_msr_entry{indices[i], 0, 0});
        const int got = ::ioctl(fd, kGetMsrs, array.header());
        const size_t count = got > 0 ? static_cast<size_t>(got) : 0;
        for (size_t i = 0; i < count; ++i)
            values.push_back({array.get(i).index, array.get(i).data});
        at += count + (at + count < indices.size() ? 1 : 0);
    }
    return values;
}

/// A short count is not an error by itself: a host may refuse to set what it lets us read (0x10a
/// does so on some), and an unknown index in a foreign file has no place to go.
void writeMsrs(int fd, const std::vector<cpu::Msr>& values)
{
    for (size_t at = 0; at < values.size();) {
        MsrArray array(values.size() - at);
        for (size_t i = at; i < values.size(); ++i)
            array.set(i - at, kvm_msr_entry{values[i].index, 0, values[i].value});
        const int set = ::ioctl(fd, kSetMsrs, array.header());
        const size_t count = set > 0 ? static_cast<size_t>(set) : 0;
        at += count + (at + count < values.size() ? 1 : 0);
    }
}

/// Those of `now` that were there before with another value.
std::vector<cpu::Msr> changedMsrs(const std::vector<cpu::Msr>& before, std::vector<cpu::Msr> now)
{
    std::erase_if(now, [&](const cpu::Msr& msr) {
        return std::none_of(before.begin(), before.end(), [&](const cpu::Msr& old) {
            return old.index == msr.index && old.value != msr.value;
        });
    });
    return now;
}

/// The TSC first: clocks are computed with it. The deadline timer not at all.
std::vector<cpu::Msr> inLoadOrder(std::vector<cpu::Msr> msrs)
{
    std::erase_if(msrs, [](const cpu::Msr& msr) { return msr.index == kTscDeadlineMsr; });
    std::stable_partition(msrs.begin(), msrs.end(),
                          [](const cpu::Msr& msr) { return msr.index == kTscMsr; });
    return msrs;
}

/// Arms the deadline timer: after the local APIC, which drops a deadline in any other timer mode.
void loadDeadline(int fd, const std::vector<cpu::Msr>& msrs)
{
    for (const cpu::Msr& msr : msrs)
        if (msr.index == kTscDeadlineMsr)
            writeMsrs(fd, {msr});
}

cpu::Activity activityFromKvm(uint32_t state)
{
    switch (state) {
    case KVM_MP_STATE_UNINITIALIZED:
        return cpu::Activity::WaitingForInit;
    case KVM_MP_STATE_INIT_RECEIVED:
        return cpu::Activity::WaitingForSipi;
    case KVM_MP_STATE_HALTED:
        return cpu::Activity::Halted;
    default:
        return cpu::Activity::Running;
    }
}

Result<uint32_t> activityToKvm(cpu::Activity activity)
{
    switch (activity) {
    case cpu::Activity::Running:
        return uint32_t{KVM_MP_STATE_RUNNABLE};
    case cpu::Activity::Halted:
        return uint32_t{KVM_MP_STATE_HALTED};
    case cpu::Activity::WaitingForInit:
        return uint32_t{KVM_MP_STATE_UNINITIALIZED};
    case cpu::Activity::WaitingForSipi:
        return uint32_t{KVM_MP_STATE_INIT_RECEIVED};
    }
    return Error(ErrorCode::Invalid, "a CPU's saved activity is unknown");
}

Result<void> loadXsave(int fd, const CpuState& state, size_t xsaveSize)
{
    if (state.xsave.empty())
        return {};
    if (state.xsave.size() < kXsaveSize || state.xsave.size() > xsaveSize)
        return Error(ErrorCode::Unsupported,
                     "a CPU's saved XSAVE area has a size that this host does not use");
    std::vector<uint8_t> area(state.xsave);
    area.resize(std::max(xsaveSize, kXsaveSize));
    TRY(callKvm(fd, kSetXsave, area.data(), "KVM_SET_XSAVE"));
    return {};
}

Result<void> loadSystem(int fd, const CpuState& state)
{
    const kvm_sregs sregs = systemToKvm(state);
    TRY(callKvm(fd, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS"));
    return {};
}

Result<void> loadDebug(int fd, const CpuState& state)
{
    kvm_debugregs debug{};
    std::copy(state.debugAddress.begin(), state.debugAddress.end(), debug.db);
    debug.dr6 = state.dr6;
    debug.dr7 = state.dr7;
    TRY(callKvm(fd, KVM_SET_DEBUGREGS, &debug, "KVM_SET_DEBUGREGS"));
    kvm_xcrs xcrs{};
    xcrs.nr_xcrs = 1;
    xcrs.xcrs[0].value = state.xcr0;
    // Refused where the host has no XSAVE; the guest has none either then.
    static_cast<void>(callKvm(fd, KVM_SET_XCRS, &xcrs, "KVM_SET_XCRS").has_value());
    return {};
}

} // namespace

/// Everything an instruction works on: all but MSRs, local APIC and activity.
Result<void> KvmVcpu::readRegisters(CpuState& state)
{
    const int fd = m_fd.get();
    // First: reading events moves the address of a page fault that waits into CR2, and the cause of
    // a debug exception into DR6.
    kvm_vcpu_events events{};
    TRY(callKvm(fd, KVM_GET_VCPU_EVENTS, &events, "KVM_GET_VCPU_EVENTS"));
    state.events = eventsFromKvm(events);
    kvm_regs regs{};
    TRY(callKvm(fd, KVM_GET_REGS, &regs, "KVM_GET_REGS"));
    generalFromKvm(regs, state);
    kvm_sregs sregs{};
    TRY(callKvm(fd, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS"));
    systemFromKvm(sregs, state);
    kvm_debugregs debug{};
    TRY(callKvm(fd, KVM_GET_DEBUGREGS, &debug, "KVM_GET_DEBUGREGS"));
    std::copy(std::begin(debug.db), std::end(debug.db), state.debugAddress.begin());
    state.dr6 = debug.dr6;
    state.dr7 = debug.dr7;
    kvm_xcrs xcrs{};
    if (callKvm(fd, KVM_GET_XCRS, &xcrs, "KVM_GET_XCRS") && xcrs.nr_xcrs > 0)
        state.xcr0 = xcrs.xcrs[0].value;
    state.xsave.resize(m_environment.xsaveSize);
    const bool large = m_environment.xsaveSize > kXsaveSize;
    TRY(callKvm(fd, large ? kGetXsave2 : kGetXsave, state.xsave.data(), "KVM_GET_XSAVE"));
    return {};
}

Result<void> KvmVcpu::writeGeneral(const CpuState& state)
{
    const kvm_regs regs = generalToKvm(state);
    TRY(callKvm(m_fd.get(), KVM_SET_REGS, &regs, "KVM_SET_REGS"));
    return {};
}

Result<void> KvmVcpu::writeRegisters(const CpuState& state)
{
    const int fd = m_fd.get();
    TRY(loadSystem(fd, state));
    TRY(writeGeneral(state));
    TRY(loadDebug(fd, state));
    return loadXsave(fd, state, m_environment.xsaveSize);
}

/// As writeRegisters() and writeMsrs(), for what differs from `before`: setting system registers
/// makes KVM forget its translations, and most instructions leave them alone.
Result<void> KvmVcpu::writeChanges(const CpuState& before, const CpuState& state)
{
    const int fd = m_fd.get();
    const kvm_sregs old = systemToKvm(before);
    const kvm_sregs now = systemToKvm(state);
    if (std::memcmp(&old, &now, sizeof now) != 0)
        TRY(loadSystem(fd, state));
    TRY(writeGeneral(state));
    if (state.debugAddress != before.debugAddress || state.dr6 != before.dr6 ||
        state.dr7 != before.dr7 || state.xcr0 != before.xcr0)
        TRY(loadDebug(fd, state));
    if (state.xsave != before.xsave)
        TRY(loadXsave(fd, state, m_environment.xsaveSize));
    writeMsrs(fd, changedMsrs(before.msrs, state.msrs));
    return {};
}

Result<void> KvmVcpu::writeEvents(const CpuState& state)
{
    const kvm_vcpu_events events = eventsToKvm(state.events);
    TRY(callKvm(m_fd.get(), KVM_SET_VCPU_EVENTS, &events, "KVM_SET_VCPU_EVENTS"));
    return {};
}

Result<CpuState> KvmVcpu::saveState()
{
    const int fd = m_fd.get();
    CpuState state;
    kvm_mp_state activity{}; // first: reading it lets KVM finish a pending INIT or SIPI
    TRY(callKvm(fd, KVM_GET_MP_STATE, &activity, "KVM_GET_MP_STATE"));
    state.activity = activityFromKvm(activity.mp_state);
    TRY(readRegisters(state));
    kvm_lapic_state lapic{};
    TRY(callKvm(fd, KVM_GET_LAPIC, &lapic, "KVM_GET_LAPIC"));
    std::memcpy(state.lapic.data(), lapic.regs, state.lapic.size());
    state.msrs = readMsrs(fd, m_environment.msrIndices);
    return state;
}

/// KVM only says EINVAL where the guest has turned on what the host does not offer.
Error refusal(const CpuState& state, Error error)
{
    constexpr uint64_t kPcide = 1 << 17;
    if (error.code() != ErrorCode::Invalid)
        return error;
    return {ErrorCode::Unsupported,
            fmt::format("this host's KVM cannot go on with the saved CPU ({}CR4 {:#x}, EFER "
                        "{:#x}): restore it with --accel soft",
                        (state.cr4 & kPcide) != 0 ? "it may lack PCIDs; " : "", state.cr4,
                        state.efer)};
}

Result<void> KvmVcpu::loadState(const CpuState& state)
{
    const int fd = m_fd.get();
    if (state.msrs.size() > 4096)
        return Error(ErrorCode::Invalid, "a CPU's saved state has too many MSRs");
    const uint32_t activity = TRY(activityToKvm(state.activity));
    if (auto written = writeRegisters(state); !written)
        return refusal(state, std::move(written).error());
    writeMsrs(fd, inLoadOrder(state.msrs));
    // After the APIC base (in sregs) and the TSC.
    kvm_lapic_state lapic{};
    std::memcpy(lapic.regs, state.lapic.data(), state.lapic.size());
    TRY(callKvm(fd, KVM_SET_LAPIC, &lapic, "KVM_SET_LAPIC"));
    loadDeadline(fd, state.msrs);
    TRY(writeEvents(state));
    kvm_mp_state mp{activity};
    TRY(callKvm(fd, KVM_SET_MP_STATE, &mp, "KVM_SET_MP_STATE"));
    return {};
}

/// The local APIC is left alone: interrupts arrive there all the time.
Result<cpu::Assisted> KvmVcpu::assist()
{
    static const std::vector<uint32_t> kMsrs = {0x174,       0x175,       0x176,       0x277,
                                                0xc000'0081, 0xc000'0082, 0xc000'0083, 0xc000'0084,
                                                0xc000'0102, 0xc000'0103};
    CpuState before;
    TRY(readRegisters(before));
    before.msrs = readMsrs(m_fd.get(), kMsrs);
    CpuState state = before;
    const auto result = TRY(m_environment.config.assist->runOne(m_index, state));
    if (result == cpu::Assisted::Done) {
        TRY(writeChanges(before, state));
        TRY(writeEvents(state)); // also makes KVM look for interrupts
    }
    return result;
}

Result<void> KvmVcpu::reset()
{
    CpuState state = CpuState::powerOn(m_index);
    state.xsave = m_powerOn.xsave;
    state.lapic = m_powerOn.lapic;
    for (const cpu::Msr& msr : m_powerOn.msrs)
        if (msr.index !=
            kTscMsr) // keeps counting over a reset, as hardware that was only reset does
            state.msrs.push_back(msr);
    return loadState(state);
}

} // namespace vmm::kvm
