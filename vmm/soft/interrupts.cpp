// SPDX-License-Identifier: GPL-3.0-or-later
// RFLAGS on the stack, CLI and STI, software interrupts, BOUND (SDM volume 1 sections 3.4.3,
// 6.5; volume 3 sections 20.3, 20.4).
#include "vmm/soft/stack.h"
#include "vmm/soft/virtual_interrupts.h"

namespace vmm::soft {

namespace {

/// What software can see and change of RFLAGS outside the arithmetic flags and DF.
constexpr uint64_t kPlain = flag::kArithmetic | flag::kDf | flag::kTf | flag::kNt;
constexpr uint64_t kWide = flag::kAc | flag::kId; // with a 32- or 64-bit operand only

/// v8086 code below IOPL 3 sees flags of its own, or none (SDM volume 3 sections 20.2.7, 20.3).
bool below8086(const Core& c)
{
    return c.v8086() && c.iopl() < 3;
}

/// Only the 16-bit forms know of VIF.
template <class T>
bool flagsForbidden(const Core& c)
{
    return below8086(c) && (sizeof(T) != 2 || !hasVirtualInterrupts(c));
}

struct PushFlags {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        if (flagsForbidden<T>(c))
            return c.raise(op, Vector::Gp, 0);
        const uint64_t own = below8086(c) ? virtualFlags(c) : c.regs.rflags();
        const uint64_t flags = own & ~(flag::kVm | flag::kRf);
        return pushValue<T, Stack>(c, static_cast<T>(flags)) ? c.next(op) : c.fault(op);
    }
};

/// The bits POPF changes (SDM volume 2, POPF, table 4-21).
uint64_t poppedBits(const Core& c, unsigned size)
{
    uint64_t bits = kPlain | (size == 2 ? 0 : kWide);
    if (!c.protectedMode())
        return bits | flag::kIf | flag::kIopl;
    if (c.cpl() <= c.iopl())
        bits |= flag::kIf;
    if (c.cpl() == 0)
        bits |= flag::kIopl;
    return bits;
}

struct PopFlags {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        if (flagsForbidden<T>(c))
            return c.raise(op, Vector::Gp, 0);
        T value{};
        if (!peekValue<T, Stack>(c, value))
            return c.fault(op);
        const bool own = below8086(c);
        if (own && virtualFlagsRefused(c, value))
            return c.raise(op, Vector::Gp, 0);
        release<Stack>(c, sizeof(T));
        const uint64_t before = c.regs.systemFlags;
        const uint64_t bits = poppedBits(c, sizeof(T)) & ~flag::kArithmetic;
        c.regs.systemFlags = (before & ~(bits | flag::kRf)) | (value & bits);
        if (own)
            setVirtualInterruptFlag(c, (value & flag::kIf) != 0);
        c.regs.flags.set(value);
        return goOn(c, op, before ^ c.regs.systemFlags);
    }

    /// Nothing but DF changed most of the time: no need to look at interrupts then.
    static const Op* goOn(Core& c, const Op& op, uint64_t changed)
    {
        if ((changed & ~flag::kDf) == 0)
            return c.jump(op, c.nextRip(op), 0);
        if ((changed & flag::kAc) != 0) // SMAP looks at it
            c.modeChanged();
        return c.leave(c.nextRip(op));
    }
};

bool interruptFlagProtected(const Core& c)
{
    return c.protectedMode() && c.cpl() > c.iopl();
}

/// Nothing has to be looked at afterwards: the block goes on.
const Op* cli(Core& c, const Op& op)
{
    if (!interruptFlagProtected(c))
        c.regs.systemFlags &= ~flag::kIf;
    else if (hasVirtualInterrupts(c))
        setVirtualInterruptFlag(c, false);
    else
        return c.raise(op, Vector::Gp, 0);
    return c.next(op);
}

const Op* sti(Core& c, const Op& op)
{
    if (interruptFlagProtected(c)) {
        if (!hasVirtualInterrupts(c) || (c.regs.systemFlags & flag::kVip) != 0)
            return c.raise(op, Vector::Gp, 0);
        setVirtualInterruptFlag(c, true);
        return c.jump(op, c.nextRip(op), 0);
    }
    if ((c.regs.systemFlags & flag::kIf) != 0)
        return c.jump(op, c.nextRip(op), 0);
    c.regs.systemFlags |= flag::kIf;
    return c.leaveShadowed(op, Core::Shadow::Sti);
}

/// The handler returns behind the instruction; when it cannot be entered, the fault is the
/// instruction's.
const Op* deliver(Core& c, const Op& op, uint8_t vector, EventKind kind)
{
    c.regs.rip = c.nextRip(op);
    return c.deliverEvent(vector, kind, false, 0) ? c.leave(c.regs.rip) : c.fault(op);
}

const Op* softwareInterrupt(Core& c, const Op& op)
{
    return deliver(c, op, static_cast<uint8_t>(op.imm), EventKind::SoftwareInterrupt);
}

const Op* breakpoint(Core& c, const Op& op)
{
    return deliver(c, op, static_cast<uint8_t>(Vector::Bp), EventKind::Int3);
}

/// A debug exception that nothing in DR6 tells of.
const Op* icebp(Core& c, const Op& op)
{
    c.enterDebug(0);
    return deliver(c, op, static_cast<uint8_t>(Vector::Db), EventKind::Int1);
}

/// A software exception as INT3 is: IOPL does not matter in v8086 mode.
const Op* overflow(Core& c, const Op& op)
{
    if (!c.regs.flags.of())
        return c.jump(op, c.nextRip(op), 0);
    return deliver(c, op, static_cast<uint8_t>(Vector::Of), EventKind::Int3);
}

/// The operand holds the lower bound, then the upper one, both signed.
template <class T>
const Op* bound(Core& c, const Op& op)
{
    using Unsigned = std::make_unsigned_t<T>;
    uint64_t at = 0;
    Unsigned low{};
    Unsigned high{};
    if (!c.linear(op, 2 * sizeof(T), Access::Read, at) || !c.loadLinear(at, low, op.segment) ||
        !c.loadLinear((at + sizeof(T)) & 0xffff'ffff, high, op.segment))
        return c.fault(op);
    const auto index = static_cast<T>(c.get<Unsigned>(op.a));
    if (index < static_cast<T>(low) || index > static_cast<T>(high))
        return c.raise(op, Vector::Br);
    return c.next(op);
}

const Op* undefined(Core& c, const Op& op)
{
    return c.raise(op, Vector::Ud);
}

bool ending(Op& op, Handler run)
{
    op.flags |= op_flag::kBranchEnd;
    op.run = run;
    return true;
}

} // namespace

bool lowerPushFlags(const Decoded& decoded, Op& op)
{
    op.run = stackHandler<PushFlags>(decoded, op);
    return true;
}

bool lowerPopFlags(const Decoded& decoded, Op& op)
{
    return ending(op, stackHandler<PopFlags>(decoded, op));
}

bool lowerCli(const Decoded&, Op& op)
{
    op.run = &cli;
    return true;
}

bool lowerSti(const Decoded&, Op& op)
{
    return ending(op, &sti);
}

bool lowerInt(const Decoded& decoded, Op& op)
{
    op.imm = decoded.operand(0).imm.value.u & 0xff;
    return ending(op, &softwareInterrupt);
}

bool lowerInt1(const Decoded&, Op& op)
{
    return ending(op, &icebp);
}

bool lowerInt3(const Decoded&, Op& op)
{
    return ending(op, &breakpoint);
}

bool lowerInto(const Decoded&, Op& op)
{
    return ending(op, &overflow);
}

bool lowerBound(const Decoded& decoded, Op& op)
{
    op.a = registerOffset(decoded.operand(0).reg.value);
    op.run = op.operandSize == 2 ? &bound<int16_t> : &bound<int32_t>;
    return true;
}

bool lowerUndefined(const Decoded&, Op& op)
{
    return ending(op, &undefined);
}

} // namespace vmm::soft
