// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/vga_legacy.h"

namespace vmm::pci_devices {

using namespace vga;
using memory::GuestPhys;
using memory::GuestPort;

VgaLegacy::VgaLegacy(VgaCore& core)
    : m_monoPorts(core, kPortBase), m_ports(core, kColourBase), m_dispi(core), m_window(core)
{}

Result<void> VgaLegacy::attach(bus::PioBus& pio, bus::MmioBus& mmio)
{
    // One byte each: a word written to an index port is index and data (FreeVGA, "Accessing the
    // VGA Registers").
    m_registrations.push_back(
        TRY(pio.map("vga mono", GuestPort(kPortBase), kMonoEnd - kPortBase, m_monoPorts, 1)));
    m_registrations.push_back(
        TRY(pio.map("vga", GuestPort(kColourBase), kPortEnd - kColourBase, m_ports, 1)));
    m_registrations.push_back(
        TRY(pio.map("vga dispi", GuestPort(kDispiPort), kDispiPortCount, m_dispi, 2)));
    m_registrations.push_back(
        TRY(mmio.map("vga window", GuestPhys(kWindowBase), kWindowSize, m_window)));
    return {};
}

uint32_t VgaLegacy::Ports::readPort(uint16_t offset, unsigned)
{
    return m_core.readRegister(static_cast<uint16_t>(m_base + offset));
}

void VgaLegacy::Ports::writePort(uint16_t offset, uint32_t value, unsigned)
{
    m_core.writeRegister(static_cast<uint16_t>(m_base + offset), static_cast<uint8_t>(value));
}

uint32_t VgaLegacy::DispiPorts::readPort(uint16_t offset, unsigned size)
{
    const uint16_t value = offset == 0 ? m_core.dispiIndex() : m_core.readDispiData();
    return size == 1 ? value & 0xffU : value;
}

void VgaLegacy::DispiPorts::writePort(uint16_t offset, uint32_t value, unsigned size)
{
    // The interface is made of words. A byte means nothing, but for a small index.
    if (offset == 0)
        m_core.setDispiIndex(static_cast<uint16_t>(value));
    else if (size == 2)
        m_core.writeDispiData(static_cast<uint16_t>(value));
}

uint64_t VgaLegacy::Window::readMmio(uint64_t offset, unsigned size)
{
    return m_core.readWindow(static_cast<uint32_t>(offset), size);
}

void VgaLegacy::Window::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    m_core.writeWindow(static_cast<uint32_t>(offset), value, size);
}

uint8_t VgaRegisterBar::readByte(uint64_t offset)
{
    if (offset < m_edid.size())
        return m_edid[offset];
    if (offset >= kBarRegisters && offset < kBarRegisters + (kPortEnd - kColourBase))
        return m_core.readRegister(static_cast<uint16_t>(kColourBase + offset - kBarRegisters));
    if (offset >= kBarDispi && offset < kBarDispi + 2 * kDispiCount) {
        const uint64_t at = offset - kBarDispi;
        const uint16_t word = m_core.readDispiRegister(static_cast<uint16_t>(at / 2));
        return static_cast<uint8_t>(word >> (8 * (at % 2)));
    }
    return 0;
}

uint64_t VgaRegisterBar::readMmio(uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i)
        value |= uint64_t{readByte(offset + i)} << (8 * i);
    return value;
}

void VgaRegisterBar::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size;) {
        const uint64_t at = offset + i;
        const uint64_t rest = value >> (8 * i);
        const bool dispi = at >= kBarDispi && at < kBarDispi + 2 * kDispiCount;
        if (dispi && at % 2 == 0 && i + 2 <= size) { // words only
            m_core.writeDispiRegister(static_cast<uint16_t>((at - kBarDispi) / 2),
                                      static_cast<uint16_t>(rest));
            i += 2;
            continue;
        }
        if (at >= kBarRegisters && at < kBarRegisters + (kPortEnd - kColourBase))
            m_core.writeRegister(static_cast<uint16_t>(kColourBase + at - kBarRegisters),
                                 static_cast<uint8_t>(rest));
        ++i;
    }
}

} // namespace vmm::pci_devices
