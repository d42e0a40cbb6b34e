// SPDX-License-Identifier: GPL-3.0-or-later
// Video memory as a participant of the saved state: only what is not zero.
#pragma once

#include <span>
#include <vector>

#include "vmm/console/scanout.h"
#include "vmm/state/state.h"

namespace vmm::pci_devices {

/// 64 KiB of video memory, zeros at the end left out.
struct VgaVramBlock {
    uint32_t index = 0;
    std::vector<uint8_t> bytes;
    template <class A>
    void visit(A& a)
    {
        a.field("index", index).field("bytes", bytes);
    }
};

/// The contents of video memory; blocks of zeros are left out.
struct VgaVramState {
    static constexpr state::Tag kTag{"vga-vram", 1, 1};
    static constexpr size_t kBlockSize = size_t{64} << 10;
    uint64_t size = 0;
    std::vector<VgaVramBlock> blocks; ///< ascending
    template <class A>
    void visit(A& a)
    {
        a.field("size", size).field("blocks", blocks);
    }
};

/// Saves and loads `vram`, which its owner keeps; has `screen` drawn anew. Paused machine only.
class VgaVram final : public state::Stateful<VgaVram, VgaVramState> {
public:
    VgaVram(std::span<std::byte> vram, console::ScanoutSource& screen)
        : m_vram(vram), m_screen(screen)
    {}
    VgaVramState save() const;
    /// Fails, with video memory unchanged, when a block does not fit.
    Result<void> load(const VgaVramState& state);

private:
    std::span<std::byte> m_vram;
    console::ScanoutSource& m_screen;
};

} // namespace vmm::pci_devices
