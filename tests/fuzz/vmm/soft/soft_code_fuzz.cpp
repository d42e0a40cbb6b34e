// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the software vCPU with raw instruction streams in all modes: whatever the bytes, each step
// ends in an architectural event.
#include "tests/fuzz/vmm/soft/soft_fuzz.h"

using namespace vmm::soft;

namespace {

/// A register: small, a place in the code's pages, or anything.
uint64_t value(fuzz::Input& input)
{
    const uint8_t how = input.byte();
    if (how < 64)
        return how;
    if (how < 160)
        return fuzz::kCode + input.number(2) % (fuzz::kCodePages * 4096);
    return input.number(how < 200 ? 4 : 8);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    constexpr unsigned kSteps = 500;
    fuzz::Input input(data, size);
    tests::SoftMachine machine(fuzz::kMemory);
    Core& core = machine.core;
    const unsigned mode = input.byte();
    for (unsigned n = 0; n < 16; ++n)
        core.regs.general[n] = value(input);
    core.regs.flags.set(input.number(2));
    fuzz::enter(machine, mode);
    machine.put(fuzz::kCode, input.rest(fuzz::kCodePages * 4096));
    for (unsigned n = 0; n < kSteps; ++n) {
        ++machine.tsc.ticks;
        if (core.runOne() != Outcome::Kicked)
            break;
    }
    fuzz::saveAndLoad(core);
    return 0;
}
