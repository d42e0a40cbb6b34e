// SPDX-License-Identifier: GPL-3.0-or-later
// Random programs, run by chained blocks and one instruction at a time: loops, calls, faults, code
// that changes itself, page borders, NMIs and kicks between instructions.
//
//   blocks_test [programs [seed [first]]]
//
// Deterministic by seed. A program that differs is shown with its number; programs share machines,
// so decoded code of earlier ones is still around.
#include <cinttypes>
#include <cstdio>

#include "tests/support/arguments.h"
#include "tests/support/soft_twins.h"
#include "tests/unit/vmm/soft/differential_forms.h"

using namespace tests;

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kCode = SoftMachine::kFree, kCodePages = 2;
constexpr uint64_t kData = kCode + kCodePages * kPage, kDataPages = 2; // then nothing
constexpr uint64_t kMemory = kData + (kDataPages + 1) * kPage;
constexpr uint64_t kSystemBytes = 0x1a000; // descriptors, stacks, handlers, page tables
constexpr unsigned kEbx = 3, kEsp = 4, kEsi = 6, kEdi = 7;

/// Makes one program: instructions of 32-bit and 64-bit code alike, EBX at the data, jumps to each
/// other's starts.
class Program {
public:
    Program(Random& random, uint64_t base) : m_random(random), m_base(base)
    {
        const uint64_t count = 6 + random.below(40);
        for (uint64_t n = 0; n < count; ++n) {
            m_starts.push_back(code.size());
            instruction();
        }
        code.push_back(0xf4); // HLT, or #GP in ring 3
        resolve();
    }
    std::vector<uint8_t> code;

private:
    void add(std::initializer_list<uint64_t> bytes)
    {
        for (const uint64_t byte : bytes)
            code.push_back(static_cast<uint8_t>(byte));
    }
    void add32(uint64_t value)
    {
        for (unsigned n = 0; n < 32; n += 8)
            code.push_back(static_cast<uint8_t>(value >> n));
    }
    uint64_t byte() { return m_random.below(256); }
    /// Mostly not ESP or EBX.
    uint64_t reg()
    {
        constexpr std::array<uint8_t, 8> kOften = {0, 1, 2, 0, 1, 2, 5, kEdi};
        return m_random.chance(3) ? m_random.below(8) : m_random.pick(kOften);
    }
    /// mod/rm for [ebx + disp8] or [ebx + disp32], which may lie over the end.
    void memory(uint64_t field)
    {
        if (m_random.chance(70))
            return add({0x43 | field << 3, byte() & 0x7f});
        add({0x83 | field << 3});
        add32(m_random.chance(90) ? m_random.below(kDataPages * kPage - 16)
                                  : kPage * (1 + m_random.below(2)) - 1 - m_random.below(4));
    }
    void jumpTarget() { m_jumps.push_back(code.size()); }

    void instruction()
    {
        switch (m_random.below(20)) {
        case 0:
        case 1:
        case 2:
            return arithmetic();
        case 3:
        case 4:
            return unary();
        case 5:
        case 6:
        case 7:
        case 8:
            return branch();
        case 9:
        case 10:
            return move();
        case 11:
            return string();
        case 12:
            return vector();
        case 13:
        case 14:
            return stack();
        case 15:
        case 16:
            return changeCode();
        case 17:
            return m_random.chance(50) ? between() : bits();
        default:
            return bits();
        }
    }

    void arithmetic()
    {
        constexpr std::array<uint8_t, 18> kOps = {0x00, 0x01, 0x02, 0x03, 0x09, 0x0b,
                                                  0x11, 0x13, 0x19, 0x1b, 0x21, 0x23,
                                                  0x29, 0x2b, 0x31, 0x33, 0x39, 0x85};
        if (m_random.chance(15))
            add({0x66});
        if (m_random.chance(25))
            return add({0x83, 0xc0 | m_random.below(8) << 3 | reg(), byte()});
        add({m_random.pick(kOps)});
        if (m_random.chance(40))
            return memory(reg());
        add({0xc0 | reg() << 3 | reg()});
    }
    void unary()
    {
        constexpr std::array<uint8_t, 6> kOps = {0xf7, 0xff, 0xd1, 0xd3, 0xf6, 0xd3};
        const uint8_t op = m_random.pick(kOps);
        uint64_t field = m_random.below(8);
        if (op == 0xff)
            field &= 1; // INC, DEC
        if (op == 0xf7 || op == 0xf6)
            field = 2 + m_random.below(m_random.chance(5) ? 6 : 4); // NOT, NEG, MUL, IMUL
        add({op});
        if (m_random.chance(30))
            return memory(field);
        add({0xc0 | field << 3 | reg()});
    }
    void branch()
    {
        switch (m_random.below(10)) {
        case 0:
            add({0xe8}); // CALL
            jumpTarget();
            return add32(0);
        case 1:
            return add({0xc3}); // RET
        case 2:
            add({0xe9});
            jumpTarget();
            return add32(0);
        case 3: // a counted loop: DEC ECX, JNZ
            add({0x83, 0xe1, 0x0f, 0xff, 0xc9, 0x0f, 0x85});
            jumpTarget();
            return add32(0);
        case 4: // MOV EAX, target; JMP or CALL EAX
            add({0xb8});
            m_absolutes.push_back(code.size());
            add32(0);
            return add({0xff, m_random.chance(50) ? 0xe0U : 0xd0U});
        case 5: // PUSH target; RET
            add({0x68});
            m_absolutes.push_back(code.size());
            add32(0);
            return add({0xc3});
        default:
            add({0x0f, 0x80 | m_random.below(16)});
            jumpTarget();
            return add32(0);
        }
    }
    void move()
    {
        constexpr std::array<uint8_t, 4> kOps = {0x88, 0x89, 0x8a, 0x8b};
        if (m_random.chance(20)) {
            add({0xb8 | reg()});
            return add32(m_random.next());
        }
        add({m_random.pick(kOps)});
        memory(reg());
    }
    void string()
    {
        constexpr std::array<uint8_t, 7> kOps = {0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xa6, 0xae};
        add({0x8d});
        memory(kEdi);
        add({0x8d});
        memory(kEsi);
        add({0xb9});
        add32(m_random.below(20));
        if (m_random.chance(80))
            add({m_random.chance(70) ? 0xf3U : 0xf2U});
        add({m_random.pick(kOps)});
    }
    void vector()
    {
        constexpr std::array<uint8_t, 6> kOps = {0xfe, 0xef, 0xd4, 0x58, 0x59, 0xeb};
        switch (m_random.below(5)) {
        case 0:
            add({0xf3, 0x0f, 0x6f}); // MOVDQU load
            return memory(m_random.below(8));
        case 1:
            add({0xf3, 0x0f, 0x7f});
            return memory(m_random.below(8));
        case 2:
            add({0xd9, 0xe8, 0xd8, 0xc0, 0xd9}); // FLD1; FADD ST, ST; FSTP
            return memory(3);
        default:
            return add({0x66, 0x0f, m_random.pick(kOps), 0xc0 | m_random.below(64)});
        }
    }
    void stack()
    {
        switch (m_random.below(8)) {
        case 0:
            return add({0x9c}); // PUSHF
        case 1:                 // PUSH imm32; POPF, now and then with TF
            add({0x68});
            add32((m_random.next() & 0xcd5) | 2 | (m_random.chance(20) ? 0x100 : 0));
            return add({0x9d});
        case 2:
        case 3:
        case 4:
            return add({0x50 | reg()});
        default:
            return add({0x58 | reg()});
        }
    }
    /// Writes into the code, often just ahead.
    void changeCode()
    {
        constexpr std::array<uint8_t, 10> kBytes = {0x90, 0xf4, 0x40, 0xc3, 0x0f,
                                                    0x50, 0xeb, 0x01, 0xcc, 0x66};
        add({0xba}); // MOV EDX, somewhere in the code
        if (m_random.chance(50)) {
            add32(m_base + code.size() + 4 + m_random.below(24));
        } else {
            m_absolutes.push_back(code.size());
            add32(0);
        }
        switch (m_random.below(4)) {
        case 0:
            return add({0xfe, 0x02}); // INC byte [edx]
        case 1:
            return add({0xf0, 0x83, 0x42, m_random.below(4), 0x01}); // LOCK ADD [edx + n], 1
        case 2:
            return add({0x89, 0x02 | reg() << 3});
        default:
            return add({0xc6, 0x42, m_random.below(6), m_random.pick(kBytes)});
        }
    }
    void bits()
    {
        constexpr std::array<uint8_t, 12> kOps = {0x44, 0x92, 0xa3, 0xab, 0xaf, 0xb0,
                                                  0xb6, 0xbf, 0xbc, 0xc1, 0x4f, 0x95};
        if (m_random.chance(10))
            return add({0xc8, byte() & 0x3f, 0, m_random.below(3)}); // ENTER
        if (m_random.chance(10))
            return add({0xc9}); // LEAVE
        add({0x0f, m_random.pick(kOps)});
        if (m_random.chance(30))
            return memory(reg());
        add({0xc0 | reg() << 3 | reg()});
    }
    /// Asks for something between instructions; or an exception.
    void between()
    {
        if (m_random.chance(20))
            return add({m_random.chance(50) ? 0xccU : 0xf4U});
        add({0xb0, m_random.below(8), 0xe6, Doorbell::kPort}); // MOV AL; OUT
        if (m_random.chance(30))
            add({0xe4, Doorbell::kPort}); // IN AL
    }

    uint64_t target()
    {
        const uint64_t start = m_starts[m_random.below(m_starts.size())];
        return m_base + start + (m_random.chance(4) ? m_random.below(4) : 0);
    }
    void put32(size_t at, uint64_t value)
    {
        for (unsigned n = 0; n < 4; ++n)
            code[at + n] = static_cast<uint8_t>(value >> (8 * n));
    }
    void resolve()
    {
        for (const size_t at : m_jumps)
            put32(at, target() - (m_base + at + 4));
        for (const size_t at : m_absolutes)
            put32(at, target());
    }

    Random& m_random;
    uint64_t m_base;
    std::vector<size_t> m_starts;
    std::vector<size_t> m_jumps;
    std::vector<size_t> m_absolutes;
};

/// One mode's pair of machines.
class Pair {
public:
    explicit Pair(SoftMachine::Mode mode) : m_mode(mode), m_twins(kMemory)
    {
        m_twins.both([this](SoftMachine& machine) {
            for (uint64_t at = kCode; at < kMemory - kPage; at += kPage)
                machine.mapPage(at, at, SoftMachine::kUser | SoftMachine::kWritable);
            machine.enter(m_mode);
            machine.putValue<uint16_t>(SoftMachine::kHandlers + 2 * 16, 0xcf48); // IRETQ
        });
        const auto fresh = m_twins.steps.ram().first(kSystemBytes);
        m_system.assign(fresh.begin(), fresh.end());
    }

    /// Runs one program; true when both machines ended alike.
    bool run(uint64_t seed, uint64_t number)
    {
        constexpr unsigned kSteps = 300;
        Random random(seed * 0x1000'0000'01b3 + number);
        const uint64_t offset = random.chance(50) ? kPage - random.below(0xa0) : random.below(0x80);
        const Program program(random, kCode + offset);
        std::vector<uint8_t> image(kCodePages * kPage, 0xf4);
        const size_t size = std::min(program.code.size(), image.size() - offset);
        std::copy_n(program.code.begin(), size, image.begin() + static_cast<ptrdiff_t>(offset));
        std::vector<uint8_t> data(kDataPages * kPage);
        std::generate(data.begin(), data.end(),
                      [&] { return static_cast<uint8_t>(random.below(4) * 0x55); });
        std::array<uint64_t, 16> general{};
        std::generate(general.begin(), general.end(), [&] { return random.below(0x100) - 16; });
        general[kEbx] = kData;
        general[kEsp] = kData + kPage + 0x800;
        general[kEsi] = general[kEdi] = kData + random.below(kPage);
        m_twins.both([&](SoftMachine& machine) {
            std::copy(m_system.begin(), m_system.end(), machine.ram().begin());
            machine.put(kCode, image);
            machine.put(kData, data);
            machine.core.m_nmiMasked = false;
            machine.enter(m_mode);
            machine.core.regs.systemFlags |= vmm::soft::flag::kIopl;
            machine.core.regs.vector = {};
            machine.core.regs.flags.set(0);
            std::copy(general.begin(), general.end(), machine.core.regs.general.begin());
            machine.core.regs.rip = kCode + offset;
        });
        std::string difference = m_twins.run(kSteps);
        if (difference.empty() && m_twins.ended && !m_twins.tolerated)
            difference = memoryDifference();
        finished += m_twins.ended && !m_twins.tolerated ? 1 : 0;
        if (difference.empty())
            return true;
        std::printf("%s program %" PRIu64 " at %#" PRIx64 ":", longMode() ? "64-bit" : "32-bit",
                    number, kCode + offset);
        for (const uint8_t byte : program.code)
            std::printf(" %02x", byte);
        std::printf("\n%s", difference.c_str());
        return false;
    }
    uint64_t finished = 0;

private:
    bool longMode() const { return m_mode == SoftMachine::Mode::Long; }
    std::string memoryDifference()
    {
        for (const auto& [at, size] :
             {std::pair{uint64_t{0}, kSystemBytes}, std::pair{kCode, kMemory - kCode}}) {
            const auto a = m_twins.blocks.ram().subspan(at, size);
            const auto b = m_twins.steps.ram().subspan(at, size);
            const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin());
            if (x != a.end())
                return fmt::format("memory at {:#x}: blocks {:#x}, steps {:#x}\n",
                                   at + static_cast<uint64_t>(x - a.begin()),
                                   static_cast<unsigned>(*x), static_cast<unsigned>(*y));
        }
        return {};
    }

    SoftMachine::Mode m_mode;
    SoftTwins m_twins;
    std::vector<std::byte> m_system;
};

} // namespace

int main(int argc, char** argv)
{
    const uint64_t programs = argument(argc, argv, 1, 2'000);
    const uint64_t seed = argument(argc, argv, 2, 1);
    const uint64_t first = argument(argc, argv, 3, 0);
    Pair wide(SoftMachine::Mode::Long);
    Pair narrow(SoftMachine::Mode::Compatibility);
    uint64_t failures = 0;
    for (uint64_t n = first; n < first + programs && failures < 10; ++n)
        failures += (n % 2 == 0 ? wide : narrow).run(seed, n) ? 0 : 1;
    std::printf("%" PRIu64 " programs, %" PRIu64 " compared to their end, %" PRIu64 " differ\n",
                programs, wide.finished + narrow.finished, failures);
    return failures == 0 ? 0 : 1;
}
