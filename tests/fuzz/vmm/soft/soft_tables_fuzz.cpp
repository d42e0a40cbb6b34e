// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes what the software vCPU reads from memory by itself: page tables, descriptors, gates, task
// state segments. An input damages good tables and runs instructions that look at them.
#include <vector>

#include "tests/fuzz/vmm/soft/soft_fuzz.h"

using namespace vmm::soft;

namespace {

using Machine = tests::SoftMachine;

/// Instructions that use tables; rBX points, rAX is the value, rCX an index.
const std::vector<std::vector<uint8_t>>& menu()
{
    static const std::vector<std::vector<uint8_t>> kMenu = {
        {0x8b, 0x03},                   // MOV eax, [ebx]
        {0x89, 0x03},                   // MOV [ebx], eax
        {0xff, 0x03},                   // INC [ebx]
        {0x8e, 0xd8},                   // MOV ds, ax
        {0x8e, 0xd0},                   // MOV ss, ax
        {0x8e, 0xe0},                   // MOV fs, ax
        {0x8e, 0xe8},                   // MOV gs, ax
        {0x0f, 0x00, 0xd0},             // LLDT ax
        {0x0f, 0x00, 0xd8},             // LTR ax
        {0x0f, 0x01, 0x13},             // LGDT [ebx]
        {0x0f, 0x01, 0x1b},             // LIDT [ebx]
        {0x0f, 0x02, 0xc3},             // LAR eax, ebx
        {0x0f, 0x03, 0xc3},             // LSL eax, ebx
        {0x0f, 0x00, 0xe0},             // VERR ax
        {0x0f, 0x00, 0xe8},             // VERW ax
        {0xcc},                         // INT3
        {0xcd, 0x20},                   // INT 20h
        {0xcd, 0x0d},                   // INT 0Dh
        {0xcf},                         // IRET
        {0x48, 0xcf},                   // IRETQ
        {0xcb},                         // RETF
        {0x48, 0xcb},                   // RETFQ
        {0xff, 0x1b},                   // CALL far [ebx]
        {0xff, 0x2b},                   // JMP far [ebx]
        {0x0f, 0x22, 0xd8},             // MOV cr3, eax
        {0x0f, 0x22, 0xc0},             // MOV cr0, eax
        {0x0f, 0x22, 0xe0},             // MOV cr4, eax
        {0x0f, 0x20, 0xc0},             // MOV eax, cr0
        {0x0f, 0x20, 0xe0},             // MOV eax, cr4
        {0x0f, 0x30},                   // WRMSR
        {0x0f, 0x32},                   // RDMSR
        {0x0f, 0x01, 0x3b},             // INVLPG [ebx]
        {0x66, 0x0f, 0x38, 0x82, 0x03}, // INVPCID eax, [ebx]
        {0x0f, 0x05},                   // SYSCALL
        {0x0f, 0x07},                   // SYSRET
        {0x0f, 0x34},                   // SYSENTER
        {0x0f, 0x35},                   // SYSEXIT
        {0x0f, 0x0b},                   // UD2
        {0x50},                         // PUSH eax
        {0x58},                         // POP eax
        {0x9c},                         // PUSHF
        {0x9d},                         // POPF
        {0xf3, 0xa4},                   // REP MOVSB
        {0xf3, 0xab},                   // REP STOSD
        {0x0f, 0x23, 0xf8},             // MOV dr7, eax
        {0x0f, 0x23, 0xc0},             // MOV dr0, eax
        {0xf0, 0x0f, 0xc1, 0x03},       // LOCK XADD [ebx], eax
        {0x0f, 0xc7, 0x0b},             // CMPXCHG8B [ebx]
        {0xc8, 0x10, 0x00, 0x05},       // ENTER 16, 5
        {0xee},                         // OUT dx, al
    };
    return kMenu;
}

/// A value that often is a good entry with something wrong, or the address of something.
uint64_t entry(fuzz::Input& input)
{
    switch (input.byte() % 4) {
    case 0:
        return Machine::kTables + (input.number(1) << 12) + input.number(2) % 4096;
    case 1:
        return input.number(2) << 40 | input.number(3) << 16 | 0xffff;
    case 2:
        return input.number(2) | input.number(1) << 56;
    default:
        return input.number(8);
    }
}

uint64_t pointer(fuzz::Input& input)
{
    switch (input.byte() % 4) {
    case 0:
        return fuzz::kCode + input.number(2) % 0x4008;
    case 1:
        return Machine::kSystem + input.number(3) % Machine::kFree;
    case 2:
        return input.number(3);
    default:
        return input.number(8);
    }
}

void damage(Machine& machine, fuzz::Input& input, uint64_t start, uint64_t size)
{
    const uint64_t at = start + input.number(2) * 8 % size;
    const uint64_t value = entry(input);
    std::array<uint8_t, 8> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    machine.put(at, bytes);
}

/// False when the processor shut down.
bool step(Machine& machine, fuzz::Input& input)
{
    Core& core = machine.core;
    const uint8_t what = input.byte();
    switch (what % 8) {
    case 0: // descriptors, gates, TSS
        damage(machine, input, 0, 0x2100);
        return true;
    case 1: // page tables in use
        damage(machine, input, Machine::kTables, 0x8000);
        return true;
    case 2: // memory that pointers lead to
        damage(machine, input, fuzz::kCode + 0x1000, 0x3000);
        return true;
    case 3:
        core.regs.general[kRax] = entry(input);
        core.regs.general[kRdx] = input.number(1);
        return true;
    case 4:
        core.regs.general[kRbx] = pointer(input);
        core.regs.general[kRdi] = pointer(input);
        core.regs.general[kRcx] = what & 0x80 ? 0xc000'0080 + (what >> 3 & 7) : input.number(2);
        return true;
    case 5:
        core.regs.general[kRsp] = pointer(input);
        return true;
    default: {
        const auto& instruction = menu()[input.byte() % menu().size()];
        machine.put(fuzz::kCode, instruction);
        core.regs.rip = core.protectedMode() && !core.v8086()
                            ? fuzz::kCode - (core.inLong64() ? 0 : core.regs.segment[kCs].base)
                            : 0;
        return core.runOne() == Outcome::Kicked && core.runOne() == Outcome::Kicked;
    }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    constexpr unsigned kSteps = 1000;
    fuzz::Input input(data, size);
    Machine machine(fuzz::kMemory);
    fuzz::enter(machine, input.byte());
    for (unsigned n = 0; n < kSteps && !input.empty(); ++n)
        if (!step(machine, input))
            break;
    fuzz::saveAndLoad(machine.core);
    return 0;
}
