// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/vmm/soft/differential_forms.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include <cpuid.h>

namespace tests {

namespace {

bool hostHas(unsigned bit)
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b >> bit & 1) != 0;
}

/// What this host runs of the instruction sets the executor offers.
bool setOffered(ZydisISASet set)
{
    switch (set) {
    case ZYDIS_ISA_SET_I86:
    case ZYDIS_ISA_SET_I186:
    case ZYDIS_ISA_SET_I286PROTECTED:
    case ZYDIS_ISA_SET_I286REAL:
    case ZYDIS_ISA_SET_I386:
    case ZYDIS_ISA_SET_I486:
    case ZYDIS_ISA_SET_I486REAL:
    case ZYDIS_ISA_SET_PENTIUMREAL:
    case ZYDIS_ISA_SET_PENTIUMMMX:
    case ZYDIS_ISA_SET_PPRO:
    case ZYDIS_ISA_SET_CMOV:
    case ZYDIS_ISA_SET_FCMOV:
    case ZYDIS_ISA_SET_FAT_NOP:
    case ZYDIS_ISA_SET_LONGMODE:
    case ZYDIS_ISA_SET_LAHF:
    case ZYDIS_ISA_SET_PAUSE:
    case ZYDIS_ISA_SET_PREFETCH_NOP:
    case ZYDIS_ISA_SET_SSE_PREFETCH:
    case ZYDIS_ISA_SET_CLFSH:
    case ZYDIS_ISA_SET_X87:
    case ZYDIS_ISA_SET_SSE:
    case ZYDIS_ISA_SET_SSE2:
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_SSEMXCSR:
        return true;
    case ZYDIS_ISA_SET_SSE3:
    case ZYDIS_ISA_SET_SSE3X87:
    case ZYDIS_ISA_SET_SSSE3:
    case ZYDIS_ISA_SET_SSSE3MMX:
    case ZYDIS_ISA_SET_SSE4:
    case ZYDIS_ISA_SET_SSE42:
    case ZYDIS_ISA_SET_POPCNT:
    case ZYDIS_ISA_SET_CMPXCHG16B:
        return __builtin_cpu_supports("sse4.2") != 0;
    case ZYDIS_ISA_SET_AES:
    case ZYDIS_ISA_SET_PCLMULQDQ:
        return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0;
    case ZYDIS_ISA_SET_AVX:
    case ZYDIS_ISA_SET_AVX2:
    case ZYDIS_ISA_SET_AVX2GATHER:
    case ZYDIS_ISA_SET_BMI1:
    case ZYDIS_ISA_SET_BMI2:
    case ZYDIS_ISA_SET_LZCNT:
    case ZYDIS_ISA_SET_MOVBE: // all CPUs with AVX2
    case ZYDIS_ISA_SET_F16C:
        return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0;
    case ZYDIS_ISA_SET_ADOX_ADCX:
        return hostHas(19); // CPUID leaf 7, EBX
    case ZYDIS_ISA_SET_CLFLUSHOPT:
        return hostHas(23);
    case ZYDIS_ISA_SET_SHA:
        return hostHas(29);
    case ZYDIS_ISA_SET_FMA:
        return __builtin_cpu_supports("fma") != 0;
    default:
        return false;
    }
}

/// Instructions that are not compared, by reason.
bool comparable(const Instruction& instruction, bool code64)
{
    switch (instruction.facts.mnemonic) {
    // What they do is the host kernel's business.
    case ZYDIS_MNEMONIC_SYSCALL:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_SYSEXIT:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_INT3:
    // They read the host's descriptor tables or its UMIP emulation.
    case ZYDIS_MNEMONIC_SGDT:
    case ZYDIS_MNEMONIC_SIDT:
    case ZYDIS_MNEMONIC_SLDT:
    case ZYDIS_MNEMONIC_STR:
    case ZYDIS_MNEMONIC_SMSW:
    case ZYDIS_MNEMONIC_LAR:
    case ZYDIS_MNEMONIC_LSL:
    case ZYDIS_MNEMONIC_VERR:
    case ZYDIS_MNEMONIC_VERW:
    case ZYDIS_MNEMONIC_ARPL:
    case ZYDIS_MNEMONIC_LDS:
    case ZYDIS_MNEMONIC_LES:
    case ZYDIS_MNEMONIC_LSS:
    case ZYDIS_MNEMONIC_LFS:
    case ZYDIS_MNEMONIC_LGS:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    // Time, identity, and instructions a hypervisor or kernel may intercept.
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_RDPMC:
    case ZYDIS_MNEMONIC_RSM:
    case ZYDIS_MNEMONIC_HLT:
    // They store the address of the last x87 instruction, which no two runs share.
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FNSAVE:
        return false;
    default:
        break;
    }
    const auto category = instruction.facts.meta.category;
    const bool far = instruction.facts.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
    if (category == ZYDIS_CATEGORY_SYSTEM || category == ZYDIS_CATEGORY_IO ||
        category == ZYDIS_CATEGORY_IOSTRINGOP || far)
        return false; // tested under KVM
    if (category == ZYDIS_CATEGORY_SEGOP)
        return false;
    // A near branch with an operand size prefix: Intel ignores it in 64-bit mode, AMD does not.
    if (code64 && instruction.branches() && instruction.facts.operand_width == 16)
        return false;
    const auto isSegment = [](const ZydisDecodedOperand& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
               ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_SEGMENT;
    };
    // Selectors: the host kernel's descriptor tables.
    return std::none_of(instruction.operands.begin(),
                        instruction.operands.begin() + instruction.facts.operand_count_visible,
                        isSegment);
}

uint64_t mix(uint64_t key, uint64_t value)
{
    return (key ^ value) * 0x0000'0100'0000'01b3;
}

/// Equal for instructions of one mnemonic and operands of the same kind and size.
uint64_t keyOf(const Form& form, const Instruction& instruction)
{
    const auto& facts = instruction.facts;
    uint64_t key = mix(facts.mnemonic, form.map);
    key = mix(key, form.opcode);
    key = mix(key, facts.operand_width);
    key = mix(key, facts.attributes &
                       (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE));
    for (unsigned n = 0; n < facts.operand_count_visible; ++n) {
        const auto& operand = instruction.operands[n];
        key = mix(key, operand.type * 4096U + operand.size);
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY)
            key = mix(key, operand.mem.type);
    }
    return key;
}

/// Prefixes and escapes: no opcodes.
bool isPrefix(uint8_t byte, bool code64)
{
    constexpr std::array<uint8_t, 15> kPrefixes = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x62, 0x64, 0x65,
                                                   0x66, 0x67, 0xc4, 0xc5, 0xf0, 0xf2, 0xf3};
    return std::find(kPrefixes.begin(), kPrefixes.end(), byte) != kPrefixes.end() ||
           (code64 && byte >= 0x40 && byte < 0x50);
}

constexpr std::array<uint8_t, 4> kMandatory = {0, 0x66, 0xf3, 0xf2};

} // namespace

const ZydisDecodedOperand* Instruction::memory() const
{
    const auto end = operands.begin() + facts.operand_count_visible;
    const auto at = std::find_if(operands.begin(), end, [](const auto& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_MEMORY;
    });
    return at == end ? nullptr : &*at;
}

std::string Instruction::text() const
{
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    std::array<char, 128> buffer{};
    ZydisFormatterFormatInstruction(&formatter, &facts, operands.data(),
                                    facts.operand_count_visible, buffer.data(), buffer.size(), 0,
                                    nullptr);
    return buffer.data();
}

Forms::Forms(bool code64) : m_code64(code64)
{
    if (code64)
        ZydisDecoderInit(&m_decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    else
        ZydisDecoderInit(&m_decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    std::unordered_set<uint64_t> known;
    const auto tryOne = [&](Form form) {
        const bool escape = form.map == 1 && (form.opcode == 0x38 || form.opcode == 0x3a);
        if (form.encoding == Form::Legacy &&
            (escape || (form.map == 0 && isPrefix(form.opcode, code64))))
            return;
        Instruction instruction;
        if (!encode(form, nullptr, instruction) || !setOffered(instruction.facts.meta.isa_set) ||
            !comparable(instruction, m_code64))
            return;
        form.key = keyOf(form, instruction);
        if (known.insert(form.key).second)
            m_forms.push_back(form);
    };
    for (unsigned opcode = 0; opcode < 256; ++opcode)
        for (const uint8_t prefix : kMandatory)
            for (unsigned bits = 0; bits < 4; ++bits)
                for (uint8_t map = 0; map < 4; ++map)
                    for (unsigned shape = 0; shape < 16; ++shape) {
                        Form form;
                        form.prefix = prefix;
                        form.w = (bits & 1) != 0;
                        form.map = map;
                        form.opcode = static_cast<uint8_t>(opcode);
                        // Each value of reg; [rcx] or a register.
                        form.modrm =
                            static_cast<uint8_t>((shape < 8 ? 0xc1 : 0x01) | (shape & 7) << 3);
                        if ((bits & 2) == 0 && (code64 || !form.w)) {
                            tryOne(form);
                            if (map == 0 && opcode >= 0xd8 && opcode < 0xe0 && shape < 8)
                                for (uint8_t rm = 0; rm < 8; ++rm) {
                                    form.modrm = static_cast<uint8_t>((form.modrm & ~7) | rm);
                                    tryOne(form);
                                }
                        }
                        form.encoding = Form::Vex;
                        form.l = (bits & 2) != 0;
                        if (map != 0) {
                            tryOne(form);
                            form.modrm = static_cast<uint8_t>((form.modrm & 0x38) | 0x0c);
                            if (shape >= 8) // with SIB, for gathers
                                tryOne(form);
                        }
                    }
}

bool Forms::decode(Instruction& instruction) const
{
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&m_decoder, instruction.bytes.data(), 15,
                                               &instruction.facts, instruction.operands.data()));
}

/// The bytes of an instruction of this form, all from the form or with the free bits at random.
bool Forms::encode(const Form& form, Random* random, Instruction& made) const
{
    const auto bit = [random] { return random == nullptr ? 0U : random->below(2); };
    uint8_t modrm = form.modrm;
    uint8_t r = 0, x = 0, b = 0, v = 0;
    if (random != nullptr) {
        const bool fixedRm = form.encoding == Form::Legacy && form.map == 0 &&
                             form.opcode >= 0xd8 && form.opcode < 0xe0 && modrm >= 0xc0;
        if (!fixedRm) {
            modrm = static_cast<uint8_t>((modrm & 0xf8) | random->below(8));
            if (random->chance(80)) // often the reg field is free
                modrm = static_cast<uint8_t>((modrm & 0xc7) | random->below(8) << 3);
            if (modrm < 0xc0)
                modrm = static_cast<uint8_t>((modrm & 0x3f) | random->below(3) << 6);
            if (form.modrm == 0x0c && form.encoding == Form::Vex)
                modrm = static_cast<uint8_t>((modrm & 0xf8) | 4);
        }
        if (m_code64) {
            r = static_cast<uint8_t>(bit());
            x = static_cast<uint8_t>(bit());
            b = static_cast<uint8_t>(bit());
        }
        v = static_cast<uint8_t>(random->below(m_code64 ? 16 : 8));
        if (random->chance(50))
            v = 0;
    }
    auto& bytes = made.bytes;
    size_t at = 0;
    if (random != nullptr && random->chance(6))
        bytes[at++] = 0x67;
    if (random != nullptr && random->chance(6))
        bytes[at++] = random->pick(std::array<uint8_t, 5>{0x2e, 0x36, 0x3e, 0x26, 0x3e});
    if (form.encoding == Form::Legacy) {
        if (random != nullptr && form.prefix == 0 && random->chance(8))
            bytes[at++] = 0xf0; // LOCK; illegal in most places, then it is tried again
        if (form.prefix != 0)
            bytes[at++] = form.prefix;
        const auto rex = static_cast<uint8_t>(0x40 | (form.w ? 8 : 0) | r << 2 | x << 1 | b);
        if (m_code64 && (rex != 0x40 || (random != nullptr && random->chance(20))))
            bytes[at++] = rex;
        if (form.map != 0)
            bytes[at++] = 0x0f;
        if (form.map >= 2)
            bytes[at++] = form.map == 2 ? 0x38 : 0x3a;
    } else {
        const uint8_t pp = form.prefix == 0x66 ? 1 : form.prefix == 0xf3 ? 2 : form.prefix ? 3 : 0;
        const auto low = static_cast<uint8_t>((~v & 15) << 3 | (form.l ? 4 : 0) | pp);
        const auto high = static_cast<uint8_t>((r ^ 1) << 7);
        if (form.map == 1 && !form.w && x == 0 && b == 0 && bit() != 0) {
            bytes[at++] = 0xc5;
            bytes[at++] = high | low;
        } else {
            bytes[at++] = 0xc4;
            bytes[at++] = static_cast<uint8_t>(high | (x ^ 1) << 6 | (b ^ 1) << 5 | form.map);
            bytes[at++] = static_cast<uint8_t>((form.w ? 0x80 : 0) | low);
        }
    }
    bytes[at++] = form.opcode;
    bytes[at++] = modrm;
    constexpr std::array<uint8_t, 8> kOdd = {0, 1, 2, 0x7f, 0x80, 0xff, 0x1f, 0x40};
    for (; at < bytes.size(); ++at)
        bytes[at] = random == nullptr    ? 0x21
                    : random->chance(30) ? random->pick(kOdd)
                                         : static_cast<uint8_t>(random->next());
    return decode(made);
}

bool Forms::make(const Form& form, Random& random, Instruction& made) const
{
    for (unsigned tries = 0; tries < 50; ++tries) {
        if (!encode(form, &random, made))
            continue;
        if (keyOf(form, made) == form.key && setOffered(made.facts.meta.isa_set) &&
            comparable(made, m_code64))
            return true;
    }
    return false;
}

} // namespace tests
