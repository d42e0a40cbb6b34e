// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the keyboard controller's ports, keyboard and mouse input, and its saved state.
#include "tests/fuzz/vmm/chipset/chip_fuzz.h"
#include "tests/support/fakes.h"
#include "vmm/chipset/i8042.h"

using namespace vmm;

namespace {

struct Rig {
    state::Participant& device() { return *i8042; }
    void reset() { i8042->reset(); }
    void step(uint8_t what, fuzz::Input& input)
    {
        switch (what % 8) {
        case 0:
            pio.write(memory::GuestPort(0x64), input.byte(), 1);
            break;
        case 1:
            pio.write(memory::GuestPort(0x60), input.byte(), 1);
            break;
        case 2:
            static_cast<void>(pio.read(memory::GuestPort(what < 128 ? 0x60 : 0x64), 1));
            break;
        case 3:
            i8042->key({static_cast<uint16_t>(input.number(2)), what < 128});
            break;
        case 4:
            i8042->key({input.byte(), what < 128});
            break;
        case 5:
            i8042->move(static_cast<int>(input.number(4)), static_cast<int>(input.number(4)));
            break;
        case 6:
            i8042->wheel(static_cast<int>(input.number(4)));
            break;
        default:
            i8042->button(static_cast<input::PointerButton>(input.byte()), what < 128);
            break;
        }
    }

    tests::FakeIrqLine irq1;
    tests::FakeIrqLine irq12;
    tests::FakeSystemControl system;
    bus::PioBus pio;
    std::unique_ptr<chipset::I8042> i8042 =
        std::move(*chipset::I8042::create(pio, irq1, irq12, system));
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    return fuzz::run<Rig>(data, size);
}
