// SPDX-License-Identifier: GPL-3.0-or-later
// The fixed addresses of a VGA: ports 3b0-3df and 1ce-1d1, memory a0000-bffff; and BAR 2.
// PCI Local Bus 3.0 appendix D (class 03); FreeVGA; Bochs VBE.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/gpu/edid.h"
#include "vmm/pci_devices/vga_core.h"

namespace vmm::pci_devices {

/// Connects a core to the ports and the memory every VGA has. Mapped from attach() until
/// destroyed. vCPU threads.
/// DEVIATION: answers whatever the command register of the PCI function says; firmware reaches the
/// VGA before and after it sizes BARs.
class VgaLegacy {
public:
    /// `core` outlives it.
    explicit VgaLegacy(VgaCore& core);
    /// Claims the addresses; Busy when another device has some of them.
    Result<void> attach(bus::PioBus& pio, bus::MmioBus& mmio);

private:
    /// Ports of one byte each, from `base`.
    class Ports final : public bus::PioHandler {
    public:
        Ports(VgaCore& core, uint16_t base) : m_core(core), m_base(base) {}
        uint32_t readPort(uint16_t offset, unsigned size) override;
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;

    private:
        VgaCore& m_core;
        uint16_t m_base;
    };
    /// Index word at 0, data word at 1 (x86) and at 2.
    class DispiPorts final : public bus::PioHandler {
    public:
        explicit DispiPorts(VgaCore& core) : m_core(core) {}
        uint32_t readPort(uint16_t offset, unsigned size) override;
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;

    private:
        VgaCore& m_core;
    };
    class Window final : public bus::MmioHandler {
    public:
        explicit Window(VgaCore& core) : m_core(core) {}
        uint64_t readMmio(uint64_t offset, unsigned size) override;
        void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

    private:
        VgaCore& m_core;
    };

    Ports m_monoPorts;
    Ports m_ports;
    DispiPorts m_dispi;
    Window m_window;
    std::vector<std::unique_ptr<bus::Registration>> m_registrations;
};

/// The registers as memory (BAR 2 of 1234:1111): EDID at 0, ports 3c0-3df at 0x400, VBE registers
/// at 0x500. The byte order register at 0x600 is not there and reads as 0, which drivers take for
/// "little-endian only". vCPU threads.
class VgaRegisterBar final : public bus::MmioHandler {
public:
    VgaRegisterBar(VgaCore& core, gpu::EdidMode preferred)
        : m_core(core), m_edid(gpu::makeEdid(preferred))
    {}
    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

private:
    uint8_t readByte(uint64_t offset);

    VgaCore& m_core;
    const std::array<uint8_t, gpu::kEdidSize> m_edid;
};

} // namespace vmm::pci_devices
