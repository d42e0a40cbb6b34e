// SPDX-License-Identifier: GPL-3.0-or-later
// Interrupts reach ring 0 through PIT, RTC and HPET over the IOAPIC: prints how many of each
// arrived in a while.
#include "tests/guest/micro/micro.h"

namespace {

constexpr uint64_t kIoapic = 0xfec00000;
constexpr uint64_t kHpet = 0xfed00000;
constexpr uint8_t kPitVector = 32;
constexpr uint8_t kRtcVector = 33;
constexpr uint8_t kHpetVector = 34;

void route(unsigned pin, uint8_t vector)
{
    micro::write32(kIoapic, 0x10 + 2 * pin);
    micro::write32(kIoapic + 0x10, vector); // fixed, physical, edge, high
    micro::write32(kIoapic, 0x11 + 2 * pin);
    micro::write32(kIoapic + 0x10, 0); // local APIC 0
}

uint8_t cmos(uint8_t index)
{
    micro::out8(0x70, index);
    return micro::in8(0x71);
}

void setCmos(uint8_t index, uint8_t value)
{
    micro::out8(0x70, index);
    micro::out8(0x71, value);
}

void waitFor(uint8_t vector, uint64_t count)
{
    const uint64_t start = micro::tsc();
    while (interruptCounts[vector] < count && micro::tsc() - start < 60'000'000'000) {
        if (vector == kRtcVector)
            cmos(0x0c); // the flag must be fetched before the next interrupt
        asm volatile("pause");
    }
}

} // namespace

void guestMain(uint64_t)
{
    micro::out8(0x21, 0xff); // PICs off
    micro::out8(0xa1, 0xff);
    micro::enableInterrupts();

    route(2, kPitVector); // ISA IRQ 0 is IOAPIC pin 2
    micro::out8(0x43, 0x34);
    micro::out8(0x40, 0x9c); // 11932: 100 Hz
    micro::out8(0x40, 0x2e);
    waitFor(kPitVector, 5);
    micro::printFact("pit", interruptCounts[kPitVector] >= 5);
    micro::out8(0x43, 0x30); // one-shot, never loaded: quiet

    route(8, kRtcVector);
    setCmos(0x0a, 0x2a); // 64 Hz
    setCmos(0x0b, static_cast<uint8_t>(cmos(0x0b) | 0x40));
    cmos(0x0c);
    waitFor(kRtcVector, 5);
    micro::printFact("rtc", interruptCounts[kRtcVector] >= 5);
    setCmos(0x0b, static_cast<uint8_t>(cmos(0x0b) & ~0x40));

    route(14, kHpetVector);
    micro::write32(kHpet + 0x100, 14 << 9 | 0x4); // timer 0 to pin 14, edge, interrupt on, one-shot
    micro::write32(kHpet + 0xf0, 0);
    micro::write32(kHpet + 0x108, 100'000); // 10 ms
    micro::write32(kHpet + 0x10c, 0);
    micro::write32(kHpet + 0x10, 1);
    waitFor(kHpetVector, 1);
    micro::printFact("hpet", interruptCounts[kHpetVector]);
    micro::finish(0);
}
