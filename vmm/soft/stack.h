// SPDX-License-Identifier: GPL-3.0-or-later
// Pushing and popping where operand size and stack size are known when the instruction is decoded
// (SDM volume 1 section 6.2), and the lowerings that flow.cpp's table takes from other files.
#pragma once

#include "vmm/soft/core.h"
#include "vmm/soft/lower.h"

namespace vmm::soft {

/// Linear address of [SS:at, +size); `Stack` is the width of SP, 8 only in 64-bit mode.
template <unsigned Stack>
inline bool stackAt(Core& c, uint64_t at, unsigned size, Access access, uint64_t& linear)
{
    if constexpr (Stack == 8) {
        linear = at;
        return true;
    } else {
        const cpu::Segment& ss = c.regs.segment[kSs];
        constexpr uint64_t kLast = 0xffff'ffff - 8;
        const bool flat = ss.base == 0 && ss.limit == 0xffff'ffff && (ss.type & 4) == 0;
        if (flat && !ss.unusable && at <= kLast) [[likely]] {
            linear = at;
            return true;
        }
        return c.linearAt(kSs, at, size, access, linear);
    }
}

/// SP, ESP or RSP, as wide as the stack is.
template <unsigned Stack>
inline uint64_t stackPointer(const Core& c)
{
    return c.regs.general[kRsp] & Core::addressMask(Stack);
}

/// A 16-bit SP leaves the upper half of ESP alone.
template <unsigned Stack>
inline void setStackPointerTo(Core& c, uint64_t value)
{
    constexpr uint64_t kMask = Stack == 8 ? ~uint64_t{0} : Stack == 4 ? 0xffff'ffff : 0xffff;
    if constexpr (Stack == 2)
        c.set<uint16_t>(kRsp * 8, static_cast<uint16_t>(value));
    else
        c.regs.general[kRsp] = value & kMask;
}

/// The value at the top of the stack; SP stays.
template <class T, unsigned Stack>
inline bool peekValue(Core& c, T& value)
{
    uint64_t at = 0;
    return stackAt<Stack>(c, stackPointer<Stack>(c), sizeof(T), Access::Read, at) &&
           c.loadLinear(at, value, kSs);
}

/// Pushes; SP changes only when the store succeeded.
template <class T, unsigned Stack>
inline bool pushValue(Core& c, T value)
{
    const uint64_t sp = (c.regs.general[kRsp] - sizeof(T)) & Core::addressMask(Stack);
    uint64_t at = 0;
    if (!stackAt<Stack>(c, sp, sizeof(T), Access::Write, at) || !c.storeLinear(at, value, kSs))
        return false;
    setStackPointerTo<Stack>(c, sp);
    return true;
}

/// Frees `bytes` of the stack.
template <unsigned Stack>
inline void release(Core& c, uint64_t bytes)
{
    setStackPointerTo<Stack>(c, c.regs.general[kRsp] + bytes);
}

/// Width of SP where the instruction was decoded.
inline unsigned stackSizeOf(const Decoded& decoded)
{
    return decoded.code64() ? 8 : (decoded.mode & block_mode::kStack32) != 0 ? 4 : 2;
}

/// The specialisation of H::run for the instruction's operand size and stack. H is a struct with a
/// static `template <class T, unsigned Stack> const Op* run(Core&, const Op&)`.
template <class H>
inline Handler stackHandler(const Decoded& decoded, const Op& op)
{
    const bool narrow = op.operandSize == 2;
    switch (stackSizeOf(decoded)) {
    case 8:
        return narrow ? &H::template run<uint16_t, 8> : &H::template run<uint64_t, 8>;
    case 4:
        return narrow ? &H::template run<uint16_t, 4> : &H::template run<uint32_t, 4>;
    default:
        return narrow ? &H::template run<uint16_t, 2> : &H::template run<uint32_t, 2>;
    }
}

// stack.cpp
bool lowerPush(const Decoded& decoded, Op& op);
bool lowerPop(const Decoded& decoded, Op& op);
bool lowerPushAll(const Decoded& decoded, Op& op);
bool lowerPopAll(const Decoded& decoded, Op& op);
bool lowerEnter(const Decoded& decoded, Op& op);
bool lowerLeave(const Decoded& decoded, Op& op);

// interrupts.cpp
bool lowerPushFlags(const Decoded& decoded, Op& op);
bool lowerPopFlags(const Decoded& decoded, Op& op);
bool lowerCli(const Decoded& decoded, Op& op);
bool lowerSti(const Decoded& decoded, Op& op);
bool lowerInt(const Decoded& decoded, Op& op);
bool lowerInt1(const Decoded& decoded, Op& op);
bool lowerInt3(const Decoded& decoded, Op& op);
bool lowerInto(const Decoded& decoded, Op& op);
bool lowerBound(const Decoded& decoded, Op& op);
bool lowerUndefined(const Decoded& decoded, Op& op);

} // namespace vmm::soft
