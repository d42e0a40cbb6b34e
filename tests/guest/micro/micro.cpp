// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/guest/micro/micro.h"

extern "C" {
volatile uint64_t interruptCounts[64];
volatile uint32_t faultVector;
extern uint64_t idt[];
extern char interrupt_stubs[];

// The compiler may call these for any loop or struct copy.
void* memset(void* to, int value, size_t size)
{
    auto* bytes = static_cast<volatile unsigned char*>(to);
    for (size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<unsigned char>(value);
    return to;
}
void* memcpy(void* to, const void* from, size_t size)
{
    auto* target = static_cast<volatile unsigned char*>(to);
    const auto* source = static_cast<const unsigned char*>(from);
    for (size_t i = 0; i < size; ++i)
        target[i] = source[i];
    return to;
}
}

namespace micro {

namespace {
constexpr uint16_t kSerial = 0x3f8;
constexpr uint16_t kDebugExit = 0x501;
constexpr uint64_t kLocalApic = 0xfee00000;
} // namespace

void print(const char* text)
{
    for (; *text != 0; ++text)
        out8(kSerial, static_cast<uint8_t>(*text));
}

void printNumber(uint64_t number)
{
    char digits[21];
    char* at = digits + 20;
    *at = 0;
    do {
        *--at = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(at);
}

void printFact(const char* name, uint64_t value)
{
    print(name);
    print(" ");
    printNumber(value);
    print("\n");
}

void finish(uint32_t value)
{
    out32(kDebugExit, value);
    for (;;)
        asm volatile("pause");
}

void enableInterrupts()
{
    constexpr uint64_t kStubSize = 64; // start.S
    for (uint64_t vector = 0; vector < 64; ++vector) {
        const uint64_t handler = reinterpret_cast<uint64_t>(interrupt_stubs) + vector * kStubSize;
        // 64-bit interrupt gate, ring 0 code, callable from ring 0 (SDM volume 3 section 6.14.1).
        idt[2 * vector] =
            (handler & 0xffff) | 0x08ULL << 16 | 0x8eULL << 40 | (handler >> 16 & 0xffff) << 48;
        idt[2 * vector + 1] = handler >> 32;
    }
    write32(kLocalApic + 0xf0, 0x1ff); // software enable, spurious vector 255
}

uint32_t readConfig(unsigned device, unsigned function, unsigned offset)
{
    out32(0xcf8, 0x80000000U | device << 11 | function << 8 | (offset & 0xfc));
    return in32(0xcfc);
}

void writeConfig(unsigned device, unsigned function, unsigned offset, uint32_t value)
{
    out32(0xcf8, 0x80000000U | device << 11 | function << 8 | (offset & 0xfc));
    out32(0xcfc, value);
}

} // namespace micro
