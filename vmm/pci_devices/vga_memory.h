// SPDX-License-Identifier: GPL-3.0-or-later
// The CPU's way into video memory at 0xa0000: planes, latches, read and write modes.
// FreeVGA "VGA Video Memory Organization", "Graphics Registers".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "vmm/gpu/damage.h"
#include "vmm/pci_devices/vga_state.h"

namespace vmm::pci_devices {

/// Video memory as the VGA sees it: byte 4 * address + plane. Not locked: its owner does. Every
/// access is checked against the size of video memory, whatever bank and registers say.
class VgaMemory {
public:
    /// `vram` is not owned; at least 256 KiB.
    explicit VgaMemory(std::span<std::byte> vram) : m_vram(vram), m_dirty(vram.size()) {}

    size_t size() const { return m_vram.size(); }
    /// One byte of the window, `offset` from 0xa0000; loads the latches. All ones where the window
    /// is closed.
    uint8_t read(VgaState& state, uint32_t offset);
    void write(const VgaState& state, uint32_t offset, uint8_t value);
    /// Sets the first `bytes` to 0.
    void clear(size_t bytes);
    /// Adds the pages written through here since the last call to `pages`.
    void takeDirty(gpu::DirtyPages& pages);

private:
    /// Where a window access lands.
    struct Target {
        size_t base = 0;       ///< byte of plane 0
        uint8_t readPlane = 0; ///< read mode 0
        uint8_t planes = 0x0f; ///< planes a write may reach, map mask not counted
    };
    static std::optional<uint32_t> windowAddress(const VgaState& state, uint32_t offset);
    static Target readTarget(const VgaState& state, uint32_t address);
    static Target writeTarget(const VgaState& state, uint32_t address);
    static size_t planeByte(const VgaState& state, uint32_t address);
    static uint8_t composed(const VgaState& state, unsigned plane, uint8_t value);
    uint8_t load(size_t at) const;
    void store(size_t at, uint8_t value);

    std::span<std::byte> m_vram;
    gpu::DirtyPages m_dirty;
};

} // namespace vmm::pci_devices
