// SPDX-License-Identifier: GPL-3.0-or-later
// The Bochs VBE display interface: modes beyond the VGA's, limits checked against video memory.
// Bochs VBE 0xb0c5 (bochs vbe.h), as SeaVGABIOS, bochs-drm and QemuVideoDxe use it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vmm/pci_devices/vga_state.h"

namespace vmm::pci_devices {

/// Video memory must be cleared from its start, this many bytes; 0: nothing to do.
struct DispiEffect {
    size_t clearBytes = 0;
};

/// Power-on values.
void resetDispi(VgaState& state);
/// The register at `index`; 0 for those that do not exist. `vramSize` in bytes.
uint16_t readDispi(const VgaState& state, uint16_t index, size_t vramSize);
/// Writes one; what does not fit into video memory is cut to what does.
DispiEffect writeDispi(VgaState& state, uint16_t index, uint16_t value, size_t vramSize);
/// Cuts the registers of an enabled mode to video memory. Idempotent.
void fitDispi(VgaState& state, size_t vramSize);

/// Whether a Bochs VBE mode is on instead of a VGA mode.
inline bool dispiEnabled(const VgaState& state)
{
    return (state.dispi[vga::kDispiEnable] & vga::kDispiEnabled) != 0;
}
/// Planar VBE mode: 4 bits a pixel, memory as in VGA mode 12h.
inline bool dispiPlanar(const VgaState& state)
{
    return state.dispi[vga::kDispiBpp] == 4;
}
/// Bytes of video memory a row of the virtual screen takes.
uint32_t dispiRowBytes(const VgaState& state);

} // namespace vmm::pci_devices
