// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: everything a guest can do to the VGA (ports, window, VBE, BAR 2, configuration),
// with the screen drawn in between. Eight bytes an action: kind, width, address, value.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/support/fakes.h"
#include "vmm/pci_devices/vga_pci.h"

namespace {

using vmm::memory::GuestPhys;
using vmm::memory::GuestPort;

constexpr size_t kActionSize = 8;
constexpr size_t kMaxActions = 4096;
constexpr size_t kMaxUpdates = 8; // large frames take long to draw, and that is no finding
constexpr uint64_t kRegisters = 0xfeb0'0000;

class Guest {
public:
    Guest()
        : m_vga(std::move(*vmm::pci_devices::VgaPci::create(m_board.pciServices(), m_board.clock,
                                                            {}, uint64_t{1} << 20)))
    {
        m_vga->writeConfig(0x18, static_cast<uint32_t>(kRegisters), 4);
        m_vga->writeConfig(0x04, 7, 2);
    }

    void act(std::span<const uint8_t, kActionSize> action)
    {
        const unsigned size = 1U << (action[1] & 3);
        const unsigned word = size > 4 ? 4 : size;
        const auto address = vmm::loadLe<uint16_t>(&action[2]);
        const auto value = vmm::loadLe<uint32_t>(&action[4]);
        const uint64_t wide = value * uint64_t{0x1'0000'0001};
        switch (action[0] % 10) {
        case 0:
            m_board.pio.write(vgaPort(address), value, word);
            break;
        case 1:
            static_cast<void>(m_board.pio.read(vgaPort(address), word));
            break;
        case 2: // index and data of one of the indexed register files
            m_board.pio.write(GuestPort(kIndexed[address % kIndexed.size()]), value, 2);
            break;
        case 3:
            m_board.pio.write(GuestPort(0x1ce), address % 12, 2);
            m_board.pio.write(GuestPort(0x1cf), value, 2);
            break;
        case 4:
            m_board.mmio.write(window(address, value), wide, size);
            break;
        case 5:
            static_cast<void>(m_board.mmio.read(window(address, value), size));
            break;
        case 6:
            m_board.mmio.write(GuestPhys(kRegisters + address % 4088), wide, size);
            break;
        case 7:
            m_vga->writeConfig(static_cast<uint16_t>(address % 64 & ~3U), value, word);
            break;
        case 8:
            m_board.clock.advance(value);
            break;
        default:
            show(value);
        }
    }

    void show(uint32_t value)
    {
        if (m_updates++ >= kMaxUpdates)
            return;
        if ((value & 1) != 0)
            m_vga->scanout().invalidate();
        m_vga->scanout().update(m_frame);
        static_cast<void>(m_vga->scanout().text());
    }

private:
    static constexpr std::array<uint16_t, 4> kIndexed = {0x3c4, 0x3ce, 0x3d4, 0x3c0};
    static GuestPort vgaPort(uint16_t number)
    {
        return GuestPort(static_cast<uint16_t>(0x3b0 + number % 0x30));
    }
    static GuestPhys window(uint16_t address, uint32_t value)
    {
        return GuestPhys(0xa0000 + (uint64_t{address} << (value & 1)));
    }

    tests::FakeBoard m_board{uint64_t{1} << 16};
    std::unique_ptr<vmm::pci_devices::VgaPci> m_vga;
    vmm::console::Frame m_frame;
    size_t m_updates = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    Guest guest;
    const std::span input(data, size);
    for (size_t i = 0; i < kMaxActions && (i + 1) * kActionSize <= size; ++i)
        guest.act(input.subspan(i * kActionSize).first<kActionSize>());
    guest.show(1);
    return 0;
}
