// SPDX-License-Identifier: GPL-3.0-or-later
// The Internet checksum (RFC 1071), over bytes of any alignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vmm::net {

/// The sum of 16-bit words in the machine's byte order, not folded; an odd last byte counts as if a
/// zero followed. Sums of parts of even length may be added.
uint64_t checksumPart(std::span<const std::byte> bytes);

/// Folded to 16 bits, not inverted.
constexpr uint16_t foldChecksum(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(sum);
}

} // namespace vmm::net
