// SPDX-License-Identifier: GPL-3.0-or-later
// The standard VGA as a PCI function: 1234:1111, class 03.00.00. PCI Local Bus 3.0; Bochs VBE.
#pragma once

#include <memory>
#include <span>

#include "vmm/base/unique_fd.h"
#include "vmm/pci/pci_device.h"
#include "vmm/pci_devices/vga_core.h"
#include "vmm/pci_devices/vga_display.h"
#include "vmm/pci_devices/vga_legacy.h"
#include "vmm/pci_devices/vga_vram.h"

namespace vmm::pci_devices {

/// Registers of the VGA and of its PCI function. Video memory is saved by VgaPci::vram().
struct VgaPciState {
    static constexpr state::Tag kTag{"vga", 1, 1};
    pci::PciConfigState pci;
    VgaState vga;
    template <class A>
    void visit(A& a)
    {
        a.field("pci", pci);
        vga.visit(a);
    }
};

/// BAR 0 video memory (direct, with dirty log), BAR 2 registers, expansion ROM, and the VGA's fixed
/// ports and window. Owns video memory. Registers: vCPU threads; scanout(): any thread.
class VgaPci final : public pci::PciDevice,
                     public bus::Resettable,
                     public state::Stateful<VgaPci, VgaPciState> {
public:
    static constexpr uint64_t kDefaultVramSize = uint64_t{64} << 20; ///< 3840x2160x32, and a half
    static constexpr uint64_t kMinVramSize = uint64_t{1} << 20;
    static constexpr uint64_t kMaxVramSize = uint64_t{128} << 20; ///< what a saved record holds

    /// `rom`: the option ROM (vgabios-stdvga.bin); empty for none. `vramSize`: bytes, a power of
    /// two. Claims the VGA's ports and window: one VGA in a machine. `clock` outlives it.
    static Result<std::unique_ptr<VgaPci>>
    create(const pci::PciServices& services, const Clock& clock, std::span<const std::byte> rom,
           uint64_t vramSize = kDefaultVramSize, gpu::EdidMode preferred = {});
    ~VgaPci() override;

    /// The screen. Lives as long as the device.
    console::ScanoutSource& scanout() { return m_display; }
    /// Video memory's part of the saved state; a participant of its own.
    state::Participant& vram() { return m_vramState; }
    std::span<std::byte> vramBytes() { return {m_vram.data(), m_vram.size()}; }

    void reset() override;
    VgaPciState save() const { return {saveConfig(), m_core.save()}; }
    Result<void> load(const VgaPciState& state);

private:
    VgaPci(const pci::PciServices& services, const Clock& clock, MappedRegion vram,
           gpu::EdidMode preferred);
    void configWritten(uint16_t offset, unsigned size) override;

    MappedRegion m_vram;
    VgaCore m_core;
    VgaLegacy m_legacy;
    VgaRegisterBar m_registers;
    VgaDisplay m_display;
    VgaVram m_vramState;
};

} // namespace vmm::pci_devices
