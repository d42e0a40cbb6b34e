// SPDX-License-Identifier: GPL-3.0-or-later
// Intel SDM volume 2 (081): chapter 2 for the encoding, opcodes as named at each line.
#include "tests/bench/instructions/straight_code.h"

namespace bench {

namespace {

constexpr unsigned kRdi = 7; ///< holds the argument throughout
/// Registers a function may change, but for rdi: rax, rcx, rdx, rsi, r8 to r11.
constexpr uint8_t kRegisters[8] = {0, 1, 2, 6, 8, 9, 10, 11};
constexpr unsigned kRax = 0;

class Writer {
public:
    Writer(uint8_t* to, uint64_t seed) : m_start(to), m_to(to), m_random(seed) {}
    size_t size() const { return static_cast<size_t>(m_to - m_start); }

    void load32(unsigned to, uint32_t value) // MOV r32, imm32
    {
        if (to >= 8)
            byte(0x41);
        byte(0xb8 | (to & 7));
        dword(value);
    }
    void two(unsigned opcode, unsigned field, unsigned to) // op r/m64, r64
    {
        rex(true, field, to);
        byte(opcode);
        byte(0xc0 | (field & 7) << 3 | (to & 7));
    }
    void ret() { byte(0xc3); }

    /// One instruction that is no jump.
    void any()
    {
        const unsigned a = kRegisters[random() % 8];
        const unsigned b = kRegisters[random() % 8];
        switch (random() % 12) {
        case 0:
            return two(0x01, a, b); // ADD
        case 1:
            return two(0x31, a, b); // XOR
        case 2:
            return two(0x39, a, b); // CMP
        case 3:
            return two(0x89, a, b); // MOV
        case 4:
            return two(0x29, a, b); // SUB
        case 5:
            return withImmediate(b);
        case 6:
            return shift(b);
        case 7:
            return load32(b, random());
        case 8:
            return memory(0x8b, a, 8 * (random() % 500)); // MOV r64, m
        case 9:
            return memory(0x89, a, 8 * (random() % 500)); // MOV m, r64
        case 10:
            return multiply(a, b);
        default:
            return address(a, b);
        }
    }
    void jump() // Jcc rel8, not JP and JNP, which compilers hardly use
    {
        static constexpr uint8_t kConditions[] = {0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x7c, 0x7e};
        byte(kConditions[random() % 8]);
        byte(0);
    }

private:
    unsigned random()
    {
        m_random = m_random * 6364136223846793005U + 1442695040888963407U;
        return static_cast<unsigned>(m_random >> 33);
    }
    void byte(unsigned value) { *m_to++ = static_cast<uint8_t>(value); }
    void dword(uint32_t value)
    {
        for (unsigned shift = 0; shift < 32; shift += 8)
            byte(value >> shift & 0xff);
    }
    void rex(bool wide, unsigned field, unsigned base)
    {
        byte(0x40U | (wide ? 8U : 0U) | (field >= 8 ? 4U : 0U) | (base >= 8 ? 1U : 0U));
    }
    void withImmediate(unsigned to) // ADD, OR, AND, SUB, XOR or CMP r/m32, imm32
    {
        static constexpr uint8_t kOperations[] = {0, 1, 4, 5, 6, 7, 0, 7};
        rex(false, 0, to);
        byte(0x81);
        byte(0xc0U | unsigned{kOperations[random() % 8]} << 3 | (to & 7));
        dword(random());
    }
    void shift(unsigned to) // ROL, SHL, SHR or SAR r/m64, imm8
    {
        static constexpr uint8_t kOperations[] = {0, 4, 5, 7};
        rex(true, 0, to);
        byte(0xc1);
        byte(0xc0U | unsigned{kOperations[random() % 4]} << 3 | (to & 7));
        byte(1 + random() % 62);
    }
    void memory(unsigned opcode, unsigned field, uint32_t offset) // [rdi + disp32]
    {
        rex(true, field, kRdi);
        byte(opcode);
        byte(0x80 | (field & 7) << 3 | kRdi);
        dword(offset);
    }
    void multiply(unsigned to, unsigned by) // IMUL r64, r/m64
    {
        rex(true, to, by);
        byte(0x0f);
        byte(0xaf);
        byte(0xc0 | (to & 7) << 3 | (by & 7));
    }
    void address(unsigned to,
                 unsigned base) // LEA r64, [base + disp8]; no base here needs a SIB byte
    {
        rex(true, to, base);
        byte(0x8d);
        byte(0x40 | (to & 7) << 3 | (base & 7));
        byte(random() & 0x7f);
    }

    uint8_t* m_start;
    uint8_t* m_to;
    uint64_t m_random;
};

} // namespace

size_t writeStraightCode(uint8_t* to, size_t count, uint64_t seed)
{
    constexpr size_t kFirst = 8; // one for each register
    constexpr size_t kLast = 8;  // sums them up and returns
    Writer writer(to, seed);
    for (const uint8_t where : kRegisters)
        writer.load32(where, static_cast<uint32_t>(seed) + where);
    for (size_t i = kFirst; i < count - kLast; ++i) {
        if (i % 7 == 0)
            writer.jump();
        else
            writer.any();
    }
    for (size_t i = 1; i < sizeof kRegisters; ++i)
        writer.two(0x01, kRegisters[i], kRax);
    writer.ret();
    return writer.size();
}

} // namespace bench
