// SPDX-License-Identifier: GPL-3.0-or-later
// Debug console at port 0x402: what firmware prints for developers (SeaBIOS src/hw/serialio.c, OVMF
// DebugIoPortQemu.c).
#include "vmm/chipset/debugcon.h"

namespace vmm::chipset {

Result<std::unique_ptr<Debugcon>> Debugcon::create(bus::PioBus& pio, console::ByteSink& sink,
                                                   memory::GuestPort port)
{
    std::unique_ptr<Debugcon> debugcon(new Debugcon(sink));
    debugcon->m_port = TRY(pio.map("debugcon", port, 1, *debugcon, 1));
    return debugcon;
}

uint32_t Debugcon::readPort(uint16_t, unsigned)
{
    return 0xe9;
}

void Debugcon::writePort(uint16_t, uint32_t value, unsigned)
{
    const auto byte = static_cast<std::byte>(value);
    m_sink.writeBytes(std::span(&byte, 1));
}

} // namespace vmm::chipset
