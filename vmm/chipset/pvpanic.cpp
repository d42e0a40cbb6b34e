// SPDX-License-Identifier: GPL-3.0-or-later
// Guest panic notification at port 0x505 (QEMU docs/specs/pvpanic.rst, ISA form).
#include "vmm/chipset/pvpanic.h"

namespace vmm::chipset {

Result<std::unique_ptr<Pvpanic>> Pvpanic::create(bus::PioBus& pio, bus::SystemControl& system)
{
    std::unique_ptr<Pvpanic> pvpanic(new Pvpanic(system));
    pvpanic->m_port = TRY(pio.map("pvpanic", memory::GuestPort(kPort), 1, *pvpanic, 1));
    return pvpanic;
}

uint32_t Pvpanic::readPort(uint16_t, unsigned)
{
    return kPanicked | kCrashLoaded;
}

void Pvpanic::writePort(uint16_t, uint32_t value, unsigned)
{
    if ((value & kPanicked) != 0)
        m_system.guestPanicked();
    else if ((value & kCrashLoaded) != 0)
        m_log.warn("the guest crashed and its crash kernel takes over");
}

} // namespace vmm::chipset
