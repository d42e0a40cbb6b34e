// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/physical_map.h"

#include <sys/mman.h>

#include <algorithm>

#include "vmm/base/unique_fd.h"

namespace vmm::soft {

namespace {

constexpr uint64_t kPage = memory::GuestMemory::kPageSize;
constexpr uint64_t kChunk = 64; // bytes one bit of codeMask stands for

} // namespace

bool PageInfo::written(uint64_t offset, uint64_t size)
{
    const uint64_t first = offset / kChunk;
    const uint64_t last = (offset + size - 1) / kChunk;
    const uint64_t bits = (~uint64_t{0} << first) & (~uint64_t{0} >> (63 - last));
    if ((codeMask.load(std::memory_order_relaxed) & bits) == 0)
        return false;
    // In this order: a decoder that marks after the exchange keeps its mark, and one that marked
    // before it holds an older generation.
    codeMask.exchange(0, std::memory_order_acq_rel);
    generation.fetch_add(1, std::memory_order_acq_rel);
    return true;
}

/// One stretch of host memory and its PageInfo, which the kernel gives as zeros and only where
/// touched.
struct PhysicalMap::Pages {
    std::byte* host;
    uint64_t size;
    MappedRegion infos;

    bool contains(const std::byte* at, uint64_t bytes) const
    {
        return at >= host && at + bytes <= host + size;
    }
    PageInfo* info(const std::byte* at) const
    {
        return reinterpret_cast<PageInfo*>(infos.data()) + static_cast<uint64_t>(at - host) / kPage;
    }
};

PhysicalMap::PhysicalMap() = default;
PhysicalMap::~PhysicalMap() = default;

Result<PageInfo*> PhysicalMap::infoForLocked(std::byte* host, uint64_t size)
{
    for (const auto& pages : m_pages)
        if (pages->contains(host, size))
            return pages->info(host);
    auto infos =
        TRY(MappedRegion::map(-1, 0, size / kPage * sizeof(PageInfo), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE));
    m_pages.push_back(std::make_unique<Pages>(Pages{host, size, std::move(infos)}));
    return m_pages.back()->info(host);
}

Result<void> PhysicalMap::addHostMemory(std::byte* host, uint64_t size)
{
    MutexLock lock(m_mutex);
    TRY(infoForLocked(host, size));
    return {};
}

Result<void> PhysicalMap::addRange(const memory::MapRange& range)
{
    {
        MutexLock lock(m_mutex);
        PageInfo* info = TRY(infoForLocked(range.host, range.size));
        const auto at = std::lower_bound(
            m_ranges.begin(), m_ranges.end(), range.base,
            [](const Range& known, memory::GuestPhys base) { return known.map.base < base; });
        m_ranges.insert(at, Range{range, info});
    }
    changed();
    return {};
}

Result<void> PhysicalMap::removeRange(const memory::MapRange& range)
{
    {
        MutexLock lock(m_mutex);
        std::erase_if(m_ranges, [&](const Range& known) { return known.map.base == range.base; });
    }
    changed();
    return {};
}

Result<std::vector<uint64_t>> PhysicalMap::takeDirty(const memory::MapRange& range)
{
    const uint64_t pages = range.size / kPage;
    std::vector<uint64_t> bits((pages + 63) / 64);
    bool any = false;
    {
        MutexLock lock(m_mutex);
        PageInfo* info = TRY(infoForLocked(range.host, range.size));
        for (uint64_t page = 0; page < pages; ++page) {
            if (info[page].dirty.load(std::memory_order_relaxed) != 0 &&
                info[page].dirty.exchange(0, std::memory_order_acq_rel) != 0) {
                bits[page / 64] |= uint64_t{1} << (page % 64);
                any = true;
            }
        }
    }
    if (any)
        changed(); // executors forget that they may write, and mark the page when they do
    return bits;
}

PhysicalPage PhysicalMap::find(uint64_t address) const
{
    const PhysicalStretch found = stretch(address);
    return found.host != nullptr ? found.page(address) : PhysicalPage{};
}

PhysicalStretch PhysicalMap::stretch(uint64_t address) const
{
    MutexLock lock(m_mutex);
    auto at = std::upper_bound(
        m_ranges.begin(), m_ranges.end(), address,
        [](uint64_t wanted, const Range& range) { return wanted < range.map.base.value(); });
    if (at == m_ranges.begin())
        return {};
    --at;
    if (address - at->map.base.value() >= at->map.size)
        return {};
    return {at->map.base.value(),
            at->map.size,
            at->map.host,
            at->info,
            at->map.access == memory::MapAccess::ReadWrite,
            at->map.dirtyLog == memory::MapDirtyLog::On};
}

void PhysicalMap::deviceWrote(const std::byte* host, uint64_t size)
{
    if (size == 0)
        return;
    MutexLock lock(m_mutex);
    for (const auto& pages : m_pages) {
        if (!pages->contains(host, size))
            continue;
        const auto start = static_cast<uint64_t>(host - pages->host);
        for (uint64_t at = start; at < start + size; at = (at / kPage + 1) * kPage) {
            const uint64_t end = std::min(start + size, (at / kPage + 1) * kPage);
            pages->info(pages->host + at)->written(at % kPage, end - at);
        }
        return;
    }
}

void PhysicalMap::changed()
{
    m_version.fetch_add(1, std::memory_order_acq_rel);
    if (m_changed)
        m_changed();
}

} // namespace vmm::soft
