// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: commands and data for the flash chip, and hostile saved states. Four bytes an
// action: kind and width, two of offset, value.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/support/fakes.h"
#include "vmm/firmware/pflash.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using vmm::firmware::Pflash;
    constexpr size_t kSize = 4 * Pflash::kBlockSize;
    constexpr size_t kMaxActions = 4096;
    tests::FakeBoard board(uint64_t{1} << 20);
    auto flash =
        std::move(*Pflash::create(board.mmio, board.map, vmm::memory::GuestPhys(0xffc0'0000),
                                  vmm::firmware::Bytes(kSize, std::byte{0xff})));
    std::span<const uint8_t> rest(data, size);
    for (size_t i = 0; i < kMaxActions && rest.size() >= 4; ++i, rest = rest.subspan(4)) {
        const unsigned width = 1U << (rest[0] & 3);
        const uint64_t offset = vmm::loadLe<uint16_t>(&rest[1]) % (kSize - width + 1);
        if ((rest[0] & 0x0c) == 0x0c) {
            auto state = flash->save();
            state.mode = static_cast<vmm::firmware::PflashMode>(rest[1] % 6);
            state.step = static_cast<vmm::firmware::PflashStep>(rest[2] % 9);
            state.bufferLeft = rest[3] * 2U;
            static_cast<void>(flash->load(state).has_value());
        } else if ((rest[0] & 4) != 0) {
            static_cast<void>(flash->readMmio(offset, width));
        } else {
            flash->writeMmio(offset, rest[3], width);
        }
    }
    return 0;
}
