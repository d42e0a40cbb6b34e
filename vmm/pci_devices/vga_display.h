// SPDX-License-Identifier: GPL-3.0-or-later
// A VGA's screen as the outside sees it: collects what was written and has it drawn.
#pragma once

#include <atomic>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/console/scanout.h"
#include "vmm/gpu/vga_renderer.h"
#include "vmm/memory/memory_map.h"
#include "vmm/pci_devices/vga_core.h"

namespace vmm::pci_devices {

/// Draws `core`'s picture. What vCPUs write directly comes from the memory map's dirty log, what
/// they write through the window from the core. Any thread; a second update() waits. Its lock is
/// never held together with the caller's device lock: vCPUs do not wait for drawing.
class VgaDisplay final : public console::ScanoutSource {
public:
    /// All three outlive it.
    VgaDisplay(VgaCore& core, memory::MemoryMap& map, const Clock& clock)
        : m_core(core), m_map(map), m_clock(clock)
    {}
    std::vector<console::Rect> update(console::Frame& frame) override;
    void invalidate() override { m_invalid.store(true, std::memory_order_release); }
    std::optional<console::TextScreen> text() override;

private:
    VgaCore& m_core;
    memory::MemoryMap& m_map;
    const Clock& m_clock;
    std::atomic<bool> m_invalid{true};
    Mutex m_mutex;
    gpu::VgaRenderer m_renderer GUARDED_BY(m_mutex);
};

} // namespace vmm::pci_devices
