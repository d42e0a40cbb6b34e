// SPDX-License-Identifier: GPL-3.0-or-later
// Minute, second, frame addresses of CDs. MMC-5 section 4.2.3.7, table 8.
#pragma once

#include <algorithm>
#include <cstdint>

namespace vmm::scsi {

/// A position on a CD as minute, second and frame (75 frames a second).
struct Msf {
    uint8_t minute = 0;
    uint8_t second = 0;
    uint8_t frame = 0;
};

/// The address of a logical block; 150 frames of pregap come first. Saturates at 255 minutes, as
/// DVDs are larger than such addresses reach.
constexpr Msf msfOf(uint64_t block)
{
    const uint64_t frames = std::min<uint64_t>(block + 150, 256 * 60 * 75 - 1);
    return {static_cast<uint8_t>(frames / (60 * 75)), static_cast<uint8_t>(frames / 75 % 60),
            static_cast<uint8_t>(frames % 75)};
}

} // namespace vmm::scsi
