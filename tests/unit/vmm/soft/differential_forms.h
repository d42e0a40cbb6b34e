// SPDX-License-Identifier: GPL-3.0-or-later
// Which instructions the differential test tries: every form Zydis decodes of what a user program
// may run and this host can, found by trying all opcodes.
#pragma once

#include <Zydis/Zydis.h>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tests {

/// Numbers from a seed, the same everywhere (splitmix64).
class Random {
public:
    explicit Random(uint64_t seed) : m_state(seed) {}
    uint64_t next()
    {
        uint64_t z = m_state += 0x9e37'79b9'7f4a'7c15;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }
    uint64_t below(uint64_t limit) { return next() % limit; }
    bool chance(unsigned percent) { return below(100) < percent; }
    template <class T, size_t N>
    T pick(const std::array<T, N>& from)
    {
        return from[below(N)];
    }

private:
    uint64_t m_state;
};

/// An instruction as Zydis sees it.
struct Instruction {
    std::array<uint8_t, 16> bytes{};
    ZydisDecodedInstruction facts{};
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands{};

    unsigned length() const { return facts.length; }
    /// The visible memory operand, or null.
    const ZydisDecodedOperand* memory() const;
    bool hasRep() const
    {
        return (facts.attributes &
                (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) != 0;
    }
    bool branches() const { return facts.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE; }
    std::string text() const;
};

/// What stays the same in all instructions of one form; the rest is filled at random.
struct Form {
    enum Encoding : uint8_t { Legacy, Vex };
    Encoding encoding = Legacy;
    uint8_t prefix = 0; ///< 0x66, 0xf3, 0xf2 or none
    bool w = false;
    bool l = false;
    uint8_t map = 0; ///< 0 one-byte, 1 0F, 2 0F38, 3 0F3A
    uint8_t opcode = 0;
    uint8_t modrm = 0; ///< mod 3 or 0 tells register from memory
    uint64_t key = 0;  ///< of mnemonic and operands
};

/// Finds forms and makes instructions of them, for 64-bit or 32-bit code.
class Forms {
public:
    explicit Forms(bool code64);
    const std::vector<Form>& all() const { return m_forms; }
    /// An instruction of `form` with random registers, addressing, immediates and harmless
    /// prefixes. False when luck ran out.
    bool make(const Form& form, Random& random, Instruction& made) const;
    bool decode(Instruction& instruction) const;

private:
    void add(const Form& form);
    bool encode(const Form& form, Random* random, Instruction& made) const;

    bool m_code64;
    ZydisDecoder m_decoder;
    std::vector<Form> m_forms;
};

} // namespace tests
