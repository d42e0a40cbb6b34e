// SPDX-License-Identifier: GPL-3.0-or-later
// What the files that lower x87, MMX, SSE and AVX share: who may run, and where operands are.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "vmm/soft/core.h"
#include "vmm/soft/lower.h"
#include "vmm/soft/native_emit.h"

namespace vmm::soft {

/// Which rules decide whether an instruction may run now (SDM volume 2 section 2.4, volume 3
/// tables 23-4 to 23-7).
enum class Unit : uint8_t { Sse, Mmx, Avx };

/// N bytes on their way between memory and a register.
template <unsigned N>
struct Bytes {
    std::array<uint8_t, N> bytes;
};

namespace x87 {

/// Bits of the status word; the low six and their masks in the control word are at the same places.
inline constexpr uint16_t kExceptions = 0x3f, kPrecision = 0x20, kStackFault = 0x40,
                          kSummary = 0x80, kBusy = 0x8000, kTop = 0x3800;

/// The x87 part of an FXSAVE image (SDM volume 1 table 10-2, 64-bit format).
struct Image {
    uint16_t control;
    uint16_t status;
    uint8_t tags; ///< bit n: physical register n is not empty
    uint8_t reserved;
    uint16_t opcode;
    uint64_t instruction;
    uint64_t data;
    uint32_t mxcsr;
    uint32_t mxcsrMask;
    std::array<std::array<uint8_t, 16>, 8> st; ///< from the top of the stack

    unsigned top() const { return status >> 11 & 7U; }
    bool pending() const { return (status & ~control & kExceptions) != 0; }
    /// ES and B follow from flags and masks.
    void summarise();
};
static_assert(sizeof(Image) == VectorState::kXmm);

/// The x87 part of a vCPU's vector state.
inline Image load(const VectorState& vector)
{
    Image image;
    std::memcpy(&image, vector.fx.data(), sizeof image);
    return image;
}
/// All but MXCSR and its mask.
void store(VectorState& vector, const Image& image);
/// What FNINIT makes of it.
void initialise(Image& image);
/// The first MMX instruction after x87 ones: TOP becomes 0, all registers valid (SDM volume 1
/// section 9.5.1).
void enterMmx(VectorState& vector);

} // namespace x87

/// Notes #UD, #NM or #MF and answers false when the unit is not to be used.
bool sseUsable(Core& core);
bool mmxUsable(Core& core);
bool avxUsable(Core& core);
bool x87Usable(Core& core);     ///< #NM only: instructions that do not wait
bool x87UsableWait(Core& core); ///< and #MF

/// Is it the usual case, in which nothing keeps the unit from being used?
template <Unit U>
inline bool isUsable(const Core& core)
{
    static_assert(U != Unit::Mmx);
    if constexpr (U == Unit::Avx)
        return (core.sys.cr0 & cr::k0Ts) == 0 && (core.sys.cr4 & cr::k4Osxsave) != 0 &&
               (core.sys.xcr0 & 6) == 6;
    else
        return (core.sys.cr0 & (cr::k0Em | cr::k0Ts)) == 0 && (core.sys.cr4 & cr::k4Osfxsr) != 0;
}
/// The quick answer for the usual case, else the careful one above.
template <Unit U>
inline bool usable(Core& core)
{
    if constexpr (U == Unit::Avx)
        return isUsable<U>(core) || avxUsable(core);
    else if constexpr (U == Unit::Sse)
        return isUsable<U>(core) || sseUsable(core);
    else
        return mmxUsable(core);
}

/// Moves `size` bytes between a buffer and guest memory; false with the fault noted.
bool loadOperand(Core& core, const Op& op, uint64_t linear, void* to, unsigned size);
bool storeOperand(Core& core, const Op& op, uint64_t linear, const void* from, unsigned size);

/// Byte offset in Registers of a vector, MMX or general register.
uint16_t nativeOffset(ZydisRegister name);
/// A register's bytes by that offset, and the upper half of a YMM register by its lower one's.
inline uint8_t* nativeRegister(Core& core, uint64_t offset)
{
    return reinterpret_cast<uint8_t*>(reinterpret_cast<uintptr_t>(&core.regs) + offset);
}
/// The upper half of the YMM register whose lower half has that offset.
inline uint8_t* nativeHigh(Core& core, uint64_t offset)
{
    return nativeRegister(core, offset) + kHighDelta;
}

/// The instruction is known and raises #UD. True.
bool lowerUndefined(Op& op);

// Parts of lowerNative(); false: not theirs.
bool lowerMove(const Decoded& decoded, Op& op);       ///< native_moves.cpp: hot moves, in C++
bool lowerMasked(const Decoded& decoded, Op& op);     ///< native_masked.cpp: element by element
bool lowerCrc32(const Decoded& decoded, Op& op);      ///< native_crc.cpp
bool lowerX87(const Decoded& decoded, Op& op);        ///< native_x87.cpp
bool lowerX87Control(const Decoded& decoded, Op& op); ///< native_x87_control.cpp

} // namespace vmm::soft
