// SPDX-License-Identifier: GPL-3.0-or-later
// The CRT controller's walk through memory: which address and row scan each scan line has.
// IBM VGA; FreeVGA "CRT Controller Registers", "VGA Video Memory Organization".
#pragma once

#include <cstdint>
#include <vector>

#include "vmm/gpu/vga_picture.h"

namespace vmm::gpu {

/// One scan line of the frame.
struct VgaLine {
    uint32_t address = 0; ///< of the first character clock, in counter steps
    int rowScan = 0;
    int pan = 0;
    bool operator==(const VgaLine&) const = default;
};

/// A line for each of the `height` scan lines: character rows, preset row scan, double scan, split
/// screen.
std::vector<VgaLine> vgaLines(const VgaPicture& picture);

/// The address in each plane that counter value `counter` reads on row scan `rowScan`.
uint32_t vgaPlaneAddress(const VgaAddressing& addressing, uint32_t counter, int rowScan);

} // namespace vmm::gpu
