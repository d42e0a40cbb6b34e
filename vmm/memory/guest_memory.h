// SPDX-License-Identifier: GPL-3.0-or-later
// Guest RAM as devices reach it: one mapping, bounds-checked copies, dirty tracking.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "vmm/base/check.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/memory/address.h"

namespace vmm::memory {

/// Told what devices wrote to guest RAM: the software vCPU holds decoded code of it. Any thread.
class WriteObserver {
public:
    virtual ~WriteObserver() = default;
    virtual void written(uint64_t ramOffset, uint64_t size) = 0;
};

/// A checked stretch of guest RAM: stays valid as long as the GuestMemory. Copies are the only
/// access, because the guest changes the bytes at any time. Any thread.
class GuestSlice {
public:
    GuestSlice() = default;
    size_t size() const { return m_size; }
    /// Copies between the slice and host memory; offset + length must lie inside (our own bug
    /// otherwise).
    void copyOut(size_t offset, std::span<std::byte> to) const;
    void copyIn(size_t offset, std::span<const std::byte> from) const;
    /// One value the guest may read or write at the same time, such as a ring's index, in a single
    /// access: load acquires, store releases. `offset` as above; the address is aligned to the
    /// value's size (our own bug otherwise).
    template <std::unsigned_integral T>
    T loadAcquire(size_t offset) const
    {
        return std::atomic_ref<T>(*at<T>(offset)).load(std::memory_order_acquire);
    }
    template <std::unsigned_integral T>
    void storeRelease(size_t offset, T value) const
    {
        std::atomic_ref<T>(*at<T>(offset)).store(value, std::memory_order_release);
        markDirty(offset, sizeof value);
    }
    /// The bytes [offset, offset + size) of it.
    GuestSlice part(size_t offset, size_t size) const;
    /// For system calls that read or write guest RAM in place (preadv, io_uring). Call markDirty()
    /// after a write; never look at the bytes through it.
    std::byte* ioPointer() const { return m_data; }
    void markDirty() const;
    /// Gives the memory of the whole pages inside back to the host: they read as zeros until the
    /// next write, and take memory again when touched. Bytes of these pages; errors are the host's.
    /// Takes about 0.3 us a page that was there. Pages pinned elsewhere (registered with io_uring)
    /// must not be given back: whoever pinned them keeps the old ones.
    Result<uint64_t> discard() const;

private:
    friend class GuestMemory;
    template <class T>
    T* at(size_t offset) const
    {
        CHECK(offset <= m_size && sizeof(T) <= m_size - offset &&
              (m_ramOffset + offset) % sizeof(T) == 0);
        return reinterpret_cast<T*>(m_data + offset);
    }
    void markDirty(size_t offset, size_t size) const;
    GuestSlice(class GuestMemory* memory, uint64_t ramOffset, std::byte* data, size_t size)
        : m_memory(memory), m_ramOffset(ramOffset), m_data(data), m_size(size)
    {}
    class GuestMemory* m_memory = nullptr;
    uint64_t m_ramOffset = 0;
    std::byte* m_data = nullptr;
    size_t m_size = 0;
};

/// Where RAM lies: [0, lowSize) and, when there is more, [4 GiB, 4 GiB + highSize).
struct RamLayout {
    static constexpr uint64_t kHighBase = uint64_t{1} << 32;
    uint64_t lowSize = 0;
    uint64_t highSize = 0;
};

/// A piece of RAM by its offsets: [begin, end).
struct RamStretch {
    uint64_t begin = 0;
    uint64_t end = 0;
};

/// All of a machine's RAM. One private mapping, in huge pages where the host has them, offset 0 =
/// guest address 0, the part above 4 GiB follows directly after the part below. Owner: Machine;
/// outlives every device. Any thread.
class GuestMemory {
public:
    static constexpr uint64_t kPageSize = 4096;

    /// Reserves (does not touch) the memory. Sizes are multiples of kPageSize.
    static Result<std::unique_ptr<GuestMemory>> create(RamLayout layout);
    GuestMemory(const GuestMemory&) = delete;
    GuestMemory& operator=(const GuestMemory&) = delete;

    const RamLayout& layout() const { return m_layout; }
    uint64_t ramSize() const { return m_layout.lowSize + m_layout.highSize; }

    /// Is all of [address, address + size) RAM, in one piece?
    bool contains(GuestPhys address, uint64_t size) const;
    /// The stretch [address, address + size) when all of it is RAM in one piece; OutOfBounds
    /// otherwise.
    Result<GuestSlice> slice(GuestPhys address, uint64_t size);
    /// Copies; OutOfBounds, with nothing copied, when any byte is not RAM.
    Result<void> copyOut(GuestPhys address, std::span<std::byte> to);
    Result<void> copyIn(GuestPhys address, std::span<const std::byte> from);

    /// One little-endian value or POD wire struct, read or written once. OutOfBounds when not RAM.
    template <class T>
    requires std::is_trivially_copyable_v<T> Result<T> read(GuestPhys address)
    {
        T value;
        TRY(copyOut(address, std::as_writable_bytes(std::span(&value, 1))));
        return value;
    }
    template <class T>
    requires std::is_trivially_copyable_v<T> Result<void> write(GuestPhys address, const T& value)
    {
        return copyIn(address, std::as_bytes(std::span(&value, 1)));
    }

    /// Device-side dirty tracking, off by default. startTracking() clears and turns it on;
    /// takeDirty() returns one bit a page of ramSize() (in RAM offset order) and clears. What vCPUs
    /// write is tracked by the vCPU backend; whoever wants both merges the two.
    void startTracking();
    std::vector<uint64_t> takeDirty();
    void stopTracking();

    /// Tells `observer` (which outlives the memory) of each write from now on. Before any device
    /// runs.
    void observeWrites(WriteObserver& observer) { m_observer = &observer; }

    /// For the vCPU backend and the saved state only: the mapping, indexed by RAM offset.
    std::byte* hostBase() const { return m_mapping.data(); }

    /// The first stretch at or after the page `offset` that the host has memory for, so may hold
    /// something else than zeros; nothing when there is none. It ends somewhere before the next
    /// page without memory. Nothing is touched.
    std::optional<RamStretch> touchedFrom(uint64_t offset) const;

private:
    friend class GuestSlice;
    GuestMemory() = default;
    /// RAM offset of `address`, when [address, address + size) is RAM in one piece.
    std::optional<uint64_t> findOffset(GuestPhys address, uint64_t size) const;
    Result<uint64_t> ramOffset(GuestPhys address, uint64_t size) const;
    void markDirty(uint64_t ramOffset, uint64_t size);

    RamLayout m_layout;
    MappedRegion m_mapping;
    UniqueFd m_pagemap; // /proc/self/pagemap; invalid where it cannot be read
    WriteObserver* m_observer = nullptr;
    std::atomic<bool> m_tracking{false};
    std::unique_ptr<std::atomic<uint64_t>[]> m_dirty; // one bit a page
};

} // namespace vmm::memory
