// SPDX-License-Identifier: GPL-3.0-or-later
// Moves between general registers and memory. SDM volume 1 sections 7.3.1.1 and 7.3.9.
#include <array>

#include "vmm/soft/operands.h"

namespace vmm::soft {

/// MOV to and from segment, control and debug registers (system.cpp).
bool lowerSystemMove(const Decoded& decoded, Op& op);

namespace {

template <class T>
const Op* moveRegister(Core& c, const Op& op)
{
    c.set<T>(op.a, c.get<T>(op.b));
    return c.next(op);
}
template <class T>
const Op* moveImmediate(Core& c, const Op& op)
{
    c.set<T>(op.a, static_cast<T>(op.imm));
    return c.next(op);
}
template <class T, class Address>
const Op* moveFromMemory(Core& c, const Op& op)
{
    return withOperand<T, Address>(c, op, [](Core& core, const Op& here, T value) {
        core.set<T>(here.a, value);
        return core.next(here);
    });
}
template <class T, class Address>
const Op* moveToMemory(Core& c, const Op& op)
{
    return storeOperand<T, Address>(c, op, c.get<T>(op.b));
}
template <class T, class Address>
const Op* moveImmediateToMemory(Core& c, const Op& op)
{
    return storeOperand<T, Address>(c, op, static_cast<T>(op.imm));
}

Handler pickMoveFromMemory(unsigned size, const Op& op)
{
    return bySize(size, [&](auto zero) -> Handler {
        return byAddress(op, [](auto address) -> Handler {
            return &moveFromMemory<decltype(zero), decltype(address)>;
        });
    });
}
Handler pickMoveToMemory(unsigned size, const Op& op)
{
    return bySize(size, [&](auto zero) -> Handler {
        return byAddress(op, [](auto address) -> Handler {
            return &moveToMemory<decltype(zero), decltype(address)>;
        });
    });
}
Handler pickMoveImmediate(unsigned size, bool toMemory, const Op& op)
{
    return bySize(size, [&](auto zero) -> Handler {
        using T = decltype(zero);
        if (!toMemory)
            return &moveImmediate<T>;
        return byAddress(op, [](auto address) -> Handler {
            return &moveImmediateToMemory<T, decltype(address)>;
        });
    });
}

bool isGeneral(const Decoded& d, unsigned n)
{
    if (!d.isRegister(n))
        return true; // memory and immediates go with any class of register
    switch (ZydisRegisterGetClass(d.operand(n).reg.value)) {
    case ZYDIS_REGCLASS_GPR8:
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
        return true;
    default:
        return false;
    }
}

bool lowerMov(const Decoded& d, Op& op)
{
    if (!isGeneral(d, 0) || !isGeneral(d, 1))
        return lowerSystemMove(d, op);
    const unsigned size = d.size(0);
    if (d.isRegister(0))
        op.a = registerOperand(d, 0);
    if (d.isImmediate(1)) {
        op.imm = immediate(d, 1);
        return use(op, pickMoveImmediate(size, d.isMemory(0), op));
    }
    if (d.isMemory(1))
        return use(op, pickMoveFromMemory(size, op));
    op.b = registerOperand(d, 1);
    if (d.isMemory(0))
        return use(op, pickMoveToMemory(size, op));
    return use(op,
               bySize(size, [](auto zero) -> Handler { return &moveRegister<decltype(zero)>; }));
}

bool lowerMovnti(const Decoded& d, Op& op)
{
    op.b = registerOperand(d, 1);
    return use(op, pickMoveToMemory(d.size(0), op));
}

// --- MOVZX, MOVSX, MOVSXD ---

struct ZeroExtend {
    template <class To, class From>
    static To extend(From value)
    {
        return static_cast<To>(value);
    }
};
struct SignExtend {
    template <class To, class From>
    static To extend(From value)
    {
        return static_cast<To>(
            static_cast<std::make_signed_t<To>>(static_cast<std::make_signed_t<From>>(value)));
    }
};

template <class E, class To, class From>
const Op* extendRegister(Core& c, const Op& op)
{
    c.set<To>(op.a, E::template extend<To, From>(c.get<From>(op.b)));
    return c.next(op);
}
template <class E, class To, class From, class Address>
const Op* extendMemory(Core& c, const Op& op)
{
    return withOperand<From, Address>(c, op, [](Core& core, const Op& here, From value) {
        core.set<To>(here.a, E::template extend<To, From>(value));
        return core.next(here);
    });
}

template <class E>
bool lowerExtend(const Decoded& d, Op& op)
{
    op.a = registerOperand(d, 0);
    if (d.isRegister(1))
        op.b = registerOperand(d, 1);
    return use(op, byWideSize(d.size(0), [&](auto to) -> Handler {
                   return bySize(d.size(1), [&](auto from) -> Handler {
                       if (d.isRegister(1))
                           return &extendRegister<E, decltype(to), decltype(from)>;
                       return byAddress(op, [](auto address) -> Handler {
                           return &extendMemory<E, decltype(to), decltype(from), decltype(address)>;
                       });
                   });
               }));
}

// --- LEA ---

/// The address, cut to the address size by AddressType and to the operand size by T.
template <class T, class AddressType>
const Op* loadAddress(Core& c, const Op& op)
{
    const uint64_t at = c.get<uint64_t>(op.base) + (c.get<uint64_t>(op.index) << op.scale) +
                        static_cast<uint64_t>(op.disp);
    c.set<T>(op.a, static_cast<T>(static_cast<AddressType>(at)));
    return c.next(op);
}
/// [base + disp] with 64-bit addresses, RIP-relative ones included.
template <class T>
const Op* loadPlainAddress(Core& c, const Op& op)
{
    c.set<T>(op.a, static_cast<T>(c.get<uint64_t>(op.base) + static_cast<uint64_t>(op.disp)));
    return c.next(op);
}

bool lowerLea(const Decoded& d, Op& op)
{
    op.a = registerOperand(d, 0);
    return use(op, byWideSize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   if (isPlainAddress(op))
                       return &loadPlainAddress<T>;
                   return byWideSize(op.addressSize, [](auto address) -> Handler {
                       return &loadAddress<T, decltype(address)>;
                   });
               }));
}

// --- BSWAP, MOVBE ---

uint16_t swapBytes(uint16_t value)
{
    return __builtin_bswap16(value);
}
uint32_t swapBytes(uint32_t value)
{
    return __builtin_bswap32(value);
}
uint64_t swapBytes(uint64_t value)
{
    return __builtin_bswap64(value);
}

template <class T>
const Op* swapRegister(Core& c, const Op& op)
{
    // Undefined for 16 bits (SDM volume 2, BSWAP); processors clear the register.
    c.set<T>(op.a, sizeof(T) == 2 ? T{0} : swapBytes(c.get<T>(op.a)));
    return c.next(op);
}

bool lowerBswap(const Decoded& d, Op& op)
{
    op.a = registerOperand(d, 0);
    return use(op, byWideSize(d.size(0),
                              [](auto zero) -> Handler { return &swapRegister<decltype(zero)>; }));
}

template <class T>
const Op* loadSwapped(Core& c, const Op& op)
{
    T value{};
    if (!loadOperand<T, AnyAddress>(c, op, value))
        return c.fault(op);
    c.set<T>(op.a, swapBytes(value));
    return c.next(op);
}
template <class T>
const Op* storeSwapped(Core& c, const Op& op)
{
    return storeOperand<T, AnyAddress>(c, op, swapBytes(c.get<T>(op.b)));
}

bool lowerMovbe(const Decoded& d, Op& op)
{
    const bool isLoad = d.isMemory(1);
    if (isLoad)
        op.a = registerOperand(d, 0);
    else
        op.b = registerOperand(d, 1);
    return use(op, byWideSize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return isLoad ? &loadSwapped<T> : &storeSwapped<T>;
               }));
}

// --- CMOVcc, SETcc ---

/// The destination is written whatever the condition: a 32-bit one loses its upper half.
template <unsigned Code, class T>
const Op* moveRegisterIf(Core& c, const Op& op)
{
    const T kept = c.get<T>(op.a);
    const T taken = c.get<T>(op.b);
    c.set<T>(op.a, condition<Code>(c.regs.flags) ? taken : kept);
    return c.next(op);
}
template <unsigned Code, class T>
const Op* moveMemoryIf(Core& c, const Op& op)
{
    T value{};
    if (!loadOperand<T, AnyAddress>(c, op, value))
        return c.fault(op);
    c.set<T>(op.a, condition<Code>(c.regs.flags) ? value : c.get<T>(op.a));
    return c.next(op);
}
template <unsigned Code>
bool lowerCmov(const Decoded& d, Op& op)
{
    op.a = registerOperand(d, 0);
    if (d.isRegister(1))
        op.b = registerOperand(d, 1);
    return use(op, byWideSize(d.size(0), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(1) ? &moveMemoryIf<Code, T> : &moveRegisterIf<Code, T>;
               }));
}

template <unsigned Code>
const Op* setRegisterIf(Core& c, const Op& op)
{
    c.set<uint8_t>(op.a, condition<Code>(c.regs.flags) ? 1 : 0);
    return c.next(op);
}
template <unsigned Code>
const Op* setMemoryIf(Core& c, const Op& op)
{
    return storeOperand<uint8_t, AnyAddress>(c, op, condition<Code>(c.regs.flags) ? 1 : 0);
}
template <unsigned Code>
bool lowerSetcc(const Decoded& d, Op& op)
{
    if (d.isMemory(0))
        return use(op, &setMemoryIf<Code>);
    op.a = registerOperand(d, 0);
    return use(op, &setRegisterIf<Code>);
}

// --- XLAT ---

/// AL = [segment:rBX + AL].
const Op* translateByte(Core& c, const Op& op)
{
    const uint64_t at =
        (c.get<uint64_t>(generalOffset(kRbx)) + c.get<uint8_t>(generalOffset(kRax))) &
        Core::addressMask(op.addressSize);
    uint64_t linear = 0;
    uint8_t value = 0;
    if (!c.linearAt(op.segment, at, 1, Access::Read, linear) ||
        !c.loadLinear(linear, value, op.segment))
        return c.fault(op);
    c.set<uint8_t>(generalOffset(kRax), value);
    return c.next(op);
}

/// The memory operand is a hidden one: only its segment is of interest.
bool lowerXlat(const Decoded& d, Op& op)
{
    op.segment = kDs;
    for (unsigned n = 0; n < d.instruction.operand_count; ++n)
        if (d.isMemory(n))
            op.segment = segmentIndex(d.operand(n).mem.segment);
    return use(op, &translateByte);
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_MOV, lowerMov},
    LowerRow{ZYDIS_MNEMONIC_MOVNTI, lowerMovnti},
    LowerRow{ZYDIS_MNEMONIC_MOVZX, lowerExtend<ZeroExtend>},
    LowerRow{ZYDIS_MNEMONIC_MOVSX, lowerExtend<SignExtend>},
    LowerRow{ZYDIS_MNEMONIC_MOVSXD, lowerExtend<SignExtend>},
    LowerRow{ZYDIS_MNEMONIC_LEA, lowerLea},
    LowerRow{ZYDIS_MNEMONIC_BSWAP, lowerBswap},
    LowerRow{ZYDIS_MNEMONIC_MOVBE, lowerMovbe},
    LowerRow{ZYDIS_MNEMONIC_XLAT, lowerXlat},
    LowerRow{ZYDIS_MNEMONIC_CMOVO, lowerCmov<0>},
    LowerRow{ZYDIS_MNEMONIC_CMOVNO, lowerCmov<1>},
    LowerRow{ZYDIS_MNEMONIC_CMOVB, lowerCmov<2>},
    LowerRow{ZYDIS_MNEMONIC_CMOVNB, lowerCmov<3>},
    LowerRow{ZYDIS_MNEMONIC_CMOVZ, lowerCmov<4>},
    LowerRow{ZYDIS_MNEMONIC_CMOVNZ, lowerCmov<5>},
    LowerRow{ZYDIS_MNEMONIC_CMOVBE, lowerCmov<6>},
    LowerRow{ZYDIS_MNEMONIC_CMOVNBE, lowerCmov<7>},
    LowerRow{ZYDIS_MNEMONIC_CMOVS, lowerCmov<8>},
    LowerRow{ZYDIS_MNEMONIC_CMOVNS, lowerCmov<9>},
    LowerRow{ZYDIS_MNEMONIC_CMOVP, lowerCmov<10>},
    LowerRow{ZYDIS_MNEMONIC_CMOVNP, lowerCmov<11>},
    LowerRow{ZYDIS_MNEMONIC_CMOVL, lowerCmov<12>},
    LowerRow{ZYDIS_MNEMONIC_CMOVNL, lowerCmov<13>},
    LowerRow{ZYDIS_MNEMONIC_CMOVLE, lowerCmov<14>},
    LowerRow{ZYDIS_MNEMONIC_CMOVNLE, lowerCmov<15>},
    LowerRow{ZYDIS_MNEMONIC_SETO, lowerSetcc<0>},
    LowerRow{ZYDIS_MNEMONIC_SETNO, lowerSetcc<1>},
    LowerRow{ZYDIS_MNEMONIC_SETB, lowerSetcc<2>},
    LowerRow{ZYDIS_MNEMONIC_SETNB, lowerSetcc<3>},
    LowerRow{ZYDIS_MNEMONIC_SETZ, lowerSetcc<4>},
    LowerRow{ZYDIS_MNEMONIC_SETNZ, lowerSetcc<5>},
    LowerRow{ZYDIS_MNEMONIC_SETBE, lowerSetcc<6>},
    LowerRow{ZYDIS_MNEMONIC_SETNBE, lowerSetcc<7>},
    LowerRow{ZYDIS_MNEMONIC_SETS, lowerSetcc<8>},
    LowerRow{ZYDIS_MNEMONIC_SETNS, lowerSetcc<9>},
    LowerRow{ZYDIS_MNEMONIC_SETP, lowerSetcc<10>},
    LowerRow{ZYDIS_MNEMONIC_SETNP, lowerSetcc<11>},
    LowerRow{ZYDIS_MNEMONIC_SETL, lowerSetcc<12>},
    LowerRow{ZYDIS_MNEMONIC_SETNL, lowerSetcc<13>},
    LowerRow{ZYDIS_MNEMONIC_SETLE, lowerSetcc<14>},
    LowerRow{ZYDIS_MNEMONIC_SETNLE, lowerSetcc<15>},
};

} // namespace

std::span<const LowerRow> moveRows()
{
    return kRows;
}

} // namespace vmm::soft
