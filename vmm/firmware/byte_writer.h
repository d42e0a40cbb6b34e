// SPDX-License-Identifier: GPL-3.0-or-later
// ByteWriter: appends numbers and text to a byte vector, for the tables firmware reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"

namespace vmm::firmware {

/// Bytes of a table, a file or a ROM.
using Bytes = std::vector<std::byte>;

/// Builds a Bytes front to back. Not shared between threads.
class ByteWriter {
public:
    /// Numbers in little-endian order, as ACPI, SMBIOS and e820 have them.
    ByteWriter& u8(uint64_t value) { return le(static_cast<uint8_t>(value)); }
    ByteWriter& u16(uint64_t value) { return le(static_cast<uint16_t>(value)); }
    ByteWriter& u32(uint64_t value) { return le(static_cast<uint32_t>(value)); }
    ByteWriter& u64(uint64_t value) { return le(value); }
    /// Numbers in big-endian order, as fw_cfg has them.
    ByteWriter& be16(uint16_t value) { return le(byteSwap(value)); }
    ByteWriter& be32(uint32_t value) { return le(byteSwap(value)); }

    /// `text` without a terminator, filled up with `fill` to `width` bytes; it must fit.
    ByteWriter& text(std::string_view text, size_t width, char fill = '\0')
    {
        CHECK(text.size() <= width);
        const auto* first = reinterpret_cast<const std::byte*>(text.data());
        m_bytes.insert(m_bytes.end(), first, first + text.size());
        m_bytes.insert(m_bytes.end(), width - text.size(), static_cast<std::byte>(fill));
        return *this;
    }
    /// `text` and a NUL.
    ByteWriter& textWithNul(std::string_view text) { return this->text(text, text.size() + 1); }
    ByteWriter& bytes(std::span<const std::byte> bytes)
    {
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
        return *this;
    }
    ByteWriter& zeros(size_t count)
    {
        m_bytes.insert(m_bytes.end(), count, std::byte{0});
        return *this;
    }
    /// Zeros up to a multiple of `alignment`, a power of two.
    ByteWriter& align(size_t alignment)
    {
        return zeros(alignUp(m_bytes.size(), alignment) - m_bytes.size());
    }

    size_t size() const { return m_bytes.size(); }
    const Bytes& view() const { return m_bytes; }
    /// Overwrites the number at `offset`, which must have been written before.
    template <std::unsigned_integral T>
    void patch(size_t offset, T value)
    {
        CHECK(offset <= m_bytes.size() && sizeof(T) <= m_bytes.size() - offset);
        storeLe(m_bytes.data() + offset, value);
    }
    Bytes take() { return std::move(m_bytes); }

private:
    template <std::unsigned_integral T>
    ByteWriter& le(T value)
    {
        std::byte raw[sizeof(T)];
        storeLe(raw, value);
        m_bytes.insert(m_bytes.end(), raw, raw + sizeof(T));
        return *this;
    }
    Bytes m_bytes;
};

/// The byte that makes the sum of `bytes` zero (modulo 256) when one of them, now zero, becomes it.
inline uint8_t zeroSumChecksum(std::span<const std::byte> bytes)
{
    unsigned sum = 0;
    for (const std::byte byte : bytes)
        sum += std::to_integer<unsigned>(byte);
    return static_cast<uint8_t>(0U - sum);
}

} // namespace vmm::firmware
