// SPDX-License-Identifier: GPL-3.0-or-later
// Configuration space as a driver reaches it: ports 0xcf8 and 0xcfc. PCI Local Bus 3.0
// section 3.2.2.3.2.
#pragma once

#include <cstdint>

#include "vmm/bus/bus.h"
#include "vmm/pci/pci_device.h"
#include "vmm/pci/pci_ids.h"

namespace tests {

/// Needs PciConfigPorts mapped on `pio`.
class PciDriver {
public:
    PciDriver(vmm::bus::PioBus& pio, vmm::pci::PciBdf bdf) : m_pio(pio), m_bdf(bdf) {}

    uint32_t read(uint16_t offset, unsigned size) const { return m_pio.read(select(offset), size); }
    void write(uint16_t offset, uint32_t value, unsigned size) const
    {
        m_pio.write(select(offset), value, size);
    }
    void command(uint16_t bits) const { write(vmm::pci::kCommand, bits, 2); }
    void placeBar(unsigned index, uint32_t base) const { write(barOffset(index), base, 4); }
    uint32_t bar(unsigned index) const { return read(barOffset(index), 4); }
    /// What a driver finds when it asks a BAR for its size.
    uint32_t barSize(unsigned index, uint32_t typeBits) const
    {
        const uint32_t old = bar(index);
        placeBar(index, 0xffff'ffff);
        const uint32_t size = ~(bar(index) & ~typeBits) + 1;
        placeBar(index, old);
        return size;
    }

private:
    static uint16_t barOffset(unsigned index)
    {
        return static_cast<uint16_t>(vmm::pci::kBar0 + 4 * index);
    }
    vmm::memory::GuestPort select(uint16_t offset) const
    {
        const uint32_t address = 0x8000'0000 | uint32_t{m_bdf.bus} << 16 |
                                 uint32_t{m_bdf.devfn()} << 8 | (offset & 0xfcU);
        m_pio.write(vmm::memory::GuestPort(0xcf8), address, 4);
        return vmm::memory::GuestPort(static_cast<uint16_t>(0xcfc + offset % 4));
    }

    vmm::bus::PioBus& m_pio;
    vmm::pci::PciBdf m_bdf;
};

} // namespace tests
