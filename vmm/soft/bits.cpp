// SPDX-License-Identifier: GPL-3.0-or-later
// Shifts and rotates. SDM volume 1 section 7.3.6. Where the manual leaves OF undefined (counts
// above 1) it follows from the last one-bit step, as on processors.
#include <array>
#include <bit>

#include "vmm/soft/operands.h"

namespace vmm::soft {
namespace {

template <class T>
constexpr unsigned kBits = sizeof(T) * 8;

template <class T>
bool topBit(T value)
{
    return (value >> (kBits<T> - 1)) != 0;
}
template <class T>
bool secondBit(T value)
{
    return (value >> (kBits<T> - 2) & 1) != 0;
}
template <class T>
constexpr unsigned kCountMask = sizeof(T) == 8 ? 63 : 31;

// The operations, for counts from 1 to kCountMask.

struct Shl {
    template <class T>
    static T apply(LazyFlags& f, T a, unsigned count)
    {
        const auto last = static_cast<T>(uint64_t{a} << (count - 1));
        const auto r = static_cast<T>(last << 1);
        f.setAdd<T>(last, last, r); // the last step doubles
        return r;
    }
};
struct Shr {
    template <class T>
    static T apply(LazyFlags& f, T a, unsigned count)
    {
        const auto last = static_cast<T>(uint64_t{a} >> (count - 1));
        const auto r = static_cast<T>(last >> 1);
        f.setShift<T>(r, (last & 1) != 0, topBit(last));
        return r;
    }
};
struct Sar {
    template <class T>
    static T apply(LazyFlags& f, T a, unsigned count)
    {
        const int64_t last = int64_t{static_cast<std::make_signed_t<T>>(a)} >> (count - 1);
        const auto r = static_cast<T>(last >> 1);
        f.setShift<T>(r, (last & 1) != 0, false);
        return r;
    }
};
struct Rol {
    template <class T>
    static T apply(LazyFlags& f, T a, unsigned count)
    {
        const T r = std::rotl(a, static_cast<int>(count % kBits<T>));
        const bool carry = (r & 1) != 0;
        f.setCfOf(carry, topBit(r) != carry);
        return r;
    }
};
struct Ror {
    template <class T>
    static T apply(LazyFlags& f, T a, unsigned count)
    {
        const T r = std::rotr(a, static_cast<int>(count % kBits<T>));
        f.setCfOf(topBit(r), topBit(r) != secondBit(r));
        return r;
    }
};

/// CF and the value as one number, CF on top, turned left. Its size is odd: 9 to 65 bits.
template <class T>
T rotateWithCarry(bool& carry, T a, unsigned left)
{
    using Both = std::conditional_t<sizeof(T) == 8, Wide, uint64_t>;
    const Both both = static_cast<Both>(carry) << kBits<T> | a;
    const Both turned = both << left | both >> (kBits<T> + 1 - left);
    carry = (static_cast<unsigned>(turned >> kBits<T>) & 1) != 0;
    return static_cast<T>(turned);
}
struct Rcl {
    template <class T>
    static T apply(LazyFlags& f, T a, unsigned count)
    {
        const unsigned left = count % (kBits<T> + 1);
        bool carry = f.cf();
        const T r = left == 0 ? a : rotateWithCarry(carry, a, left);
        f.setCfOf(carry, topBit(r) != carry);
        return r;
    }
};
struct Rcr {
    template <class T>
    static T apply(LazyFlags& f, T a, unsigned count)
    {
        const unsigned right = count % (kBits<T> + 1);
        bool carry = f.cf();
        const T r = right == 0 ? a : rotateWithCarry(carry, a, kBits<T> + 1 - right);
        f.setCfOf(carry, topBit(r) != secondBit(r));
        return r;
    }
};

// Where the count comes from. An immediate 0 is sorted out at decoding.
struct CountImmediate {
    static constexpr bool kMayBeZero = false;
    template <class T>
    static unsigned get(Core&, const Op& op)
    {
        return op.aux;
    }
};
struct CountCl {
    static constexpr bool kMayBeZero = true;
    template <class T>
    static unsigned get(Core& c, const Op&)
    {
        return c.get<uint8_t>(generalOffset(kRcx)) & kCountMask<T>;
    }
};

/// Count 0: flags and value stay, but the register is written: 32 bits lose their upper half.
template <class T>
const Op* touchRegister(Core& c, const Op& op)
{
    c.set<T>(op.a, c.get<T>(op.a));
    return c.next(op);
}
template <class T>
const Op* touchMemory(Core& c, const Op& op)
{
    if (!c.modify<T>(op, false, [](T value) { return value; }))
        return c.fault(op);
    return c.next(op);
}

template <class O, class T, class Count>
const Op* shiftRegister(Core& c, const Op& op)
{
    const unsigned count = Count::template get<T>(c, op);
    if constexpr (Count::kMayBeZero) {
        if (count == 0)
            return touchRegister<T>(c, op);
    }
    c.set<T>(op.a, O::template apply<T>(c.regs.flags, c.get<T>(op.a), count));
    return c.next(op);
}

template <class O, class T, class Count>
const Op* shiftMemory(Core& c, const Op& op)
{
    const unsigned count = Count::template get<T>(c, op);
    return modifyOperand<T, AnyAddress>(c, op, false, [count](LazyFlags& f, T a) {
        if (Count::kMayBeZero && count == 0)
            return a;
        return O::template apply<T>(f, a, count);
    });
}

/// Takes the count of operand n into op.aux. False: it is CL.
bool takeCount(const Decoded& d, unsigned n, Op& op)
{
    if (!d.isImmediate(n))
        return false;
    const unsigned mask = d.size(0) == 8 ? 63 : 31;
    op.aux = static_cast<uint8_t>(d.operand(n).imm.value.u & mask);
    return true;
}

Handler pickTouch(const Decoded& d)
{
    return bySize(d.size(0), [&](auto zero) -> Handler {
        using T = decltype(zero);
        return d.isMemory(0) ? &touchMemory<T> : &touchRegister<T>;
    });
}

template <class O>
bool lowerShift(const Decoded& d, Op& op)
{
    if (d.isRegister(0))
        op.a = registerOperand(d, 0);
    const bool fixed = takeCount(d, 1, op);
    if (fixed && op.aux == 0)
        return use(op, pickTouch(d));
    return use(
        op, bySize(d.size(0), [&](auto zero) -> Handler {
            using T = decltype(zero);
            if (d.isMemory(0))
                return fixed ? &shiftMemory<O, T, CountImmediate> : &shiftMemory<O, T, CountCl>;
            return fixed ? &shiftRegister<O, T, CountImmediate> : &shiftRegister<O, T, CountCl>;
        }));
}

// --- SHLD, SHRD ---

struct Shld {
    template <class T>
    static T apply(LazyFlags& f, T a, T b, unsigned count)
    {
        T r{};
        bool carry = false;
        if constexpr (sizeof(T) == 2) { // counts above 16 are undefined: a follows b
            const uint64_t three = uint64_t{a} << 32 | uint64_t{b} << 16 | a;
            r = static_cast<T>(three << count >> 32);
            carry = (three >> (48 - count) & 1) != 0;
        } else {
            r = static_cast<T>(a << count | b >> (kBits<T> - count));
            carry = (a >> (kBits<T> - count) & 1) != 0;
        }
        f.setShift<T>(r, carry, topBit(r) != carry);
        return r;
    }
};
struct Shrd {
    template <class T>
    static T apply(LazyFlags& f, T a, T b, unsigned count)
    {
        T r{};
        bool carry = false;
        if constexpr (sizeof(T) == 2) {
            const uint64_t three = uint64_t{a} << 32 | uint64_t{b} << 16 | a;
            r = static_cast<T>(three >> count);
            carry = (three >> (count - 1) & 1) != 0;
        } else {
            r = static_cast<T>(a >> count | b << (kBits<T> - count));
            carry = (a >> (count - 1) & 1) != 0;
        }
        f.setShift<T>(r, carry, topBit(r) != secondBit(r));
        return r;
    }
};

template <class O, class T, class Count>
const Op* doubleShiftRegister(Core& c, const Op& op)
{
    const unsigned count = Count::template get<T>(c, op);
    if (count == 0)
        return touchRegister<T>(c, op);
    c.set<T>(op.a, O::template apply<T>(c.regs.flags, c.get<T>(op.a), c.get<T>(op.b), count));
    return c.next(op);
}
template <class O, class T, class Count>
const Op* doubleShiftMemory(Core& c, const Op& op)
{
    const unsigned count = Count::template get<T>(c, op);
    const T b = c.get<T>(op.b);
    return modifyOperand<T, AnyAddress>(c, op, false, [b, count](LazyFlags& f, T a) {
        return count == 0 ? a : O::template apply<T>(f, a, b, count);
    });
}

template <class O>
bool lowerDoubleShift(const Decoded& d, Op& op)
{
    if (d.isRegister(0))
        op.a = registerOperand(d, 0);
    op.b = registerOperand(d, 1);
    const bool fixed = takeCount(d, 2, op);
    return use(op, byWideSize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   if (d.isMemory(0))
                       return fixed ? &doubleShiftMemory<O, T, CountImmediate>
                                    : &doubleShiftMemory<O, T, CountCl>;
                   return fixed ? &doubleShiftRegister<O, T, CountImmediate>
                                : &doubleShiftRegister<O, T, CountCl>;
               }));
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_SHL, lowerShift<Shl>},
    LowerRow{ZYDIS_MNEMONIC_SHR, lowerShift<Shr>},
    LowerRow{ZYDIS_MNEMONIC_SAR, lowerShift<Sar>},
    LowerRow{ZYDIS_MNEMONIC_ROL, lowerShift<Rol>},
    LowerRow{ZYDIS_MNEMONIC_ROR, lowerShift<Ror>},
    LowerRow{ZYDIS_MNEMONIC_RCL, lowerShift<Rcl>},
    LowerRow{ZYDIS_MNEMONIC_RCR, lowerShift<Rcr>},
    LowerRow{ZYDIS_MNEMONIC_SHLD, lowerDoubleShift<Shld>},
    LowerRow{ZYDIS_MNEMONIC_SHRD, lowerDoubleShift<Shrd>},
};

} // namespace

std::span<const LowerRow> shiftRows()
{
    return kRows;
}

std::span<const LowerRow> bitInstructions()
{
    static const std::vector<LowerRow> rows =
        joinRows({shiftRows(), bitTestRows(), bitFieldRows(), multiplyRows(), bcdRows()});
    return rows;
}

} // namespace vmm::soft
