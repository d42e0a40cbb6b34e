// SPDX-License-Identifier: GPL-3.0-or-later
// Instructions that touch only some elements of memory: masked moves and gathers.
#include "vmm/soft/native.h"

namespace vmm::soft {

namespace {

using Vector32 = std::array<uint8_t, 32>;

Vector32 whole(Core& c, uint64_t offset)
{
    Vector32 value;
    std::memcpy(value.data(), nativeRegister(c, offset), 16);
    std::memcpy(value.data() + 16, nativeHigh(c, offset), 16);
    return value;
}

void setWhole(Core& c, uint64_t offset, const Vector32& value)
{
    std::memcpy(nativeRegister(c, offset), value.data(), 16);
    std::memcpy(nativeHigh(c, offset), value.data() + 16, 16);
}

bool selected(const Vector32& mask, unsigned element, unsigned size)
{
    return (mask[(element + 1) * size - 1] & 0x80) != 0;
}

// As a store there would fault, without storing.
bool probeStore(Core& c, const Op& op, uint64_t at, unsigned size)
{
    if (c.inLong64() && (!Core::canonical(at) || !Core::canonical(at + size - 1)))
        return c.note(op.segment == kSs ? Vector::Ss : Vector::Gp, 0);
    return c.probe(at, size, Access::Write, false);
}

// Only what moves bytes by a mask has its alignment checked, as on AMD's processors; elements of
// the others have not.
bool loadElement(Core& c, const Op& op, uint64_t at, void* to, unsigned size)
{
    return c.checksAlignment() ? c.loadBytes(at, to, size, op.segment)
                               : loadOperand(c, op, at, to, size);
}

// Writes the selected elements, none of them if one may not be written.
bool storeSelected(Core& c, const Op& op, uint64_t offset, const Vector32& from,
                   const Vector32& mask, unsigned size, unsigned count)
{
    const uint64_t addresses = Core::addressMask(op.addressSize);
    std::array<uint64_t, 16> at{};
    for (unsigned n = 0; n < count; ++n) {
        if (selected(mask, n, size) &&
            (!c.linearAt(op.segment, (offset + n * size) & addresses, size, Access::Write, at[n]) ||
             !probeStore(c, op, at[n], size)))
            return false;
    }
    for (unsigned n = 0; n < count; ++n) {
        if (selected(mask, n, size) &&
            !c.storeBytes(at[n], from.data() + n * size, size, op.segment))
            return false;
    }
    return true;
}

// MASKMOVDQU, VMASKMOVDQU: bytes of a where b says so, to [rDI].
template <Unit U>
const Op* maskMove(Core& c, const Op& op)
{
    if (!usable<U>(c))
        return c.fault(op);
    if constexpr (U == Unit::Mmx)
        x87::enterMmx(c.regs.vector);
    // All bytes must be writable, also those that are not selected: AMD's choice, and allowed.
    uint64_t at = 0;
    if (!c.linear(op, op.aux, Access::Write, at) || !c.aligned(at, 8) ||
        !probeStore(c, op, at, op.aux) ||
        !storeSelected(c, op, c.offset(op), whole(c, op.a), whole(c, op.b), 1, op.aux))
        return c.fault(op);
    return c.next(op);
}

// VMASKMOVPS/PD, VPMASKMOVD/Q: aux bytes each, aux2 of them, mask b.
const Op* maskStore(Core& c, const Op& op)
{
    if (!usable<Unit::Avx>(c) ||
        !storeSelected(c, op, c.offset(op), whole(c, op.a), whole(c, op.b), op.aux, op.aux2))
        return c.fault(op);
    return c.next(op);
}

const Op* maskLoad(Core& c, const Op& op)
{
    if (!usable<Unit::Avx>(c))
        return c.fault(op);
    const uint64_t offset = c.offset(op);
    const uint64_t addresses = Core::addressMask(op.addressSize);
    const Vector32 mask = whole(c, op.b);
    Vector32 result{};
    for (unsigned n = 0; n < op.aux2; ++n) {
        uint64_t at = 0;
        if (selected(mask, n, op.aux) &&
            (!c.linearAt(op.segment, (offset + n * op.aux) & addresses, op.aux, Access::Read, at) ||
             !loadElement(c, op, at, result.data() + n * op.aux, op.aux)))
            return c.fault(op);
    }
    setWhole(c, op.a, result);
    return c.next(op);
}

int64_t elementIndex(const Vector32& indices, unsigned n, bool wide)
{
    if (wide) {
        int64_t index = 0;
        std::memcpy(&index, indices.data() + n * 8, sizeof index);
        return index;
    }
    int32_t index = 0;
    std::memcpy(&index, indices.data() + n * 4, sizeof index);
    return index;
}

// VGATHERxxx, VPGATHERxx: a destination, b mask, c indices; aux bytes each, aux2 of them, imm: wide
// indices. A fault keeps what came before it: mask and destination say how far it got (SDM volume
// 2, VGATHERDPS).
const Op* gather(Core& c, const Op& op)
{
    if (!usable<Unit::Avx>(c))
        return c.fault(op);
    const unsigned size = op.aux;
    Vector32 mask = whole(c, op.b);
    Vector32 result = whole(c, op.a);
    const Vector32 indices = whole(c, op.c);
    const uint64_t start = c.get<uint64_t>(op.base) + static_cast<uint64_t>(op.disp);
    for (unsigned n = 0; n < op.aux2; ++n) {
        if (!selected(mask, n, size)) {
            std::memset(mask.data() + n * size, 0, size);
            continue;
        }
        const auto index = static_cast<uint64_t>(elementIndex(indices, n, op.imm != 0));
        const uint64_t offset = (start + (index << op.scale)) & Core::addressMask(op.addressSize);
        uint64_t at = 0;
        if (!c.linearAt(op.segment, offset, size, Access::Read, at) ||
            !loadElement(c, op, at, result.data() + n * size, size)) {
            setWhole(c, op.a, result);
            setWhole(c, op.b, mask);
            return c.fault(op);
        }
        std::memset(mask.data() + n * size, 0, size);
    }
    std::memset(result.data() + op.aux2 * size, 0, result.size() - op.aux2 * size);
    setWhole(c, op.a, result);
    setWhole(c, op.b, {});
    return c.next(op);
}

bool lowerMaskMove(const Decoded& decoded, Op& op, Handler handler, uint8_t count)
{
    op.a = nativeOffset(decoded.operand(0).reg.value);
    op.b = nativeOffset(decoded.operand(1).reg.value);
    op.aux = count;
    op.base = 8 * kRdi;
    op.index = 8 * kZero;
    op.scale = 0;
    op.disp = 0;
    op.segment = kDs;
    for (unsigned n = 0; n < decoded.instruction.operand_count; ++n) {
        if (decoded.isMemory(n))
            op.segment = segmentIndex(decoded.operand(n).mem.segment);
    }
    op.run = handler;
    return true;
}

bool lowerMaskedVector(const Decoded& decoded, Op& op, uint8_t size)
{
    const bool store = decoded.isMemory(0);
    op.a = nativeOffset(decoded.operand(store ? 2 : 0).reg.value);
    op.b = nativeOffset(decoded.operand(1).reg.value);
    op.aux = size;
    op.aux2 = static_cast<uint8_t>(decoded.size(1) / size);
    op.run = store ? maskStore : maskLoad;
    return true;
}

bool lowerGather(const Decoded& decoded, Op& op, uint8_t size, bool wide)
{
    const auto& memory = decoded.operand(1).mem;
    op.a = nativeOffset(decoded.operand(0).reg.value);
    op.b = nativeOffset(decoded.operand(2).reg.value);
    op.c = nativeOffset(memory.index);
    if (op.a == op.b || op.a == op.c || op.b == op.c)
        return lowerUndefined(op);
    const bool ymm = decoded.instruction.raw.vex.L != 0;
    op.aux = size;
    op.aux2 = static_cast<uint8_t>((ymm ? 32 : 16) / (wide ? 8 : size));
    op.imm = wide ? 1 : 0;
    op.run = gather; // base, scale and displacement are prepare()'s
    return true;
}

} // namespace

bool lowerMasked(const Decoded& decoded, Op& op)
{
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_MASKMOVDQU:
        return lowerMaskMove(decoded, op, maskMove<Unit::Sse>, 16);
    case ZYDIS_MNEMONIC_VMASKMOVDQU:
        return lowerMaskMove(decoded, op, maskMove<Unit::Avx>, 16);
    case ZYDIS_MNEMONIC_MASKMOVQ:
        return lowerMaskMove(decoded, op, maskMove<Unit::Mmx>, 8);
    case ZYDIS_MNEMONIC_VMASKMOVPS:
    case ZYDIS_MNEMONIC_VPMASKMOVD:
        return lowerMaskedVector(decoded, op, 4);
    case ZYDIS_MNEMONIC_VMASKMOVPD:
    case ZYDIS_MNEMONIC_VPMASKMOVQ:
        return lowerMaskedVector(decoded, op, 8);
    case ZYDIS_MNEMONIC_VGATHERDPS:
    case ZYDIS_MNEMONIC_VPGATHERDD:
        return lowerGather(decoded, op, 4, false);
    case ZYDIS_MNEMONIC_VGATHERDPD:
    case ZYDIS_MNEMONIC_VPGATHERDQ:
        return lowerGather(decoded, op, 8, false);
    case ZYDIS_MNEMONIC_VGATHERQPS:
    case ZYDIS_MNEMONIC_VPGATHERQD:
        return lowerGather(decoded, op, 4, true);
    case ZYDIS_MNEMONIC_VGATHERQPD:
    case ZYDIS_MNEMONIC_VPGATHERQQ:
        return lowerGather(decoded, op, 8, true);
    default:
        return false;
    }
}

} // namespace vmm::soft
