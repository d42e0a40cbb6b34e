// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/memory/guest_memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"

namespace vmm::memory {

namespace {

/// memcpy that the compiler cannot look into: it neither
/// reads a guest byte twice nor invents accesses, while the guest writes at the same time.
void volatileCopy(std::byte* to, const std::byte* from, size_t size)
{
    // A call through a volatile pointer keeps memcpy opaque to the optimiser: each byte is touched
    // once.
    static void* (*volatile const kCopy)(void*, const void*, size_t) = std::memcpy;
    kCopy(to, from, size);
}

constexpr size_t kHugePage = size_t{2} << 20;
/// Below this the pages that are never touched would weigh more than the misses they save.
constexpr uint64_t kWorthHugePages = uint64_t{64} << 20;

/// Only advice, so nothing depends on it: fewer page faults and TLB misses, and long requests of
/// disks in few pieces; no guest's secrets in a crash dump of ours; no copy for programs we start.
void advise(std::byte* ram, size_t size)
{
    if (size >= kWorthHugePages)
        ::madvise(ram, size, MADV_HUGEPAGE);
    ::madvise(ram, size, MADV_DONTDUMP);
    ::madvise(ram, size, MADV_DONTFORK);
}

/// Entries of /proc/self/pagemap (Linux Documentation/admin-guide/mm/pagemap.rst).
constexpr uint64_t kPresentOrSwapped = uint64_t{3} << 62;

} // namespace

void GuestSlice::copyOut(size_t offset, std::span<std::byte> to) const
{
    CHECK(offset <= m_size && to.size() <= m_size - offset);
    volatileCopy(to.data(), m_data + offset, to.size());
}

void GuestSlice::copyIn(size_t offset, std::span<const std::byte> from) const
{
    CHECK(offset <= m_size && from.size() <= m_size - offset);
    volatileCopy(m_data + offset, from.data(), from.size());
    m_memory->markDirty(m_ramOffset + offset, from.size());
}

GuestSlice GuestSlice::part(size_t offset, size_t size) const
{
    CHECK(offset <= m_size && size <= m_size - offset);
    return GuestSlice(m_memory, m_ramOffset + offset, m_data + offset, size);
}

void GuestSlice::markDirty(size_t offset, size_t size) const
{
    m_memory->markDirty(m_ramOffset + offset, size);
}

void GuestSlice::markDirty() const
{
    m_memory->markDirty(m_ramOffset, m_size);
}

Result<uint64_t> GuestSlice::discard() const
{
    const uint64_t begin = alignUp(m_ramOffset, GuestMemory::kPageSize);
    const uint64_t end = alignDown(m_ramOffset + m_size, GuestMemory::kPageSize);
    if (begin >= end)
        return uint64_t{0};
    if (::madvise(m_memory->hostBase() + begin, end - begin, MADV_DONTNEED) != 0)
        return Error::fromErrno("giving guest memory back to the host", errno);
    // Afterwards, like any write: who decodes code meanwhile looks at the bytes again.
    m_memory->markDirty(begin, end - begin);
    return end - begin;
}

Result<std::unique_ptr<GuestMemory>> GuestMemory::create(RamLayout layout)
{
    CHECK(layout.lowSize % kPageSize == 0 && layout.highSize % kPageSize == 0);
    std::unique_ptr<GuestMemory> memory(new GuestMemory);
    memory->m_layout = layout;
    const uint64_t size = memory->ramSize();
    auto mapping = MappedRegion::anonymous(size, kHugePage);
    if (!mapping)
        return std::move(mapping).error().within(fmt::format("guest memory of {} MiB", size >> 20));
    memory->m_mapping = std::move(*mapping);
    memory->m_pagemap = UniqueFd(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    advise(memory->hostBase(), size);
    return memory;
}

std::optional<uint64_t> GuestMemory::findOffset(GuestPhys address, uint64_t size) const
{
    const uint64_t at = address.value();
    if (at <= m_layout.lowSize && size <= m_layout.lowSize - at)
        return at;
    if (at >= RamLayout::kHighBase) {
        const uint64_t high = at - RamLayout::kHighBase;
        if (high <= m_layout.highSize && size <= m_layout.highSize - high)
            return m_layout.lowSize + high;
    }
    return std::nullopt;
}

std::optional<RamStretch> GuestMemory::touchedFrom(uint64_t offset) const
{
    std::array<uint64_t, 512> entries{};
    const uint64_t firstPage = reinterpret_cast<uintptr_t>(hostBase()) / kPageSize;
    while (offset < ramSize()) {
        const uint64_t pages = std::min<uint64_t>(entries.size(), (ramSize() - offset) / kPageSize);
        const size_t bytes = pages * sizeof entries[0];
        const auto at = static_cast<off_t>((firstPage + offset / kPageSize) * sizeof entries[0]);
        if (!m_pagemap.valid() ||
            ::pread(m_pagemap.get(), entries.data(), bytes, at) != static_cast<ssize_t>(bytes))
            return RamStretch{offset, ramSize()}; // then every page is looked at
        const auto begin = entries.begin();
        const auto end = begin + static_cast<ptrdiff_t>(pages);
        const auto there = [](uint64_t entry) { return (entry & kPresentOrSwapped) != 0; };
        const auto first = std::find_if(begin, end, there);
        const auto last = std::find_if_not(first, end, there);
        const auto offsetOf = [&](auto entry) {
            return offset + static_cast<uint64_t>(entry - begin) * kPageSize;
        };
        if (first != end)
            return RamStretch{offsetOf(first), offsetOf(last)};
        offset = offsetOf(end);
    }
    return std::nullopt;
}

bool GuestMemory::contains(GuestPhys address, uint64_t size) const
{
    return findOffset(address, size).has_value();
}

Result<uint64_t> GuestMemory::ramOffset(GuestPhys address, uint64_t size) const
{
    if (const auto offset = findOffset(address, size))
        return *offset;
    return Error(
        ErrorCode::OutOfBounds,
        fmt::format("guest address {:#x} with {} bytes is not in RAM", address.value(), size));
}

Result<GuestSlice> GuestMemory::slice(GuestPhys address, uint64_t size)
{
    const uint64_t offset = TRY(ramOffset(address, size));
    return GuestSlice(this, offset, hostBase() + offset, size);
}

Result<void> GuestMemory::copyOut(GuestPhys address, std::span<std::byte> to)
{
    const uint64_t offset = TRY(ramOffset(address, to.size()));
    volatileCopy(to.data(), hostBase() + offset, to.size());
    return {};
}

Result<void> GuestMemory::copyIn(GuestPhys address, std::span<const std::byte> from)
{
    const uint64_t offset = TRY(ramOffset(address, from.size()));
    volatileCopy(hostBase() + offset, from.data(), from.size());
    markDirty(offset, from.size());
    return {};
}

void GuestMemory::startTracking()
{
    const uint64_t words = (ramSize() / kPageSize + 63) / 64;
    if (!m_dirty)
        m_dirty = std::make_unique<std::atomic<uint64_t>[]>(words);
    for (uint64_t i = 0; i < words; ++i)
        m_dirty[i].store(0, std::memory_order_relaxed);
    m_tracking.store(true, std::memory_order_release);
}

std::vector<uint64_t> GuestMemory::takeDirty()
{
    const uint64_t words = (ramSize() / kPageSize + 63) / 64;
    std::vector<uint64_t> dirty(words);
    if (m_tracking.load(std::memory_order_acquire)) {
        for (uint64_t i = 0; i < words; ++i)
            dirty[i] = m_dirty[i].exchange(0, std::memory_order_acq_rel);
    }
    return dirty;
}

void GuestMemory::stopTracking()
{
    m_tracking.store(false,
                     std::memory_order_release); // the bitmap stays: writers may still hold it
}

void GuestMemory::markDirty(uint64_t ramOffset, uint64_t size)
{
    if (m_observer != nullptr && size != 0)
        m_observer->written(ramOffset, size);
    if (size == 0 || !m_tracking.load(std::memory_order_acquire))
        return;
    const uint64_t last = (ramOffset + size - 1) / kPageSize;
    for (uint64_t page = ramOffset / kPageSize; page <= last; ++page)
        m_dirty[page / 64].fetch_or(uint64_t{1} << (page % 64), std::memory_order_acq_rel);
}

} // namespace vmm::memory
