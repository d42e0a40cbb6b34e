// SPDX-License-Identifier: GPL-3.0-or-later
// Test device: a write ends the machine with an exit status (QEMU docs: isa-debug-exit).
#include "vmm/chipset/isa_debug_exit.h"

namespace vmm::chipset {

Result<std::unique_ptr<IsaDebugExit>>
IsaDebugExit::create(bus::PioBus& pio, bus::SystemControl& system, memory::GuestPort port)
{
    std::unique_ptr<IsaDebugExit> exit(new IsaDebugExit(system));
    exit->m_ports = TRY(pio.map("isa-debug-exit", port, kPorts, *exit));
    return exit;
}

uint32_t IsaDebugExit::readPort(uint16_t, unsigned)
{
    return 0;
}

void IsaDebugExit::writePort(uint16_t, uint32_t value, unsigned)
{
    m_system.requestExit(static_cast<int>((value << 1 | 1) & 0xff));
}

} // namespace vmm::chipset
