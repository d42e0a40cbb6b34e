// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the ports of the real-time clock, the host's clock jumping about, and its saved state.
#include "tests/fuzz/vmm/chipset/chip_fuzz.h"
#include "tests/support/fakes.h"
#include "vmm/chipset/rtc.h"

using namespace vmm;

namespace {

/// Host time that goes along with guest time, and jumps.
struct JumpingWallClock final : WallClock {
    explicit JumpingWallClock(const Clock& guest) : clock(guest) {}
    int64_t utcNs() const override
    {
        return static_cast<int64_t>(static_cast<uint64_t>(base) + clock.nowNs());
    }
    const Clock& clock;
    int64_t base = 1'700'000'000'000'000'000;
};

struct Rig {
    state::Participant& device() { return *rtc; }
    void reset() { rtc->reset(); }
    void step(uint8_t what, fuzz::Input& input)
    {
        switch (what % 4) {
        case 0:
            rtc->writePort(0, input.byte(), 1);
            rtc->writePort(1, input.byte(), 1);
            break;
        case 1:
            static_cast<void>(rtc->readPort(what >> 7, 1));
            break;
        case 2:
            clock.advance(fuzz::stretch(input) % 1'000'000'000'000); // a wake-up a minute at most
            break;
        default:
            wallClock.base = static_cast<int64_t>(input.number(8));
            break;
        }
    }

    tests::FakeClock clock;
    JumpingWallClock wallClock{clock};
    tests::FakeIrqLine line;
    bus::PioBus pio;
    std::unique_ptr<chipset::Rtc> rtc =
        std::move(*chipset::Rtc::create(pio, line, clock, wallClock, {}));
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    return fuzz::run<Rig>(data, size);
}
