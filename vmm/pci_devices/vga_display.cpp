// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/vga_display.h"

#include "vmm/gpu/vga_text.h"

namespace vmm::pci_devices {

std::vector<console::Rect> VgaDisplay::update(console::Frame& frame)
{
    MutexLock lock(m_mutex);
    const std::span<const std::byte> vram = m_core.vram();
    if (m_invalid.exchange(false, std::memory_order_acq_rel))
        m_renderer.invalidate();
    gpu::DirtyPages dirty(vram.size());
    // First the log, then the picture: what is written in between is in the picture and in the next
    // log.
    if (const auto direct = m_map.takeDirty(vram.data(), vram.size()))
        dirty.merge(*direct);
    else
        dirty.mark(0, vram.size()); // no log: look at everything
    const gpu::VgaPicture picture = m_core.takePicture(dirty);
    return m_renderer.update(picture, vram, dirty, m_clock.nowNs(), frame);
}

std::optional<console::TextScreen> VgaDisplay::text()
{
    return gpu::vgaTextScreen(m_core.picture(), m_core.vram());
}

} // namespace vmm::pci_devices
