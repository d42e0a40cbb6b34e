// SPDX-License-Identifier: GPL-3.0-or-later
// Memory maps. ACPI 6.4 section 15; the entry of "etc/e820" is {u64 base, u64 size, u32 type}.
#include "vmm/firmware/e820.h"

#include <algorithm>

namespace vmm::firmware {

namespace {

constexpr uint64_t kLegacyHoleBase = 0xa0000;
constexpr uint64_t kLegacyHoleEnd = 0x100000;

void addAboveLowRam(std::vector<E820Entry>& map, const memory::RamLayout& ram)
{
    map.push_back({kKvmPagesBase, kKvmPagesSize, E820Type::Reserved});
    if (ram.highSize > 0)
        map.push_back({memory::RamLayout::kHighBase, ram.highSize, E820Type::Ram});
}

} // namespace

std::vector<E820Entry> firmwareMemoryMap(const memory::RamLayout& ram)
{
    std::vector<E820Entry> map{{0, ram.lowSize, E820Type::Ram}};
    addAboveLowRam(map, ram);
    return map;
}

std::vector<E820Entry> kernelMemoryMap(const memory::RamLayout& ram, const EcamRange& ecam)
{
    std::vector<E820Entry> map{{0, std::min(ram.lowSize, kLegacyHoleBase), E820Type::Ram}};
    if (ram.lowSize > kLegacyHoleEnd)
        map.push_back({kLegacyHoleEnd, ram.lowSize - kLegacyHoleEnd, E820Type::Ram});
    if (ecam.enabled)
        map.push_back({ecam.base, ecam.size, E820Type::Reserved});
    addAboveLowRam(map, ram);
    std::sort(map.begin(), map.end(),
              [](const E820Entry& a, const E820Entry& b) { return a.base < b.base; });
    return map;
}

Bytes e820File(const std::vector<E820Entry>& map)
{
    ByteWriter file;
    for (const E820Entry& entry : map)
        file.u64(entry.base).u64(entry.size).u32(static_cast<uint32_t>(entry.type));
    return file.take();
}

} // namespace vmm::firmware
