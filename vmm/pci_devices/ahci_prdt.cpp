// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/ahci_prdt.h"

#include <algorithm>
#include <array>

#include "vmm/base/bits.h"
#include "vmm/pci_devices/ahci_regs.h"

namespace vmm::pci_devices::ahci {

Result<PrdBuffers> PrdTable::map(memory::GuestMemory& memory, uint64_t length) const
{
    PrdBuffers buffers;
    for (uint32_t i = 0; i < entries && buffers.bytes < length; ++i) {
        std::array<std::byte, kPrdSize> entry;
        TRY(memory.copyOut(address.offsetBy(uint64_t{i} * kPrdSize), entry));
        // Bit 0 of address and count are fixed: buffers are whole words.
        const uint64_t base = loadLe<uint64_t>(entry.data()) & ~uint64_t{1};
        const uint32_t control = loadLe<uint32_t>(entry.data() + 12);
        const uint64_t size = ((control & kPrdCountMask) | 1) + uint64_t{1};
        const uint64_t used = std::min(size, length - buffers.bytes);
        buffers.slices.push_back(TRY(memory.slice(memory::GuestPhys(base), used)));
        buffers.bytes += used;
        buffers.interrupt |= used == size && (control & kPrdInterrupt) != 0;
    }
    return buffers;
}

uint64_t scatter(const PrdBuffers& buffers, std::span<const std::byte> from)
{
    uint64_t done = 0;
    for (const memory::GuestSlice& slice : buffers.slices) {
        const size_t part = std::min<size_t>(slice.size(), from.size() - done);
        slice.copyIn(0, from.subspan(done, part));
        done += part;
    }
    return done;
}

uint64_t gather(const PrdBuffers& buffers, std::span<std::byte> to)
{
    uint64_t done = 0;
    for (const memory::GuestSlice& slice : buffers.slices) {
        const size_t part = std::min<size_t>(slice.size(), to.size() - done);
        slice.copyOut(0, to.subspan(done, part));
        done += part;
    }
    return done;
}

} // namespace vmm::pci_devices::ahci
