// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/vmm/soft/differential_inputs.h"

#include <cstring>

namespace tests {

namespace {

constexpr uint64_t kWindow = NativeRun::kWindow, kEnd = NativeRun::kWindowEnd,
                   kPage = NativeRun::kPage;
constexpr unsigned kRax = 0, kRcx = 1, kRdx = 2, kRsp = 4;

constexpr std::array<uint64_t, 20> kEdges = {0,
                                             1,
                                             ~uint64_t{0},
                                             ~uint64_t{1},
                                             0x7f,
                                             0x80,
                                             0xff,
                                             0x7fff,
                                             0x8000,
                                             0xffff,
                                             0x7fff'ffff,
                                             0x8000'0000,
                                             0xffff'ffff,
                                             0x1'0000'0000,
                                             0xffff'ffff'8000'0000,
                                             0x7fff'ffff'ffff'ffff,
                                             0x8000'0000'0000'0000,
                                             0x8000'0000'0000'0001,
                                             0x5555'5555'5555'5555,
                                             0x00ff'00ff'00ff'00ff};

constexpr std::array<uint32_t, 14> kFloats = {
    0,           0x8000'0000, 0x3f80'0000, 0xbf80'0000, 0x7f80'0000, 0xff80'0000, 0x7fc0'0000,
    0x7fa0'0000, 1,           0x807f'ffff, 0x7f7f'ffff, 0x4f00'0000, 0x3f00'0000, 0xcf00'0001};

constexpr std::array<uint64_t, 14> kDoubles = {0,
                                               0x8000'0000'0000'0000,
                                               0x3ff0'0000'0000'0000,
                                               0xbff8'0000'0000'0000,
                                               0x7ff0'0000'0000'0000,
                                               0xfff0'0000'0000'0000,
                                               0x7ff8'0000'0000'0000,
                                               0x7ff4'0000'0000'0000,
                                               1,
                                               0x800f'ffff'ffff'ffff,
                                               0x7fef'ffff'ffff'ffff,
                                               0x41e0'0000'0000'0000,
                                               0x3fe0'0000'0000'0000,
                                               0xc1e0'0000'0020'0000};

/// Sign and exponent of interesting x87 numbers.
constexpr std::array<uint16_t, 10> kExponents = {0x0000, 0x8000, 0x3fff, 0xbfff, 0x7fff,
                                                 0xffff, 0x0001, 0x401e, 0x403d, 0x3fc0};
constexpr std::array<uint64_t, 6> kMantissas = {
    0, 0x8000'0000'0000'0000, 0xc000'0000'0000'0000, 0xa000'0000'0000'0000, 1, ~uint64_t{0}};

void put16(uint8_t* at, uint16_t value)
{
    std::memcpy(at, &value, sizeof value);
}

bool isString(const Instruction& instruction)
{
    return instruction.facts.meta.category == ZYDIS_CATEGORY_STRINGOP;
}

} // namespace

unsigned generalIndex(ZydisRegister name)
{
    if (name >= ZYDIS_REGISTER_AH && name <= ZYDIS_REGISTER_BH)
        return static_cast<unsigned>(name - ZYDIS_REGISTER_AH);
    if (name >= ZYDIS_REGISTER_SPL && name <= ZYDIS_REGISTER_R15B)
        return static_cast<unsigned>(name - ZYDIS_REGISTER_SPL) + 4;
    return static_cast<unsigned>(ZydisRegisterGetId(name)) & 15;
}

uint64_t effectiveAddress(const Instruction& instruction, const ZydisDecodedOperand& operand,
                          const NativeRegisters& registers)
{
    const auto& memory = operand.mem;
    auto at = static_cast<uint64_t>(memory.disp.value);
    const auto isGeneral = [](ZydisRegister name) {
        const auto kind = ZydisRegisterGetClass(name);
        return kind == ZYDIS_REGCLASS_GPR16 || kind == ZYDIS_REGCLASS_GPR32 ||
               kind == ZYDIS_REGCLASS_GPR64;
    };
    if (isGeneral(memory.base))
        at += registers.general[generalIndex(memory.base)];
    if (isGeneral(memory.index))
        at += registers.general[generalIndex(memory.index)] * memory.scale;
    const unsigned width = instruction.facts.address_width;
    return width == 64 ? at : at & ((uint64_t{1} << width) - 1);
}

uint64_t Inputs::address(unsigned size) const
{
    size = size == 0 ? 1 : size > 512 ? 512 : size;
    const uint64_t where = m_random.below(100);
    if (where < 5)
        return kEnd - 1 - m_random.below(size); // over the end
    if (where < 15)
        return kWindow + kPage - m_random.below(size + 1); // over the pages' border
    if (where < 18)
        return NativeRun::kReadOnly + m_random.below(kPage - size);
    if (where < 20)
        return kWindow - 1 - m_random.below(size); // begins read-only
    if (where < 21)
        return NativeRun::kReadOnly - 1 - m_random.below(size); // begins nowhere
    if (where < 22)
        return m_random.pick(kEdges) - m_random.below(4);
    if (where < 23)
        return m_random.next();
    const uint64_t at = kWindow + m_random.below(2 * kPage - size);
    return where < 60 ? at & ~uint64_t{31} : at;
}

uint64_t Inputs::codeAddress() const
{
    // Behind everything place() writes, all int3.
    return NativeRun::kCode + 0x1080 + m_random.below(0xf00);
}

uint64_t Inputs::general() const
{
    const uint64_t kind = m_random.below(100);
    if (kind < 25)
        return address(8);
    if (kind < 55)
        return m_random.pick(kEdges);
    if (kind < 75)
        return m_random.below(64) - 16;
    return m_random.next();
}

void Inputs::fillX87(NativeRegisters& registers) const
{
    uint8_t* fx = registers.fx.data();
    const uint64_t how = m_random.below(100);
    uint16_t control = 0x037f;
    if (how >= 70)
        control = static_cast<uint16_t>(0x007f | m_random.below(16) << 8);
    if (how >= 94)
        control = static_cast<uint16_t>(0x0040 | m_random.below(64) | m_random.below(16) << 8);
    auto status = static_cast<uint16_t>(m_random.below(8) << 11 | m_random.below(8) << 8 |
                                        m_random.below(2) << 14);
    if (m_random.chance(30))
        status = static_cast<uint16_t>(status | m_random.below(128));
    if ((status & ~control & 0x3f) != 0) { // an exception waits: often not wanted
        if (m_random.chance(20))
            status |= 0x8080;
        else
            status = static_cast<uint16_t>(status & ~0x7f);
    }
    put16(fx, control);
    put16(fx + 2, status);
    fx[4] = m_random.chance(60)   ? 0xff
            : m_random.chance(50) ? 0
                                  : static_cast<uint8_t>(m_random.next());
    for (unsigned n = 0; n < 8; ++n) {
        uint8_t* to = fx + 32 + size_t{16} * n;
        uint64_t mantissa = m_random.next();
        auto exponent = static_cast<uint16_t>(m_random.next());
        if (m_random.chance(60)) { // ordinary numbers
            mantissa |= uint64_t{1} << 63;
            exponent = static_cast<uint16_t>((exponent & 0x803f) + 0x3fe0);
        }
        if (m_random.chance(30))
            mantissa = m_random.pick(kMantissas);
        if (m_random.chance(25))
            exponent = m_random.pick(kExponents);
        std::memcpy(to, &mantissa, sizeof mantissa);
        put16(to + 8, exponent);
    }
}

void Inputs::fillVectors(NativeRegisters& registers) const
{
    uint32_t mxcsr = 0x1f80;
    const uint64_t how = m_random.below(100);
    if (how >= 60) // rounding, flush and denormals, flags
        mxcsr |= static_cast<uint32_t>(m_random.below(8) << 13 | m_random.below(128));
    if (how >= 93) // some exceptions unmasked
        mxcsr &= ~static_cast<uint32_t>(m_random.below(64) << 7);
    std::memcpy(registers.fx.data() + 24, &mxcsr, sizeof mxcsr);
    const auto fill = [this](uint8_t* to) {
        std::array<uint64_t, 2> words = {m_random.next(), m_random.next()};
        const uint64_t kind = m_random.below(8);
        if (kind < 2) {
            for (auto& word : words)
                word = m_random.pick(kDoubles);
        } else if (kind < 4) {
            for (auto& word : words)
                word = uint64_t{m_random.pick(kFloats)} << 32 | m_random.pick(kFloats);
        } else if (kind < 5) { // short strings
            for (auto& word : words)
                word &= 0x0303'0303'0303'0303;
        } else if (kind < 6) {
            for (auto& word : words)
                word = m_random.pick(kEdges);
        }
        std::memcpy(to, words.data(), 16);
    };
    for (unsigned n = 0; n < 16; ++n) {
        fill(registers.fx.data() + 160 + size_t{16} * n);
        fill(registers.ymmHigh[n].data());
    }
}

void Inputs::poke(Input& input, uint64_t at, uint64_t value) const
{
    if (at < kWindow || at > kEnd - 8)
        return;
    Poke made{at, {}};
    std::memcpy(made.bytes.data(), &value, sizeof value);
    input.pokes.push_back(made);
}

void Inputs::aim(Instruction& instruction, unsigned offset) const
{
    const auto& raw = instruction.facts.raw;
    const auto write = [&](unsigned at, unsigned bits, uint64_t value) {
        std::memcpy(instruction.bytes.data() + at, &value, bits / 8);
    };
    const uint64_t next = NativeRun::kCode + offset + instruction.length();
    if (raw.imm[0].size != 0 && raw.imm[0].is_relative != 0) {
        uint64_t distance = 0x10 + m_random.below(0x60); // past what place() appends
        if (m_random.chance(50))
            distance = 0 - distance - 16;
        if (raw.imm[0].size > 8 && m_random.chance(70))
            distance = codeAddress() - next;
        write(raw.imm[0].offset, raw.imm[0].size, distance);
        return;
    }
    const ZydisDecodedOperand* memory = instruction.memory();
    if (memory == nullptr || raw.disp.size < 32 || memory->mem.index != ZYDIS_REGISTER_NONE)
        return;
    const bool relative =
        memory->mem.base == ZYDIS_REGISTER_RIP || memory->mem.base == ZYDIS_REGISTER_EIP;
    if (!relative && memory->mem.base != ZYDIS_REGISTER_NONE)
        return;
    write(raw.disp.offset, raw.disp.size, address(memory->size / 8) - (relative ? next : 0));
}

void Inputs::aimMemory(const Instruction& instruction, const ZydisDecodedOperand& operand,
                       Input& input) const
{
    const auto& memory = operand.mem;
    auto& general = input.registers.general;
    const uint64_t target = address(operand.size / 8);
    const bool based = memory.base != ZYDIS_REGISTER_NONE && memory.base != ZYDIS_REGISTER_RIP &&
                       memory.base != ZYDIS_REGISTER_EIP;
    const auto disp = static_cast<uint64_t>(memory.disp.value);
    const auto assign = [&](ZydisRegister name, uint64_t value) {
        if (instruction.facts.address_width == 32 && m_code64)
            value = (value & 0xffff'ffff) | m_random.next() << 32;
        general[generalIndex(name)] = value;
    };
    if (memory.type == ZYDIS_MEMOP_TYPE_VSIB) {
        assign(memory.base, target - disp);
        const unsigned index = static_cast<unsigned>(ZydisRegisterGetId(memory.index)) & 15;
        for (unsigned n = 0; n < 4; ++n) {
            const uint64_t element = m_random.below(64);
            const uint64_t pair = element | (m_random.chance(50) ? m_random.below(64) << 32 : 0);
            uint8_t* low = input.registers.fx.data() + 160 + size_t{16} * index;
            uint8_t* half = n < 2 ? low : input.registers.ymmHigh[index].data();
            std::memcpy(half + size_t{8} * (n & 1), &pair, sizeof pair);
        }
        return;
    }
    const bool indexed = memory.index != ZYDIS_REGISTER_NONE;
    if (!based && indexed) {
        assign(memory.index,
               static_cast<uint64_t>(static_cast<int64_t>(target - disp) / memory.scale));
        return;
    }
    if (!based)
        return;
    if (indexed && generalIndex(memory.index) == generalIndex(memory.base)) {
        assign(memory.base, (target - disp) / (uint64_t{memory.scale} + 1));
        return;
    }
    const uint64_t index = indexed ? general[generalIndex(memory.index)] * memory.scale : 0;
    assign(memory.base, target - disp - index);
}

/// Targets of indirect branches and returns.
void Inputs::adaptBranch(const Instruction& instruction, Input& input) const
{
    uint64_t target = m_random.chance(80) ? codeAddress() : kWindow + m_random.below(kPage);
    if (m_random.chance(3))
        target = 0x7000'0000'0000 + m_random.below(kPage);
    if (!m_code64)
        target &= 0xffff'ffff;
    const auto& operand = instruction.operands[0];
    auto& general = input.registers.general;
    if (instruction.facts.meta.category == ZYDIS_CATEGORY_RET)
        poke(input, general[kRsp], target);
    else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY)
        poke(input, effectiveAddress(instruction, operand, input.registers), target);
    else if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER)
        general[generalIndex(operand.reg.value)] = target;
}

/// What single instructions need to be interesting, and what must not be.
void Inputs::adapt(const Instruction& instruction, Input& input) const
{
    auto& general = input.registers.general;
    const auto& operands = instruction.operands;
    const uint64_t flagsAllowed = ~uint64_t{0x4'0100}; // no TF, no AC
    switch (instruction.facts.mnemonic) {
    case ZYDIS_MNEMONIC_DIV:
    case ZYDIS_MNEMONIC_IDIV: // mostly without overflow
        if (m_random.chance(80))
            general[kRdx] = m_random.chance(50)
                                ? 0
                                : static_cast<uint64_t>(static_cast<int64_t>(general[kRax]) >> 63);
        if (instruction.facts.operand_width == 8 && m_random.chance(80))
            general[kRax] &= ~uint64_t{0xff00};
        break;
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS:
        if (operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER && m_random.chance(80) &&
            generalIndex(operands[1].reg.value) != generalIndex(operands[0].mem.base))
            general[generalIndex(operands[1].reg.value)] = m_random.below(4096) - 2048;
        break;
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ:
        general[kRsp] = kWindow + m_random.below(2 * kPage - 8);
        poke(input, general[kRsp], m_random.next() & flagsAllowed);
        break;
    case ZYDIS_MNEMONIC_CMPXCHG:
    case ZYDIS_MNEMONIC_CMPXCHG8B:
    case ZYDIS_MNEMONIC_CMPXCHG16B:
        if (operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY && m_random.chance(40)) {
            const uint64_t at = effectiveAddress(instruction, operands[0], input.registers);
            const bool halves = instruction.facts.mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B;
            poke(input, at,
                 halves ? (general[kRax] & 0xffff'ffff) | general[kRdx] << 32 : general[kRax]);
            if (instruction.facts.mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B)
                poke(input, at + 8, general[kRdx]);
        }
        break;
    default:
        break;
    }
    if (instruction.hasRep() && isString(instruction)) {
        const bool wide = instruction.facts.address_width == 64;
        general[kRcx] = m_random.below(24) | (wide ? 0 : m_random.next() << 32);
    }
    if (instruction.branches())
        adaptBranch(instruction, input);
}

Input Inputs::make(const Instruction& instruction) const
{
    Input input;
    input.filling = m_random.below(kPool - 2 * kPage);
    auto& registers = input.registers;
    for (auto& value : registers.general)
        value = general();
    if (m_random.chance(90))
        registers.general[kRsp] = address(64) & ~uint64_t{7};
    fillX87(registers);
    fillVectors(registers);
    constexpr uint64_t kArithmetic = 0x8d5, kDirection = 0x400, kNested = 0x4000,
                       kIdentification = 0x20'0000;
    registers.rflags = 0x202 | (m_random.next() & kArithmetic) |
                       (m_random.chance(20) ? kDirection : 0) | (m_random.chance(5) ? kNested : 0) |
                       (m_random.chance(20) ? kIdentification : 0);
    for (unsigned n = 0; n < instruction.facts.operand_count; ++n)
        if (instruction.operands[n].type == ZYDIS_OPERAND_TYPE_MEMORY)
            aimMemory(instruction, instruction.operands[n], input);
    adapt(instruction, input);
    if (!m_code64)
        for (auto& value : registers.general)
            value &= 0xffff'ffff;
    return input;
}

} // namespace tests
