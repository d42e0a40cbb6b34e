// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the few host instructions thunks are made of (SDM volume 2 section 2.1, 2.3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "vmm/soft/registers.h"

namespace vmm::soft {

/// Where things are in Registers.
inline constexpr uint32_t kVectorOffset = offsetof(Registers, vector);
inline constexpr uint32_t kXmmOffset = kVectorOffset + VectorState::kXmm;
inline constexpr uint32_t kMmxOffset = kVectorOffset + 32;
/// From an XMM register to the upper half of its YMM register.
inline constexpr uint32_t kHighDelta = kVectorOffset + offsetof(VectorState, ymmHigh) - kXmmOffset;
static_assert(offsetof(Registers, general) == 0);

/// Host code in the making. Thunk arguments: rdi memory operand, rsi Registers, offsets in rdx
/// (rm), rcx (vvvv), r8 (reg), r9 (is4). Bytes past the end are counted, not kept: check fits().
class Emitter {
public:
    /// Index register of an operand's address; None: at the fixed displacement.
    enum class At : uint8_t { Rm = 2, Vvvv = 1, Reg = 8, Is4 = 9, Fixed = 0xff };

    void bytes(std::span<const uint8_t> some)
    {
        for (const uint8_t byte : some)
            put(byte);
    }
    void bytes(std::initializer_list<uint8_t> some)
    {
        bytes(std::span<const uint8_t>(some.begin(), some.size()));
    }
    /// opcode 0F `opcode` with a vector register and [rsi + at + disp].
    void legacy(uint8_t opcode, unsigned reg, At at, uint32_t disp)
    {
        if (extended(at))
            put(0x42);
        bytes({0x0f, opcode});
        operand(reg, at, disp);
    }
    /// VEX form of the same: `second` and `third` byte without R, X, B.
    void vex(uint8_t map, uint8_t third, uint8_t opcode, unsigned reg, At at, uint32_t disp)
    {
        bytes({0xc4, static_cast<uint8_t>(map | (extended(at) ? 0xa0 : 0xe0)), third, opcode});
        operand(reg, at, disp);
    }
    /// MOV between a 64-bit general register and [rsi + at + disp].
    void move(bool store, unsigned reg, At at, uint32_t disp)
    {
        bytes({static_cast<uint8_t>(extended(at) ? 0x4a : 0x48),
               static_cast<uint8_t>(store ? 0x89 : 0x8b)});
        operand(reg, at, disp);
    }
    /// MOV WORD [rsi + at + disp], FFFF
    void storeOnes(At at, uint32_t disp)
    {
        put(0x66);
        if (extended(at))
            put(0x42);
        put(0xc7);
        operand(0, at, disp);
        bytes({0xff, 0xff});
    }

    bool fits() const { return m_size <= m_bytes.size(); }
    std::span<const uint8_t> code() const { return {m_bytes.data(), m_size}; }

private:
    static bool extended(At at) { return at == At::Reg || at == At::Is4; }
    void put(uint8_t byte)
    {
        if (m_size < m_bytes.size())
            m_bytes[m_size] = byte;
        ++m_size;
    }
    void operand(unsigned reg, At at, uint32_t disp)
    {
        const auto field = static_cast<uint8_t>(0x80 | reg << 3);
        if (at == At::Fixed)
            put(field | 6);
        else
            bytes({static_cast<uint8_t>(field | 4),
                   static_cast<uint8_t>((static_cast<uint8_t>(at) & 7) << 3 | 6)});
        for (unsigned shift = 0; shift < 32; shift += 8)
            put(static_cast<uint8_t>(disp >> shift));
    }

    std::array<uint8_t, 256> m_bytes{};
    size_t m_size = 0;
};

} // namespace vmm::soft
