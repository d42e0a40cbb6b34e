// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: everything a guest can do to fw_cfg with the board's files in it, and hostile saved
// states. Sixteen bytes an action: kind, width, two of offset, then 12 of numbers.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/support/fakes.h"
#include "vmm/firmware/board_files.h"

namespace {

using vmm::firmware::FwCfg;
using vmm::memory::GuestPhys;
using vmm::memory::GuestPort;

constexpr size_t kActionSize = 16;
constexpr size_t kMaxActions = 256; // the tables are made again at each select
constexpr uint64_t kRam = uint64_t{1} << 20;

class FakeChipset final : public vmm::firmware::ChipsetView {
public:
    vmm::firmware::EcamRange ecam() const override { return range; }
    vmm::firmware::EcamRange range;
};

class Guest {
public:
    Guest()
    {
        vmm::firmware::BoardFacts facts{.chipset = m_chipset};
        facts.ram.lowSize = kRam;
        const bool good = vmm::firmware::populate(m_device, facts) &&
                          m_device.addWritableFile("writable", vmm::firmware::Bytes(16), {});
        CHECK(good);
        m_mapping = std::move(
            *m_board.pio.map("fw-cfg", GuestPort(FwCfg::kPort), FwCfg::kPortCount, m_device));
    }

    void act(std::span<const uint8_t, kActionSize> action)
    {
        const unsigned size = 1U << action[1] % 3;
        const auto word = vmm::loadLe<uint16_t>(&action[2]);
        const auto port = static_cast<uint16_t>(FwCfg::kPort + word % FwCfg::kPortCount);
        const auto value = vmm::loadLe<uint32_t>(&action[4]);
        switch (action[0] % 8) {
        case 0:
            m_board.pio.write(GuestPort(port), value, size);
            break;
        case 1:
            static_cast<void>(m_board.pio.read(GuestPort(port), size));
            break;
        case 2: // an item that exists
            m_board.pio.write(GuestPort(0x510), word % 0x30, 2);
            break;
        case 3:
        case 4:
            dma(word, value, vmm::loadLe<uint64_t>(&action[8]));
            break;
        case 5:
            m_chipset.range = {(word & 1) != 0, uint64_t{value} << 20,
                               uint64_t{64} << (20 + word % 3)};
            break;
        case 6:
            restore(word, value);
            break;
        default:
            m_device.reset();
        }
    }

private:
    /// A descriptor at an address of the guest's choice, in RAM or not.
    void dma(uint16_t control, uint32_t length, uint64_t address)
    {
        std::array<std::byte, 16> raw;
        const uint64_t at = (control & 0x8000) != 0 ? kRam - control % 32 : 0x1000;
        vmm::storeBe<uint32_t>(raw.data(), uint32_t{control % 0x40U} << 16 | (control >> 6 & 0x1f));
        vmm::storeBe<uint32_t>(raw.data() + 4, length);
        vmm::storeBe<uint64_t>(raw.data() + 8, address);
        static_cast<void>(m_board.memory->copyIn(GuestPhys(at), raw));
        m_board.pio.write(GuestPort(0x514), 0, 4);
        m_board.pio.write(GuestPort(0x518), vmm::byteSwap(static_cast<uint32_t>(at)), 4);
    }
    void restore(uint16_t selector, uint32_t offset)
    {
        auto state = m_device.save();
        state.selector = selector % 0x80;
        state.offset = offset;
        state.selected.resize(offset % 128);
        static_cast<void>(m_device.load(state));
    }

    tests::FakeBoard m_board{kRam};
    FakeChipset m_chipset;
    FwCfg m_device{*m_board.memory};
    std::unique_ptr<vmm::bus::Registration> m_mapping;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    Guest guest;
    std::span<const uint8_t> rest(data, size);
    for (size_t i = 0; i < kMaxActions && rest.size() >= kActionSize; ++i) {
        guest.act(rest.first<kActionSize>());
        rest = rest.subspan(kActionSize);
    }
    return 0;
}
