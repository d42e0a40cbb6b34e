// SPDX-License-Identifier: GPL-3.0-or-later
// CRC32 (SDM volume 2).
#include "vmm/soft/native.h"

namespace vmm::soft {

namespace {

// 0F38 F0/F1: a general register and a general operand, no vector unit involved.
// The host has SSE4.2, or it is not offered.
uint32_t crcByte(uint32_t crc, uint8_t byte)
{
    asm("crc32b %[byte], %[crc]" : [crc] "+r"(crc) : [byte] "q"(byte));
    return crc;
}

template <class T, bool kMemory>
const Op* crc32(Core& c, const Op& op)
{
    T value{};
    if constexpr (kMemory) {
        if (!c.load(op, value))
            return c.fault(op);
    } else {
        value = c.get<T>(op.b);
    }
    auto crc = c.get<uint32_t>(op.a);
    for (unsigned n = 0; n < sizeof(T); ++n)
        crc = crcByte(crc, static_cast<uint8_t>(value >> (8 * n)));
    c.set<uint32_t>(op.a, crc);
    return c.next(op);
}

template <class T>
Handler crcHandler(bool memory)
{
    return memory ? crc32<T, true> : crc32<T, false>;
}

} // namespace

bool lowerCrc32(const Decoded& decoded, Op& op)
{
    const bool memory = decoded.isMemory(1);
    op.a = registerOffset(decoded.operand(0).reg.value);
    if (!memory)
        op.b = registerOffset(decoded.operand(1).reg.value);
    switch (decoded.size(1)) {
    case 1:
        op.run = crcHandler<uint8_t>(memory);
        return true;
    case 2:
        op.run = crcHandler<uint16_t>(memory);
        return true;
    case 4:
        op.run = crcHandler<uint32_t>(memory);
        return true;
    case 8:
        op.run = crcHandler<uint64_t>(memory);
        return true;
    default:
        return false;
    }
}

} // namespace vmm::soft
