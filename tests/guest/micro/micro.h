// SPDX-License-Identifier: GPL-3.0-or-later
// What a micro-guest has: ports, memory-mapped registers, a serial line, time and interrupts.
// Freestanding; ring 3.
#pragma once

#include <stddef.h>
#include <stdint.h>

extern "C" {
/// The guest's program; `startInfo` is the hvm_start_info (PVH). When it returns the guest spins.
void guestMain(uint64_t startInfo);
/// Interrupts by vector since the start.
extern volatile uint64_t interruptCounts[64];
extern volatile uint32_t faultVector;
}

namespace micro {

inline void out8(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
inline void out16(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
inline void out32(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}
inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline uint32_t read32(uint64_t address)
{
    return *reinterpret_cast<volatile uint32_t*>(address);
}
inline void write32(uint64_t address, uint32_t value)
{
    *reinterpret_cast<volatile uint32_t*>(address) = value;
}
inline uint64_t tsc()
{
    uint32_t low;
    uint32_t high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

/// Text and numbers on COM1.
void print(const char* text);
void printNumber(uint64_t number);
/// "name value\n"
void printFact(const char* name, uint64_t value);
/// Ends the machine through isa-debug-exit; the process' exit status is value * 2 + 1.
[[noreturn]] void finish(uint32_t value);
/// Fills the IDT and turns the local APIC on; vectors 32-63 are counted and acknowledged.
void enableInterrupts();
/// PCI configuration dword by mechanism #1.
uint32_t readConfig(unsigned device, unsigned function, unsigned offset);
void writeConfig(unsigned device, unsigned function, unsigned offset, uint32_t value);

} // namespace micro
