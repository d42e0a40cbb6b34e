// SPDX-License-Identifier: GPL-3.0-or-later
// Resets the machine in every way there is, one a boot, counting boots in a CMOS byte that survives
// them.
#include "tests/guest/micro/micro.h"

namespace {

constexpr uint8_t kCounter = 0x50; // CMOS byte no firmware uses

uint8_t cmos(uint8_t index)
{
    micro::out8(0x70, index);
    return micro::in8(0x71);
}

void tripleFault()
{
    // The IDT is empty: the interrupt, the fault it causes and the double fault all find nothing.
    asm volatile("int3");
}

} // namespace

void guestMain(uint64_t)
{
    const uint8_t boot = cmos(kCounter);
    micro::printFact("boot", boot);
    micro::out8(0x70, kCounter);
    micro::out8(0x71, static_cast<uint8_t>(boot + 1));
    switch (boot) {
    case 0:
        micro::out8(0xcf9, 0x02);
        micro::out8(0xcf9, 0x06);
        break;
    case 1:
        micro::out8(0x64, 0xfe);
        break;
    case 2:
        micro::out8(0x92, 0x01);
        break;
    case 3:
        tripleFault();
        break;
    default:
        micro::finish(0);
    }
    for (;;)
        asm volatile("pause");
}
