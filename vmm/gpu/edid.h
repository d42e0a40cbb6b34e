// SPDX-License-Identifier: GPL-3.0-or-later
// The monitor's description that guests read. VESA E-EDID 1.4 (block structure 1.4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vmm::gpu {

inline constexpr size_t kEdidSize = 128;

/// The preferred mode; 60 Hz. Sides from 64 to 4095, larger ones are cut.
struct EdidMode {
    int width = 1280;
    int height = 800;
};

/// One EDID block of a monitor called "Vitrine".
std::array<uint8_t, kEdidSize> makeEdid(EdidMode preferred);

} // namespace vmm::gpu
