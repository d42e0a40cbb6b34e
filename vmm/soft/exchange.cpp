// SPDX-License-Identifier: GPL-3.0-or-later
// Exchanges, with and without a comparison. SDM volume 1 section 7.3.1.2.
#include <array>
#include <sched.h>

#include "vmm/soft/operands.h"

namespace vmm::soft {
namespace {

template <class T>
const Op* exchangeRegisters(Core& c, const Op& op)
{
    const T first = c.get<T>(op.a);
    const T second = c.get<T>(op.b);
    c.set<T>(op.a, second);
    c.set<T>(op.b, first);
    return c.next(op);
}

/// XCHG with memory is locked, LOCK prefix or not.
template <class T>
const Op* exchangeMemory(Core& c, const Op& op)
{
    const T value = c.get<T>(op.b);
    T old{};
    const auto change = [&](T was) {
        old = was;
        return value;
    };
    if (!c.modify<T>(op, true, change))
        return c.fault(op);
    c.set<T>(op.b, old);
    return c.next(op);
}

bool lowerXchg(const Decoded& d, Op& op)
{
    const unsigned size = d.size(0);
    if (d.isRegister(0) && d.isRegister(1)) {
        op.a = registerOperand(d, 0);
        op.b = registerOperand(d, 1);
        return use(op, bySize(size, [](auto zero) -> Handler {
                       return &exchangeRegisters<decltype(zero)>;
                   }));
    }
    op.b = registerOperand(d, d.isMemory(0) ? 1 : 0);
    return use(op,
               bySize(size, [](auto zero) -> Handler { return &exchangeMemory<decltype(zero)>; }));
}

const Op* pause(Core& c, const Op& op)
{
    // A spinning vCPU waits for another one, which may wait for this host CPU.
    if (c.environment().cpus > 1)
        ::sched_yield();
    return c.next(op);
}

/// F3 90 is PAUSE unless REX.B makes it XCHG with R8, which Zydis 4.0 does not see.
bool lowerPause(const Decoded& d, Op& op)
{
    const auto& instruction = d.instruction;
    if (!d.code64() || instruction.raw.rex.B == 0)
        return use(op, &pause);
    op.a = generalOffset(kR8);
    op.b = generalOffset(kRax);
    const bool narrow = (instruction.attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) != 0;
    op.operandSize = instruction.raw.rex.W != 0 ? 8 : narrow ? 2 : 4;
    return use(op, byWideSize(op.operandSize, [](auto zero) -> Handler {
                   return &exchangeRegisters<decltype(zero)>;
               }));
}

template <class T>
const Op* exchangeAddRegisters(Core& c, const Op& op)
{
    const T a = c.get<T>(op.a);
    const T b = c.get<T>(op.b);
    const auto r = static_cast<T>(a + b);
    c.regs.flags.setAdd<T>(a, b, r);
    c.set<T>(op.b, a);
    c.set<T>(op.a, r); // last: with one register for both the sum stays
    return c.next(op);
}

template <class T>
const Op* exchangeAddMemory(Core& c, const Op& op)
{
    const T b = c.get<T>(op.b);
    T a{};
    const auto change = [&](T was) {
        a = was;
        return static_cast<T>(was + b);
    };
    if (!c.modify<T>(op, isLocked(op), change))
        return c.fault(op);
    c.regs.flags.setAdd<T>(a, b, static_cast<T>(a + b));
    c.set<T>(op.b, a);
    return c.next(op);
}

bool lowerXadd(const Decoded& d, Op& op)
{
    op.b = registerOperand(d, 1);
    if (d.isRegister(0))
        op.a = registerOperand(d, 0);
    return use(op, bySize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(0) ? &exchangeAddMemory<T> : &exchangeAddRegisters<T>;
               }));
}

/// With 32 bits it is up to the processor which of the two registers loses its upper half when they
/// differ: the host's answer is taken.
const Op* compareExchangeRegisters32(Core& c, const Op& op)
{
    const auto expected = c.get<uint32_t>(generalOffset(kRax));
    const auto old = c.get<uint32_t>(op.a);
    auto accumulator = c.get<uint64_t>(generalOffset(kRax));
    auto destination = c.get<uint64_t>(op.a);
    asm("cmpxchg %k[source], %k[destination]"
        : "+a"(accumulator), [destination] "+r"(destination)
        : [source] "r"(c.get<uint64_t>(op.b))
        : "cc");
    c.regs.flags.setSub<uint32_t>(expected, old, expected - old);
    if (op.a != generalOffset(kRax))
        c.set<uint64_t>(generalOffset(kRax), accumulator);
    c.set<uint64_t>(op.a, destination);
    return c.next(op);
}

template <class T>
const Op* compareExchangeRegisters(Core& c, const Op& op)
{
    if constexpr (sizeof(T) == 4)
        return compareExchangeRegisters32(c, op);
    const T accumulator = c.get<T>(generalOffset(kRax));
    const T old = c.get<T>(op.a);
    c.regs.flags.setSub<T>(accumulator, old, static_cast<T>(accumulator - old));
    if (accumulator == old)
        c.set<T>(op.a, c.get<T>(op.b));
    else
        c.set<T>(generalOffset(kRax), old);
    return c.next(op);
}

template <class T>
const Op* compareExchangeMemory(Core& c, const Op& op)
{
    const T accumulator = c.get<T>(generalOffset(kRax));
    const T source = c.get<T>(op.b);
    T old{};
    const auto change = [&](T was) {
        old = was;
        return was == accumulator ? source : was;
    };
    if (!c.modify<T>(op, isLocked(op), change))
        return c.fault(op);
    c.regs.flags.setSub<T>(accumulator, old, static_cast<T>(accumulator - old));
    if (accumulator != old)
        c.set<T>(generalOffset(kRax), old);
    return c.next(op);
}

bool lowerCmpxchg(const Decoded& d, Op& op)
{
    op.b = registerOperand(d, 1);
    if (d.isRegister(0))
        op.a = registerOperand(d, 0);
    return use(op, bySize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(0) ? &compareExchangeMemory<T> : &compareExchangeRegisters<T>;
               }));
}

void setZero(LazyFlags& f, bool zero)
{
    f.set((f.get() & ~flag::kZf) | (zero ? flag::kZf : 0));
}

/// CMPXCHG8B (Half is uint32_t) and CMPXCHG16B (uint64_t) on a memory operand at `linear`.
template <class Half, class Whole>
const Op* compareExchangePair(Core& c, const Op& op, uint64_t linear)
{
    constexpr unsigned kHalfBits = sizeof(Half) * 8;
    const auto pair = [&](Gpr high, Gpr low) {
        return static_cast<Whole>(c.get<Half>(generalOffset(high))) << kHalfBits |
               c.get<Half>(generalOffset(low));
    };
    const Whole expected = pair(kRdx, kRax);
    const Whole desired = pair(kRcx, kRbx);
    Whole old = 0;
    const auto change = [&](Whole was) {
        old = was;
        return was == expected ? desired : was;
    };
    if (!c.modifyLinear<Whole>(linear, op.segment, isLocked(op), change))
        return c.fault(op);
    setZero(c.regs.flags, old == expected);
    if (old != expected) {
        c.set<Half>(generalOffset(kRax), static_cast<Half>(old));
        c.set<Half>(generalOffset(kRdx), static_cast<Half>(old >> kHalfBits));
    }
    return c.next(op);
}

const Op* compareExchange8(Core& c, const Op& op)
{
    uint64_t at = 0;
    if (!c.linear(op, 8, Access::Write, at))
        return c.fault(op);
    return compareExchangePair<uint32_t, uint64_t>(c, op, at);
}

const Op* compareExchange16(Core& c, const Op& op)
{
    uint64_t at = 0;
    if (!c.linear(op, 16, Access::Write, at))
        return c.fault(op);
    if ((at & 15) != 0)
        return c.raise(op, Vector::Gp, 0);
    return compareExchangePair<uint64_t, Wide>(c, op, at);
}

bool lowerCmpxchg8b(const Decoded&, Op& op)
{
    return use(op, &compareExchange8);
}
bool lowerCmpxchg16b(const Decoded&, Op& op)
{
    return use(op, &compareExchange16);
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_XCHG, lowerXchg},
    LowerRow{ZYDIS_MNEMONIC_PAUSE, lowerPause},
    LowerRow{ZYDIS_MNEMONIC_XADD, lowerXadd},
    LowerRow{ZYDIS_MNEMONIC_CMPXCHG, lowerCmpxchg},
    LowerRow{ZYDIS_MNEMONIC_CMPXCHG8B, lowerCmpxchg8b},
    LowerRow{ZYDIS_MNEMONIC_CMPXCHG16B, lowerCmpxchg16b},
};

} // namespace

std::span<const LowerRow> exchangeRows()
{
    return kRows;
}

} // namespace vmm::soft
