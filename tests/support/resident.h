// SPDX-License-Identifier: GPL-3.0-or-later
// How much of a guest's RAM the host has memory for, by mincore(2).
#pragma once

#include <algorithm>
#include <vector>

#include <sys/mman.h>

#include "vmm/base/check.h"
#include "vmm/memory/guest_memory.h"

namespace tests {

/// Pages of `memory` that are resident.
inline int64_t residentPages(const vmm::memory::GuestMemory& memory)
{
    std::vector<unsigned char> pages(memory.ramSize() / vmm::memory::GuestMemory::kPageSize);
    CHECK(::mincore(memory.hostBase(), memory.ramSize(), pages.data()) == 0);
    return std::count_if(pages.begin(), pages.end(), [](auto page) { return (page & 1) != 0; });
}

} // namespace tests
