// SPDX-License-Identifier: GPL-3.0-or-later
// Test device: ports that keep what was written, ports that drive interrupt inputs, and a block of
// device memory; what public CPU test suites expect of a PC (QEMU docs: pc-testdev).
#include "vmm/chipset/test_device.h"

#include <cstring>

#include "vmm/base/bits.h"

namespace vmm::chipset {

using memory::GuestPhys;
using memory::GuestPort;

Result<std::unique_ptr<TestDevice>> TestDevice::create(bus::PioBus& pio, bus::MmioBus& mmio,
                                                       bus::InterruptController& interrupts)
{
    std::unique_ptr<TestDevice> device(new TestDevice(interrupts));
    auto& mappings = device->m_mappings;
    mappings.push_back(TRY(pio.map("test-data", GuestPort(kDataPort), kDataPorts, *device)));
    mappings.push_back(TRY(pio.map("test-bytes", GuestPort(kBytePort), kDataPorts, *device, 1)));
    mappings.push_back(TRY(pio.map("test-irqs", GuestPort(kIrqPort), kIrqs, device->m_irqs)));
    mappings.push_back(
        TRY(mmio.map("test-memory", GuestPhys(kMemory), kMemorySize, device->m_memory)));
    return device;
}

uint32_t TestDevice::readPort(uint16_t offset, unsigned size)
{
    MutexLock lock(m_mutex);
    return static_cast<uint32_t>((m_data >> (offset * 8)) & widthMask(size));
}

void TestDevice::writePort(uint16_t offset, uint32_t value, unsigned size)
{
    MutexLock lock(m_mutex);
    const uint64_t mask = widthMask(size) << (offset * 8);
    m_data = static_cast<uint32_t>((m_data & ~mask) | (uint64_t{value} << (offset * 8) & mask));
}

void TestDevice::IrqPorts::writePort(uint16_t offset, uint32_t value, unsigned)
{
    m_interrupts.setGsi(bus::Gsi(offset), value != 0);
}

uint64_t TestDevice::Memory::readMmio(uint64_t offset, unsigned size)
{
    MutexLock lock(m_mutex);
    uint64_t value = 0;
    std::memcpy(&value, &m_bytes[offset], size);
    return value;
}

void TestDevice::Memory::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    MutexLock lock(m_mutex);
    std::memcpy(&m_bytes[offset], &value, size);
}

} // namespace vmm::chipset
