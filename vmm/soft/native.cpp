// SPDX-License-Identifier: GPL-3.0-or-later
// MMX, SSE and AVX by running the instruction itself (SDM volume 1 chapters 9-14).
#include "vmm/soft/native.h"

#include <algorithm>
#include <span>
#include <xmmintrin.h>

#include "vmm/soft/native_code.h"
#include "vmm/soft/xsave.h"

namespace vmm::soft {

namespace {

constexpr uint32_t kMxcsrFlags = 0x3f;
constexpr uint32_t kMxcsrMasks = kMxcsrFlags << 7;
constexpr uint32_t kMxcsrBefore = 7; // IE, DE, ZE: found before anything is computed
constexpr uint32_t kMxcsrUnderflow = 0x10;
constexpr uint32_t kMxcsrFlush = 1 << 15;
constexpr uint32_t kHostMxcsr = 0x1f80;

uint32_t mxcsr(Core& c)
{
    uint32_t value = 0;
    std::memcpy(&value, c.regs.vector.fx.data() + VectorState::kMxcsr, sizeof value);
    return value;
}

void raiseFlags(Core& c, uint32_t flags)
{
    const uint32_t value = mxcsr(c) | flags;
    std::memcpy(c.regs.vector.fx.data() + VectorState::kMxcsr, &value, sizeof value);
}

uint64_t call(Core& c, const Op& op, const Thunk& thunk, void* memory)
{
    return thunk.run(memory, &c.regs, op.c, op.b, op.a, op.imm);
}

// With the control bits `wanted` and all exceptions masked; `raised` are the new flags.
uint64_t callWith(Core& c, const Op& op, void* memory, uint32_t wanted, uint32_t& raised)
{
    wanted = (wanted & ~kMxcsrFlags) | kMxcsrMasks;
    if (_mm_getcsr() != wanted)
        _mm_setcsr(wanted);
    const uint64_t flags = call(c, op, *static_cast<const Thunk*>(op.extra), memory);
    const uint32_t after = _mm_getcsr();
    if (after != kHostMxcsr)
        _mm_setcsr(kHostMxcsr);
    raised = after & kMxcsrFlags;
    return flags;
}

uint64_t callFloat(Core& c, const Op& op, void* memory, uint32_t& raised)
{
    return callWith(c, op, memory, mxcsr(c), raised);
}

bool allMasked(Core& c)
{
    return (~mxcsr(c) & kMxcsrMasks) == 0;
}

// With underflow unmasked, FTZ does nothing, and tiny results are reported even when they are exact
// (SDM volume 1 section 4.9.1.5). A run that flushes tells whether there are any; the caller
// restores registers after it.
bool findsTiny(Core& c, const Op& op, void* memory)
{
    uint32_t raised = 0;
    callWith(c, op, memory, mxcsr(c) | kMxcsrFlush, raised);
    return (raised & kMxcsrUnderflow) != 0;
}

// An exception the guest wants to see: #XM, or #UD if it does not know that one (SDM volume 1
// section 11.5.3). Post-computation flags are not set when a pre-computation exception stops the
// instruction.
// DEVIATION: PE with an unmasked underflow or overflow tells whether the masked result is inexact.
void floatFault(Core& c, uint32_t raised, uint32_t unmasked)
{
    raiseFlags(c, (unmasked & kMxcsrBefore) != 0 ? raised & kMxcsrBefore : raised);
    c.note((c.sys.cr4 & cr::k4Osxmmexcpt) != 0 ? Vector::Xm : Vector::Ud);
}

bool locate(Core& c, const Op& op, const Thunk& thunk, uint64_t& at)
{
    const Access access = thunk.writes ? Access::Write : Access::Read;
    if (!c.linear(op, thunk.memorySize, access, at))
        return false;
    return (at & op.aux) == 0 || c.note(Vector::Gp, 0); // aux: alignment - 1
}

// Registers as they were before a thunk.
class Backup {
public:
    explicit Backup(Core& c) : m_vector(c.regs.vector), m_general(c.regs.general) {}
    void restore(Core& c) const
    {
        c.regs.vector = m_vector;
        c.regs.general = m_general;
    }

private:
    VectorState m_vector;
    std::array<uint64_t, kGprCount> m_general;
};

uint64_t callGuarded(Core& c, const Op& op, void* memory, const Backup& backup, uint32_t& raised)
{
    if ((mxcsr(c) >> 7 & kMxcsrUnderflow) != 0)
        return callFloat(c, op, memory, raised);
    const bool tiny = findsTiny(c, op, memory);
    backup.restore(c);
    const uint64_t flags = callWith(c, op, memory, mxcsr(c) & ~kMxcsrFlush, raised);
    raised |= tiny ? kMxcsrUnderflow : 0;
    return flags;
}

// For what may have to be taken back after the thunk changed registers. That a multimedia
// instruction makes the x87 stack into registers stays, unless its store faults.
template <bool kFloat>
const Op* runGuarded(Core& c, const Op& op, void* memory, uint64_t at)
{
    const auto& thunk = *static_cast<const Thunk*>(op.extra);
    if (!kFloat && !thunk.writes) { // MMX, nothing to take back
        x87::enterMmx(c.regs.vector);
        call(c, op, thunk, memory);
        return c.next(op);
    }
    const Backup before(c);
    if (thunk.mmx)
        x87::enterMmx(c.regs.vector);
    const Backup backup(c);
    uint32_t raised = 0;
    const uint64_t flags =
        kFloat ? callGuarded(c, op, memory, backup, raised) : call(c, op, thunk, memory);
    const uint32_t unmasked = raised & ~(mxcsr(c) >> 7);
    if (thunk.writes && !(unmasked != 0 ? c.probe(at, thunk.memorySize, Access::Write, false,
                                                  Core::alignmentOf(thunk.memorySize))
                                        : storeOperand(c, op, at, memory, thunk.memorySize))) {
        before.restore(c);
        return c.fault(op);
    }
    if (unmasked != 0) {
        backup.restore(c);
        floatFault(c, raised, unmasked);
        return c.fault(op);
    }
    raiseFlags(c, raised);
    if (thunk.flags)
        c.regs.flags.set(flags);
    return c.next(op);
}

template <Unit U, bool kFloat>
[[gnu::noinline]] const Op* runSimd(Core& c, const Op& op)
{
    const auto& thunk = *static_cast<const Thunk*>(op.extra);
    alignas(64) std::array<uint8_t, 64> memory;
    uint64_t at = 0;
    if (!usable<U>(c) || (U == Unit::Mmx && thunk.xmm && !sseUsable(c)))
        return c.fault(op);
    if (thunk.memorySize != 0 &&
        (!locate(c, op, thunk, at) ||
         (thunk.reads && !loadOperand(c, op, at, memory.data(), thunk.memorySize))))
        return c.fault(op);
    if (U == Unit::Mmx || (kFloat && (thunk.writes || !allMasked(c)))) {
        c.settleMxcsr();
        return runGuarded<kFloat>(c, op, memory.data(), at);
    }
    if (kFloat && !c.mxcsrLoaded())
        c.loadMxcsr();
    const uint64_t flags = call(c, op, thunk, memory.data());
    if (thunk.writes && !storeOperand(c, op, at, memory.data(), thunk.memorySize))
        return c.fault(op);
    if (thunk.flags)
        c.regs.flags.set(flags);
    return c.next(op);
}

// The quick way of all without MMX registers that write no memory: operands are registers, or where
// the TLB finds them. aux2: their alignment - 1 on the host.
template <Unit U, bool kFloat, bool kMemory, bool kFlags>
const Op* runQuickly(Core& c, const Op& op)
{
    const auto& thunk = *static_cast<const Thunk*>(op.extra);
    if (!isUsable<U>(c) || (kFloat && !c.mxcsrLoaded())) [[unlikely]]
        return runSimd<U, kFloat>(c, op);
    std::byte* memory = nullptr;
    if constexpr (kMemory) {
        const uint64_t at = c.offset(op) + c.longBase(op.segment);
        if (!c.inLong64() || !c.cachedForRead(at, thunk.memorySize, memory) || (at & op.aux2) != 0)
            [[unlikely]]
            return runSimd<U, kFloat>(c, op);
    }
    const uint64_t flags = call(c, op, thunk, memory);
    if constexpr (kFlags)
        c.regs.flags.set(flags);
    return c.next(op);
}

// Instructions of these exception classes look at MXCSR (SDM volume 2 table 2-14); MMX ones have no
// class.
bool isFloat(const Decoded& decoded)
{
    switch (decoded.instruction.meta.exception_class) {
    case ZYDIS_EXCEPTION_CLASS_SSE2:
    case ZYDIS_EXCEPTION_CLASS_SSE3:
    case ZYDIS_EXCEPTION_CLASS_AVX2:
    case ZYDIS_EXCEPTION_CLASS_AVX3:
    case ZYDIS_EXCEPTION_CLASS_AVX11:
        return true;
    case ZYDIS_EXCEPTION_CLASS_NONE:
        break;
    default:
        return false;
    }
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_CVTPD2PI:
    case ZYDIS_MNEMONIC_CVTPI2PD:
    case ZYDIS_MNEMONIC_CVTPI2PS:
    case ZYDIS_MNEMONIC_CVTPS2PI:
    case ZYDIS_MNEMONIC_CVTTPD2PI:
    case ZYDIS_MNEMONIC_CVTTPS2PI:
        return true;
    default:
        return false;
    }
}

// Alignment - 1 that the memory operand must have (SDM volume 2 table 2-14).
uint8_t alignmentMask(const Decoded& decoded, const Thunk& thunk)
{
    switch (decoded.instruction.meta.exception_class) {
    case ZYDIS_EXCEPTION_CLASS_SSE1:
    case ZYDIS_EXCEPTION_CLASS_SSE2:
    case ZYDIS_EXCEPTION_CLASS_SSE4:
        break;
    case ZYDIS_EXCEPTION_CLASS_AVX1:
        return static_cast<uint8_t>(thunk.memorySize - 1);
    case ZYDIS_EXCEPTION_CLASS_NONE:
        return thunk.memorySize == 16 ? 15 : 0; // CVTPD2PI, CVTTPD2PI
    default:
        return 0;
    }
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_LDDQU:
    case ZYDIS_MNEMONIC_PCMPESTRI:
    case ZYDIS_MNEMONIC_PCMPESTRM:
    case ZYDIS_MNEMONIC_PCMPISTRI:
    case ZYDIS_MNEMONIC_PCMPISTRM:
        return 0;
    default:
        return thunk.memorySize == 16 ? 15 : 0;
    }
}

// Builds the normalised form: registers renamed by their place in the encoding.
class Normaliser {
public:
    explicit Normaliser(const Decoded& decoded) : m_decoded(decoded) {}

    // False: a shape that is not for thunks.
    bool run(Op& op, NativeForm& form)
    {
        for (unsigned n = 0; n < m_decoded.instruction.operand_count; ++n) {
            if (!place(m_decoded.operand(n), op))
                return false;
        }
        if (m_generals > 1 || (m_decoded.instruction.attributes & ZYDIS_ATTRIB_HAS_MODRM) == 0)
            return false;
        if (m_decoded.instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX)
            vexPrefix();
        else if (!legacyPrefix())
            return false;
        put(m_decoded.instruction.opcode);
        put(modrm());
        if (m_is4)
            put(4 << 4);
        else if (m_decoded.instruction.raw.imm[0].size == 8)
            put(static_cast<uint8_t>(m_decoded.instruction.raw.imm[0].value.u));
        m_form.back() = m_size;
        form = m_form;
        return true;
    }

private:
    bool place(const ZydisDecodedOperand& operand, Op& op)
    {
        if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER)
            return true;
        const auto group = ZydisRegisterGetClass(operand.reg.value);
        const bool general = group == ZYDIS_REGCLASS_GPR32 || group == ZYDIS_REGCLASS_GPR64;
        const uint16_t offset = nativeOffset(operand.reg.value);
        switch (operand.encoding) {
        case ZYDIS_OPERAND_ENCODING_MODRM_REG:
            op.a = offset;
            m_reg = general ? 0 : 1;
            break;
        case ZYDIS_OPERAND_ENCODING_NDSNDD:
            op.b = offset;
            m_vvvv = true;
            break;
        case ZYDIS_OPERAND_ENCODING_MODRM_RM:
            op.c = offset;
            m_rm = general ? 0 : 3;
            break;
        case ZYDIS_OPERAND_ENCODING_IS4:
            op.imm = offset;
            m_is4 = true;
            break;
        default:
            return true; // implied: the same in the form
        }
        m_generals += general ? 1 : 0;
        return true;
    }
    bool legacyPrefix()
    {
        const auto& instruction = m_decoded.instruction;
        for (unsigned n = 0; n < instruction.raw.prefix_count; ++n) {
            if (instruction.raw.prefixes[n].type == ZYDIS_PREFIX_TYPE_MANDATORY)
                put(instruction.raw.prefixes[n].value);
        }
        if (instruction.raw.rex.W != 0)
            put(0x48);
        put(0x0f);
        switch (instruction.opcode_map) {
        case ZYDIS_OPCODE_MAP_0F:
            return true;
        case ZYDIS_OPCODE_MAP_0F38:
            put(0x38);
            return true;
        case ZYDIS_OPCODE_MAP_0F3A:
            put(0x3a);
            return true;
        default:
            return false;
        }
    }
    void vexPrefix()
    {
        const auto& vex = m_decoded.instruction.raw.vex;
        put(0xc4);
        put(static_cast<uint8_t>(0xe0 | vex.m_mmmm));
        const unsigned wide = vex.W != 0 && !wideIgnored() ? 0x80U : 0;
        const unsigned vvvv = m_vvvv ? ~2U & 15 : 15;
        put(static_cast<uint8_t>(wide | vvvv << 3 | unsigned{vex.L} << 2 | vex.pp));
    }
    // Outside 64-bit mode VEX.W does not widen a general register, or the part moved to memory.
    bool wideIgnored() const
    {
        if (m_decoded.code64())
            return false;
        const auto& instruction = m_decoded.instruction;
        if (instruction.opcode_map == ZYDIS_OPCODE_MAP_0F3A)
            return instruction.opcode == 0x16 || instruction.opcode == 0x22;
        return instruction.opcode_map == ZYDIS_OPCODE_MAP_0F &&
               (instruction.opcode == 0x6e || instruction.opcode == 0x7e ||
                instruction.opcode == 0x2a || instruction.opcode == 0x2c ||
                instruction.opcode == 0x2d);
    }
    uint8_t modrm() const
    {
        const auto& raw = m_decoded.instruction.raw.modrm;
        const unsigned reg = m_reg >= 0 ? static_cast<unsigned>(m_reg) : raw.reg;
        if (raw.mod != 3)
            return static_cast<uint8_t>(reg << 3 | 7); // [rdi]
        const unsigned rm = m_rm >= 0 ? static_cast<unsigned>(m_rm) : raw.rm;
        return static_cast<uint8_t>(0xc0 | reg << 3 | rm);
    }
    void put(uint8_t byte)
    {
        if (m_size < m_form.size() - 1)
            m_form[m_size++] = byte;
    }

    const Decoded& m_decoded;
    NativeForm m_form{};
    uint8_t m_size = 0;
    int m_reg = -1;
    int m_rm = -1;
    bool m_vvvv = false;
    bool m_is4 = false;
    unsigned m_generals = 0;
};

template <Unit U, bool kFloat>
Handler simdHandler(const Thunk& thunk)
{
    if (thunk.mmx || thunk.writes)
        return runSimd<U, kFloat>;
    if (thunk.flags)
        return thunk.memorySize != 0 ? runQuickly<U, kFloat, true, true>
                                     : runQuickly<U, kFloat, false, true>;
    return thunk.memorySize != 0 ? runQuickly<U, kFloat, true, false>
                                 : runQuickly<U, kFloat, false, false>;
}

Handler simdHandler(bool vex, bool floating, const Thunk& thunk)
{
    if (vex)
        return floating ? simdHandler<Unit::Avx, true>(thunk)
                        : simdHandler<Unit::Avx, false>(thunk);
    if (thunk.mmx)
        return floating ? runSimd<Unit::Mmx, true> : runSimd<Unit::Mmx, false>;
    return floating ? simdHandler<Unit::Sse, true>(thunk) : simdHandler<Unit::Sse, false>(thunk);
}

bool lowerSimd(const Decoded& decoded, Op& op)
{
    NativeForm form{};
    if (!Normaliser(decoded).run(op, form))
        return false;
    const Thunk* thunk = decoded.core->native()->find(form);
    if (thunk == nullptr || thunk->mnemonic != decoded.instruction.mnemonic ||
        (!thunk->mmx && !thunk->xmm && !isFloat(decoded))) // CVTSD2SI has none
        return false;
    op.extra = thunk;
    op.aux = thunk->memorySize == 0 ? 0 : alignmentMask(decoded, *thunk);
    const bool vex = decoded.instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;
    op.aux2 = !vex && thunk->memorySize == 16 ? 15 : op.aux;
    op.run = simdHandler(vex, isFloat(decoded), *thunk);
    return true;
}

const Op* undefined(Core& c, const Op& op)
{
    return c.raise(op, Vector::Ud);
}

} // namespace

void Core::loadMxcsr()
{
    _mm_setcsr(mxcsr(*this)); // its flags with it: they stay
    m_mxcsrLoaded = true;
}

void Core::takeMxcsr()
{
    raiseFlags(*this, _mm_getcsr() & kMxcsrFlags);
    _mm_setcsr(kHostMxcsr);
    m_mxcsrLoaded = false;
}

bool lowerUndefined(Op& op)
{
    op.run = undefined;
    op.flags |= op_flag::kBranchEnd;
    return true;
}

bool sseUsable(Core& c)
{
    if ((c.sys.cr0 & cr::k0Em) != 0 || (c.sys.cr4 & cr::k4Osfxsr) == 0)
        return c.note(Vector::Ud);
    return (c.sys.cr0 & cr::k0Ts) == 0 || c.note(Vector::Nm);
}

bool mmxUsable(Core& c)
{
    if ((c.sys.cr0 & cr::k0Em) != 0)
        return c.note(Vector::Ud);
    if ((c.sys.cr0 & cr::k0Ts) != 0)
        return c.note(Vector::Nm);
    return !x87::load(c.regs.vector).pending() || c.note(Vector::Mf);
}

bool avxUsable(Core& c)
{
    if ((c.sys.cr4 & cr::k4Osxsave) == 0 || (c.sys.xcr0 & 6) != 6)
        return c.note(Vector::Ud);
    return (c.sys.cr0 & cr::k0Ts) == 0 || c.note(Vector::Nm);
}

bool loadOperand(Core& c, const Op& op, uint64_t linear, void* to, unsigned size)
{
    const auto as = [&]<class T>(T value) {
        const bool done = c.loadLinear(linear, value, op.segment);
        if (done)
            std::memcpy(to, &value, sizeof value);
        return done;
    };
    switch (size) {
    case 4:
        return as(uint32_t{});
    case 8:
        return as(uint64_t{});
    case 16:
        return as(Bytes<16>{});
    case 32:
        return as(Bytes<32>{});
    default:
        return c.loadBytes(linear, to, size, op.segment, Core::alignmentOf(size));
    }
}

bool storeOperand(Core& c, const Op& op, uint64_t linear, const void* from, unsigned size)
{
    const auto as = [&]<class T>(T value) {
        std::memcpy(&value, from, sizeof value);
        return c.storeLinear(linear, value, op.segment);
    };
    switch (size) {
    case 4:
        return as(uint32_t{});
    case 8:
        return as(uint64_t{});
    case 16:
        return as(Bytes<16>{});
    case 32:
        return as(Bytes<32>{});
    default:
        return c.storeBytes(linear, from, size, op.segment, Core::alignmentOf(size));
    }
}

uint16_t nativeOffset(ZydisRegister name)
{
    const auto id = static_cast<uint32_t>(ZydisRegisterGetId(name));
    switch (ZydisRegisterGetClass(name)) {
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
        return static_cast<uint16_t>(kXmmOffset + 16 * (id & 15));
    case ZYDIS_REGCLASS_MMX:
        return static_cast<uint16_t>(kMmxOffset + 16 * (id & 7));
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
        return static_cast<uint16_t>(8 * (id & 15));
    default:
        return 8 * kZero;
    }
}

bool lowerNative(const Decoded& decoded, Op& op)
{
    const auto encoding = decoded.instruction.encoding;
    const bool vex = encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;
    const bool legacy = encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
    NativeCode* native = decoded.core == nullptr ? nullptr : decoded.core->native();
    if (native == nullptr)
        return false;
    const ZydisISASet set = decoded.instruction.meta.isa_set;
    // KVM's guest may have more than this: it stops with a sentence then.
    if (!legacy && !vex && decoded.core->environment().stopAtUnknown)
        return false;
    // What CPUID does not offer does not exist, nor does VEX in real and virtual-8086 mode.
    if ((!legacy && !vex) || (vex && (decoded.mode & block_mode::kProtected) == 0) ||
        (NativeCode::knows(set) && !native->offers(set)))
        return lowerUndefined(op);
    if (!NativeCode::knows(set))
        return false;
    if (decoded.instruction.mnemonic == ZYDIS_MNEMONIC_CRC32)
        return lowerCrc32(decoded, op);
    return lowerXsave(decoded, op) || lowerX87Control(decoded, op) || lowerX87(decoded, op) ||
           lowerMove(decoded, op) || lowerMasked(decoded, op) || lowerSimd(decoded, op);
}

} // namespace vmm::soft
