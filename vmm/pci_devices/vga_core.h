// SPDX-License-Identifier: GPL-3.0-or-later
// The VGA without a bus: registers, window and picture. IBM VGA (FreeVGA), Bochs VBE 0xb0c5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/gpu/damage.h"
#include "vmm/gpu/vga_picture.h"
#include "vmm/pci_devices/vga_memory.h"
#include "vmm/pci_devices/vga_state.h"

namespace vmm::pci_devices {

/// A VGA that whoever owns it connects to ports, windows and a display. Owns its registers, refers
/// to video memory. vCPU threads and the display's, concurrently; one short lock.
class VgaCore final : public bus::Resettable {
public:
    /// `vram`: a power of two of at least 1 MiB; it and `clock` outlive the core.
    VgaCore(std::span<std::byte> vram, const Clock& clock);

    /// One byte at a port from 0x3b0 to 0x3df; all ones where nothing is.
    uint8_t readRegister(uint16_t port);
    void writeRegister(uint16_t port, uint8_t value);

    /// The VBE interface: index port, data port, and a register by number (as BAR 2 has them).
    uint16_t dispiIndex() const;
    void setDispiIndex(uint16_t index);
    uint16_t readDispiData() const;
    void writeDispiData(uint16_t value);
    uint16_t readDispiRegister(uint16_t index) const;
    void writeDispiRegister(uint16_t index, uint16_t value);

    /// The window; `offset` from 0xa0000, bytes in ascending order.
    uint64_t readWindow(uint32_t offset, unsigned size);
    void writeWindow(uint32_t offset, uint64_t value, unsigned size);

    /// What is shown now.
    gpu::VgaPicture picture() const;
    /// As picture(); adds the pages written through the window until now to `pages`.
    gpu::VgaPicture takePicture(gpu::DirtyPages& pages);
    std::span<const std::byte> vram() const { return m_vram; }

    /// Power-on registers; video memory keeps its contents.
    void reset() override;
    VgaState save() const;
    /// Hostile input: bits that do not exist are dropped, modes cut to video memory.
    Result<void> load(const VgaState& state);

private:
    static VgaState powerOn();
    uint8_t readLocked(uint16_t port) REQUIRES(m_mutex);
    void writeLocked(uint16_t port, uint8_t value) REQUIRES(m_mutex);
    bool decodesLocked(uint16_t port) const REQUIRES(m_mutex);
    uint8_t readStatus1Locked() REQUIRES(m_mutex);
    uint8_t readDacLocked(uint16_t port) REQUIRES(m_mutex);
    void writeDacLocked(uint16_t port, uint8_t value) REQUIRES(m_mutex);
    void writeAttributeLocked(uint8_t value) REQUIRES(m_mutex);
    void writeCrtcLocked(uint8_t value) REQUIRES(m_mutex);
    void writeDispiLocked(uint16_t index, uint16_t value) REQUIRES(m_mutex);

    const std::span<std::byte> m_vram;
    const Clock& m_clock;
    mutable Mutex m_mutex;
    VgaState m_state GUARDED_BY(m_mutex);
    VgaMemory m_memory GUARDED_BY(m_mutex);
};

} // namespace vmm::pci_devices
