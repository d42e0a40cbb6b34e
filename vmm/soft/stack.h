// SPDX-License-Identifier: GPL-3.0-or-later
// Pushing and popping where operand size and stack size are known when the instruction is decoded
// (SDM volume 1 section 6.2), and the lowerings that flow.cpp's table takes from other files.
#pragma once

#include "vmm/soft/core.h"
#include "vmm/soft/lower.h"

namespace vmm::soft {

/// Is SS:at linear address `at`, with nothing else to check? `Stack` is the width of SP, 8 only in
/// 64-bit mode.
template <unsigned Stack>
[[gnu::always_inline]] inline bool isFlatStack(const Core& c, uint64_t at)
{
    if constexpr (Stack == 8)
        return true;
    const cpu::Segment& ss = c.regs.segment[kSs];
    constexpr uint64_t kLast = 0xffff'ffff - 8;
    const bool flat = ss.base == 0 && ss.limit == 0xffff'ffff && (ss.type & 4) == 0;
    return flat && !ss.unusable && at <= kLast;
}
/// Linear address of [SS:at, +size).
template <unsigned Stack>
inline bool stackAt(Core& c, uint64_t at, unsigned size, Access access, uint64_t& linear)
{
    if (isFlatStack<Stack>(c, at)) [[likely]] {
        linear = at;
        return true;
    }
    return c.linearAt(kSs, at, size, access, linear);
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

/// What pushThen() below does outside the TLB.
template <class T, unsigned Stack, class Finish>
[[gnu::noinline]] const Op* pushCarefully(Core& c, const Op& op, T value, Finish finish)
{
    return pushValue<T, Stack>(c, value) ? finish(c, op) : c.fault(op);
}
/// And after a push into a page of decoded code.
template <class T, class Finish>
[[gnu::noinline]] const Op* pushedIntoCode(Core& c, const Op& op, uint64_t at, Finish finish)
{
    c.wrote(at, sizeof(T));
    return finish(c, op);
}
/// Pushes and runs finish(c, op), or raises the fault. `finish` holds values, no references: see
/// finishCarefully() in operands.h.
template <class T, unsigned Stack, class Finish>
[[gnu::always_inline]] inline const Op* pushThen(Core& c, const Op& op, T value, Finish finish)
{
    const uint64_t at = (c.regs.general[kRsp] - sizeof(T)) & Core::addressMask(Stack);
    std::byte* host = nullptr;
    if (!isFlatStack<Stack>(c, at) || !c.cachedForWrite(at, sizeof value, host)) [[unlikely]]
        return pushCarefully<T, Stack>(c, op, value, finish);
    std::memcpy(host, &value, sizeof value);
    setStackPointerTo<Stack>(c, at);
    return c.hitCode(at) ? pushedIntoCode<T>(c, op, at, finish) : finish(c, op);
}

/// What withTop() below does outside the TLB.
template <class T, unsigned Stack, class Finish>
[[gnu::noinline]] const Op* withTopCarefully(Core& c, const Op& op, Finish finish)
{
    T value{};
    return peekValue<T, Stack>(c, value) ? finish(c, op, value) : c.fault(op);
}
/// Runs finish(c, op, value) with the value at the top of the stack, or raises the fault. SP stays;
/// `finish` holds nothing.
template <class T, unsigned Stack, class Finish>
[[gnu::always_inline]] inline const Op* withTop(Core& c, const Op& op, Finish finish)
{
    const uint64_t at = stackPointer<Stack>(c);
    T value;
    if (!isFlatStack<Stack>(c, at) || !c.loadCached(at, value)) [[unlikely]]
        return withTopCarefully<T, Stack>(c, op, finish);
    return finish(c, op, value);
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
