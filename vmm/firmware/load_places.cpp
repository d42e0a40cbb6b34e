// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/load_places.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "vmm/base/bits.h"

namespace vmm::firmware {

LoadPlaces::LoadPlaces(const std::vector<E820Entry>& map)
{
    for (const E820Entry& entry : map)
        if (entry.type == E820Type::Ram && entry.size != 0)
            m_ram.push_back({entry.base, entry.base + entry.size});
    std::sort(m_ram.begin(), m_ram.end(),
              [](const Range& a, const Range& b) { return a.base < b.base; });
}

bool LoadPlaces::isRam(uint64_t base, uint64_t size) const
{
    return std::any_of(m_ram.begin(), m_ram.end(), [&](const Range& ram) {
        return base >= ram.base && base <= ram.end && size <= ram.end - base;
    });
}

/// `base + size` is known not to wrap: the caller asks for RAM only.
const LoadPlaces::Range* LoadPlaces::takenIn(uint64_t base, uint64_t size) const
{
    const auto hit = std::find_if(m_taken.begin(), m_taken.end(), [&](const Range& taken) {
        return base < taken.end && taken.base < base + size;
    });
    return hit == m_taken.end() ? nullptr : &*hit;
}

bool LoadPlaces::isFree(uint64_t base, uint64_t size) const
{
    return isRam(base, size) && takenIn(base, size) == nullptr;
}

Result<void> LoadPlaces::claim(uint64_t base, uint64_t size, const char* what)
{
    if (!isRam(base, size))
        return Error(ErrorCode::Invalid, fmt::format("{} lies outside the machine's memory", what));
    if (takenIn(base, size) != nullptr)
        return Error(ErrorCode::Invalid, fmt::format("{} lies over another part", what));
    m_taken.push_back({base, base + size});
    return {};
}

Result<void> LoadPlaces::claimSegments(const ElfImage& elf)
{
    if (elf.loads.empty())
        return Error(ErrorCode::Invalid, "nothing to load");
    for (const ElfSegment& segment : elf.loads)
        TRY(claim(segment.address, segment.memorySize, "a segment"));
    return {};
}

Result<memory::GuestPhys> LoadPlaces::take(uint64_t size, uint64_t alignment, Window window)
{
    for (auto ram = m_ram.rbegin(); ram != m_ram.rend(); ++ram) {
        const uint64_t low = std::max(ram->base, window.low);
        uint64_t end = std::min(ram->end, window.high);
        while (end > low && end - low >= size) {
            const uint64_t base = alignDown(end - size, alignment);
            if (base < low)
                break;
            const Range* taken = takenIn(base, size);
            if (taken == nullptr) {
                m_taken.push_back({base, base + size});
                return memory::GuestPhys(base);
            }
            end = taken->base; // below the end tried before, so this comes to an end
        }
    }
    return Error(ErrorCode::Exhausted, "the machine has too little memory for it");
}

Result<void> clear(memory::GuestMemory& memory, memory::GuestPhys base, uint64_t size)
{
    static constexpr std::array<std::byte, 65536> kZeros{};
    if (size == 0)
        return {};
    const auto slice = TRY(memory.slice(base, size));
    for (size_t done = 0; done < slice.size();) {
        const size_t part = std::min(slice.size() - done, kZeros.size());
        slice.copyIn(done, std::span(kZeros).first(part));
        done += part;
    }
    return {};
}

Result<void> loadSegments(memory::GuestMemory& memory, const ElfImage& elf)
{
    for (const ElfSegment& segment : elf.loads) {
        const memory::GuestPhys base(segment.address);
        TRY(memory.copyIn(base, segment.bytes));
        TRY(clear(memory, base.offsetBy(segment.bytes.size()),
                  segment.memorySize - segment.bytes.size()));
    }
    return {};
}

} // namespace vmm::firmware
