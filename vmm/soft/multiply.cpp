// SPDX-License-Identifier: GPL-3.0-or-later
// Multiplication and division. SDM volume 1 section 7.3.2.3. Flags the manual leaves undefined:
// those of the lower half after a product, as they were after a quotient.
#include <array>

#include "vmm/soft/operands.h"

namespace vmm::soft {
namespace {

template <class T>
constexpr unsigned kBits = sizeof(T) * 8;

__extension__ using SignedWide = __int128;

template <class T>
struct Twice;
template <>
struct Twice<uint8_t> {
    using Type = uint16_t;
    using Signed = int16_t;
};
template <>
struct Twice<uint16_t> {
    using Type = uint32_t;
    using Signed = int32_t;
};
template <>
struct Twice<uint32_t> {
    using Type = uint64_t;
    using Signed = int64_t;
};
template <>
struct Twice<uint64_t> {
    using Type = Wide;
    using Signed = SignedWide;
};

template <class T>
T upperHalf(typename Twice<T>::Type value)
{
    return static_cast<T>(value >> kBits<T>);
}

// rDX:rAX, or AX for bytes.
template <class T>
typename Twice<T>::Type accumulatorPair(const Core& c)
{
    using Double = typename Twice<T>::Type;
    if constexpr (sizeof(T) == 1)
        return c.get<uint16_t>(generalOffset(kRax));
    else
        return static_cast<Double>(static_cast<Double>(c.get<T>(generalOffset(kRdx))) << kBits<T>) |
               c.get<T>(generalOffset(kRax));
}
template <class T>
void setAccumulatorPair(Core& c, T high, T low)
{
    if constexpr (sizeof(T) == 1) {
        c.set<uint8_t>(generalOffset(kRax), low);
        c.set<uint8_t>(kOffsetAh, high);
    } else {
        c.set<T>(generalOffset(kRax), low);
        c.set<T>(generalOffset(kRdx), high);
    }
}

// Operations on the accumulator and `source`. False: #DE.

struct Mul {
    template <class T>
    static bool apply(Core& c, T source)
    {
        using Double = typename Twice<T>::Type;
        const auto product =
            static_cast<Double>(static_cast<Double>(c.get<T>(generalOffset(kRax))) * source);
        const T high = upperHalf<T>(product);
        const auto low = static_cast<T>(product);
        c.regs.flags.setShift<T>(low, high != 0, high != 0);
        setAccumulatorPair<T>(c, high, low);
        return true;
    }
};

/// The full signed product.
template <class T>
typename Twice<T>::Type multiplySigned(T a, T b)
{
    using Signed = std::make_signed_t<T>;
    using Double = typename Twice<T>::Signed;
    const auto product =
        static_cast<Double>(static_cast<Double>(static_cast<Signed>(a)) * static_cast<Signed>(b));
    return static_cast<typename Twice<T>::Type>(product);
}
/// CF and OF tell that the lower half is not all of it.
template <class T>
void setFlagsSigned(LazyFlags& f, T high, T low)
{
    const T sign = static_cast<T>(T{0} - static_cast<T>(low >> (kBits<T> - 1)));
    f.setShift<T>(low, high != sign, high != sign);
}

struct Imul {
    template <class T>
    static bool apply(Core& c, T source)
    {
        const auto product = multiplySigned<T>(c.get<T>(generalOffset(kRax)), source);
        const T high = upperHalf<T>(product);
        const auto low = static_cast<T>(product);
        setFlagsSigned<T>(c.regs.flags, high, low);
        setAccumulatorPair<T>(c, high, low);
        return true;
    }
};

/// Unsigned dividend by divisor; false when the quotient does not fit T.
template <class T>
bool divide(typename Twice<T>::Type dividend, T divisor, T& quotient, T& remainder)
{
    if (upperHalf<T>(dividend) >= divisor) // also when it is 0
        return false;
    if constexpr (sizeof(T) == 8) {
        // Cannot fault after the check above; the compiler would call a long division.
        asm("divq %[divisor]"
            : "=a"(quotient), "=d"(remainder)
            : "a"(static_cast<T>(dividend)), "d"(upperHalf<T>(dividend)), [divisor] "r"(divisor)
            : "cc");
    } else {
        quotient = static_cast<T>(dividend / divisor);
        remainder = static_cast<T>(dividend % divisor);
    }
    return true;
}

struct Div {
    template <class T>
    static bool apply(Core& c, T source)
    {
        T quotient = 0;
        T remainder = 0;
        if (!divide<T>(accumulatorPair<T>(c), source, quotient, remainder))
            return false;
        setAccumulatorPair<T>(c, remainder, quotient);
        return true;
    }
};

/// By the magnitudes: truncates toward zero, the remainder has the dividend's sign.
struct Idiv {
    template <class T>
    static bool apply(Core& c, T source)
    {
        using Double = typename Twice<T>::Type;
        constexpr T kTop = static_cast<T>(T{1} << (kBits<T> - 1));
        const Double dividend = accumulatorPair<T>(c);
        const bool below = (upperHalf<T>(dividend) & kTop) != 0;
        const bool negative = below != ((source & kTop) != 0);
        const auto divisor = (source & kTop) != 0 ? static_cast<T>(T{0} - source) : source;
        T quotient = 0;
        T remainder = 0;
        if (!divide<T>(below ? static_cast<Double>(Double{0} - dividend) : dividend, divisor,
                       quotient, remainder))
            return false;
        if (quotient > (negative ? kTop : static_cast<T>(kTop - 1)))
            return false;
        setAccumulatorPair<T>(c, below ? static_cast<T>(T{0} - remainder) : remainder,
                              negative ? static_cast<T>(T{0} - quotient) : quotient);
        return true;
    }
};

template <class O, class T>
const Op* byRegister(Core& c, const Op& op)
{
    if (!O::template apply<T>(c, c.get<T>(op.a)))
        return c.raise(op, Vector::De);
    return c.next(op);
}
template <class O, class T>
const Op* byMemory(Core& c, const Op& op)
{
    T value{};
    if (!loadOperand<T, AnyAddress>(c, op, value))
        return c.fault(op);
    if (!O::template apply<T>(c, value))
        return c.raise(op, Vector::De);
    return c.next(op);
}

template <class O>
bool lowerAccumulator(const Decoded& d, Op& op)
{
    if (d.isRegister(0))
        op.a = registerOperand(d, 0);
    return use(op, bySize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(0) ? &byMemory<O, T> : &byRegister<O, T>;
               }));
}

// --- IMUL with two and three operands ---

template <class T>
void multiplyInto(Core& c, const Op& op, T a, T b)
{
    const auto product = multiplySigned<T>(a, b);
    const auto low = static_cast<T>(product);
    setFlagsSigned<T>(c.regs.flags, upperHalf<T>(product), low);
    c.set<T>(op.a, low);
}
template <class T, bool Immediate>
const Op* multiplyRegister(Core& c, const Op& op)
{
    multiplyInto<T>(c, op, c.get<T>(op.b), Immediate ? static_cast<T>(op.imm) : c.get<T>(op.a));
    return c.next(op);
}
template <class T, bool Immediate>
const Op* multiplyMemory(Core& c, const Op& op)
{
    T value{};
    if (!loadOperand<T, AnyAddress>(c, op, value))
        return c.fault(op);
    multiplyInto<T>(c, op, value, Immediate ? static_cast<T>(op.imm) : c.get<T>(op.a));
    return c.next(op);
}

bool lowerImul(const Decoded& d, Op& op)
{
    if (d.visible() == 1)
        return lowerAccumulator<Imul>(d, op);
    op.a = registerOperand(d, 0);
    if (d.isRegister(1))
        op.b = registerOperand(d, 1);
    const bool fixed = d.visible() == 3;
    if (fixed)
        op.imm = immediate(d, 2);
    return use(op, byWideSize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   if (d.isMemory(1))
                       return fixed ? &multiplyMemory<T, true> : &multiplyMemory<T, false>;
                   return fixed ? &multiplyRegister<T, true> : &multiplyRegister<T, false>;
               }));
}

// --- MULX ---

template <class T>
void multiplyWithoutFlags(Core& c, const Op& op, T source)
{
    using Double = typename Twice<T>::Type;
    const Double product = static_cast<Double>(c.get<T>(generalOffset(kRdx))) * source;
    c.set<T>(op.c, static_cast<T>(product));
    c.set<T>(op.a, upperHalf<T>(product)); // last: wins when both are one register
}
template <class T>
const Op* mulxRegister(Core& c, const Op& op)
{
    multiplyWithoutFlags<T>(c, op, c.get<T>(op.b));
    return c.next(op);
}
template <class T>
const Op* mulxMemory(Core& c, const Op& op)
{
    T value{};
    if (!loadOperand<T, AnyAddress>(c, op, value))
        return c.fault(op);
    multiplyWithoutFlags<T>(c, op, value);
    return c.next(op);
}

bool lowerMulx(const Decoded& d, Op& op)
{
    op.a = registerOperand(d, 0);
    op.c = registerOperand(d, 1);
    if (d.isRegister(2))
        op.b = registerOperand(d, 2);
    return use(op, byLargeSize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(2) ? &mulxMemory<T> : &mulxRegister<T>;
               }));
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_MUL, lowerAccumulator<Mul>},
    LowerRow{ZYDIS_MNEMONIC_IMUL, lowerImul},
    LowerRow{ZYDIS_MNEMONIC_DIV, lowerAccumulator<Div>},
    LowerRow{ZYDIS_MNEMONIC_IDIV, lowerAccumulator<Idiv>},
    LowerRow{ZYDIS_MNEMONIC_MULX, lowerMulx},
};

} // namespace

std::span<const LowerRow> multiplyRows()
{
    return kRows;
}

} // namespace vmm::soft
