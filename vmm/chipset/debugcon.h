// SPDX-License-Identifier: GPL-3.0-or-later
// Debug console at port 0x402: what firmware prints for developers (SeaBIOS src/hw/serialio.c, OVMF
// DebugIoPortQemu.c).
#pragma once

#include <cstdint>
#include <memory>

#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/console/byte_stream.h"

namespace vmm::chipset {

/// Every byte written goes to the sink; reads give 0xE9, by which firmware knows that somebody
/// listens. No state. Ports from vCPU threads concurrently. Owner: the board.
class Debugcon final : public bus::PioHandler {
public:
    static constexpr uint16_t kPort = 0x402;
    /// Claims one port. The references outlive the device.
    static Result<std::unique_ptr<Debugcon>>
    create(bus::PioBus& pio, console::ByteSink& sink,
           memory::GuestPort port = memory::GuestPort(kPort));
    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;

private:
    explicit Debugcon(console::ByteSink& sink) : m_sink(sink) {}
    console::ByteSink& m_sink;
    std::unique_ptr<bus::Registration> m_port;
};

} // namespace vmm::chipset
