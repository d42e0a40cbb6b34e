// SPDX-License-Identifier: GPL-3.0-or-later
// What the block device allows in one request: told to the driver, and checked.
#pragma once

#include <cstdint>

namespace vmm::virtio {

inline constexpr uint32_t kMaxDiscardSectors = uint32_t{1} << 22; ///< 2 GiB a range
inline constexpr uint32_t kMaxDiscardRanges = 256;
// Zeros may have to be written one by one, so a request for them is a smaller thing.
inline constexpr uint32_t kMaxZeroSectors = uint32_t{1} << 20; ///< 512 MiB a range
inline constexpr uint32_t kMaxZeroRanges = 8;

} // namespace vmm::virtio
