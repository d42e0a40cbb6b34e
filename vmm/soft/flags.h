// SPDX-License-Identifier: GPL-3.0-or-later
// The six arithmetic flags, kept as what they follow from and worked out only when somebody asks.
// SDM volume 1 section 3.4.3.1.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace vmm::soft {

/// Bits of RFLAGS.
namespace flag {
inline constexpr uint64_t kCf = 1 << 0;
inline constexpr uint64_t kOne = 1 << 1; ///< always set
inline constexpr uint64_t kPf = 1 << 2;
inline constexpr uint64_t kAf = 1 << 4;
inline constexpr uint64_t kZf = 1 << 6;
inline constexpr uint64_t kSf = 1 << 7;
inline constexpr uint64_t kTf = 1 << 8;
inline constexpr uint64_t kIf = 1 << 9;
inline constexpr uint64_t kDf = 1 << 10;
inline constexpr uint64_t kOf = 1 << 11;
inline constexpr uint64_t kIopl = 3 << 12;
inline constexpr uint64_t kNt = 1 << 14;
inline constexpr uint64_t kRf = 1 << 16;
inline constexpr uint64_t kVm = 1 << 17;
inline constexpr uint64_t kAc = 1 << 18;
inline constexpr uint64_t kVif = 1 << 19;
inline constexpr uint64_t kVip = 1 << 20;
inline constexpr uint64_t kId = 1 << 21;
inline constexpr uint64_t kArithmetic = kCf | kPf | kAf | kZf | kSf | kOf;
} // namespace flag

/// CF, PF, AF, ZF, SF, OF. Any combination can be held, also ones no instruction makes.
class LazyFlags {
public:
    /// After r = a + b (+ carry).
    template <class T>
    void setAdd(T a, T b, T r)
    {
        setResult(r);
        setCarries<T>(static_cast<T>((a & b) | ((a | b) & ~r)));
    }
    /// After r = a - b (- borrow); CMP, NEG as 0 - b.
    template <class T>
    void setSub(T a, T b, T r)
    {
        setResult(r);
        setCarries<T>(static_cast<T>((~a & b) | ((~a | b) & r)));
    }
    /// After AND, OR, XOR, TEST: CF, OF and AF clear.
    template <class T>
    void setLogic(T r)
    {
        setResult(r);
        m_half = m_top = m_delta = 0;
    }
    /// INC and DEC: as setAdd/setSub with 1, CF as it was.
    template <class T>
    void setInc(T a, T r)
    {
        const bool carry = cf();
        setAdd<T>(a, T{1}, r);
        setCf(carry);
    }
    template <class T>
    void setDec(T a, T r)
    {
        const bool carry = cf();
        setSub<T>(a, T{1}, r);
        setCf(carry);
    }

    /// After a shift: SF, ZF, PF of the result, CF and OF as given, AF clear.
    template <class T>
    void setShift(T r, bool carry, bool overflow)
    {
        setResult(r);
        m_half = m_delta = 0;
        m_top = carryAndOverflow(carry, overflow);
    }

    bool cf() const { return (m_top & kCarry) != 0; }
    bool of() const { return ((m_top ^ (m_top << 1)) & kCarry) != 0; }
    bool af() const { return (m_half & kHalf) != 0; }
    bool zf() const { return m_result == 0; }
    bool sf() const { return ((m_result >> 63) ^ (m_delta & kSignDelta)) != 0; }
    bool pf() const
    {
        const auto low = static_cast<uint8_t>(m_result ^ (m_delta >> kParityShift));
        return (std::popcount(low) & 1) == 0;
    }
    /// CF changes, the other five stay.
    void setCf(bool on)
    {
        if (on != cf())
            m_top ^= kCarry | kOverflow;
    }

    /// CF and OF change, the other four stay (rotates).
    void setCfOf(bool carry, bool overflow) { m_top = carryAndOverflow(carry, overflow); }

    /// The six bits at their places in RFLAGS.
    uint64_t get() const
    {
        return (cf() ? flag::kCf : 0) | (pf() ? flag::kPf : 0) | (af() ? flag::kAf : 0) |
               (zf() ? flag::kZf : 0) | (sf() ? flag::kSf : 0) | (of() ? flag::kOf : 0);
    }
    void set(uint64_t rflags)
    {
        const bool carry = (rflags & flag::kCf) != 0;
        const bool overflow = (rflags & flag::kOf) != 0;
        const bool sign = (rflags & flag::kSf) != 0;
        const bool parity = (rflags & flag::kPf) != 0;
        m_result = (rflags & flag::kZf) != 0 ? 0 : 0x100; // low byte 0: even parity
        m_top = carryAndOverflow(carry, overflow);
        m_half = (rflags & flag::kAf) != 0 ? kHalf : 0;
        m_delta = (sign ? kSignDelta : 0) | (parity ? 0 : 1U << kParityShift);
    }

private:
    // In m_delta, 0 after every instruction that sets flags by its result.
    static constexpr uint32_t kSignDelta = 1; // SF is the result's sign, or with this its opposite
    static constexpr unsigned kParityShift = 8; // this byte is xored in before PF
    // In m_half and m_top, whose other bits mean nothing: an addition's carries out of each bit,
    // those of its lowest and of its highest 32 bits.
    static constexpr uint32_t kHalf = 1 << 3;       // AF
    static constexpr uint32_t kOverflow = 1U << 30; // the carry into the sign: OF is this xor CF
    static constexpr uint32_t kCarry = 1U << 31;    // CF

    static uint32_t carryAndOverflow(bool carry, bool overflow)
    {
        return static_cast<uint32_t>(carry) << 31 | static_cast<uint32_t>(carry != overflow) << 30;
    }
    template <class T>
    void setResult(T r)
    {
        m_result =
            static_cast<uint64_t>(static_cast<int64_t>(static_cast<std::make_signed_t<T>>(r)));
    }
    template <class T>
    void setCarries(T carries)
    {
        constexpr unsigned kBits = sizeof(T) * 8;
        m_half = static_cast<uint32_t>(carries);
        if constexpr (kBits == 64)
            m_top = static_cast<uint32_t>(carries >> 32);
        else
            m_top = static_cast<uint32_t>(carries) << (32 - kBits);
        m_delta = 0;
    }

    uint64_t m_result = 1; // sign-extended; ZF when 0
    uint32_t m_half = 0;
    uint32_t m_top = 0;
    uint32_t m_delta = 0;
};

} // namespace vmm::soft
