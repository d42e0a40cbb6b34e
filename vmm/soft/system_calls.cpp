// SPDX-License-Identifier: GPL-3.0-or-later
// Far transfers as instructions, IRET, and the fast system calls. Intel SDM volume 2 JMP, CALL,
// RET, IRET, SYSCALL, SYSRET, SYSENTER, SYSEXIT; volume 3 section 5.8.7.
#include <algorithm>
#include <array>

#include "vmm/soft/system.h"

namespace vmm::soft {

namespace {

/// Goes on where a far transfer led; a refused one is the instruction's fault.
const Op* arrive(Core& c, const Op& op, bool done)
{
    return done ? c.leave(c.regs.rip) : c.fault(op);
}

/// Selector and offset of a far pointer in memory.
bool loadPointer(Core& c, const Op& op, unsigned size, uint64_t& target, uint16_t& selector)
{
    std::array<uint8_t, 10> bytes{};
    uint64_t linear = 0;
    if (!c.linear(op, size + 2, Access::Read, linear) ||
        !c.loadBytes(linear, bytes.data(), size + 2, op.segment, std::min(size, 4U)))
        return false;
    target = 0;
    std::memcpy(&target, bytes.data(), size);
    std::memcpy(&selector, bytes.data() + size, sizeof selector);
    return true;
}

const Op* jumpFarPointer(Core& c, const Op& op)
{
    c.regs.rip = c.nextRip(op); // what a task switch saves
    return arrive(c, op, c.farJump(op.b, op.imm, op.operandSize));
}

const Op* callFarPointer(Core& c, const Op& op)
{
    return arrive(c, op, c.farCall(op.b, op.imm, op.operandSize, c.nextRip(op)));
}

const Op* jumpFarMemory(Core& c, const Op& op)
{
    uint64_t target = 0;
    uint16_t selector = 0;
    if (!loadPointer(c, op, op.operandSize, target, selector))
        return c.fault(op);
    c.regs.rip = c.nextRip(op);
    return arrive(c, op, c.farJump(selector, target, op.operandSize));
}

const Op* callFarMemory(Core& c, const Op& op)
{
    uint64_t target = 0;
    uint16_t selector = 0;
    if (!loadPointer(c, op, op.operandSize, target, selector))
        return c.fault(op);
    return arrive(c, op, c.farCall(selector, target, op.operandSize, c.nextRip(op)));
}

const Op* returnFar(Core& c, const Op& op)
{
    return arrive(c, op, c.farReturn(op.operandSize, static_cast<unsigned>(op.imm)));
}

const Op* interruptReturn(Core& c, const Op& op)
{
    c.regs.rip = c.nextRip(op);
    return arrive(c, op, c.interruptReturn(op.operandSize));
}

// --- segments without descriptors ---

/// A flat segment as the fast system calls load it (SDM volume 2 SYSCALL, "Operation"). Field by
/// field in its place: the host waits for bytes that were just written when it copies them as one.
void makeFlat(cpu::Segment& segment, uint16_t selector, unsigned cpl, uint8_t type, bool code64)
{
    segment.base = 0;
    segment.limit = 0xffff'ffff;
    segment.selector = static_cast<uint16_t>((selector & 0xfffc) | cpl);
    segment.type = type;
    segment.present = true;
    segment.dpl = static_cast<uint8_t>(cpl);
    segment.db = !code64;
    segment.s = true;
    segment.l = code64;
    segment.g = true;
    segment.avl = false;
    segment.unusable = false;
}

void enterFlat(Core& c, uint16_t code, uint16_t stack, unsigned cpl, bool code64)
{
    constexpr uint8_t kReadableCode = 0xb; // accessed
    constexpr uint8_t kWritableData = 3;
    makeFlat(c.regs.segment[kCs], code, cpl, kReadableCode, code64);
    makeFlat(c.regs.segment[kSs], stack, cpl, kWritableData, false);
    c.modeChanged();
}

void replaceFlags(Core& c, uint64_t rflags)
{
    c.regs.flags.set(rflags);
    c.regs.systemFlags = (rflags & ~flag::kArithmetic) | flag::kOne;
}

// --- SYSCALL, SYSRET ---

constexpr uint64_t kSingleStep = 1 << 14; // DR6.BS

/// AMD's processors enter CSTAR from compatibility mode, Intel's raise #UD. Systems that know the
/// vendor leave CSTAR alone on Intel's, so that a CSTAR somebody set means the former is wanted.
bool callTarget(const Core& c, uint64_t& target)
{
    target = c.inLong64() ? c.sys.lstar : c.sys.cstar;
    return c.longActive() && (c.sys.efer & cr::kEferSce) != 0 && (c.inLong64() || target != 0);
}

const Op* systemCall(Core& c, const Op& op)
{
    uint64_t target = 0;
    if (!callTarget(c, target))
        return c.raise(op, Vector::Ud);
    const uint64_t rflags = c.regs.rflags();
    c.regs.general[kRcx] = c.nextRip(op);
    c.regs.general[kR11] = rflags & ~flag::kRf;
    c.regs.rip = target;
    replaceFlags(c, rflags & ~(c.sys.fmask | flag::kRf));
    if ((c.regs.systemFlags & flag::kTf) == 0)
        c.cancelTrap(); // the flag at the end of the instruction counts
    const auto selector = static_cast<uint16_t>(c.sys.star >> 32);
    enterFlat(c, selector, static_cast<uint16_t>((selector & 0xfffc) + 8), 0, true);
    return c.leave(c.regs.rip);
}

const Op* systemReturn(Core& c, const Op& op)
{
    if (!c.inLong64() || (c.sys.efer & cr::kEferSce) == 0)
        return c.raise(op, Vector::Ud);
    const bool code64 = op.operandSize == 8;
    const uint64_t target = c.regs.general[kRcx];
    if (c.cpl() != 0 || (code64 && !Core::canonical(target)))
        return c.raise(op, Vector::Gp, 0);
    replaceFlags(c, c.regs.general[kR11] & 0x3c'7fd7);
    c.regs.rip = code64 ? target : target & 0xffff'ffff;
    const auto selector = static_cast<uint16_t>(c.sys.star >> 48);
    enterFlat(c, static_cast<uint16_t>(selector + (code64 ? 16 : 0)),
              static_cast<uint16_t>(selector + 8), 3, code64);
    if ((c.regs.systemFlags & flag::kTf) != 0)
        c.noteDebug(kSingleStep);
    else
        c.cancelTrap();
    return c.leave(c.regs.rip);
}

// --- SYSENTER, SYSEXIT ---

const Op* systemEnter(Core& c, const Op& op)
{
    const auto selector = static_cast<uint16_t>(c.sys.sysenterCs);
    if (!c.protectedMode() || (selector & 0xfffc) == 0)
        return c.raise(op, Vector::Gp, 0);
    const bool wide = c.longActive();
    const uint64_t mask = wide ? ~uint64_t{0} : 0xffff'ffff;
    c.regs.systemFlags &= ~(flag::kVm | flag::kIf | flag::kRf);
    c.regs.general[kRsp] = c.sys.sysenterEsp & mask;
    c.regs.rip = c.sys.sysenterEip & mask;
    enterFlat(c, selector, static_cast<uint16_t>((selector & 0xfffc) + 8), 0, wide);
    return c.leave(c.regs.rip);
}

const Op* systemExit(Core& c, const Op& op)
{
    const auto selector = static_cast<uint16_t>(c.sys.sysenterCs);
    if (!c.protectedMode() || (selector & 0xfffc) == 0 || c.cpl() != 0)
        return c.raise(op, Vector::Gp, 0);
    const bool wide = op.operandSize == 8;
    const uint64_t target = c.regs.general[kRdx];
    const uint64_t stack = c.regs.general[kRcx];
    if (wide && (!Core::canonical(target) || !Core::canonical(stack)))
        return c.raise(op, Vector::Gp, 0);
    c.regs.rip = wide ? target : target & 0xffff'ffff;
    c.regs.general[kRsp] = wide ? stack : stack & 0xffff'ffff;
    const unsigned step = wide ? 32 : 16;
    enterFlat(c, static_cast<uint16_t>(selector + step), static_cast<uint16_t>(selector + step + 8),
              3, wide);
    return c.leave(c.regs.rip);
}

template <unsigned Size>
bool lowerInterruptReturn(const Decoded& /*decoded*/, Op& op)
{
    op.run = &interruptReturn;
    op.operandSize = Size;
    op.flags |= op_flag::kBranchEnd;
    return true;
}

constexpr LowerRow kRows[] = {
    {ZYDIS_MNEMONIC_IRET, &lowerInterruptReturn<2>},
    {ZYDIS_MNEMONIC_IRETD, &lowerInterruptReturn<4>},
    {ZYDIS_MNEMONIC_IRETQ, &lowerInterruptReturn<8>},
    {ZYDIS_MNEMONIC_SYSCALL, &lowerEnding<&systemCall>},
    {ZYDIS_MNEMONIC_SYSRET, &lowerEnding<&systemReturn>},
    {ZYDIS_MNEMONIC_SYSENTER, &lowerEnding<&systemEnter>},
    {ZYDIS_MNEMONIC_SYSEXIT, &lowerEnding<&systemExit>},
};

} // namespace

std::span<const LowerRow> systemCallInstructions()
{
    return kRows;
}

bool lowerFar(const Decoded& decoded, Op& op)
{
    op.flags |= op_flag::kBranchEnd;
    const ZydisMnemonic mnemonic = decoded.instruction.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_RET) {
        op.imm = decoded.visible() > 0 ? immediate(decoded, 0) & 0xffff : 0;
        op.run = &returnFar;
        return true;
    }
    if (mnemonic != ZYDIS_MNEMONIC_JMP && mnemonic != ZYDIS_MNEMONIC_CALL)
        return false;
    const bool call = mnemonic == ZYDIS_MNEMONIC_CALL;
    const ZydisDecodedOperand& target = decoded.operand(0);
    if (target.type == ZYDIS_OPERAND_TYPE_POINTER) {
        op.b = target.ptr.segment;
        op.imm = target.ptr.offset;
        op.run = call ? &callFarPointer : &jumpFarPointer;
        return true;
    }
    if (!decoded.isMemory(0))
        return false;
    op.operandSize = static_cast<uint8_t>(decoded.size(0) - 2);
    op.run = call ? &callFarMemory : &jumpFarMemory;
    return true;
}

} // namespace vmm::soft
