// SPDX-License-Identifier: GPL-3.0-or-later
// Waits for the ACPI power button, then powers off through PM1a_CNT, as an operating system does.
#include "tests/guest/micro/micro.h"

namespace {
constexpr uint16_t kPmBase = 0x600;
constexpr uint32_t kPowerButton = 1 << 8; // PM1_STS.PWRBTN_STS
} // namespace

void guestMain(uint64_t)
{
    micro::writeConfig(0x1f, 0, 0x40, kPmBase | 1); // PMBASE
    micro::writeConfig(0x1f, 0, 0x44, 0x80);        // ACPI_EN
    micro::printFact("waiting", 1);
    while ((micro::in32(kPmBase) & kPowerButton) == 0)
        asm volatile("pause");
    micro::printFact("pressed", 1);
    micro::out16(kPmBase + 4, 1 << 13); // SLP_EN, type 0: S5
    for (;;)
        asm volatile("pause");
}
