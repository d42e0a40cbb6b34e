// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the PCI tree as a guest reaches it, while the board plugs and pulls cards: bus numbers,
// windows, BARs, slot registers, and the ports' saved states.
#include "tests/device/vmm/pci/port_rig.h"
#include "tests/fuzz/vmm/chipset/chip_fuzz.h"

using namespace vmm;
using memory::GuestPhys;
using memory::GuestPort;

namespace {

class Rig {
public:
    Rig()
    {
        m_core.openBus(0, 1);
        m_core.openBus(1, 2);
    }
    state::Participant& device() { return *m_core.ports[m_turn++ % tests::PortRig::kPorts]; }
    void reset()
    {
        for (const auto& port : m_core.ports)
            port->reset();
        m_core.card.reset();
        m_core.other.reset();
    }
    void step(uint8_t what, fuzz::Input& input)
    {
        const unsigned size = 1U << (what >> 4 & 3);
        const unsigned width = size > 4 ? 4 : size;
        switch (what % 16) {
        case 0:
        case 1:
        case 2:
        case 3: {
            const tests::PciDriver to = target(input);
            const uint16_t offset = input.byte();
            return to.write(offset, static_cast<uint32_t>(input.number(width)), width);
        }
        case 4: {
            const tests::PciDriver from = target(input);
            static_cast<void>(from.read(input.byte(), width));
            return;
        }
        case 5:
            return writeSlot(input);
        case 6:
            return ecam(input, width);
        case 7:
            return m_core.board.mmio.write(GuestPhys(address(input)), input.number(size), size);
        case 8:
            static_cast<void>(m_core.board.mmio.read(GuestPhys(address(input)), size));
            return;
        case 9:
            return m_core.placeCard(input.byte() % 4);
        case 10:
            return m_core.openBus(input.byte() % tests::PortRig::kPorts, input.byte());
        case 11:
            return card(input.byte());
        default:
            return board(input.byte());
        }
    }

private:
    /// Ports, what is at the bus numbers they have, or anybody.
    tests::PciDriver target(fuzz::Input& input)
    {
        const uint8_t choice = input.byte();
        if (choice >= 0xf0)
            return m_core.at(input.byte(), choice & 0xf);
        if (choice % 2 == 0)
            return m_core.port(choice >> 1 & 1);
        return m_core.at(static_cast<uint8_t>(choice >> 1 & 3), 0, choice >> 3 & 1);
    }
    void writeSlot(fuzz::Input& input)
    {
        constexpr std::array<uint16_t, 4> kRegisters = {
            tests::PortRig::kSlotControl, tests::PortRig::kSlotStatus, tests::PortRig::kLinkControl,
            pci::kBridgeControl};
        const uint8_t choice = input.byte();
        m_core.port(choice & 1)
            .write(kRegisters[choice >> 1 & 3], static_cast<uint32_t>(input.number(2)), 2);
    }
    void ecam(fuzz::Input& input, unsigned size)
    {
        const pci::PciBdf bdf{input.byte(), 0, 0};
        const auto offset = static_cast<uint16_t>(input.number(2) & 0xfff & ~(size - 1));
        m_core.bus.writeConfig(bdf, offset, static_cast<uint32_t>(input.number(4)), size);
        static_cast<void>(m_core.bus.readConfig(bdf, offset, size));
    }
    static uint64_t address(fuzz::Input& input)
    {
        const uint8_t choice = input.byte();
        if (choice >= 0xf0)
            return input.number(8);
        return (choice % 2 == 0 ? tests::PortRig::kMemory : tests::PortRig::kHigh) +
               input.number(2);
    }
    void card(uint8_t choice)
    {
        tests::CardFunction& which = (choice & 2) != 0 ? m_core.other : m_core.card;
        which.raise((choice & 1) != 0);
    }
    void board(uint8_t choice)
    {
        pci::RootPort& port = *m_core.ports[choice & 1];
        tests::CardFunction& mine = (choice & 1) != 0 ? m_core.other : m_core.card;
        const auto time = (choice & 0x80) != 0 ? pci::RootPort::PlugTime::PowerOn
                                               : pci::RootPort::PlugTime::Running;
        switch (choice >> 1 & 3) {
        case 0:
            static_cast<void>(port.plug({&mine}, time).has_value());
            return;
        case 1:
            static_cast<void>(port.requestUnplug().has_value());
            return;
        case 2:
            return port.remove();
        default:
            mine.reset();
            return port.cardReset();
        }
    }

    tests::PortRig m_core;
    unsigned m_turn = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    return fuzz::run<Rig>(data, size);
}
