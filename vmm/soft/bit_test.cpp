// SPDX-License-Identifier: GPL-3.0-or-later
// BT, BTS, BTR, BTC. SDM volume 1 section 7.3.7.1, volume 2 section 3.1.1.9 (bit strings in
// memory).
#include <array>
#include <bit>

#include "vmm/soft/operands.h"

namespace vmm::soft {
namespace {

struct Bt {
    static constexpr bool kWrites = false;
    template <class T>
    static T apply(T value, T)
    {
        return value;
    }
};
struct Bts {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(T value, T bit)
    {
        return static_cast<T>(value | bit);
    }
};
struct Btr {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(T value, T bit)
    {
        return static_cast<T>(value & ~bit);
    }
};
struct Btc {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(T value, T bit)
    {
        return static_cast<T>(value ^ bit);
    }
};

template <class T>
constexpr unsigned kIndexMask = sizeof(T) * 8 - 1;

/// The bit an index selects within its word.
template <class T>
T bitOf(uint64_t index)
{
    return static_cast<T>(T{1} << (index & kIndexMask<T>));
}

template <class O, class T>
const Op* onRegister(Core& c, const Op& op, T bit)
{
    const T value = c.get<T>(op.a);
    c.regs.flags.setCf((value & bit) != 0);
    if constexpr (O::kWrites)
        c.set<T>(op.a, O::template apply<T>(value, bit));
    return c.next(op);
}
template <class O, class T>
const Op* registerByRegister(Core& c, const Op& op)
{
    return onRegister<O, T>(c, op, bitOf<T>(c.get<T>(op.b)));
}
template <class O, class T>
const Op* registerByImmediate(Core& c, const Op& op)
{
    return onRegister<O, T>(c, op, static_cast<T>(op.imm));
}

/// On the word at `offset` of the operand's segment.
template <class O, class T>
const Op* onMemory(Core& c, const Op& op, uint64_t offset, T bit)
{
    constexpr Access kAccess = O::kWrites ? Access::Write : Access::Read;
    uint64_t at = 0;
    if (!c.linearAt(op.segment, offset, sizeof(T), kAccess, at))
        return c.fault(op);
    if constexpr (O::kWrites)
        return modifyLinear<T>(c, op, at, isLocked(op), [bit](LazyFlags& f, T value) {
            f.setCf((value & bit) != 0);
            return O::template apply<T>(value, bit);
        });
    T value{};
    if (!c.loadLinear(at, value, op.segment))
        return c.fault(op);
    c.regs.flags.setCf((value & bit) != 0);
    return c.next(op);
}
/// A register is a signed index into a bit string that starts at the operand.
template <class O, class T>
const Op* memoryByRegister(Core& c, const Op& op)
{
    constexpr int kShift = std::countr_zero(sizeof(T) * 8);
    const T index = c.get<T>(op.b);
    const int64_t words = int64_t{static_cast<std::make_signed_t<T>>(index)} >> kShift;
    const uint64_t offset = c.offset(op) + static_cast<uint64_t>(words) * sizeof(T);
    return onMemory<O, T>(c, op, offset & Core::addressMask(op.addressSize), bitOf<T>(index));
}
template <class O, class T>
const Op* memoryByImmediate(Core& c, const Op& op)
{
    return onMemory<O, T>(c, op, c.offset(op), static_cast<T>(op.imm));
}

template <class O>
bool lowerBitTest(const Decoded& d, Op& op)
{
    if (d.isRegister(0))
        op.a = registerOperand(d, 0);
    const bool fixed = d.isImmediate(1);
    if (!fixed)
        op.b = registerOperand(d, 1);
    return use(op, byWideSize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   if (fixed)
                       op.imm = bitOf<T>(d.operand(1).imm.value.u);
                   if (d.isMemory(0))
                       return fixed ? &memoryByImmediate<O, T> : &memoryByRegister<O, T>;
                   return fixed ? &registerByImmediate<O, T> : &registerByRegister<O, T>;
               }));
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_BT, lowerBitTest<Bt>},
    LowerRow{ZYDIS_MNEMONIC_BTS, lowerBitTest<Bts>},
    LowerRow{ZYDIS_MNEMONIC_BTR, lowerBitTest<Btr>},
    LowerRow{ZYDIS_MNEMONIC_BTC, lowerBitTest<Btc>},
};

} // namespace

std::span<const LowerRow> bitTestRows()
{
    return kRows;
}

} // namespace vmm::soft
