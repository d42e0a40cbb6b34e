// SPDX-License-Identifier: GPL-3.0-or-later
// Addition, subtraction, comparison and logic. SDM volume 1 sections 7.3.2 and 7.3.3.
#include <array>

#include "vmm/soft/operands.h"

namespace vmm::soft {
namespace {

// An operation of two operands: the result, with the flags set. Compare-only ones write nothing.
struct Add {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        const auto r = static_cast<T>(a + b);
        f.setAdd<T>(a, b, r);
        return r;
    }
};
struct Adc {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        const auto r = static_cast<T>(a + b + static_cast<T>(f.cf()));
        f.setAdd<T>(a, b, r);
        return r;
    }
};
struct Sub {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        const auto r = static_cast<T>(a - b);
        f.setSub<T>(a, b, r);
        return r;
    }
};
struct Sbb {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        const auto r = static_cast<T>(a - b - static_cast<T>(f.cf()));
        f.setSub<T>(a, b, r);
        return r;
    }
};
struct Cmp : Sub {
    static constexpr bool kWrites = false;
};
struct And {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        const auto r = static_cast<T>(a & b);
        f.setLogic<T>(r);
        return r;
    }
};
struct Test : And {
    static constexpr bool kWrites = false;
};
struct Or {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        const auto r = static_cast<T>(a | b);
        f.setLogic<T>(r);
        return r;
    }
};
struct Xor {
    static constexpr bool kWrites = true;
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        const auto r = static_cast<T>(a ^ b);
        f.setLogic<T>(r);
        return r;
    }
};

// Where the second operand comes from when it is not memory.
struct FromRegister {
    template <class T>
    static T get(Core& c, const Op& op)
    {
        return c.get<T>(op.b);
    }
};
struct FromImmediate {
    template <class T>
    static T get(Core&, const Op& op)
    {
        return static_cast<T>(op.imm);
    }
};

/// reg, reg and reg, imm.
template <class O, class T, class From>
const Op* toRegister(Core& c, const Op& op)
{
    const T r = O::template apply<T>(c.regs.flags, c.get<T>(op.a), From::template get<T>(c, op));
    if constexpr (O::kWrites)
        c.set<T>(op.a, r);
    return c.next(op);
}

/// reg, mem.
template <class O, class T, class Address>
const Op* registerWithMemory(Core& c, const Op& op)
{
    return withOperand<T, Address>(c, op, [](Core& core, const Op& here, T value) {
        const T r = O::template apply<T>(core.regs.flags, core.get<T>(here.a), value);
        if constexpr (O::kWrites)
            core.set<T>(here.a, r);
        return core.next(here);
    });
}

/// mem, reg and mem, imm.
template <class O, class T, class Address, class From, bool Locked>
const Op* toMemory(Core& c, const Op& op)
{
    const T b = From::template get<T>(c, op);
    return modifyOperand<T, Address>(
        c, op, Locked, [b](LazyFlags& f, T a) { return O::template apply<T>(f, a, b); });
}

/// CMP and TEST mem, reg and mem, imm.
template <class O, class T, class Address, class From>
const Op* memoryCompared(Core& c, const Op& op)
{
    return withOperand<T, Address>(c, op, [](Core& core, const Op& here, T value) {
        O::template apply<T>(core.regs.flags, value, From::template get<T>(core, here));
        return core.next(here);
    });
}

template <class O, class From>
Handler pickMemory(unsigned size, const Op& op)
{
    return bySize(size, [&](auto zero) -> Handler {
        using T = decltype(zero);
        if constexpr (O::kWrites) {
            if (isLocked(op))
                return &toMemory<O, T, AnyAddress, From, true>;
        }
        return byAddress(op, [](auto address) -> Handler {
            using Address = decltype(address);
            if constexpr (O::kWrites)
                return &toMemory<O, T, Address, From, false>;
            else
                return &memoryCompared<O, T, Address, From>;
        });
    });
}

template <class O, class From>
Handler pickRegister(unsigned size)
{
    return bySize(size, [](auto zero) -> Handler { return &toRegister<O, decltype(zero), From>; });
}

template <class O>
Handler pickLoad(unsigned size, const Op& op)
{
    return bySize(size, [&](auto zero) -> Handler {
        return byAddress(op, [](auto address) -> Handler {
            return &registerWithMemory<O, decltype(zero), decltype(address)>;
        });
    });
}

template <class O>
bool lowerBinary(const Decoded& d, Op& op)
{
    const unsigned size = d.size(0);
    if (d.isRegister(0))
        op.a = registerOperand(d, 0);
    if (d.isImmediate(1)) {
        op.imm = immediate(d, 1);
        return use(op, d.isMemory(0) ? pickMemory<O, FromImmediate>(size, op)
                                     : pickRegister<O, FromImmediate>(size));
    }
    if (d.isMemory(1))
        return use(op, pickLoad<O>(size, op));
    op.b = registerOperand(d, 1);
    return use(op, d.isMemory(0) ? pickMemory<O, FromRegister>(size, op)
                                 : pickRegister<O, FromRegister>(size));
}

// An operation of one operand.
struct Inc {
    template <class T>
    static T apply(LazyFlags& f, T a)
    {
        const auto r = static_cast<T>(a + 1);
        f.setInc<T>(a, r);
        return r;
    }
};
struct Dec {
    template <class T>
    static T apply(LazyFlags& f, T a)
    {
        const auto r = static_cast<T>(a - 1);
        f.setDec<T>(a, r);
        return r;
    }
};
struct Neg {
    template <class T>
    static T apply(LazyFlags& f, T a)
    {
        const auto r = static_cast<T>(T{0} - a);
        f.setSub<T>(T{0}, a, r);
        return r;
    }
};
struct Not {
    template <class T>
    static T apply(LazyFlags&, T a)
    {
        return static_cast<T>(~a);
    }
};

template <class O, class T>
const Op* changeRegister(Core& c, const Op& op)
{
    c.set<T>(op.a, O::template apply<T>(c.regs.flags, c.get<T>(op.a)));
    return c.next(op);
}

template <class O, class T, class Address, bool Locked>
const Op* changeMemory(Core& c, const Op& op)
{
    return modifyOperand<T, Address>(c, op, Locked,
                                     [](LazyFlags& f, T a) { return O::template apply<T>(f, a); });
}

template <class O>
bool lowerUnary(const Decoded& d, Op& op)
{
    return use(op, bySize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   if (d.isRegister(0)) {
                       op.a = registerOperand(d, 0);
                       return &changeRegister<O, T>;
                   }
                   if (isLocked(op))
                       return &changeMemory<O, T, AnyAddress, true>;
                   return byAddress(op, [](auto address) -> Handler {
                       return &changeMemory<O, T, decltype(address), false>;
                   });
               }));
}

// ADCX and ADOX: addition with one flag for the carry, the others untouched.
struct Adcx {
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        T sum = 0;
        T r = 0;
        const bool first = __builtin_add_overflow(a, b, &sum);
        const bool second = __builtin_add_overflow(sum, static_cast<T>(f.cf()), &r);
        f.setCf(first || second);
        return r;
    }
};
struct Adox {
    template <class T>
    static T apply(LazyFlags& f, T a, T b)
    {
        T sum = 0;
        T r = 0;
        const bool first = __builtin_add_overflow(a, b, &sum);
        const bool second = __builtin_add_overflow(sum, static_cast<T>(f.of()), &r);
        f.setCfOf(f.cf(), first || second);
        return r;
    }
};

template <class O, class T>
const Op* addWithRegister(Core& c, const Op& op)
{
    c.set<T>(op.a, O::template apply<T>(c.regs.flags, c.get<T>(op.a), c.get<T>(op.b)));
    return c.next(op);
}
template <class O, class T>
const Op* addWithMemory(Core& c, const Op& op)
{
    T value{};
    if (!loadOperand<T, AnyAddress>(c, op, value))
        return c.fault(op);
    c.set<T>(op.a, O::template apply<T>(c.regs.flags, c.get<T>(op.a), value));
    return c.next(op);
}

template <class O>
bool lowerCarryChain(const Decoded& d, Op& op)
{
    op.a = registerOperand(d, 0);
    if (d.isRegister(1))
        op.b = registerOperand(d, 1);
    return use(op, byLargeSize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(1) ? &addWithMemory<O, T> : &addWithRegister<O, T>;
               }));
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_ADD, lowerBinary<Add>},
    LowerRow{ZYDIS_MNEMONIC_OR, lowerBinary<Or>},
    LowerRow{ZYDIS_MNEMONIC_ADC, lowerBinary<Adc>},
    LowerRow{ZYDIS_MNEMONIC_SBB, lowerBinary<Sbb>},
    LowerRow{ZYDIS_MNEMONIC_AND, lowerBinary<And>},
    LowerRow{ZYDIS_MNEMONIC_SUB, lowerBinary<Sub>},
    LowerRow{ZYDIS_MNEMONIC_XOR, lowerBinary<Xor>},
    LowerRow{ZYDIS_MNEMONIC_CMP, lowerBinary<Cmp>},
    LowerRow{ZYDIS_MNEMONIC_TEST, lowerBinary<Test>},
    LowerRow{ZYDIS_MNEMONIC_INC, lowerUnary<Inc>},
    LowerRow{ZYDIS_MNEMONIC_DEC, lowerUnary<Dec>},
    LowerRow{ZYDIS_MNEMONIC_NEG, lowerUnary<Neg>},
    LowerRow{ZYDIS_MNEMONIC_NOT, lowerUnary<Not>},
    LowerRow{ZYDIS_MNEMONIC_ADCX, lowerCarryChain<Adcx>},
    LowerRow{ZYDIS_MNEMONIC_ADOX, lowerCarryChain<Adox>},
};

} // namespace

std::span<const LowerRow> arithmeticRows()
{
    return kRows;
}

std::span<const LowerRow> aluInstructions()
{
    static const std::vector<LowerRow> rows =
        joinRows({arithmeticRows(), exchangeRows(), moveRows(), plainRows()});
    return rows;
}

} // namespace vmm::soft
