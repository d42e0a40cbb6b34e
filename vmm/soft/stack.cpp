// SPDX-License-Identifier: GPL-3.0-or-later
// The stack: PUSH, POP, PUSHA, POPA, ENTER, LEAVE (SDM volume 1 chapter 6).
#include "vmm/soft/stack.h"

#include <array>

namespace vmm::soft {

namespace {

/// Stores the low `size` bytes at SS:at.
bool storeStack(Core& c, uint64_t at, uint64_t value, unsigned size)
{
    uint64_t linear = 0;
    if (!c.linearAt(kSs, at, size, Access::Write, linear))
        return false;
    switch (size) {
    case 2:
        return c.storeLinear(linear, static_cast<uint16_t>(value), kSs);
    case 4:
        return c.storeLinear(linear, static_cast<uint32_t>(value), kSs);
    default:
        return c.storeLinear(linear, value, kSs);
    }
}

template <class T>
bool loadAs(Core& c, uint64_t linear, uint64_t& value)
{
    T narrow{};
    if (!c.loadLinear(linear, narrow, kSs))
        return false;
    value = narrow;
    return true;
}

bool loadStack(Core& c, uint64_t at, uint64_t& value, unsigned size)
{
    uint64_t linear = 0;
    if (!c.linearAt(kSs, at, size, Access::Read, linear))
        return false;
    switch (size) {
    case 2:
        return loadAs<uint16_t>(c, linear, value);
    case 4:
        return loadAs<uint32_t>(c, linear, value);
    default:
        return loadAs<uint64_t>(c, linear, value);
    }
}

/// SP of a stack that is `width` bytes wide, whatever SS says by now.
void setPointer(Core& c, uint64_t value, unsigned width)
{
    if (width == 2)
        c.set<uint16_t>(kRsp * 8, static_cast<uint16_t>(value));
    else
        c.regs.general[kRsp] = value & Core::addressMask(static_cast<uint8_t>(width));
}

/// Pushes and goes on.
template <class T, unsigned Stack>
[[gnu::always_inline]] inline const Op* push(Core& c, const Op& op, T value)
{
    return pushThen<T, Stack>(c, op, value,
                              [](Core& core, const Op& from) { return core.next(from); });
}

struct PushRegister {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        return push<T, Stack>(c, op, c.get<T>(op.a));
    }
};

struct PushImmediate {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        return push<T, Stack>(c, op, static_cast<T>(op.imm));
    }
};

struct PushMemory {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        T value{};
        if (!c.load(op, value) || !pushValue<T, Stack>(c, value))
            return c.fault(op);
        return c.next(op);
    }
};

/// Zero-extended to the operand size, one of the two ways SDM volume 2, PUSH, allows.
struct PushSegment {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        return push<T, Stack>(c, op, T{c.regs.segment[op.aux].selector});
    }
};

struct PopRegister {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        return withTop<T, Stack>(c, op, [](Core& core, const Op& from, T value) {
            release<Stack>(core, sizeof(T)); // before the write: POP SP keeps what was popped
            core.set<T>(from.a, value);
            return core.next(from);
        });
    }
};

/// The address is computed with SP as it is after the pop.
struct PopMemory {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        T value{};
        if (!peekValue<T, Stack>(c, value))
            return c.fault(op);
        const uint64_t before = c.regs.general[kRsp];
        release<Stack>(c, sizeof(T));
        if (c.store(op, value))
            return c.next(op);
        c.regs.general[kRsp] = before;
        return c.fault(op);
    }
};

struct PopSegment {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        T value{};
        if (!peekValue<T, Stack>(c, value) || !c.loadSegment(op.aux, static_cast<uint16_t>(value)))
            return c.fault(op);
        release<Stack>(c, sizeof(T)); // the width of the stack that was popped from
        if (op.aux != kSs)
            return c.leave(c.nextRip(op));
        c.modeChanged();
        return c.leaveShadowed(op, Core::Shadow::MovSs);
    }
};

constexpr unsigned kAll = 8; // AX, CX, DX, BX, SP, BP, SI, DI

template <class T>
const Op* pushAll(Core& c, const Op& op)
{
    const uint64_t mask = c.stackMask();
    uint64_t sp = c.regs.general[kRsp];
    for (unsigned reg = 0; reg < kAll; ++reg) {
        sp = (sp - sizeof(T)) & mask;
        if (!storeStack(c, sp, c.regs.general[reg], sizeof(T)))
            return c.fault(op);
    }
    c.setStackPointer(sp);
    return c.next(op);
}

template <class T>
const Op* popAll(Core& c, const Op& op)
{
    const uint64_t mask = c.stackMask();
    uint64_t sp = c.regs.general[kRsp];
    std::array<uint64_t, kAll> values{};
    for (unsigned reg = kAll; reg-- > 0; sp += sizeof(T)) {
        if (!loadStack(c, sp & mask, values[reg], sizeof(T)))
            return c.fault(op);
    }
    for (unsigned reg = 0; reg < kAll; ++reg) {
        if (reg != kRsp) // its place is skipped
            c.set<T>(static_cast<uint16_t>(reg * 8), static_cast<T>(values[reg]));
    }
    c.setStackPointer(sp);
    return c.next(op);
}

void setFramePointer(Core& c, uint64_t value, unsigned size)
{
    if (size == 2)
        c.set<uint16_t>(kRbp * 8, static_cast<uint16_t>(value));
    else
        c.regs.general[kRbp] = value & Core::addressMask(static_cast<uint8_t>(size));
}

/// Pushes the frame pointers of `levels` enclosing procedures and the new one.
bool pushDisplay(Core& c, unsigned levels, unsigned size, uint64_t frame, uint64_t& sp)
{
    const uint64_t mask = c.stackMask();
    uint64_t outer = c.regs.general[kRbp];
    for (unsigned level = 1; level < levels; ++level) {
        outer = (outer - size) & mask;
        sp = (sp - size) & mask;
        uint64_t pointer = 0;
        if (!loadStack(c, outer, pointer, size) || !storeStack(c, sp, pointer, size))
            return false;
    }
    sp = (sp - size) & mask;
    return storeStack(c, sp, frame, size);
}

/// SDM volume 2, ENTER: op.imm bytes of locals, op.aux nesting levels.
const Op* enter(Core& c, const Op& op)
{
    const unsigned size = op.operandSize;
    const uint64_t mask = c.stackMask();
    uint64_t sp = (c.regs.general[kRsp] - size) & mask;
    const uint64_t frame = sp;
    if (!storeStack(c, sp, c.regs.general[kRbp], size))
        return c.fault(op);
    if (op.aux != 0 && !pushDisplay(c, op.aux, size, frame, sp))
        return c.fault(op);
    sp = (sp - op.imm) & mask;
    // A write at the final SP must be possible.
    uint64_t linear = 0;
    if (!c.linearAt(kSs, sp, 1, Access::Write, linear) || !c.probe(linear, 1, Access::Write, false))
        return c.fault(op);
    setFramePointer(c, frame, size);
    c.setStackPointer(sp);
    return c.next(op);
}

struct Leave {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        const uint64_t frame = c.regs.general[kRbp] & Core::addressMask(Stack);
        T value;
        if (!isFlatStack<Stack>(c, frame) || !c.loadCached(frame, value)) [[unlikely]]
            return runCarefully<T, Stack>(c, op, frame);
        return finish<T, Stack>(c, op, frame, value);
    }
    template <class T, unsigned Stack>
    [[gnu::noinline]] static const Op* runCarefully(Core& c, const Op& op, uint64_t frame)
    {
        uint64_t at = 0;
        T value{};
        if (!stackAt<Stack>(c, frame, sizeof(T), Access::Read, at) || !c.loadLinear(at, value, kSs))
            return c.fault(op);
        return finish<T, Stack>(c, op, frame, value);
    }
    template <class T, unsigned Stack>
    [[gnu::always_inline]] static const Op* finish(Core& c, const Op& op, uint64_t frame, T value)
    {
        setStackPointerTo<Stack>(c, frame + sizeof(T));
        c.set<T>(kRbp * 8, value);
        return c.next(op);
    }
};

bool isSegment(const Decoded& decoded)
{
    return decoded.isRegister(0) &&
           ZydisRegisterGetClass(decoded.operand(0).reg.value) == ZYDIS_REGCLASS_SEGMENT;
}

} // namespace

void Core::setStackPointer(uint64_t value)
{
    setPointer(*this, value, stackSize());
}

bool Core::push(uint64_t value, unsigned size)
{
    const uint64_t sp = (regs.general[kRsp] - size) & stackMask();
    if (!storeStack(*this, sp, value, size))
        return false;
    setStackPointer(sp);
    return true;
}

bool Core::pop(uint64_t& value, unsigned size)
{
    const uint64_t sp = regs.general[kRsp] & stackMask();
    if (!loadStack(*this, sp, value, size))
        return false;
    setStackPointer(sp + size);
    return true;
}

bool lowerPush(const Decoded& decoded, Op& op)
{
    if (isSegment(decoded)) {
        op.aux = segmentIndex(decoded.operand(0).reg.value);
        op.run = stackHandler<PushSegment>(decoded, op);
    } else if (decoded.isRegister(0)) {
        op.a = registerOffset(decoded.operand(0).reg.value);
        op.run = stackHandler<PushRegister>(decoded, op);
    } else if (decoded.isMemory(0)) {
        op.run = stackHandler<PushMemory>(decoded, op);
    } else {
        op.imm = immediate(decoded, 0);
        op.run = stackHandler<PushImmediate>(decoded, op);
    }
    return true;
}

bool lowerPop(const Decoded& decoded, Op& op)
{
    if (isSegment(decoded)) {
        op.aux = segmentIndex(decoded.operand(0).reg.value);
        op.flags |= op_flag::kBranchEnd;
        op.run = stackHandler<PopSegment>(decoded, op);
    } else if (decoded.isRegister(0)) {
        op.a = registerOffset(decoded.operand(0).reg.value);
        op.run = stackHandler<PopRegister>(decoded, op);
    } else {
        op.run = stackHandler<PopMemory>(decoded, op);
    }
    return true;
}

bool lowerPushAll(const Decoded&, Op& op)
{
    op.run = op.operandSize == 2 ? &pushAll<uint16_t> : &pushAll<uint32_t>;
    return true;
}

bool lowerPopAll(const Decoded&, Op& op)
{
    op.run = op.operandSize == 2 ? &popAll<uint16_t> : &popAll<uint32_t>;
    return true;
}

bool lowerEnter(const Decoded& decoded, Op& op)
{
    op.imm = decoded.operand(0).imm.value.u & 0xffff;
    op.aux = static_cast<uint8_t>(decoded.operand(1).imm.value.u & 31);
    op.run = &enter;
    return true;
}

bool lowerLeave(const Decoded& decoded, Op& op)
{
    op.run = stackHandler<Leave>(decoded, op);
    return true;
}

} // namespace vmm::soft
