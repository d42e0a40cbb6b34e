// SPDX-License-Identifier: GPL-3.0-or-later
// The vector instructions a system spends its time in, without thunks: moves and logic.
#include "vmm/soft/native.h"

namespace vmm::soft {

namespace {

constexpr Unit unit(bool vex)
{
    return vex ? Unit::Avx : Unit::Sse;
}

template <unsigned N>
bool locate(Core& c, const Op& op, Access access, bool aligned, uint64_t& at)
{
    return c.linear(op, N, access, at) &&
           (!aligned || (at & (N - 1)) == 0 || c.note(Vector::Gp, 0));
}

// Writes the low N bytes of a register and zeroes what such a move zeroes.
template <unsigned N, bool kVex>
void assign(Core& c, uint64_t offset, const void* from)
{
    uint8_t* low = nativeRegister(c, offset);
    if constexpr (N == 32) {
        std::memcpy(low, from, 16);
        std::memcpy(nativeHigh(c, offset), static_cast<const uint8_t*>(from) + 16, 16);
    } else {
        Bytes<16> whole{};
        std::memcpy(&whole, from, N);
        std::memcpy(low, &whole, 16);
        if constexpr (kVex)
            std::memset(nativeHigh(c, offset), 0, 16);
    }
}

template <unsigned N>
void fetch(Core& c, uint64_t offset, void* to)
{
    std::memcpy(to, nativeRegister(c, offset), N < 16 ? N : 16);
    if constexpr (N == 32)
        std::memcpy(static_cast<uint8_t*>(to) + 16, nativeHigh(c, offset), 16);
}

template <unsigned N, bool kVex, bool kAligned>
const Op* loadVector(Core& c, const Op& op)
{
    Bytes<N> value;
    uint64_t at = 0;
    if (!usable<unit(kVex)>(c) || !locate<N>(c, op, Access::Read, kAligned, at) ||
        !c.loadLinear(at, value, op.segment))
        return c.fault(op);
    assign<N, kVex>(c, op.a, &value);
    return c.next(op);
}

template <unsigned N, bool kVex, bool kAligned>
const Op* storeVector(Core& c, const Op& op)
{
    Bytes<N> value;
    uint64_t at = 0;
    if (!usable<unit(kVex)>(c) || !locate<N>(c, op, Access::Write, kAligned, at))
        return c.fault(op);
    fetch<N>(c, op.a, &value);
    return c.storeLinear(at, value, op.segment) ? c.next(op) : c.fault(op);
}

// Between registers, vector or general: a <- b.
template <unsigned N, bool kVex>
const Op* copyVector(Core& c, const Op& op)
{
    Bytes<N> value;
    if (!usable<unit(kVex)>(c))
        return c.fault(op);
    fetch<N>(c, op.b, &value);
    assign<N, kVex>(c, op.a, &value);
    return c.next(op);
}

template <class T, bool kVex>
const Op* toGeneral(Core& c, const Op& op)
{
    if (!usable<unit(kVex)>(c))
        return c.fault(op);
    T value;
    std::memcpy(&value, nativeRegister(c, op.b), sizeof value);
    c.set<T>(op.a, value);
    return c.next(op);
}

template <unsigned N, bool kVex>
Handler moveHandler(bool load, bool aligned)
{
    if (load)
        return aligned ? loadVector<N, kVex, true> : loadVector<N, kVex, false>;
    return aligned ? storeVector<N, kVex, true> : storeVector<N, kVex, false>;
}

template <bool kVex>
Handler wholeHandler(const Decoded& decoded, bool aligned)
{
    const bool load = decoded.isMemory(1);
    const bool wide = decoded.size(0) == 32;
    if (!load && !decoded.isMemory(0)) {
        if constexpr (kVex) {
            if (wide)
                return copyVector<32, true>;
        }
        return copyVector<16, kVex>;
    }
    if constexpr (kVex) {
        if (wide)
            return moveHandler<32, true>(load, aligned);
    }
    return moveHandler<16, kVex>(load, aligned);
}

bool isVector(const ZydisDecodedOperand& operand)
{
    if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER)
        return false;
    const auto group = ZydisRegisterGetClass(operand.reg.value);
    return group == ZYDIS_REGCLASS_XMM || group == ZYDIS_REGCLASS_YMM;
}

// MOVD, MOVQ, MOVSS, MOVSD; the last two between registers merge: not here.
template <unsigned N, bool kVex>
Handler partHandler(const Decoded& decoded, bool merges)
{
    const bool toVector = isVector(decoded.operand(0));
    const bool fromVector = isVector(decoded.operand(1));
    if (decoded.isMemory(1) && toVector)
        return loadVector<N, kVex, false>;
    if (decoded.isMemory(0) && fromVector)
        return storeVector<N, kVex, false>;
    if (merges || decoded.visible() != 2 || !decoded.isRegister(0) || !decoded.isRegister(1))
        return nullptr;
    const auto other = decoded.operand(toVector ? 1 : 0).reg.value;
    if (ZydisRegisterGetClass(other) == ZYDIS_REGCLASS_MMX)
        return nullptr;
    if (toVector)
        return copyVector<N, kVex>;
    return fromVector ? toGeneral<std::conditional_t<N == 4, uint32_t, uint64_t>, kVex> : nullptr;
}

template <bool kVex>
Handler partHandler(const Decoded& decoded, bool merges)
{
    const unsigned size = decoded.isMemory(0) ? decoded.size(0) : decoded.size(1);
    const auto name = decoded.instruction.mnemonic;
    const bool four = name == ZYDIS_MNEMONIC_MOVD || name == ZYDIS_MNEMONIC_VMOVD ||
                      name == ZYDIS_MNEMONIC_MOVSS || name == ZYDIS_MNEMONIC_VMOVSS;
    if (decoded.isMemory(0) || decoded.isMemory(1)) {
        if (size != (four ? 4 : 8))
            return nullptr;
    }
    return four ? partHandler<4, kVex>(decoded, merges) : partHandler<8, kVex>(decoded, merges);
}

Handler findMove(const Decoded& decoded)
{
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_LDDQU:
        return wholeHandler<false>(decoded, false);
    case ZYDIS_MNEMONIC_MOVAPS:
    case ZYDIS_MNEMONIC_MOVAPD:
    case ZYDIS_MNEMONIC_MOVDQA:
    case ZYDIS_MNEMONIC_MOVNTPS:
    case ZYDIS_MNEMONIC_MOVNTPD:
    case ZYDIS_MNEMONIC_MOVNTDQ:
    case ZYDIS_MNEMONIC_MOVNTDQA:
        return wholeHandler<false>(decoded, true);
    case ZYDIS_MNEMONIC_VMOVUPS:
    case ZYDIS_MNEMONIC_VMOVUPD:
    case ZYDIS_MNEMONIC_VMOVDQU:
    case ZYDIS_MNEMONIC_VLDDQU:
        return wholeHandler<true>(decoded, false);
    case ZYDIS_MNEMONIC_VMOVAPS:
    case ZYDIS_MNEMONIC_VMOVAPD:
    case ZYDIS_MNEMONIC_VMOVDQA:
    case ZYDIS_MNEMONIC_VMOVNTPS:
    case ZYDIS_MNEMONIC_VMOVNTPD:
    case ZYDIS_MNEMONIC_VMOVNTDQ:
    case ZYDIS_MNEMONIC_VMOVNTDQA:
        return wholeHandler<true>(decoded, true);
    case ZYDIS_MNEMONIC_MOVD:
    case ZYDIS_MNEMONIC_MOVQ:
        return partHandler<false>(decoded, false);
    case ZYDIS_MNEMONIC_MOVSS:
    case ZYDIS_MNEMONIC_MOVSD:
        return partHandler<false>(decoded, true);
    case ZYDIS_MNEMONIC_VMOVD:
    case ZYDIS_MNEMONIC_VMOVQ:
        return partHandler<true>(decoded, false);
    case ZYDIS_MNEMONIC_VMOVSS:
    case ZYDIS_MNEMONIC_VMOVSD:
        return partHandler<true>(decoded, true);
    default:
        return nullptr;
    }
}

// --- 128-bit logic, legacy encoding ---

enum class Logic : uint8_t { And, AndNot, Or, Xor };

template <Logic L>
uint64_t combine(uint64_t a, uint64_t b)
{
    switch (L) {
    case Logic::And:
        return a & b;
    case Logic::AndNot:
        return ~a & b;
    case Logic::Or:
        return a | b;
    case Logic::Xor:
        return a ^ b;
    }
    return 0;
}

template <Logic L, bool kMemory>
const Op* logic(Core& c, const Op& op)
{
    std::array<uint64_t, 2> a, b;
    Bytes<16> value;
    uint64_t at = 0;
    if (!usable<Unit::Sse>(c))
        return c.fault(op);
    if constexpr (kMemory) {
        if (!locate<16>(c, op, Access::Read, true, at) || !c.loadLinear(at, value, op.segment))
            return c.fault(op);
    } else {
        fetch<16>(c, op.b, &value);
    }
    std::memcpy(&b, &value, sizeof b);
    fetch<16>(c, op.a, &a);
    a = {combine<L>(a[0], b[0]), combine<L>(a[1], b[1])};
    assign<16, false>(c, op.a, &a);
    return c.next(op);
}

template <Logic L>
Handler logicHandler(const Decoded& decoded)
{
    if (!isVector(decoded.operand(0))) // MMX
        return nullptr;
    return decoded.isMemory(1) ? logic<L, true> : logic<L, false>;
}

Handler findLogic(const Decoded& decoded)
{
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_PAND:
    case ZYDIS_MNEMONIC_ANDPS:
    case ZYDIS_MNEMONIC_ANDPD:
        return logicHandler<Logic::And>(decoded);
    case ZYDIS_MNEMONIC_PANDN:
    case ZYDIS_MNEMONIC_ANDNPS:
    case ZYDIS_MNEMONIC_ANDNPD:
        return logicHandler<Logic::AndNot>(decoded);
    case ZYDIS_MNEMONIC_POR:
    case ZYDIS_MNEMONIC_ORPS:
    case ZYDIS_MNEMONIC_ORPD:
        return logicHandler<Logic::Or>(decoded);
    case ZYDIS_MNEMONIC_PXOR:
    case ZYDIS_MNEMONIC_XORPS:
    case ZYDIS_MNEMONIC_XORPD:
        return logicHandler<Logic::Xor>(decoded);
    default:
        return nullptr;
    }
}

} // namespace

bool lowerMove(const Decoded& decoded, Op& op)
{
    Handler found = findMove(decoded);
    if (found == nullptr)
        found = findLogic(decoded);
    if (found == nullptr)
        return false;
    if (decoded.isMemory(0)) {
        op.a = nativeOffset(decoded.operand(1).reg.value);
    } else {
        op.a = nativeOffset(decoded.operand(0).reg.value);
        if (decoded.isRegister(1))
            op.b = nativeOffset(decoded.operand(1).reg.value);
    }
    op.run = found;
    return true;
}

} // namespace vmm::soft
