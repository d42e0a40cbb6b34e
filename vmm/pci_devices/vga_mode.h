// SPDX-License-Identifier: GPL-3.0-or-later
// From registers to a picture: what the VGA shows. FreeVGA "VGA Display Generation".
#pragma once

#include <cstddef>

#include "vmm/gpu/vga_picture.h"
#include "vmm/pci_devices/vga_state.h"

namespace vmm::pci_devices {

/// What the registers ask to be shown out of `vramSize` bytes of video memory.
gpu::VgaPicture describePicture(const VgaState& state, size_t vramSize);

/// Scan lines of a frame, for the retrace bits of input status 1.
struct VgaTiming {
    uint32_t total = 449;
    uint32_t shown = 400;
    uint32_t retraceStart = 412;
    uint32_t retraceLines = 2;
    uint64_t frameNs = 1'000'000'000 / 70;
};
VgaTiming describeTiming(const VgaState& state);

} // namespace vmm::pci_devices
