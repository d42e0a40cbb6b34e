// SPDX-License-Identifier: GPL-3.0-or-later
// One decoded instruction, ready to run.
#pragma once

#include <cstdint>

namespace vmm::soft {

class Core;
struct Op;

/// Runs an instruction and what follows it in the block, through Core::next(), and returns where to
/// go on: the first op of the block that a transfer leads to, or null where the handler has set rip
/// and the main loop shall look around (a fault, an instruction after which interrupts must be
/// looked at).
using Handler = const Op* (*)(Core& core, const Op& op);

/// Prefixes and facts a handler may ask about.
namespace op_flag {
inline constexpr uint8_t kLock = 1 << 0;
inline constexpr uint8_t kRep = 1 << 1;       ///< F3
inline constexpr uint8_t kRepne = 1 << 2;     ///< F2
inline constexpr uint8_t kLong = 1 << 3;      ///< decoded in 64-bit mode: no segment limits
inline constexpr uint8_t kBranchEnd = 1 << 4; ///< the block ends here
} // namespace op_flag

/// A decoded instruction. Registers are byte offsets into Registers::general (AH is 1); kZero's
/// offset stands for an absent base or index. One cache line.
struct alignas(64) Op {
    Handler run = nullptr;
    uint64_t rip = 0; ///< of this instruction: offset in the code segment
    uint64_t imm = 0; ///< immediate, extended as the instruction wants; target of a near branch
                      ///< (already masked to the operand size)
    int64_t disp = 0; ///< displacement; RIP-relative addresses are resolved: base is kZero then
    const void* extra = nullptr; ///< whatever the lowering left for the handler (native code)
    uint16_t a = 0;              ///< first register operand, usually the destination
    uint16_t b = 0;              ///< second
    uint16_t c = 0;              ///< third
    uint16_t base = 0;
    uint16_t index = 0;
    uint8_t scale = 0;       ///< shift, 0-3
    uint8_t segment = 0;     ///< Seg of the memory operand
    uint8_t length = 0;      ///< bytes of the instruction
    uint8_t addressSize = 8; ///< bytes: 2, 4, 8
    uint8_t operandSize = 4; ///< bytes: 1, 2, 4, 8
    uint8_t flags = 0;       ///< op_flag
    uint8_t aux = 0;         ///< whatever the lowering left for the handler
    uint8_t aux2 = 0;
};
static_assert(sizeof(Op) == 64);

} // namespace vmm::soft
