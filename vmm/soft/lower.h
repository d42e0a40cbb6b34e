// SPDX-License-Identifier: GPL-3.0-or-later
// From a Zydis instruction to an Op: one table from mnemonic to function.
#pragma once

#include <Zydis/Zydis.h>
#include <cstdint>
#include <span>

#include "vmm/soft/op.h"

namespace vmm::soft {

/// An instruction as decoded, with what the lowering may ask about it.
struct Decoded {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    uint64_t rip = 0;  ///< offset in the code segment
    uint32_t mode = 0; ///< block_mode
    const uint8_t* bytes = nullptr;
    Core* core = nullptr; ///< for whom; lowering may keep things there

    unsigned visible() const { return instruction.operand_count_visible; }
    const ZydisDecodedOperand& operand(unsigned n) const { return operands[n]; }
    bool isRegister(unsigned n) const { return operands[n].type == ZYDIS_OPERAND_TYPE_REGISTER; }
    bool isMemory(unsigned n) const { return operands[n].type == ZYDIS_OPERAND_TYPE_MEMORY; }
    bool isImmediate(unsigned n) const { return operands[n].type == ZYDIS_OPERAND_TYPE_IMMEDIATE; }
    /// Size of operand n in bytes.
    unsigned size(unsigned n) const { return operands[n].size / 8; }
    bool code64() const { return (mode & 3) == 2; }
};

/// Fills `op` (whose rip, length, sizes, prefixes, and memory operand are already there, see
/// prepare()) with registers, immediate and handler. False: not an instruction we have; the op
/// becomes #UD.
using Lower = bool (*)(const Decoded& decoded, Op& op);

/// A row of the table of instructions.
struct LowerRow {
    ZydisMnemonic mnemonic;
    Lower lower;
};

// Each group of instructions has its table in its own file.
std::span<const LowerRow> aluInstructions(); ///< alu.cpp: arithmetic, logic, moves
std::span<const LowerRow>
bitInstructions(); ///< bits.cpp: shifts, rotates, bit tests, BMI, multiply, divide, BCD
std::span<const LowerRow> flowInstructions();   ///< flow.cpp: near transfers, stack, flags
std::span<const LowerRow> stringInstructions(); ///< strings.cpp: string instructions, port I/O
std::span<const LowerRow>
systemInstructions(); ///< system.cpp: far transfers, descriptor tables, control registers, ...
/// native.cpp: x87, MMX, SSE, AVX by running the instruction itself; asked for what no table has.
bool lowerNative(const Decoded& decoded, Op& op);

/// From bytes to Ops, for one core's present mode.
class Decoder {
public:
    enum class Answer : uint8_t { Done, NeedsMore };
    explicit Decoder(Core& core);
    /// Decodes the instruction at `bytes` into `op`, whose rip is set. An illegal one becomes an op
    /// that raises what the CPU would. NeedsMore when `size` bytes are too few.
    Answer decode(const uint8_t* bytes, size_t size, Op& op);

private:
    Core& m_core;
    ZydisDecoder m_decoder;
};

/// Finds the row and lowers; an unknown or illegal instruction becomes an op that raises #UD.
void lower(const Decoded& decoded, Op& op);

/// Byte offset of a general register in Registers::general (AH is 1).
uint16_t registerOffset(ZydisRegister name);
/// Seg of a segment register's name.
uint8_t segmentIndex(ZydisRegister name);
/// Immediate operand n, sign-extended to 64 bits where the instruction does.
uint64_t immediate(const Decoded& decoded, unsigned n);

} // namespace vmm::soft
