// SPDX-License-Identifier: GPL-3.0-or-later
// Test device: ports that keep what was written, ports that drive interrupt inputs, and a block of
// device memory; what public CPU test suites expect of a PC (QEMU docs: pc-testdev).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"

namespace vmm::chipset {

/// 32 bits at 0xE0 (accesses of 1 to 4 bytes) and again at 0xE8 (bytes), one port for each GSI from
/// 0x2000 (zero: low, anything else: high), 64 KiB of memory at 0xFF000000. Only on machines with
/// test devices, which are not saved: no state. Ports from vCPU threads concurrently.
class TestDevice final : public bus::PioHandler {
public:
    static constexpr uint16_t kDataPort = 0xe0;
    static constexpr uint16_t kBytePort = 0xe8;
    static constexpr uint32_t kDataPorts = 4;
    static constexpr uint16_t kIrqPort = 0x2000;
    static constexpr uint32_t kIrqs = 24;
    static constexpr uint64_t kMemory = 0xff000000;
    static constexpr uint64_t kMemorySize = 0x10000;

    /// Claims its ports and memory. The references outlive the device.
    static Result<std::unique_ptr<TestDevice>> create(bus::PioBus& pio, bus::MmioBus& mmio,
                                                      bus::InterruptController& interrupts);
    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;

private:
    /// The ports from kIrqPort.
    class IrqPorts final : public bus::PioHandler {
    public:
        explicit IrqPorts(bus::InterruptController& interrupts) : m_interrupts(interrupts) {}
        uint32_t readPort(uint16_t, unsigned) override { return 0; }
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;

    private:
        bus::InterruptController& m_interrupts;
    };
    /// The memory: every access reaches the device, none is mapped.
    class Memory final : public bus::MmioHandler {
    public:
        uint64_t readMmio(uint64_t offset, unsigned size) override;
        void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

    private:
        Mutex m_mutex;
        std::array<uint8_t, kMemorySize> m_bytes GUARDED_BY(m_mutex){};
    };

    explicit TestDevice(bus::InterruptController& interrupts) : m_irqs(interrupts) {}

    IrqPorts m_irqs;
    Memory m_memory;
    Mutex m_mutex;
    uint32_t m_data GUARDED_BY(m_mutex) = 0;
    std::vector<std::unique_ptr<bus::Registration>> m_mappings;
};

} // namespace vmm::chipset
