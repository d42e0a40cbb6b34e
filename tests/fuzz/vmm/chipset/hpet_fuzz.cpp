// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the registers of the event timer with time going on, and its saved state.
#include "tests/fuzz/vmm/chipset/chip_fuzz.h"
#include "tests/support/fakes.h"
#include "vmm/chipset/hpet.h"

using namespace vmm;

namespace {

struct Rig {
    state::Participant& device() { return *hpet; }
    void reset() { hpet->reset(); }
    void step(uint8_t what, fuzz::Input& input)
    {
        // Half of the accesses aim at the registers there are, the rest anywhere.
        const bool aimed = (what & 0x80) != 0;
        const uint64_t offset = aimed ? (input.byte() & 0x5fU) * 4 : input.number(2) % 0x3f9;
        const unsigned size = aimed ? 4U << (what >> 6 & 1) : 1U << (what >> 5 & 3);
        switch (what % 4) {
        case 0:
        case 3:
            hpet->writeMmio(offset, input.number(size), size);
            break;
        case 1:
            static_cast<void>(hpet->readMmio(offset, size));
            break;
        default:
            clock.advance(fuzz::stretch(input) % 1'000'000'000);
            break;
        }
    }

    tests::FakeClock clock;
    tests::FakeInterruptController interrupts;
    bus::MmioBus mmio;
    std::unique_ptr<chipset::Hpet> hpet =
        std::move(*chipset::Hpet::create(mmio, interrupts, clock, {}));
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    return fuzz::run<Rig>(data, size);
}
