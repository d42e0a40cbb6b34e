// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/native_code.h"

#include <algorithm>
#include <cpuid.h>
#include <cstring>
#include <sys/mman.h>

#include "vmm/soft/core.h"
#include "vmm/soft/native_emit.h"

namespace vmm::soft {

namespace {

using At = Emitter::At;

struct FeatureBit {
    ZydisISASet set;
    uint8_t word; // of m_features
    uint8_t bit;
};

enum FeatureWord : uint8_t { kLeaf1Ecx, kLeaf1Edx, kLeaf7Ebx, kLeaf13Eax };

// SDM volume 2, CPUID tables 3-8, 3-10 and 3-11.
constexpr FeatureBit kFeatureBits[] = {
    {ZYDIS_ISA_SET_X87, kLeaf1Edx, 0},     {ZYDIS_ISA_SET_FCMOV, kLeaf1Edx, 15},
    {ZYDIS_ISA_SET_SSE3X87, kLeaf1Ecx, 0}, {ZYDIS_ISA_SET_PENTIUMMMX, kLeaf1Edx, 23},
    {ZYDIS_ISA_SET_FXSAVE, kLeaf1Edx, 24}, {ZYDIS_ISA_SET_FXSAVE64, kLeaf1Edx, 24},
    {ZYDIS_ISA_SET_SSE, kLeaf1Edx, 25},    {ZYDIS_ISA_SET_SSEMXCSR, kLeaf1Edx, 25},
    {ZYDIS_ISA_SET_SSE2, kLeaf1Edx, 26},   {ZYDIS_ISA_SET_SSE2MMX, kLeaf1Edx, 26},
    {ZYDIS_ISA_SET_SSE3, kLeaf1Ecx, 0},    {ZYDIS_ISA_SET_PCLMULQDQ, kLeaf1Ecx, 1},
    {ZYDIS_ISA_SET_SSSE3, kLeaf1Ecx, 9},   {ZYDIS_ISA_SET_SSSE3MMX, kLeaf1Ecx, 9},
    {ZYDIS_ISA_SET_FMA, kLeaf1Ecx, 12},    {ZYDIS_ISA_SET_SSE4, kLeaf1Ecx, 19},
    {ZYDIS_ISA_SET_SSE42, kLeaf1Ecx, 20},  {ZYDIS_ISA_SET_AES, kLeaf1Ecx, 25},
    {ZYDIS_ISA_SET_XSAVE, kLeaf1Ecx, 26},  {ZYDIS_ISA_SET_AVX, kLeaf1Ecx, 28},
    {ZYDIS_ISA_SET_AVXAES, kLeaf1Ecx, 25}, {ZYDIS_ISA_SET_F16C, kLeaf1Ecx, 29},
    {ZYDIS_ISA_SET_AVX2, kLeaf7Ebx, 5},    {ZYDIS_ISA_SET_AVX2GATHER, kLeaf7Ebx, 5},
    {ZYDIS_ISA_SET_SHA, kLeaf7Ebx, 29},    {ZYDIS_ISA_SET_XSAVEOPT, kLeaf13Eax, 0},
    {ZYDIS_ISA_SET_XSAVEC, kLeaf13Eax, 1}, {ZYDIS_ISA_SET_XSAVES, kLeaf13Eax, 3},
    {ZYDIS_ISA_SET_PPRO, kLeaf1Edx, 15}, // FCOMI
};

constexpr uint32_t kOsxsave = 1U << 27;
constexpr uint32_t kAvx = 1U << 28;
constexpr uint32_t kNeedAvx = kAvx | 1U << 12 | 1U << 29; // FMA, F16C

std::array<uint32_t, 4> hostFeatures()
{
    std::array<uint32_t, 4> words{0, 0, 0,
                                  0xb}; // XSAVEOPT, XSAVEC, XSAVES need nothing of the host
    uint32_t a = 0, b = 0, c = 0, d = 0;
    __get_cpuid(1, &a, &b, &c, &d);
    words[kLeaf1Ecx] = c | 1U << 26; // XSAVE neither
    words[kLeaf1Edx] = d;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0)
        words[kLeaf7Ebx] = b;
    uint32_t enabled = 0;
    if ((words[kLeaf1Ecx] & kOsxsave) != 0)
        asm volatile("xgetbv" : "=a"(enabled) : "c"(0) : "edx");
    if ((enabled & 6) != 6) {
        words[kLeaf1Ecx] &= ~kNeedAvx;
        words[kLeaf7Ebx] &= ~(1U << 5);
    }
    return words;
}

// What one operand of a decoded form asks of the thunk.
struct Operand {
    At at = At::Fixed;
    unsigned host = 0; // register number
    bool ymm = false;
    bool mmx = false;
    bool general = false;
    bool read = false;
    bool write = false;
    uint32_t fixed = 0; // offset with At::Fixed
};

bool placeOf(const ZydisDecodedOperand& operand, At& at)
{
    switch (operand.encoding) {
    case ZYDIS_OPERAND_ENCODING_MODRM_REG:
        at = At::Reg;
        return true;
    case ZYDIS_OPERAND_ENCODING_MODRM_RM:
        at = At::Rm;
        return true;
    case ZYDIS_OPERAND_ENCODING_NDSNDD:
        at = At::Vvvv;
        return true;
    case ZYDIS_OPERAND_ENCODING_IS4:
        at = At::Is4;
        return true;
    default:
        return false;
    }
}

// EAX, EDX and ECX of PCMPxSTRx.
bool fixedGeneral(const ZydisDecodedOperand& operand, Operand& result)
{
    const auto wide =
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, operand.reg.value);
    result.host = static_cast<unsigned>(ZydisRegisterGetId(wide));
    result.fixed = result.host * 8;
    result.general = true;
    return wide == ZYDIS_REGISTER_RAX || wide == ZYDIS_REGISTER_RCX || wide == ZYDIS_REGISTER_RDX;
}

bool registerOperand(const ZydisDecodedOperand& operand, Operand& result)
{
    result.read = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
    result.write = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    result.host = static_cast<unsigned>(ZydisRegisterGetId(operand.reg.value));
    const bool placed = placeOf(operand, result.at);
    switch (ZydisRegisterGetClass(operand.reg.value)) {
    case ZYDIS_REGCLASS_YMM:
        result.ymm = true;
        return placed;
    case ZYDIS_REGCLASS_XMM:
        result.fixed = placed ? 0 : kXmmOffset; // only XMM0 is ever implied
        return placed || operand.reg.value == ZYDIS_REGISTER_XMM0;
    case ZYDIS_REGCLASS_MMX:
        result.mmx = true;
        return placed;
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
        result.general = true;
        return placed ? result.host == 0 : fixedGeneral(operand, result);
    default:
        return false;
    }
}

bool isFlags(ZydisRegister name)
{
    return name == ZYDIS_REGISTER_FLAGS || name == ZYDIS_REGISTER_EFLAGS ||
           name == ZYDIS_REGISTER_RFLAGS;
}

// Only [rdi], of a size the callers know.
bool memoryOperand(const ZydisDecodedOperand& operand, Thunk& thunk)
{
    const auto& memory = operand.mem;
    const unsigned size = operand.size / 8;
    if (memory.type != ZYDIS_MEMOP_TYPE_MEM || memory.base != ZYDIS_REGISTER_RDI ||
        memory.index != ZYDIS_REGISTER_NONE || memory.disp.value != 0 || thunk.memorySize != 0 ||
        operand.visibility != ZYDIS_OPERAND_VISIBILITY_EXPLICIT || size == 0 || size > 32)
        return false;
    thunk.memorySize = static_cast<uint8_t>(size);
    thunk.reads = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
    thunk.writes = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    return thunk.reads != thunk.writes;
}

struct Form {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    std::array<Operand, ZYDIS_MAX_OPERAND_COUNT> registers;
    unsigned count = 0;
    bool vex() const { return instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX; }
};

// False: an operand of a kind the thunk does not provide for.
bool sortOperands(Form& form, Thunk& thunk)
{
    for (unsigned n = 0; n < form.instruction.operand_count; ++n) {
        const ZydisDecodedOperand& operand = form.operands[n];
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
            if (!memoryOperand(operand, thunk))
                return false;
        } else if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            if (isFlags(operand.reg.value)) {
                thunk.flags = true;
                continue;
            }
            Operand& result = form.registers[form.count++];
            if (!registerOperand(operand, result))
                return false;
            thunk.mmx |= result.mmx;
            thunk.xmm |= !result.mmx && !result.general;
        } else if (operand.type != ZYDIS_OPERAND_TYPE_IMMEDIATE) {
            return false;
        }
    }
    return true;
}

void loadOperand(Emitter& out, const Operand& operand, bool vex)
{
    if (operand.mmx)
        return out.legacy(0x6f, operand.host, operand.at, 0); // MOVQ
    if (!vex) // a destination too: many instructions leave part of it as it was
        return out.legacy(0x10, operand.host, operand.at, operand.fixed); // MOVUPS
    if (!operand.read)
        return;
    out.vex(1, 0x78, 0x10, operand.host, operand.at, operand.fixed); // VMOVUPS
    if (!operand.ymm)
        return;
    // VINSERTF128 ymm, ymm, [..], 1
    const auto third = static_cast<uint8_t>((~operand.host & 15) << 3 | 5);
    out.vex(3, third, 0x18, operand.host, operand.at, operand.fixed + kHighDelta);
    out.bytes({1});
}

void storeOperand(Emitter& out, const Operand& operand, bool vex)
{
    if (operand.mmx) {
        out.legacy(0x7f, operand.host, operand.at, 0);
        return out.storeOnes(operand.at, 8); // SDM volume 1 section 9.6.2
    }
    if (!vex)
        return out.legacy(0x11, operand.host, operand.at, operand.fixed);
    out.vex(1, 0x78, 0x11, operand.host, operand.at, operand.fixed);
    // VEXTRACTF128 [..], ymm, 1: after a 128-bit instruction that half is zero
    out.vex(3, 0x7d, 0x19, operand.host, operand.at, operand.fixed + kHighDelta);
    out.bytes({1});
}

void emitSimd(Emitter& out, const Form& form, const Thunk& thunk,
              std::span<const uint8_t> instruction)
{
    const std::span<const Operand> operands(form.registers.data(), form.count);
    for (const Operand& operand : operands) {
        if (!operand.general)
            loadOperand(out, operand, form.vex());
    }
    for (const Operand& operand : operands) { // after those whose offset is in RDX or RCX
        if (operand.general && operand.read)
            out.move(false, operand.host, operand.at, operand.fixed);
    }
    out.bytes(instruction);
    for (const Operand& operand : operands) {
        if (!operand.write)
            continue;
        if (operand.general)
            out.move(true, operand.host, operand.at, operand.fixed);
        else
            storeOperand(out, operand, form.vex());
    }
    if (thunk.mmx)
        out.bytes({0x0f, 0x77}); // EMMS
    if (form.vex())
        out.bytes({0xc5, 0xf8, 0x77}); // VZEROUPPER
    if (thunk.flags)
        out.bytes({0x9c, 0x58}); // PUSHFQ, POP RAX
    out.bytes({0xc3});
}

// x87: [rsi] is the FXSAVE image, RDX the arithmetic flags; FNINIT leaves the host an empty stack.
bool sortX87(const Form& form, Thunk& thunk)
{
    for (unsigned n = 0; n < form.instruction.operand_count; ++n) {
        const ZydisDecodedOperand& operand = form.operands[n];
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
            if (!memoryOperand(operand, thunk))
                return false;
        } else if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            const auto group = ZydisRegisterGetClass(operand.reg.value);
            const bool control = operand.reg.value == ZYDIS_REGISTER_X87CONTROL ||
                                 operand.reg.value == ZYDIS_REGISTER_X87STATUS ||
                                 operand.reg.value == ZYDIS_REGISTER_X87TAG;
            if (isFlags(operand.reg.value))
                thunk.flags = true;
            else if (group != ZYDIS_REGCLASS_X87 && !control)
                return false;
        } else if (operand.type != ZYDIS_OPERAND_TYPE_IMMEDIATE) {
            return false;
        }
    }
    return true;
}

void emitX87(Emitter& out, const Thunk& thunk, std::span<const uint8_t> instruction)
{
    out.bytes({0x48, 0x0f, 0xae, 0x0e}); // FXRSTOR64 [rsi]
    if (thunk.flags)
        out.bytes({0x52, 0x9d}); // PUSH RDX, POPFQ
    out.bytes(instruction);
    if (thunk.flags)
        out.bytes({0x9c, 0x58});         // PUSHFQ, POP RAX
    out.bytes({0x48, 0x0f, 0xae, 0x06}); // FXSAVE64 [rsi]
    out.bytes({0xdb, 0xe3, 0xc3});       // FNINIT, RET
}

} // namespace

Result<std::unique_ptr<NativeCode>> NativeCode::create(const cpu::CpuidModel& model)
{
    std::unique_ptr<NativeCode> code(new NativeCode);
    const UniqueFd file(memfd_create("vitrine-native", MFD_CLOEXEC));
    if (!file.valid() || ftruncate(file.get(), static_cast<off_t>(kAreaSize)) != 0)
        return Error::fromErrno("memory for native code", errno);
    // Two views: nothing is ever written where it can be executed.
    code->m_writable =
        TRY(MappedRegion::map(file.get(), 0, kAreaSize, PROT_READ | PROT_WRITE, MAP_SHARED));
    code->m_executable =
        TRY(MappedRegion::map(file.get(), 0, kAreaSize, PROT_READ | PROT_EXEC, MAP_SHARED));
    ZydisDecoderInit(&code->m_decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    const cpu::CpuidContext context;
    const std::array<uint32_t, 4> host = hostFeatures();
    // The XSAVE family is there even where CPUID does not offer it: for guests that began under KVM
    // and the assist's.
    code->m_features = {host[0] & model.query(1, 0, context).ecx,
                        host[1] & model.query(1, 0, context).edx,
                        host[2] & model.query(7, 0, context).ebx, host[3]};
    return code;
}

bool NativeCode::knows(ZydisISASet set)
{
    return std::any_of(std::begin(kFeatureBits), std::end(kFeatureBits),
                       [set](const FeatureBit& feature) { return feature.set == set; });
}

bool NativeCode::offers(ZydisISASet set) const
{
    for (const FeatureBit& feature : kFeatureBits) {
        if (feature.set != set)
            continue;
        const bool needsAvx = set == ZYDIS_ISA_SET_AVXAES;
        return (m_features[feature.word] >> feature.bit & 1) != 0 &&
               (!needsAvx || (m_features[kLeaf1Ecx] & kAvx) != 0);
    }
    return false;
}

const Thunk* NativeCode::find(const NativeForm& form)
{
    const auto known = m_thunks.find(form);
    if (known != m_thunks.end())
        return &known->second;
    Thunk thunk;
    if (!generate(form, thunk))
        return nullptr;
    return &m_thunks.emplace(form, thunk).first->second;
}

bool NativeCode::generate(const NativeForm& form, Thunk& thunk)
{
    const std::span<const uint8_t> instruction(form.data(), form.back());
    Form decoded{};
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&m_decoder, form.data(), form.back(),
                                             &decoded.instruction, decoded.operands)) ||
        decoded.instruction.length != form.back())
        return false;
    thunk.mnemonic = decoded.instruction.mnemonic;
    Emitter out;
    const bool x87 = (form[0] & 0xf8) == 0xd8;
    if (x87 ? !sortX87(decoded, thunk) : !sortOperands(decoded, thunk))
        return false;
    if (x87)
        emitX87(out, thunk, instruction);
    else
        emitSimd(out, decoded, thunk, instruction);
    if (!out.fits() || m_used + out.code().size() > kAreaSize)
        return false;
    std::memcpy(m_writable.data() + m_used, out.code().data(), out.code().size());
    thunk.run = reinterpret_cast<Thunk::Run>(m_executable.data() + m_used);
    m_used += (out.code().size() + 15) & ~size_t{15};
    return true;
}

void NativeDeleter::operator()(NativeCode* code) const
{
    delete code;
}

NativeCode* Core::native()
{
    if (!m_native && !m_nativeRefused) {
        auto code = NativeCode::create(m_environment.cpuid);
        m_nativeRefused = !code;
        if (code)
            m_native.reset(code->release());
    }
    return m_native.get();
}

} // namespace vmm::soft
