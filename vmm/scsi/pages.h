// SPDX-License-Identifier: GPL-3.0-or-later
// Pieces of what logical units tell about themselves. SPC-4 sections 6.6 and 7.8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vmm::scsi {

// Peripheral device types (SPC-4 table 138).
inline constexpr uint8_t kTypeDisk = 0x00;
inline constexpr uint8_t kTypeOptical = 0x05;
inline constexpr uint8_t kTypeAbsent = 0x7f; ///< qualifier 3: no logical unit there can be

/// Appends a number, big-endian.
void putBe16(std::vector<uint8_t>& to, unsigned value);
void putBe32(std::vector<uint8_t>& to, uint32_t value);
/// Appends `text` cut or blank-filled to `width` bytes.
void putText(std::vector<uint8_t>& to, std::string_view text, size_t width);
/// A page of vital product data: header and `body`.
std::vector<uint8_t> vitalProductData(uint8_t type, uint8_t page, const std::vector<uint8_t>& body);

} // namespace vmm::scsi
