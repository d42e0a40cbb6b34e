// SPDX-License-Identifier: GPL-3.0-or-later
// Guest panic notification at port 0x505 (QEMU docs/specs/pvpanic.rst, ISA form).
#pragma once

#include <cstdint>
#include <memory>

#include "vmm/base/log.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"

namespace vmm::chipset {

/// Reads give the supported events; the guest writes the events that happened. No state. Ports from
/// vCPU threads concurrently. Owner: the board.
class Pvpanic final : public bus::PioHandler {
public:
    static constexpr uint16_t kPort = 0x505;
    static constexpr uint8_t kPanicked = 0x01;
    static constexpr uint8_t kCrashLoaded =
        0x02; ///< a crash kernel takes over; the machine runs on
    /// Claims one port. The references outlive the device.
    static Result<std::unique_ptr<Pvpanic>> create(bus::PioBus& pio, bus::SystemControl& system);
    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;

private:
    explicit Pvpanic(bus::SystemControl& system) : m_system(system) {}
    bus::SystemControl& m_system;
    GuestLog m_log{"vmm.chipset.pvpanic"};
    std::unique_ptr<bus::Registration> m_port;
};

} // namespace vmm::chipset
