// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/vga_vram.h"

#include <algorithm>
#include <cstring>

#include "vmm/base/bits.h"
#include "vmm/gpu/shared_bytes.h"

namespace vmm::pci_devices {

VgaVramState VgaVram::save() const
{
    VgaVramState state;
    state.size = m_vram.size();
    for (size_t at = 0; at < m_vram.size(); at += VgaVramState::kBlockSize) {
        const auto block =
            m_vram.subspan(at, std::min(VgaVramState::kBlockSize, m_vram.size() - at));
        size_t used = block.size();
        while (used >= 8 && loadLe<uint64_t>(&block[used - 8]) == 0)
            used -= 8;
        while (used > 0 && block[used - 1] == std::byte{0})
            --used;
        if (used == 0)
            continue;
        VgaVramBlock saved{static_cast<uint32_t>(at / VgaVramState::kBlockSize), {}};
        saved.bytes.resize(used);
        std::memcpy(saved.bytes.data(), block.data(), used);
        state.blocks.push_back(std::move(saved));
    }
    return state;
}

Result<void> VgaVram::load(const VgaVramState& state)
{
    if (state.size != m_vram.size())
        return Error(ErrorCode::Invalid, "vga: video memory has another size in the saved state");
    uint64_t next = 0;
    for (const VgaVramBlock& block : state.blocks) {
        const uint64_t at = uint64_t{block.index} * VgaVramState::kBlockSize;
        if (block.index < next || block.bytes.size() > VgaVramState::kBlockSize ||
            at >= m_vram.size() || block.bytes.size() > m_vram.size() - at)
            return Error(ErrorCode::Invalid, "vga: saved video memory is damaged");
        next = uint64_t{block.index} + 1;
    }
    gpu::clearShared(m_vram.data(), m_vram.size());
    for (const VgaVramBlock& block : state.blocks)
        if (!block.bytes.empty())
            std::memcpy(&m_vram[block.index * VgaVramState::kBlockSize], block.bytes.data(),
                        block.bytes.size());
    m_screen.invalidate();
    return {};
}

} // namespace vmm::pci_devices
