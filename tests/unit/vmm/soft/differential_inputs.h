// SPDX-License-Identifier: GPL-3.0-or-later
// Registers and memory for the differential test: random, but such that most operands lie in the
// data window and many values lie at edges.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tests/support/native_run.h"
#include "tests/unit/vmm/soft/differential_forms.h"

namespace tests {

/// Bytes both sides find in their data window besides the common filling.
struct Poke {
    uint64_t address = 0;
    std::array<uint8_t, 8> bytes{};
};

/// What one instruction starts from.
struct Input {
    NativeRegisters registers;
    std::vector<Poke> pokes;
    size_t filling = 0; ///< where in the pool the window's contents begin
};

/// Makes inputs for an instruction at NativeRun::kCode + offset.
class Inputs {
public:
    Inputs(bool code64, Random& random) : m_code64(code64), m_random(random) {}

    /// Points relative branches and absolute addresses of the instruction at useful places.
    void aim(Instruction& instruction, unsigned offset) const;
    Input make(const Instruction& instruction) const;
    /// Random bytes that windows are filled from.
    static constexpr size_t kPool = 64 * 1024;

private:
    uint64_t address(unsigned size) const;
    uint64_t codeAddress() const;
    uint64_t general() const;
    void fillVectors(NativeRegisters& registers) const;
    void fillX87(NativeRegisters& registers) const;
    void aimMemory(const Instruction& instruction, const ZydisDecodedOperand& operand,
                   Input& input) const;
    void adapt(const Instruction& instruction, Input& input) const;
    void adaptBranch(const Instruction& instruction, Input& input) const;
    void poke(Input& input, uint64_t at, uint64_t value) const;

    bool m_code64;
    Random& m_random;
};

/// Index of a general register, whatever its width; AH to BH as SPL to DIL.
unsigned generalIndex(ZydisRegister name);
/// Where the memory operand lies with these registers.
uint64_t effectiveAddress(const Instruction& instruction, const ZydisDecodedOperand& operand,
                          const NativeRegisters& registers);

} // namespace tests
