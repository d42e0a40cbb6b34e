// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/memory/guest_memory.h"

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
    while (::fallocate(m_memory->memfd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                       static_cast<off_t>(begin), static_cast<off_t>(end - begin)) != 0)
        if (errno != EINTR)
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
    memory->m_memfd = UniqueFd(::memfd_create("vitrine-ram", MFD_CLOEXEC));
    if (!memory->m_memfd.valid())
        return Error::fromErrno("guest memory", errno);
    if (::ftruncate(memory->m_memfd.get(), static_cast<off_t>(size)) != 0)
        return Error::fromErrno(fmt::format("guest memory of {} MiB", size >> 20), errno);
    auto mapping = MappedRegion::map(memory->m_memfd.get(), 0, size, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_NORESERVE);
    if (!mapping)
        return std::move(mapping).error().within(fmt::format("guest memory of {} MiB", size >> 20));
    memory->m_mapping = std::move(*mapping);
    // Advice only: fewer TLB misses where the host has transparent huge pages for shared memory.
    ::madvise(memory->m_mapping.data(), size, MADV_HUGEPAGE);
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
