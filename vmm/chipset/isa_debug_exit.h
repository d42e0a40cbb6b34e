// SPDX-License-Identifier: GPL-3.0-or-later
// Test device: a write ends the machine with an exit status (QEMU docs: isa-debug-exit).
#pragma once

#include <cstdint>
#include <memory>

#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"

namespace vmm::chipset {

/// Writing v asks SystemControl for exit status (v << 1) | 1, of which the process keeps 8 bits.
/// Only on machines with test devices. No state. Ports from vCPU threads concurrently.
class IsaDebugExit final : public bus::PioHandler {
public:
    static constexpr uint16_t kPort = 0x501;
    static constexpr uint32_t kPorts = 4; ///< a 32-bit write is one write
    /// Claims kPorts ports. The references outlive the device.
    static Result<std::unique_ptr<IsaDebugExit>>
    create(bus::PioBus& pio, bus::SystemControl& system,
           memory::GuestPort port = memory::GuestPort(kPort));
    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;

private:
    explicit IsaDebugExit(bus::SystemControl& system) : m_system(system) {}
    bus::SystemControl& m_system;
    std::unique_ptr<bus::Registration> m_ports;
};

} // namespace vmm::chipset
