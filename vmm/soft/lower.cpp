// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/lower.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "vmm/soft/core.h"

namespace vmm::soft {

namespace {

using Table = std::array<Lower, ZYDIS_MNEMONIC_MAX_VALUE + 1>;

Table makeTable()
{
    Table table{};
    for (const auto rows : {aluInstructions(), bitInstructions(), flowInstructions(),
                            stringInstructions(), systemInstructions()})
        for (const LowerRow& row : rows)
            table[row.mnemonic] = row.lower;
    return table;
}

/// The one table from mnemonic to function. Constant after its first use.
const Table& table()
{
    static const Table kTable = makeTable();
    return kTable;
}

const Op* undefined(Core& c, const Op& op)
{
    return c.raise(op, Vector::Ud);
}

/// Decodes, but nobody runs it: "CPU 0 stopped at 0x7c00 (...): no such instruction: 62 f1 ...".
const Op* unknown(Core& c, const Op& op)
{
    std::array<uint8_t, 15> bytes{};
    std::string sentence = fmt::format("CPU {} stopped at {}: nobody knows the instruction",
                                       c.environment().index, c.whereabouts(op.rip));
    if (c.loadBytes(c.codeLinear(op.rip), bytes.data(), op.length))
        for (unsigned i = 0; i < op.length; ++i)
            sentence += fmt::format(" {:02x}", bytes[i]);
    const auto mnemonic = static_cast<ZydisMnemonic>(op.imm);
    c.setUnknownInstruction(sentence + fmt::format(" ({})", ZydisMnemonicGetString(mnemonic)));
    c.takePending();
    return c.leave(op.rip);
}

const Op* tooLong(Core& c, const Op& op)
{
    return c.raise(op, Vector::Gp, 0);
}

uint16_t offsetOf(unsigned index)
{
    return static_cast<uint16_t>(index * 8);
}

/// Base or index of a memory operand; none is the register that is always 0.
uint16_t addressRegister(ZydisRegister name)
{
    if (name == ZYDIS_REGISTER_NONE || name == ZYDIS_REGISTER_RIP || name == ZYDIS_REGISTER_EIP)
        return offsetOf(kZero);
    const auto kind = ZydisRegisterGetClass(name);
    if (kind != ZYDIS_REGCLASS_GPR16 && kind != ZYDIS_REGCLASS_GPR32 &&
        kind != ZYDIS_REGCLASS_GPR64)
        return offsetOf(kZero); // a vector index: the handler's own business
    return registerOffset(name);
}

/// A SIB byte without a base (SDM volume 2 table 2-3). Zydis 4.0 takes R13D for one when REX.B or
/// VEX.B is set and the address size is 32 bits, and forgets the displacement.
bool hasNoBase(const ZydisDecodedInstruction& instruction)
{
    const auto& raw = instruction.raw;
    return instruction.address_width != 16 && raw.sib.offset != 0 && raw.modrm.mod == 0 &&
           raw.sib.base == 5;
}

void prepareMemory(const ZydisDecodedOperand& operand, const Decoded& decoded, Op& op)
{
    const auto& memory = operand.mem;
    const bool noBase =
        operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM && hasNoBase(decoded.instruction);
    op.base = noBase ? offsetOf(kZero) : addressRegister(memory.base);
    op.index = addressRegister(memory.index);
    op.scale = memory.scale == 8 ? 3 : memory.scale == 4 ? 2 : memory.scale == 2 ? 1 : 0;
    op.segment = segmentIndex(memory.segment);
    op.disp = noBase ? decoded.instruction.raw.disp.value : memory.disp.value;
    if (memory.base == ZYDIS_REGISTER_RIP || memory.base == ZYDIS_REGISTER_EIP)
        op.disp += static_cast<int64_t>(decoded.rip + decoded.instruction.length);
}

/// What all instructions share: sizes, prefixes, the memory operand.
void prepare(const Decoded& decoded, Op& op)
{
    const auto& instruction = decoded.instruction;
    op.length = instruction.length;
    op.addressSize = static_cast<uint8_t>(instruction.address_width / 8);
    op.operandSize = static_cast<uint8_t>(instruction.operand_width / 8);
    op.base = op.index = offsetOf(kZero);
    op.segment = kDs;
    const auto has = [&](ZydisInstructionAttributes attributes) {
        return (instruction.attributes & attributes) != 0;
    };
    op.flags = static_cast<uint8_t>(
        (has(ZYDIS_ATTRIB_HAS_LOCK) ? op_flag::kLock : 0) |
        (has(ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE) ? op_flag::kRep : 0) |
        (has(ZYDIS_ATTRIB_HAS_REPNE) ? op_flag::kRepne : 0) |
        (decoded.code64() ? op_flag::kLong : 0));
    for (unsigned i = 0; i < decoded.visible(); ++i)
        if (decoded.isMemory(i))
            prepareMemory(decoded.operand(i), decoded, op);
}

ZydisDecoder makeDecoder(uint32_t mode)
{
    ZydisDecoder decoder;
    switch (mode & block_mode::kCodeMask) {
    case block_mode::kCode64:
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
        break;
    case block_mode::kCode32:
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
        break;
    default:
        ZydisDecoderInit(&decoder,
                         (mode & block_mode::kProtected) != 0 ? ZYDIS_MACHINE_MODE_LEGACY_16
                                                              : ZYDIS_MACHINE_MODE_REAL_16,
                         ZYDIS_STACK_WIDTH_16);
        break;
    }
    return decoder;
}

} // namespace

uint16_t registerOffset(ZydisRegister name)
{
    if (name >= ZYDIS_REGISTER_AH && name <= ZYDIS_REGISTER_BH)
        return static_cast<uint16_t>((name - ZYDIS_REGISTER_AH) * 8 + 1);
    if (name >= ZYDIS_REGISTER_SPL && name <= ZYDIS_REGISTER_R15B)
        return offsetOf(static_cast<unsigned>(name - ZYDIS_REGISTER_SPL) + kRsp);
    return offsetOf(static_cast<unsigned>(ZydisRegisterGetId(name)));
}

uint8_t segmentIndex(ZydisRegister name)
{
    switch (name) {
    case ZYDIS_REGISTER_ES:
        return kEs;
    case ZYDIS_REGISTER_CS:
        return kCs;
    case ZYDIS_REGISTER_SS:
        return kSs;
    case ZYDIS_REGISTER_FS:
        return kFs;
    case ZYDIS_REGISTER_GS:
        return kGs;
    default:
        return kDs;
    }
}

uint64_t immediate(const Decoded& decoded, unsigned n)
{
    const auto& operand = decoded.operand(n);
    return operand.imm.is_signed != 0 ? static_cast<uint64_t>(operand.imm.value.s)
                                      : operand.imm.value.u;
}

void lower(const Decoded& decoded, Op& op)
{
    prepare(decoded, op);
    const Lower row = table()[decoded.instruction.mnemonic];
    if (row != nullptr ? row(decoded, op) : lowerNative(decoded, op))
        return;
    const auto mnemonic = decoded.instruction.mnemonic;
    const bool meant = mnemonic == ZYDIS_MNEMONIC_UD0 || mnemonic == ZYDIS_MNEMONIC_UD1 ||
                       mnemonic == ZYDIS_MNEMONIC_UD2;
    op.run = decoded.core->environment().stopAtUnknown && !meant ? unknown : undefined;
    op.imm = mnemonic;
    op.flags |= op_flag::kBranchEnd;
}

Decoder::Decoder(Core& core) : m_core(core), m_decoder(makeDecoder(core.mode())) {}

Decoder::Answer Decoder::decode(const uint8_t* bytes, size_t size, Op& op)
{
    Decoded decoded;
    decoded.rip = op.rip;
    decoded.mode = m_core.mode();
    decoded.bytes = bytes;
    decoded.core = &m_core;
    const ZyanStatus status =
        ZydisDecoderDecodeFull(&m_decoder, bytes, size, &decoded.instruction, decoded.operands);
    if (status == ZYDIS_STATUS_NO_MORE_DATA)
        return Answer::NeedsMore;
    if (ZYAN_SUCCESS(status)) {
        lower(decoded, op);
        return Answer::Done;
    }
    op.length = 1;
    op.run = status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG ? tooLong : undefined;
    op.flags |= op_flag::kBranchEnd;
    return Answer::Done;
}

} // namespace vmm::soft
