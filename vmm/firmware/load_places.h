// SPDX-License-Identifier: GPL-3.0-or-later
// LoadPlaces: which parts of guest RAM a kernel, its initial ramdisk and its boot data lie in.
#pragma once

#include <cstdint>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/firmware/e820.h"
#include "vmm/firmware/elf_image.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::firmware {

/// Gives out the RAM of a memory map, each byte once. Sizes and addresses may come from a hostile
/// file. Not shared between threads.
class LoadPlaces {
public:
    /// Addresses in [low, high).
    struct Window {
        uint64_t low = 0;
        uint64_t high = 0;
    };
    explicit LoadPlaces(const std::vector<E820Entry>& map);

    /// Takes exactly [base, base + size). Invalid, with a sentence about `what` ("a segment"), when
    /// it is not all RAM or partly taken.
    Result<void> claim(uint64_t base, uint64_t size, const char* what);
    /// Claims every loadable segment; Invalid also when there is none.
    Result<void> claimSegments(const ElfImage& elf);
    /// Is [base, base + size) RAM nobody has?
    bool isFree(uint64_t base, uint64_t size) const;
    /// Takes the highest free place inside `window`; `alignment` is a power of two. Exhausted:
    /// there is none.
    Result<memory::GuestPhys> take(uint64_t size, uint64_t alignment, Window window);

private:
    struct Range {
        uint64_t base = 0;
        uint64_t end = 0;
    };
    bool isRam(uint64_t base, uint64_t size) const;
    const Range* takenIn(uint64_t base, uint64_t size) const;

    std::vector<Range> m_ram;
    std::vector<Range> m_taken;
};

/// Copies the segments of `elf` to their physical addresses and clears what the file does not fill.
Result<void> loadSegments(memory::GuestMemory& memory, const ElfImage& elf);

/// Clears [base, base + size).
Result<void> clear(memory::GuestMemory& memory, memory::GuestPhys base, uint64_t size);

} // namespace vmm::firmware
