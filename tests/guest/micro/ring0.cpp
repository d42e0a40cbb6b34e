// SPDX-License-Identifier: GPL-3.0-or-later
// What a kernel does in ring 0 and some KVMs leave to somebody else: x87 arithmetic, and a triple
// fault. The invalid instruction is the way there.
#include "tests/guest/micro/micro.h"

extern "C" {
extern uint64_t idt[];
void enterRing0(); // the handler of #UD
volatile uint32_t sum = 0;
volatile uint32_t crash = 0;
}

namespace {

constexpr uint8_t kBoots = 0x51; // CMOS byte no firmware uses
constexpr unsigned kInvalidOpcode = 6;

// Adds one and one; then ends in a triple fault when told, or goes on behind the UD2.
asm(R"(
        .text
        .globl  enterRing0
enterRing0:
        fninit
        fld1
        fld1
        faddp
        fistpl  sum
        fwait
        cmpl    $0, crash
        je      1f
        lidt    no_idt
        int3
1:      addq    $2, (%rsp)
        iretq
        .data
no_idt: .word   0
        .quad   0
        .text
)");

/// An interrupt gate to 64-bit code in ring 0 (SDM volume 3 figure 6-8).
void setGate(unsigned vector, uint64_t target)
{
    constexpr uint64_t kGate = 0x8e00'0008'0000; // present, selector 8
    idt[vector * 2] = (target & 0xffff) | kGate | (target >> 16 & 0xffff) << 48;
    idt[vector * 2 + 1] = target >> 32;
}

uint8_t countBoot()
{
    micro::out8(0x70, kBoots);
    const uint8_t boot = micro::in8(0x71);
    micro::out8(0x71, static_cast<uint8_t>(boot + 1));
    return boot;
}

} // namespace

void guestMain(uint64_t)
{
    const uint8_t boot = countBoot();
    micro::printFact("boot", boot);
    setGate(kInvalidOpcode, reinterpret_cast<uint64_t>(&enterRing0));
    crash = boot == 0;
    asm volatile("ud2" : : : "memory");
    micro::printFact("sum", sum);
    micro::finish(0);
}
