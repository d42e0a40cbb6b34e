// SPDX-License-Identifier: GPL-3.0-or-later
// What the handlers of general-purpose instructions share: one function per operand size and form
// is picked when an instruction is decoded, so that nothing is decided when it runs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

#include "vmm/soft/core.h"
#include "vmm/soft/lower.h"

namespace vmm::soft {

/// Memory operand with any base, index and address size, in any mode.
struct AnyAddress {
    static constexpr bool kLong = false;
    [[gnu::always_inline]] static bool linear(Core& c, const Op& op, unsigned size, Access access,
                                              uint64_t& at)
    {
        return c.linear(op, size, access, at);
    }
};

/// Memory operand [base + disp] with 64-bit addresses in 64-bit mode, not in FS or GS: no mask, no
/// limit, no segment base.
struct PlainAddress {
    static constexpr bool kLong = true;
    [[gnu::always_inline]] static bool linear(Core& c, const Op& op, unsigned, Access, uint64_t& at)
    {
        at = c.get<uint64_t>(op.base) + static_cast<uint64_t>(op.disp);
        return true;
    }
};

/// Any other memory operand with 64-bit addresses in 64-bit mode.
struct LongAddress {
    static constexpr bool kLong = true;
    [[gnu::always_inline]] static bool linear(Core& c, const Op& op, unsigned, Access, uint64_t& at)
    {
        at = c.get<uint64_t>(op.base) + (c.get<uint64_t>(op.index) << op.scale) +
             static_cast<uint64_t>(op.disp) + c.longBase(op.segment);
        return true;
    }
};

/// Offset of a register of Registers::general.
constexpr uint16_t generalOffset(Gpr name)
{
    return static_cast<uint16_t>(name * sizeof(uint64_t));
}
inline constexpr uint16_t kOffsetAh = 1;

/// Is the address one of 64 bits, in 64-bit mode?
inline bool isLongAddress(const Op& op)
{
    return (op.flags & op_flag::kLong) != 0 && op.addressSize == 8;
}
/// Is the address just base + displacement, in 64-bit mode without FS or GS?
inline bool isPlainAddress(const Op& op)
{
    return isLongAddress(op) && op.index == generalOffset(kZero) && op.segment != kFs &&
           op.segment != kGs;
}
/// Has it a LOCK prefix?
inline bool isLocked(const Op& op)
{
    return (op.flags & op_flag::kLock) != 0;
}

/// Loads the memory operand.
template <class T, class Address>
[[gnu::always_inline]] inline bool loadOperand(Core& c, const Op& op, T& value)
{
    uint64_t at = 0;
    return Address::linear(c, op, sizeof(T), Access::Read, at) &&
           c.loadLinear(at, value, op.segment);
}
/// Runs finish(c, op, value) with the memory operand: at once when the TLB has it, else from a
/// function of its own, so that the quick way needs no stack frame. `finish` holds nothing.
template <class T, class Finish>
[[gnu::noinline]] const Op* finishCarefully(Core& c, const Op& op, Finish finish)
{
    T value{};
    if (!c.load(op, value))
        return c.fault(op);
    return finish(c, op, value);
}
/// Loads the memory operand and runs finish(c, op, value), or raises the fault.
template <class T, class Address, class Finish>
[[gnu::always_inline]] inline const Op* withOperand(Core& c, const Op& op, Finish finish)
{
    T value;
    if constexpr (Address::kLong) {
        uint64_t at = 0;
        Address::linear(c, op, sizeof(T), Access::Read, at);
        if (!c.loadCached(at, value)) [[unlikely]]
            return finishCarefully<T>(c, op, finish);
    } else if (!loadOperand<T, Address>(c, op, value)) [[unlikely]] {
        return c.fault(op);
    }
    return finish(c, op, value);
}
/// Goes on after a write into a page of decoded code.
template <unsigned Size>
[[gnu::noinline]] const Op* nextAfterCode(Core& c, const Op& op, uint64_t at)
{
    c.wrote(at, Size);
    return c.next(op);
}
/// Stores at linear address `at`, in a function of its own as above.
template <class T>
[[gnu::noinline]] const Op* storeCarefully(Core& c, const Op& op, uint64_t at, T value)
{
    return c.storeLinear(at, value, op.segment) ? c.next(op) : c.fault(op);
}
/// Stores the memory operand and goes on, or raises the fault.
template <class T, class Address>
[[gnu::always_inline]] inline const Op* storeOperand(Core& c, const Op& op, T value)
{
    uint64_t at = 0;
    if (!Address::linear(c, op, sizeof(T), Access::Write, at)) [[unlikely]]
        return c.fault(op);
    std::byte* host = nullptr;
    if (!c.cachedForWrite(at, sizeof value, host)) [[unlikely]]
        return storeCarefully(c, op, at, value);
    std::memcpy(host, &value, sizeof value);
    return c.hitCode(at) ? nextAfterCode<sizeof value>(c, op, at) : c.next(op);
}

/// What modifyLinear() below does outside the TLB or with LOCK.
template <class T, class Apply>
[[gnu::noinline]] const Op* modifyCarefully(Core& c, const Op& op, uint64_t at, bool locked,
                                            Apply apply)
{
    LazyFlags flags;
    const auto change = [&](T old) {
        flags = c.regs.flags;
        return static_cast<T>(apply(flags, old));
    };
    if (!c.modifyLinear<T>(at, op.segment, locked, change))
        return c.fault(op);
    c.regs.flags = flags;
    return c.next(op);
}
/// Replaces the T at linear address `at` by apply(flags, old), and the flags as `apply` leaves
/// them, once that succeeded. `apply` may run several times and holds values, no references.
template <class T, class Apply>
[[gnu::always_inline]] inline const Op* modifyLinear(Core& c, const Op& op, uint64_t at,
                                                     bool locked, Apply apply)
{
    std::byte* host = nullptr;
    if (locked || !c.cachedForWrite(at, sizeof(T), host)) [[unlikely]]
        return modifyCarefully<T>(c, op, at, locked, apply);
    T value;
    std::memcpy(&value, host, sizeof value);
    value = apply(c.regs.flags, value);
    std::memcpy(host, &value, sizeof value);
    return c.hitCode(at) ? nextAfterCode<sizeof value>(c, op, at) : c.next(op);
}
/// The same with the memory operand.
template <class T, class Address, class Apply>
[[gnu::always_inline]] inline const Op* modifyOperand(Core& c, const Op& op, bool locked,
                                                      Apply apply)
{
    uint64_t at = 0;
    if (!Address::linear(c, op, sizeof(T), Access::Write, at)) [[unlikely]]
        return c.fault(op);
    return modifyLinear<T>(c, op, at, locked, apply);
}

/// Calls `pick` with a zero of the unsigned type of `size` bytes, 4 or 8: the handler for that
/// size, or null.
template <class Pick>
Handler byLargeSize(unsigned size, Pick pick)
{
    switch (size) {
    case 4:
        return pick(uint32_t{});
    case 8:
        return pick(uint64_t{});
    default:
        return nullptr;
    }
}
/// The same for instructions with a form for 16 bits too.
template <class Pick>
Handler byWideSize(unsigned size, Pick pick)
{
    return size == 2 ? pick(uint16_t{}) : byLargeSize(size, pick);
}
/// The same for instructions with forms for all four sizes.
template <class Pick>
Handler bySize(unsigned size, Pick pick)
{
    return size == 1 ? pick(uint8_t{}) : byWideSize(size, pick);
}
/// Calls `pick` with the fastest way to find the memory operand.
template <class Pick>
Handler byAddress(const Op& op, Pick pick)
{
    return isPlainAddress(op)  ? pick(PlainAddress{})
           : isLongAddress(op) ? pick(LongAddress{})
                               : pick(AnyAddress{});
}

/// Sets the handler. False, for `return`, when there is none.
inline bool use(Op& op, Handler handler)
{
    op.run = handler;
    return handler != nullptr;
}
/// Byte offset of operand n, a general register.
inline uint16_t registerOperand(const Decoded& d, unsigned n)
{
    return registerOffset(d.operand(n).reg.value);
}

/// The condition numbered as in the low four bits of Jcc, SETcc and CMOVcc (SDM volume 2 appendix
/// B.1.4.7).
template <unsigned Code>
bool condition(const LazyFlags& f)
{
    constexpr bool kInverted = (Code & 1) != 0;
    switch (Code >> 1) {
    case 0:
        return f.of() != kInverted;
    case 1:
        return f.cf() != kInverted;
    case 2:
        return f.zf() != kInverted;
    case 3:
        return (f.cf() || f.zf()) != kInverted;
    case 4:
        return f.sf() != kInverted;
    case 5:
        return f.pf() != kInverted;
    case 6:
        return (f.sf() != f.of()) != kInverted;
    default:
        return (f.zf() || f.sf() != f.of()) != kInverted;
    }
}

/// One table out of several.
inline std::vector<LowerRow> joinRows(std::initializer_list<std::span<const LowerRow>> tables)
{
    std::vector<LowerRow> all;
    for (const auto& table : tables)
        all.insert(all.end(), table.begin(), table.end());
    return all;
}

// Parts of aluInstructions().
std::span<const LowerRow> arithmeticRows(); ///< alu.cpp
std::span<const LowerRow> exchangeRows();   ///< exchange.cpp
std::span<const LowerRow> moveRows();       ///< moves.cpp
std::span<const LowerRow> plainRows();      ///< plain.cpp

// Parts of bitInstructions().
std::span<const LowerRow> shiftRows();    ///< bits.cpp
std::span<const LowerRow> bitTestRows();  ///< bit_test.cpp
std::span<const LowerRow> bitFieldRows(); ///< bit_fields.cpp
std::span<const LowerRow> multiplyRows(); ///< multiply.cpp
std::span<const LowerRow> bcdRows();      ///< bcd.cpp

} // namespace vmm::soft
