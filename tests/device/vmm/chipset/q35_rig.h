// SPDX-License-Identifier: GPL-3.0-or-later
// The chips of the board's core wired as on the board, on fake RAM, clock and interrupts.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "tests/support/fakes.h"
#include "tests/support/pci_driver.h"
#include "vmm/chipset/acpi_pm.h"
#include "vmm/chipset/ich9_lpc.h"
#include "vmm/chipset/ich9_smbus.h"
#include "vmm/chipset/q35_host.h"
#include "vmm/pci/pci_bus.h"

namespace tests {

/// A ROM whose every byte tells its distance from the end.
inline std::vector<std::byte> patternRom(size_t size)
{
    std::vector<std::byte> rom(size);
    for (size_t i = 0; i < size; ++i)
        rom[i] = static_cast<std::byte>((size - i) >> 12 ^ (size - i));
    return rom;
}

struct Q35Rig {
    static constexpr vmm::pci::PciBdf kHostBdf{0, 0, 0};
    static constexpr vmm::pci::PciBdf kLpcBdf{0, 0x1f, 0};
    static constexpr vmm::pci::PciBdf kSmbusBdf{0, 0x1f, 3};
    static constexpr uint16_t kPmBase = 0x600;

    explicit Q35Rig(std::vector<std::byte> rom = patternRom(size_t{256} << 10),
                    uint64_t ramSize = uint64_t{16} << 20)
        : board(ramSize),
          lpc(*vmm::chipset::Ich9Lpc::create(board.pciServices(), board.system)),
          pm(board.clock, board.system, lpc->sciLine()),
          pciBus(*lpc),
          ports(pciBus, lpc->resetControl()),
          host(*vmm::chipset::Q35Host::create(board.pciServices(), pciBus, rom)),
          smbus(board.pciServices())
    {
        lpc->connectPm(pm);
        smbus.connectIntx(pciBus.intxLine(kSmbusBdf, vmm::chipset::Ich9Smbus::kInterruptPinB));
        CHECK(pciBus.attach(kHostBdf, *host) && pciBus.attach(kLpcBdf, *lpc) &&
              pciBus.attach(kSmbusBdf, smbus));
        portsMapping = *board.pio.map("pci-config", vmm::memory::GuestPort(0xcf8), 8, ports);
    }

    PciDriver driver(vmm::pci::PciBdf bdf) { return {board.pio, bdf}; }
    uint32_t in(uint16_t port, unsigned size)
    {
        return board.pio.read(vmm::memory::GuestPort(port), size);
    }
    void out(uint16_t port, uint32_t value, unsigned size)
    {
        board.pio.write(vmm::memory::GuestPort(port), value, size);
    }
    /// Programs PMBASE as firmware does.
    void enablePm()
    {
        driver(kLpcBdf).write(0x40, kPmBase | 1, 4);
        driver(kLpcBdf).write(0x44, 0x80, 1);
    }

    FakeBoard board;
    std::unique_ptr<vmm::chipset::Ich9Lpc> lpc;
    vmm::chipset::AcpiPm pm;
    vmm::pci::PciBus pciBus;
    vmm::pci::PciConfigPorts ports;
    std::unique_ptr<vmm::chipset::Q35Host> host;
    vmm::chipset::Ich9Smbus smbus;
    std::unique_ptr<vmm::bus::Registration> portsMapping;
};

} // namespace tests
