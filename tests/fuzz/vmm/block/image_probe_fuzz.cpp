// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: image probing. The first eight bytes are the claimed size of the file, the next two
// where in it the rest of the input lies (in sectors of 2048 bytes).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/block/image_probe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 10)
        return 0;
    const uint64_t claimed = vmm::loadLe<uint64_t>(data);
    const uint64_t base = uint64_t{vmm::loadLe<uint16_t>(data + 8)} * 2048;
    const std::span content(data + 10, size - 10);
    int reads = 0;
    const auto read = [&](uint64_t offset, std::span<std::byte> to) -> vmm::Result<size_t> {
        CHECK(++reads < 100);
        std::fill(to.begin(), to.end(), std::byte{0});
        for (size_t i = 0; i < to.size(); ++i) {
            const uint64_t at = offset + i - base;
            if (at < content.size())
                to[i] = static_cast<std::byte>(content[at]);
        }
        return offset >= claimed
                   ? 0
                   : static_cast<size_t>(std::min<uint64_t>(to.size(), claimed - offset));
    };
    const auto facts = vmm::block::probeImage(read, claimed);
    CHECK(facts.has_value());
    for (const char character : facts->volumeId)
        CHECK(character >= 0x20 && character < 0x7f);
    return 0;
}
