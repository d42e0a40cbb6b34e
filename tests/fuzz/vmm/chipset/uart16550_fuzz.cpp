// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the serial port's registers, what the host sends, and its saved state.
#include "tests/device/vmm/chipset/byte_recorder.h"
#include "tests/fuzz/vmm/chipset/chip_fuzz.h"
#include "tests/support/fakes.h"
#include "vmm/chipset/uart16550.h"

using namespace vmm;

namespace {

struct Rig {
    state::Participant& device() { return *uart; }
    void reset() { uart->reset(); }
    void step(uint8_t what, fuzz::Input& input)
    {
        const auto offset = static_cast<uint16_t>(what >> 5);
        switch (what % 4) {
        case 0:
            uart->writePort(offset, input.byte(), 1);
            break;
        case 1:
            static_cast<void>(uart->readPort(offset, 1));
            break;
        case 2:
            clock.advance(fuzz::stretch(input));
            break;
        default: {
            const std::vector<std::byte> bytes(input.byte() % 40, std::byte{what});
            uart->receiveBytes(bytes);
            break;
        }
        }
    }

    tests::FakeClock clock;
    tests::FakeIrqLine line;
    tests::ByteRecorder sink;
    bus::PioBus pio;
    std::unique_ptr<chipset::Uart16550> uart =
        std::move(*chipset::Uart16550::create(pio, memory::GuestPort(0x3f8), line, clock, sink));
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    return fuzz::run<Rig>(data, size);
}
