// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gpu/vga_lines.h"

#include <cstddef>

namespace vmm::gpu {

std::vector<VgaLine> vgaLines(const VgaPicture& picture)
{
    const VgaRaster& raster = picture.raster;
    const uint32_t mask = picture.addressing.mask;
    std::vector<VgaLine> lines;
    lines.reserve(static_cast<size_t>(picture.height));
    VgaLine line{picture.addressing.start & mask, raster.firstRowScan, raster.pan};
    int repeated = 0;
    for (int y = 0; y < picture.height; ++y) {
        lines.push_back(line);
        if (y == raster.lineCompare) {
            line = {0, 0, raster.panEndsAtSplit ? 0 : raster.pan};
            repeated = 0;
        } else if (++repeated >= raster.lineRepeat) {
            repeated = 0;
            const bool rowEnds = line.rowScan == raster.lastRowScan;
            // The counter has five bits: a preset above the last scan line runs through 31.
            line.rowScan = rowEnds ? 0 : (line.rowScan + 1) & 31;
            if (rowEnds)
                line.address = (line.address + picture.addressing.rowPitch) & mask;
        }
    }
    return lines;
}

uint32_t vgaPlaneAddress(const VgaAddressing& addressing, uint32_t counter, int rowScan)
{
    uint32_t address = counter;
    if (addressing.unit == VgaUnit::Word)
        address = counter << 1 | (counter >> addressing.wrapBit & 1);
    else if (addressing.unit == VgaUnit::Doubleword)
        address = counter << 2 | (counter >> 12 & 3);
    const auto scan = static_cast<uint32_t>(rowScan);
    if (addressing.rowScanAs13)
        address = (address & ~(1U << 13)) | (scan & 1) << 13;
    if (addressing.rowScanAs14)
        address = (address & ~(1U << 14)) | (scan >> 1 & 1) << 14;
    return address & addressing.mask;
}

} // namespace vmm::gpu
