// SPDX-License-Identifier: GPL-3.0-or-later
// The vector instructions a system spends its time in, without thunks: moves and logic.
#include "vmm/soft/native.h"

#include <emmintrin.h>

namespace vmm::soft {

namespace {

constexpr Unit unit(bool vex)
{
    return vex ? Unit::Avx : Unit::Sse;
}

// The low half as one vector: the host would wait for one that was written in pieces and is read as
// a whole.
template <unsigned N>
struct Value {
    __m128i low;
};
template <>
struct Value<32> {
    __m128i low;
    __m128i high;
};

template <unsigned N>
Value<N> valueAt(const void* from)
{
    Value<N> value;
    if constexpr (N == 4) {
        int part = 0;
        std::memcpy(&part, from, sizeof part);
        value.low = _mm_cvtsi32_si128(part);
    } else if constexpr (N == 8) {
        value.low = _mm_loadl_epi64(static_cast<const __m128i*>(from));
    } else {
        value.low = _mm_loadu_si128(static_cast<const __m128i*>(from));
        if constexpr (N == 32)
            value.high = _mm_loadu_si128(static_cast<const __m128i*>(from) + 1);
    }
    return value;
}

template <unsigned N>
void putValue(Value<N> value, void* to)
{
    if constexpr (N == 4) {
        const int part = _mm_cvtsi128_si32(value.low);
        std::memcpy(to, &part, sizeof part);
    } else if constexpr (N == 8) {
        _mm_storel_epi64(static_cast<__m128i*>(to), value.low);
    } else {
        _mm_storeu_si128(static_cast<__m128i*>(to), value.low);
        if constexpr (N == 32)
            _mm_storeu_si128(static_cast<__m128i*>(to) + 1, value.high);
    }
}

// Writes the low N bytes of a register and zeroes what such a move zeroes.
template <unsigned N, bool kVex>
void assign(Core& c, uint64_t offset, Value<N> value)
{
    putValue<16>({value.low}, nativeRegister(c, offset));
    if constexpr (N == 32)
        putValue<16>({value.high}, nativeHigh(c, offset));
    else if constexpr (kVex)
        putValue<16>({_mm_setzero_si128()}, nativeHigh(c, offset));
}

template <unsigned N>
Value<N> fetch(Core& c, uint64_t offset)
{
    Value<N> value;
    value.low = valueAt < N == 32 ? 16 : N > (nativeRegister(c, offset)).low;
    if constexpr (N == 32)
        value.high = valueAt<16>(nativeHigh(c, offset)).low;
    return value;
}

template <unsigned N>
bool locate(Core& c, const Op& op, Access access, bool aligned, uint64_t& at)
{
    return c.linear(op, N, access, at) &&
           (!aligned || (at & (N - 1)) == 0 || c.note(Vector::Gp, 0));
}

// Loads the memory operand; false with the fault noted.
template <unsigned N>
bool load(Core& c, const Op& op, bool aligned, Value<N>& value)
{
    Bytes<N> bytes;
    uint64_t at = 0;
    if (!locate<N>(c, op, Access::Read, aligned, at) || !c.loadLinear(at, bytes, op.segment))
        return false;
    value = valueAt<N>(&bytes);
    return true;
}

// Host address of the memory operand when the usual case needs no further look: else null.
template <unsigned N, bool kVex, bool kAligned, Access A>
[[gnu::always_inline]] inline std::byte* find(Core& c, const Op& op, uint64_t& at)
{
    if (!isUsable<unit(kVex)>(c) || !c.inLong64()) [[unlikely]]
        return nullptr;
    at = c.offset(op) + c.longBase(op.segment);
    std::byte* host = nullptr;
    const bool cached =
        A == Access::Read ? c.cachedForRead(at, N, host) : c.cachedForWrite(at, N, host);
    return cached && (!kAligned || (at & (N - 1)) == 0) ? host : nullptr;
}

template <unsigned N, bool kVex, bool kAligned>
[[gnu::noinline]] const Op* loadCarefully(Core& c, const Op& op)
{
    Value<N> value;
    if (!usable<unit(kVex)>(c) || !load<N>(c, op, kAligned, value))
        return c.fault(op);
    assign<N, kVex>(c, op.a, value);
    return c.next(op);
}

template <unsigned N, bool kVex, bool kAligned>
const Op* loadVector(Core& c, const Op& op)
{
    uint64_t at = 0;
    const std::byte* host = find<N, kVex, kAligned, Access::Read>(c, op, at);
    if (host == nullptr) [[unlikely]]
        return loadCarefully<N, kVex, kAligned>(c, op);
    assign<N, kVex>(c, op.a, valueAt<N>(host));
    return c.next(op);
}

template <unsigned N, bool kVex, bool kAligned>
[[gnu::noinline]] const Op* storeCarefully(Core& c, const Op& op)
{
    Bytes<N> bytes;
    uint64_t at = 0;
    if (!usable<unit(kVex)>(c) || !locate<N>(c, op, Access::Write, kAligned, at))
        return c.fault(op);
    putValue<N>(fetch<N>(c, op.a), &bytes);
    return c.storeLinear(at, bytes, op.segment) ? c.next(op) : c.fault(op);
}

template <unsigned N>
[[gnu::noinline]] const Op* nextAfterCode(Core& c, const Op& op, uint64_t at)
{
    c.wrote(at, N);
    return c.next(op);
}

template <unsigned N, bool kVex, bool kAligned>
const Op* storeVector(Core& c, const Op& op)
{
    uint64_t at = 0;
    std::byte* host = find<N, kVex, kAligned, Access::Write>(c, op, at);
    if (host == nullptr) [[unlikely]]
        return storeCarefully<N, kVex, kAligned>(c, op);
    putValue<N>(fetch<N>(c, op.a), host);
    return c.hitCode(at) ? nextAfterCode<N>(c, op, at) : c.next(op);
}

// Between registers, vector or general: a <- b.
template <unsigned N, bool kVex>
const Op* copyVector(Core& c, const Op& op)
{
    if (!usable<unit(kVex)>(c))
        return c.fault(op);
    assign<N, kVex>(c, op.a, fetch<N>(c, op.b));
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
__m128i combine(__m128i a, __m128i b)
{
    switch (L) {
    case Logic::And:
        return _mm_and_si128(a, b);
    case Logic::AndNot:
        return _mm_andnot_si128(a, b);
    case Logic::Or:
        return _mm_or_si128(a, b);
    case Logic::Xor:
        return _mm_xor_si128(a, b);
    }
    return a;
}

template <Logic L, bool kMemory>
const Op* logic(Core& c, const Op& op)
{
    if (!usable<Unit::Sse>(c))
        return c.fault(op);
    Value<16> value;
    if constexpr (!kMemory)
        value = fetch<16>(c, op.b);
    else if (!load<16>(c, op, true, value))
        return c.fault(op);
    assign<16, false>(c, op.a, {combine<L>(fetch<16>(c, op.a).low, value.low)});
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
