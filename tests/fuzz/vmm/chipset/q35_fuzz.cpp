// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the board's core as a guest reaches it: configuration space through ports and ECAM, the
// bridges' windows wherever the guest has put them, reset and debug ports, and their saved states.
#include <array>
#include <memory>

#include "tests/device/vmm/chipset/byte_recorder.h"
#include "tests/device/vmm/chipset/q35_rig.h"
#include "tests/fuzz/vmm/chipset/chip_fuzz.h"
#include "vmm/chipset/debugcon.h"
#include "vmm/chipset/isa_debug_exit.h"
#include "vmm/chipset/port92.h"
#include "vmm/chipset/pvpanic.h"

using namespace vmm;
using memory::GuestPhys;
using memory::GuestPort;

namespace {

const std::vector<std::byte>& rom()
{
    static const std::vector<std::byte> bytes = tests::patternRom(size_t{128} << 10);
    return bytes;
}

class Rig {
public:
    Rig()
    {
        m_core.enablePm();
        for (unsigned pin = 1; pin <= 4; ++pin)
            m_pins[pin - 1] = &m_core.pciBus.intxLine(pci::PciBdf{0, 2, 0}, pin);
    }
    state::Participant& device()
    {
        const std::array<state::Participant*, 6> all = {m_core.host.get(), m_core.lpc.get(),
                                                        &m_core.pm,        &m_core.smbus,
                                                        &m_core.ports,     m_port92.get()};
        return *all[m_turn++ % all.size()];
    }
    void reset()
    {
        m_core.host->reset();
        m_core.lpc->reset();
        m_core.pm.reset();
        m_core.smbus.reset();
        m_core.ports.reset();
        m_port92->reset();
        m_core.pm.wake(chipset::WakeReason::PowerButton);
    }
    void step(uint8_t what, fuzz::Input& input)
    {
        const unsigned size = 1U << (what >> 4 & 3);
        switch (what % 16) {
        case 0:
        case 1:
        case 2:
            return writeConfig(input, size);
        case 3:
            return readConfig(input, size);
        case 4:
        case 5:
            return m_core.out(port(input), static_cast<uint32_t>(input.number(portSize(size))),
                              portSize(size));
        case 6:
            static_cast<void>(m_core.in(port(input), portSize(size)));
            return;
        case 7:
        case 8:
            return m_core.board.mmio.write(address(input), input.number(size), size);
        case 9:
            static_cast<void>(m_core.board.mmio.read(address(input), size));
            return;
        case 10:
            return m_core.board.clock.advance(fuzz::stretch(input) % 20'000'000'000);
        case 11:
            return m_core.pm.powerButton();
        case 12:
            return m_core.pm.raiseEvent(input.byte() % chipset::kGpeCount);
        default:
            return line(input);
        }
    }

private:
    /// Port accesses have 1, 2 or 4 bytes.
    static unsigned portSize(unsigned size) { return size > 4 ? 4 : size; }

    tests::PciDriver driver(fuzz::Input& input)
    {
        const uint8_t choice = input.byte();
        switch (choice % 4) {
        case 0:
            return m_core.driver(tests::Q35Rig::kHostBdf);
        case 1:
            return m_core.driver(tests::Q35Rig::kLpcBdf);
        case 2:
            return m_core.driver(tests::Q35Rig::kSmbusBdf);
        default:
            return m_core.driver(pci::PciBdf{0, static_cast<uint8_t>(choice >> 3), 0});
        }
    }
    void writeConfig(fuzz::Input& input, unsigned size)
    {
        const auto to = driver(input);
        const uint16_t offset = input.byte();
        const unsigned width = portSize(size);
        to.write(offset, static_cast<uint32_t>(input.number(width)), width);
    }
    void readConfig(fuzz::Input& input, unsigned size)
    {
        const auto from = driver(input);
        const uint16_t offset = input.byte();
        static_cast<void>(from.read(offset, portSize(size)));
    }
    static uint16_t port(fuzz::Input& input)
    {
        constexpr std::array<uint16_t, 8> kBases = {0xcf8, 0x600, 0x660, 0xb2,
                                                    0x92,  0x402, 0x501, 0x700};
        const uint8_t choice = input.byte();
        if (choice >= 0xf0)
            return static_cast<uint16_t>(input.number(2));
        return static_cast<uint16_t>(kBases[choice % kBases.size()] + (choice >> 3));
    }
    static GuestPhys address(fuzz::Input& input)
    {
        constexpr std::array<uint64_t, 6> kBases = {0xc'0000,    0xf'0000,    0xb000'0000,
                                                    0xe000'0000, 0xfed1'c000, 0xfffe'0000};
        const uint8_t choice = input.byte();
        if (choice >= 0xf0)
            return GuestPhys(input.number(8));
        return GuestPhys(kBases[choice % kBases.size()] + input.number(choice < 0x80 ? 2 : 3));
    }
    void line(fuzz::Input& input)
    {
        const uint8_t choice = input.byte();
        const bool level = (choice & 0x80) != 0;
        if ((choice & 0x40) != 0)
            m_pins[choice % 4]->set(level);
        else
            m_core.lpc->isaLine(choice % chipset::Ich9Lpc::kIsaCount).set(level);
    }

    tests::Q35Rig m_core{rom()};
    tests::ByteRecorder m_printed;
    std::unique_ptr<chipset::Debugcon> m_debugcon =
        std::move(*chipset::Debugcon::create(m_core.board.pio, m_printed));
    std::unique_ptr<chipset::IsaDebugExit> m_debugExit =
        std::move(*chipset::IsaDebugExit::create(m_core.board.pio, m_core.board.system));
    std::unique_ptr<chipset::Port92> m_port92 =
        std::move(*chipset::Port92::create(m_core.board.pio, m_core.board.system));
    std::unique_ptr<chipset::Pvpanic> m_pvpanic =
        std::move(*chipset::Pvpanic::create(m_core.board.pio, m_core.board.system));
    std::array<bus::IrqLine*, 4> m_pins{};
    unsigned m_turn = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    return fuzz::run<Rig>(data, size);
}
