// SPDX-License-Identifier: GPL-3.0-or-later
// The table of system instructions and those that need no file of their own. Intel SDM volume 2.
#include <array>
#include <atomic>
#include <cerrno>
#include <vector>

#include "vmm/cpu/cpuid_model.h"
#include "vmm/soft/system.h"
#include "vmm/soft/xsave.h"
#include "vmm/soft/xsave_components.h"

namespace vmm::soft {

namespace {

/// Most of them are for CPL 0.
bool unprivileged(const Core& c)
{
    return c.cpl() != 0;
}

void setPair(Core& c, uint64_t value)
{
    c.set<uint32_t>(kRax * 8, static_cast<uint32_t>(value));
    c.set<uint32_t>(kRdx * 8, static_cast<uint32_t>(value >> 32));
}

uint64_t getPair(const Core& c)
{
    return c.get<uint32_t>(kRax * 8) | uint64_t{c.get<uint32_t>(kRdx * 8)} << 32;
}

uint32_t getEcx(const Core& c)
{
    return c.get<uint32_t>(kRcx * 8);
}

const Op* undefined(Core& c, const Op& op)
{
    return c.raise(op, Vector::Ud);
}

const Op* privilegedNothing(Core& c, const Op& op)
{
    return unprivileged(c) ? c.raise(op, Vector::Gp, 0) : c.next(op);
}

const Op* halt(Core& c, const Op& op)
{
    return unprivileged(c) ? c.raise(op, Vector::Gp, 0) : c.halt(op);
}

const Op* clearTaskSwitched(Core& c, const Op& op)
{
    if (unprivileged(c))
        return c.raise(op, Vector::Gp, 0);
    c.sys.cr0 &= ~cr::k0Ts;
    c.modeChanged();
    return leaveBehind(c, op);
}

// --- translations and caches ---

const Op* invalidatePage(Core& c, const Op& op)
{
    if (unprivileged(c))
        return c.raise(op, Vector::Gp, 0);
    const uint64_t offset = c.offset(op);
    const uint64_t linear = c.inLong64() ? offset + c.longBase(op.segment)
                                         : (offset + c.regs.segment[op.segment].base) & 0xffff'ffff;
    if (Core::canonical(linear)) // a NOP else (SDM volume 2 INVLPG)
        c.flushPage(linear);
    return leaveBehind(c, op);
}

const Op* invalidatePcid(Core& c, const Op& op)
{
    if (unprivileged(c))
        return c.raise(op, Vector::Gp, 0);
    const uint64_t kind = c.inLong64() ? c.get<uint64_t>(op.a) : uint64_t{c.get<uint32_t>(op.a)};
    std::array<uint64_t, 2> descriptor{};
    uint64_t linear = 0;
    if (!c.linear(op, 16, Access::Read, linear) ||
        !c.loadBytes(linear, descriptor.data(), 16, op.segment))
        return c.fault(op);
    // Without CR4.PCIDE there is only PCID 0.
    const bool tagged = (c.sys.cr4 & cr::k4Pcide) != 0;
    const bool badPcid = (descriptor[0] >> 12) != 0 || (kind < 2 && descriptor[0] != 0 && !tagged);
    if (kind > 3 || badPcid || (kind == 0 && !Core::canonical(descriptor[1])))
        return c.raise(op, Vector::Gp, 0);
    switch (kind) {
    case 0: // of any PCID: more than asked for does no harm
        c.flushPage(descriptor[1]);
        break;
    case 1:
        c.flushSpace(static_cast<uint16_t>(descriptor[0]));
        break;
    case 2:
        c.flushTlb(true);
        break;
    default:
        c.flushAllButGlobal();
        break;
    }
    return leaveBehind(c, op);
}

/// CLFLUSH and its like read as far as protection goes.
const Op* flushLine(Core& c, const Op& op)
{
    uint64_t linear = 0;
    if (!c.linear(op, 1, Access::Read, linear))
        return c.fault(op);
    if (c.inLong64() && !Core::canonical(linear))
        return op.segment == kSs ? c.raise(op, Vector::Ss, 0) : c.raise(op, Vector::Gp, 0);
    return c.probe(linear, 1, Access::Read, false) ? c.next(op) : c.fault(op);
}

const Op* fence(Core& c, const Op& op)
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return c.next(op);
}

const Op* serialize(Core& c, const Op& op)
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return leaveBehind(c, op);
}

// --- CPUID, counters, MSRs ---

const Op* identify(Core& c, const Op& op)
{
    const Environment& environment = c.environment();
    cpu::CpuidContext context;
    context.index = environment.index;
    context.cpus = environment.cpus;
    context.cr4 = c.sys.cr4;
    context.xcr0 = c.sys.xcr0;
    constexpr uint64_t kApicEnable = 1 << 11;
    context.apicEnabled =
        environment.apic == nullptr || (environment.apic->base() & kApicEnable) != 0;
    context.ticksPerSecond = environment.tsc.ticksPerSecond();
    const cpu::CpuidResult result =
        environment.cpuid.query(c.get<uint32_t>(kRax * 8), getEcx(c), context);
    c.set(kRax * 8, result.eax);
    c.set(kRbx * 8, result.ebx);
    c.set(kRcx * 8, result.ecx);
    c.set(kRdx * 8, result.edx);
    return c.next(op);
}

bool timeForbidden(const Core& c)
{
    return (c.sys.cr4 & cr::k4Tsd) != 0 && c.cpl() != 0;
}

const Op* readTime(Core& c, const Op& op)
{
    if (timeForbidden(c))
        return c.raise(op, Vector::Gp, 0);
    setPair(c, c.timestamp());
    return c.next(op);
}

const Op* readTimeAndCpu(Core& c, const Op& op)
{
    if (timeForbidden(c))
        return c.raise(op, Vector::Gp, 0);
    setPair(c, c.timestamp());
    c.set(kRcx * 8, static_cast<uint32_t>(c.sys.tscAux));
    return c.next(op);
}

const Op* readCpu(Core& c, const Op& op)
{
    c.set(op.a, uint64_t{static_cast<uint32_t>(c.sys.tscAux)});
    return c.next(op);
}

/// The models have no performance counters.
const Op* readCounter(Core& c, const Op& op)
{
    return c.raise(op, Vector::Gp, 0);
}

const Op* readModelRegister(Core& c, const Op& op)
{
    uint64_t value = 0;
    if (unprivileged(c) || !c.readMsr(getEcx(c), value))
        return c.raise(op, Vector::Gp, 0);
    setPair(c, value);
    return c.next(op);
}

const Op* writeModelRegister(Core& c, const Op& op)
{
    if (unprivileged(c) || !c.writeMsr(getEcx(c), getPair(c)))
        return c.raise(op, Vector::Gp, 0);
    return leaveBehind(c, op);
}

// --- XCR0 ---

const Op* getExtended(Core& c, const Op& op)
{
    if ((c.sys.cr4 & cr::k4Osxsave) == 0)
        return c.raise(op, Vector::Ud);
    const uint32_t which = getEcx(c);
    if (which > 1)
        return c.raise(op, Vector::Gp, 0);
    setPair(c, which == 0 ? c.sys.xcr0 : c.sys.xcr0 & componentsInUse(c.regs));
    return c.next(op);
}

const Op* setExtended(Core& c, const Op& op)
{
    if ((c.sys.cr4 & cr::k4Osxsave) == 0)
        return c.raise(op, Vector::Ud);
    constexpr uint64_t kX87 = 1, kSse = 2, kAvx = 4;
    constexpr uint64_t kAvx512 = 7 << 5;
    const uint64_t beyond =
        c.sys.foreign || c.environment().stopAtUnknown ? components::extraUser() : 0;
    const uint64_t known = kX87 | kSse | (c.environment().cpuid.v3 ? kAvx : 0) | beyond;
    const uint64_t value = getPair(c);
    const uint64_t wide = value & kAvx512;
    const bool orphan = ((value & kAvx) != 0 && (value & kSse) == 0) ||
                        (wide != 0 && (wide != kAvx512 || (value & kAvx) == 0));
    const bool refused = (value & ~known) != 0 || (value & kX87) == 0 || orphan;
    if (unprivileged(c) || getEcx(c) != 0 || refused)
        return c.raise(op, Vector::Gp, 0);
    c.sys.xcr0 = value;
    c.modeChanged();
    return leaveBehind(c, op);
}

// --- SMAP, FS and GS ---

template <bool On>
const Op* setAccessCheck(Core& c, const Op& op)
{
    if (unprivileged(c))
        return c.raise(op, Vector::Ud);
    c.regs.systemFlags = (c.regs.systemFlags & ~flag::kAc) | (On ? flag::kAc : 0);
    c.modeChanged();
    return leaveBehind(c, op);
}

const Op* swapGs(Core& c, const Op& op)
{
    if (!c.inLong64())
        return c.raise(op, Vector::Ud);
    if (unprivileged(c))
        return c.raise(op, Vector::Gp, 0);
    std::swap(c.regs.segment[kGs].base, c.sys.kernelGsBase);
    c.modeChanged();
    return c.next(op); // addresses are computed with the new base at once
}

bool basesForbidden(const Core& c)
{
    return !c.inLong64() || (c.sys.cr4 & cr::k4Fsgsbase) == 0;
}

template <uint8_t Segment>
const Op* readBase(Core& c, const Op& op)
{
    if (basesForbidden(c))
        return c.raise(op, Vector::Ud);
    const uint64_t base = c.regs.segment[Segment].base;
    if (op.operandSize == 8)
        c.set(op.a, base);
    else
        c.set(op.a, static_cast<uint32_t>(base));
    return c.next(op);
}

template <uint8_t Segment>
const Op* writeBase(Core& c, const Op& op)
{
    if (basesForbidden(c))
        return c.raise(op, Vector::Ud);
    const uint64_t base =
        op.operandSize == 8 ? c.get<uint64_t>(op.a) : uint64_t{c.get<uint32_t>(op.a)};
    if (!Core::canonical(base))
        return c.raise(op, Vector::Gp, 0);
    c.regs.segment[Segment].base = base;
    c.modeChanged();
    return c.next(op);
}

// --- calls to a hypervisor ---

/// KVM_HC_SEND_IPI (Linux Documentation/virt/kvm/x86/hypercalls.rst): RBX and RCX are a bitmap of
/// APICs from RDX on, RSI is the ICR without destination. How many there were to send to.
int64_t sendIpis(Core& c)
{
    constexpr uint32_t kDestination = 0xc'0800; // logical, or a shorthand
    const unsigned width = c.inLong64() ? 64 : 32;
    const uint64_t first = width == 64 ? c.get<uint64_t>(kRdx * 8) : c.get<uint32_t>(kRdx * 8);
    const auto command = c.get<uint32_t>(kRsi * 8);
    if ((command & kDestination) != 0)
        return -EINVAL;
    int64_t sent = 0;
    for (unsigned i = 0; i < 2 * width; ++i) {
        const uint64_t map = c.get<uint64_t>((i < width ? kRbx : kRcx) * 8);
        if ((map >> i % width & 1) == 0 || first >= c.environment().cpus ||
            first + i >= c.environment().cpus)
            continue;
        c.environment().apic->sendTo(static_cast<uint32_t>(first) + i, command);
        ++sent;
    }
    return sent;
}

/// KVM_HC_KICK_CPU: the CPU whose APIC ID is in RCX leaves HLT. What KVM makes of it is this
/// delivery mode, "remote read" on processors that had it.
int64_t kickCpu(Core& c)
{
    constexpr uint32_t kRemoteRead = 3 << 8;
    c.environment().apic->sendTo(c.get<uint32_t>(kRcx * 8), kRemoteRead);
    return 0;
}

/// Nothing is offered, but a guest that began under KVM sends its IPIs and wakes waiters for its
/// spinlocks so. Everything else is KVM's "no such hypercall", from programs "not permitted".
int64_t answerCall(Core& c)
{
    constexpr int64_t kNoSuchCall = -1000;
    constexpr uint32_t kKickCpu = 5;
    constexpr uint32_t kSendIpi = 10;
    if (unprivileged(c))
        return -EPERM;
    const auto call = c.get<uint32_t>(kRax * 8);
    if (c.environment().apic == nullptr || (call != kKickCpu && call != kSendIpi))
        return kNoSuchCall;
    return call == kKickCpu ? kickCpu(c) : sendIpis(c);
}

const Op* hypercall(Core& c, const Op& op)
{
    const int64_t answer = answerCall(c);
    if (c.inLong64())
        c.set(kRax * 8, static_cast<uint64_t>(answer));
    else
        c.set(kRax * 8, static_cast<uint32_t>(answer));
    return c.next(op);
}

/// MONITOR and MWAIT are for CPL 0; nothing is watched, the wait ends at once.
const Op* monitor(Core& c, const Op& op)
{
    return unprivileged(c) ? c.raise(op, Vector::Ud) : c.next(op);
}

template <Handler H>
bool lowerRegister(const Decoded& decoded, Op& op)
{
    op.a = registerOffset(decoded.operand(0).reg.value);
    op.operandSize = static_cast<uint8_t>(decoded.size(0));
    op.run = H;
    return true;
}

bool lowerInvpcid(const Decoded& decoded, Op& op)
{
    op.a = registerOffset(decoded.operand(0).reg.value);
    return lowerEnding<&invalidatePcid>(decoded, op);
}

constexpr LowerRow kRows[] = {
    {ZYDIS_MNEMONIC_HLT, &lowerEnding<&halt>},
    {ZYDIS_MNEMONIC_CLTS, &lowerEnding<&clearTaskSwitched>},
    {ZYDIS_MNEMONIC_INVD, &lowerTo<&privilegedNothing>},
    {ZYDIS_MNEMONIC_WBINVD, &lowerTo<&privilegedNothing>},
    {ZYDIS_MNEMONIC_INVLPG, &lowerEnding<&invalidatePage>},
    {ZYDIS_MNEMONIC_INVPCID, &lowerInvpcid},
    {ZYDIS_MNEMONIC_CLFLUSH, &lowerTo<&flushLine>},
    {ZYDIS_MNEMONIC_CLFLUSHOPT, &lowerTo<&flushLine>},
    {ZYDIS_MNEMONIC_CLWB, &lowerTo<&flushLine>},
    {ZYDIS_MNEMONIC_MFENCE, &lowerTo<&fence>},
    {ZYDIS_MNEMONIC_LFENCE, &lowerTo<&fence>},
    {ZYDIS_MNEMONIC_SFENCE, &lowerTo<&fence>},
    {ZYDIS_MNEMONIC_SERIALIZE, &lowerEnding<&serialize>},
    {ZYDIS_MNEMONIC_CPUID, &lowerTo<&identify>},
    {ZYDIS_MNEMONIC_RDTSC, &lowerTo<&readTime>},
    {ZYDIS_MNEMONIC_RDTSCP, &lowerTo<&readTimeAndCpu>},
    {ZYDIS_MNEMONIC_RDPID, &lowerRegister<&readCpu>},
    {ZYDIS_MNEMONIC_RDPMC, &lowerEnding<&readCounter>},
    {ZYDIS_MNEMONIC_RDMSR, &lowerTo<&readModelRegister>},
    {ZYDIS_MNEMONIC_WRMSR, &lowerEnding<&writeModelRegister>},
    {ZYDIS_MNEMONIC_XGETBV, &lowerTo<&getExtended>},
    {ZYDIS_MNEMONIC_XSETBV, &lowerEnding<&setExtended>},
    {ZYDIS_MNEMONIC_CLAC, &lowerEnding<&setAccessCheck<false>>},
    {ZYDIS_MNEMONIC_STAC, &lowerEnding<&setAccessCheck<true>>},
    {ZYDIS_MNEMONIC_SWAPGS, &lowerTo<&swapGs>},
    {ZYDIS_MNEMONIC_RDFSBASE, &lowerRegister<&readBase<kFs>>},
    {ZYDIS_MNEMONIC_RDGSBASE, &lowerRegister<&readBase<kGs>>},
    {ZYDIS_MNEMONIC_WRFSBASE, &lowerRegister<&writeBase<kFs>>},
    {ZYDIS_MNEMONIC_WRGSBASE, &lowerRegister<&writeBase<kGs>>},
    {ZYDIS_MNEMONIC_MONITOR, &lowerTo<&monitor>},
    {ZYDIS_MNEMONIC_MWAIT, &lowerEnding<&monitor>},
    {ZYDIS_MNEMONIC_VMCALL, &lowerTo<&hypercall>},
    {ZYDIS_MNEMONIC_VMMCALL, &lowerTo<&hypercall>},
    // Virtualisation, SMM and SMX are not offered.
    {ZYDIS_MNEMONIC_RSM, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_GETSEC, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMXON, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMXOFF, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMPTRLD, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMPTRST, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMCLEAR, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMREAD, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMWRITE, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMLAUNCH, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMRESUME, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMFUNC, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_INVEPT, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_INVVPID, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMRUN, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMLOAD, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_VMSAVE, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_STGI, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_CLGI, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_SKINIT, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_INVLPGA, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_RDPKRU, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_WRPKRU, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_RDPRU, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_MONITORX, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_MWAITX, &lowerEnding<&undefined>},
    {ZYDIS_MNEMONIC_CLZERO, &lowerEnding<&undefined>},
};

std::vector<LowerRow> allRows()
{
    std::vector<LowerRow> rows(std::begin(kRows), std::end(kRows));
    for (const auto more : {descriptorInstructions(), systemCallInstructions()})
        rows.insert(rows.end(), more.begin(), more.end());
    return rows;
}

} // namespace

std::span<const LowerRow> systemInstructions()
{
    static const std::vector<LowerRow> kAll = allRows();
    return kAll;
}

} // namespace vmm::soft
