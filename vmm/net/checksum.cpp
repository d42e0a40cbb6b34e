// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/checksum.h"

#include "vmm/base/bits.h"

namespace vmm::net {

uint64_t checksumPart(std::span<const std::byte> bytes)
{
    // 32-bit words into 64-bit sums: no carry is lost, and four sums do not wait for each other.
    uint64_t sums[4] = {};
    const std::byte* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= 16; left -= 16, at += 16) {
        for (size_t i = 0; i < 4; ++i)
            sums[i] += loadLe<uint32_t>(at + 4 * i);
    }
    uint64_t sum = sums[0] + sums[1] + sums[2] + sums[3];
    for (; left >= 2; left -= 2, at += 2)
        sum += loadLe<uint16_t>(at);
    if (left == 1)
        sum += static_cast<uint8_t>(*at);
    return sum;
}

} // namespace vmm::net
