// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/cpu/cpu_state.h"

#include "vmm/base/bits.h"

namespace vmm::cpu {

namespace {

Segment realModeSegment(uint16_t selector, uint64_t base, uint8_t type, bool system)
{
    Segment segment;
    segment.selector = selector;
    segment.base = base;
    segment.limit = 0xffff;
    segment.type = type;
    segment.present = true;
    segment.s = !system;
    return segment;
}

} // namespace

CpuState CpuState::powerOn(unsigned index)
{
    constexpr uint8_t kCodeReadAccessed = 0xb;
    constexpr uint8_t kDataWriteAccessed = 0x3;
    CpuState cpu;
    for (Segment& segment : cpu.segments)
        segment = realModeSegment(0, 0, kDataWriteAccessed, false);
    cpu.segments[Cs] = realModeSegment(0xf000, 0xffff'0000, kCodeReadAccessed, false);
    cpu.segments[Ldtr] = realModeSegment(0, 0, 2, true);
    cpu.segments[Tr] = realModeSegment(0, 0, 0xb, true);
    cpu.gdt.limit = 0xffff;
    cpu.idt.limit = 0xffff;
    cpu.general[Rdx] = 0x600; // family 6; firmware reads it from CPUID
    constexpr uint64_t kBootProcessor = 1 << 8;
    constexpr uint64_t kApicEnable = 1 << 11;
    cpu.apicBase = 0xfee0'0000 | kApicEnable | (index == 0 ? kBootProcessor : 0);
    cpu.activity = index == 0 ? Activity::Running : Activity::WaitingForInit;
    return cpu;
}

} // namespace vmm::cpu
