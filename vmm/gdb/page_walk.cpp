// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gdb/page_walk.h"

namespace vmm::gdb {

namespace {

constexpr uint64_t kPaging = uint64_t{1} << 31;      // CR0.PG
constexpr uint64_t kLargePages = 1 << 4;             // CR4.PSE
constexpr uint64_t kPhysicalExtension = 1 << 5;      // CR4.PAE
constexpr uint64_t kFiveLevels = 1 << 12;            // CR4.LA57
constexpr uint64_t kLongActive = 1 << 10;            // EFER.LMA
constexpr uint64_t kFrame = 0x000f'ffff'ffff'f000;   // of a 64-bit entry
constexpr uint64_t kPresent = 1, kPageSize = 1 << 7; // of any entry

/// Tables of 64-bit entries, 9 bits of the address a level.
std::optional<uint64_t> walkWide(uint64_t table, unsigned levels, uint64_t linear,
                                 const ReadEntry& read)
{
    for (unsigned level = levels; level-- > 0;) {
        const unsigned shift = 12 + 9 * level;
        const auto entry = read(table + (linear >> shift & 511) * 8, 8);
        if (!entry || (*entry & kPresent) == 0)
            return std::nullopt;
        const uint64_t inside = (uint64_t{1} << shift) - 1;
        if (level == 0 || (level < 3 && levels != level + 1 && (*entry & kPageSize) != 0))
            return (*entry & kFrame & ~inside) | (linear & inside);
        table = *entry & kFrame;
    }
    return std::nullopt;
}

/// Tables of 32-bit entries (section 4.3).
std::optional<uint64_t> walkNarrow(const cpu::CpuState& state, uint32_t linear,
                                   const ReadEntry& read)
{
    const auto directory = read((state.cr3 & 0xffff'f000) + (linear >> 22) * 4, 4);
    if (!directory || (*directory & kPresent) == 0)
        return std::nullopt;
    if ((*directory & kPageSize) != 0 && (state.cr4 & kLargePages) != 0)
        return (*directory & 0xffc0'0000) | (*directory & 0x1f'e000) << 19 | (linear & 0x3f'ffff);
    const auto entry = read((*directory & 0xffff'f000) + (linear >> 12 & 1023) * 4, 4);
    if (!entry || (*entry & kPresent) == 0)
        return std::nullopt;
    return (*entry & 0xffff'f000) | (linear & 4095);
}

} // namespace

std::optional<uint64_t> translate(const cpu::CpuState& state, uint64_t linear,
                                  const ReadEntry& read)
{
    if ((state.cr0 & kPaging) == 0)
        return linear & 0xffff'ffff;
    if ((state.efer & kLongActive) != 0)
        return walkWide(state.cr3 & kFrame, (state.cr4 & kFiveLevels) != 0 ? 5 : 4, linear, read);
    const auto low = static_cast<uint32_t>(linear);
    if ((state.cr4 & kPhysicalExtension) != 0)
        return walkWide(state.cr3 & 0xffff'ffe0, 3, low, read);
    return walkNarrow(state, low, read);
}

} // namespace vmm::gdb
