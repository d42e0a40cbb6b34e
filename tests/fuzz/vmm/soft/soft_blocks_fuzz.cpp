// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes what lies between instructions in the software vCPU: decoded blocks, links between them,
// code that changes itself, NMIs and kicks. A program in any mode runs in chained blocks and again
// one instruction at a time; both must end alike.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/vmm/soft/soft_fuzz.h"
#include "tests/support/soft_twins.h"

namespace {

using Machine = tests::SoftMachine;

/// A register: small, a place in the code's pages, or anything.
uint64_t value(fuzz::Input& input)
{
    const uint8_t how = input.byte();
    if (how < 64)
        return how;
    if (how < 200)
        return fuzz::kCode + input.number(2) % (fuzz::kCodePages * 4096);
    return input.number(how < 230 ? 4 : 8);
}

/// RDRAND and RDSEED somewhere in memory: no two runs are alike.
bool maybeRandom(Machine& machine)
{
    const auto ram = machine.ram();
    for (size_t n = 0; n + 2 < ram.size(); ++n) {
        const auto* at = static_cast<const std::byte*>(std::memchr(&ram[n], 0x0f, ram.size() - n));
        if (at == nullptr)
            return false;
        n = static_cast<size_t>(at - ram.data());
        if (n + 2 < ram.size() && ram[n + 1] == std::byte{0xc7} && ram[n + 2] >= std::byte{0xf0})
            return true;
    }
    return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    constexpr unsigned kSteps = 500;
    fuzz::Input input(data, size);
    tests::SoftTwins twins(fuzz::kMemory);
    const unsigned mode = input.byte();
    const unsigned offset = static_cast<unsigned>(input.number(2)) % 0x1400;
    const uint64_t flags = input.number(2);
    std::array<uint64_t, 16> general{};
    for (auto& one : general)
        one = value(input);
    const auto code = input.rest(fuzz::kCodePages * 4096 - offset);
    twins.both([&](Machine& machine) {
        std::copy(general.begin(), general.end(), machine.core.regs.general.begin());
        machine.core.regs.flags.set(flags);
        fuzz::enter(machine, mode);
        if ((flags & 0x8000) != 0)
            machine.core.regs.systemFlags |= vmm::soft::flag::kIopl;
        machine.core.regs.rip += offset;
        machine.putValue<uint16_t>(Machine::kHandlers + 2 * 16, 0xcf48); // IRETQ ends an NMI
        machine.put(fuzz::kCode + offset, code);
    });
    std::string difference = twins.run(kSteps);
    if (difference.empty() && twins.ended && !twins.tolerated &&
        std::memcmp(twins.blocks.at(0), twins.steps.at(0), fuzz::kMemory) != 0)
        difference = "memory\n";
    if (!difference.empty() && !maybeRandom(twins.blocks)) {
        std::fprintf(stderr, "mode %u, blocks and steps differ:\n%s", mode % 7, difference.c_str());
        std::abort();
    }
    return 0;
}
