// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the parts of an x86 ELF file that loading needs, with every offset checked. System V gABI
// 4.1 chapters 4 and 5.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vmm/base/result.h"

namespace vmm::firmware {

/// A program header of type PT_LOAD or PT_NOTE whose bytes are inside the file.
struct ElfSegment {
    std::span<const std::byte> bytes; ///< of the file
    uint64_t address = 0;             ///< physical
    uint64_t virtualAddress = 0;
    uint64_t memorySize = 0; ///< >= bytes.size() for a loadable one
    uint64_t alignment = 0;
};

/// Loadable segments of non-zero size and notes. The spans point into the image.
struct ElfImage {
    bool wide = false;  ///< 64-bit format
    uint64_t entry = 0; ///< as the file has it: physical or virtual
    std::vector<ElfSegment> loads;
    std::vector<ElfSegment> notes;
};

/// Invalid, with a sentence, when `image` is not an x86 ELF file or points outside itself.
Result<ElfImage> parseElf(std::span<const std::byte> image);

/// The physical address of the entry point, which kernels give as a physical or a virtual one;
/// Invalid when no loadable segment has it.
Result<uint64_t> physicalEntry(const ElfImage& elf);

/// The value of the note {owner, type} of 4 or 8 bytes; NotFound when there is none.
Result<uint64_t> findElfNote(const ElfImage& elf, std::string_view owner, uint32_t type);

} // namespace vmm::firmware
