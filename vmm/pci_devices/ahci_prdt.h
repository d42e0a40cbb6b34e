// SPDX-License-Identifier: GPL-3.0-or-later
// The scatter-gather list of an AHCI command. AHCI 1.3.1 section 4.2.3.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::pci_devices::ahci {

/// Guest buffers of one command, as far as somebody asked for them.
struct PrdBuffers {
    std::vector<memory::GuestSlice> slices;
    uint64_t bytes = 0;     ///< sum of the slices; less than asked for when the table is short
    bool interrupt = false; ///< an entry with the I bit was used up
};

/// Where a command's PRD table is. A value; the entries are read from guest memory by map(), each
/// once.
struct PrdTable {
    memory::GuestPhys address;
    uint32_t entries = 0; ///< at most 65535

    /// The buffers for the first `length` bytes. Entries past that are not looked at: drivers leave
    /// anything there. OutOfBounds when an entry used or its buffer is not RAM.
    Result<PrdBuffers> map(memory::GuestMemory& memory, uint64_t length) const;
};

/// Copies between the buffers and host memory, from their start, as much as both have; how much.
uint64_t scatter(const PrdBuffers& buffers, std::span<const std::byte> from);
uint64_t gather(const PrdBuffers& buffers, std::span<std::byte> to);

} // namespace vmm::pci_devices::ahci
