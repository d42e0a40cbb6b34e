// SPDX-License-Identifier: GPL-3.0-or-later
// Guest-physical memory as the executors see it: host pointers for RAM and ROM, and what is known
// about each page (does it hold decoded code, was it written).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/memory/memory_map.h"

namespace vmm::soft {

/// What all executors share about one page of host memory. A writer stores its bytes, then looks at
/// codeMask; a decoder sets its bit, makes every thread pass a barrier (membarrier), then reads the
/// bytes: so one of the two sees the other. Bits that another decoder set count from the end of its
/// barrier on, that is while `decoders` says that nobody else is between the two.
struct PageInfo {
    /// Bit n: somebody decoded code from bytes [64 n, 64 n + 64) since `generation` last moved.
    std::atomic<uint64_t> codeMask{0};
    /// Moves on when decoded bytes were written: every block of the page is stale then.
    std::atomic<uint32_t> generation{0};
    std::atomic<uint8_t> dirty{0}; ///< written since the log was last taken
    /// How many are between setting bits of codeMask and the end of the barrier.
    std::atomic<uint16_t> decoders{0};

    /// After `size` bytes at `offset` of the page were written. Any thread. True when decoded code
    /// became stale.
    bool written(uint64_t offset, uint64_t size);
};

/// A page found: its bytes and its PageInfo. `host` null: nobody's memory, the bus answers.
struct PhysicalPage {
    std::byte* host = nullptr;
    PageInfo* info = nullptr;
    bool writable = false;
    bool logged = false; ///< somebody asks which pages are written
};

/// Guest addresses [base, base + size) that are one piece of host memory. `host` null: nothing is.
struct PhysicalStretch {
    uint64_t base = 0;
    uint64_t size = 0;
    std::byte* host = nullptr;
    PageInfo* info = nullptr;
    bool writable = false;
    bool logged = false;

    bool contains(uint64_t address) const { return address - base < size; }
    PhysicalPage page(uint64_t address) const
    {
        constexpr uint64_t kPage = memory::GuestMemory::kPageSize;
        const uint64_t page = (address - base) / kPage;
        return {host + page * kPage, info + page, writable, logged};
    }
};

/// The direct map of a machine run in software. A MapSink for the board; executors look pages up
/// (under a short lock: their TLBs keep the answer) and watch version(). Any thread.
class PhysicalMap final : public memory::MapSink {
public:
    PhysicalMap();
    ~PhysicalMap() override;
    /// Changes have happened: executors must flush and ask again. Set before vCPUs run.
    void onChange(std::function<void()> changed) { m_changed = std::move(changed); }

    /// Announces a stretch of host memory of which ranges will be parts, wherever they are mapped.
    Result<void> addHostMemory(std::byte* host, uint64_t size);
    Result<void> addRange(const memory::MapRange& range) override;
    Result<void> removeRange(const memory::MapRange& range) override;
    Result<std::vector<uint64_t>> takeDirty(const memory::MapRange& range) override;

    /// The memory that holds guest address `address`.
    PhysicalStretch stretch(uint64_t address) const;
    /// The page that holds it.
    PhysicalPage find(uint64_t address) const;
    /// Moves on with each change of the map or of a log.
    uint64_t version() const { return m_version.load(std::memory_order_acquire); }
    /// A device wrote [host, host + size): decoded code there is stale. Any thread.
    void deviceWrote(const std::byte* host, uint64_t size);
    /// Held for a LOCK that no single host instruction can do: across pages, or on a device.
    Mutex& busLock() { return m_busLock; }

private:
    struct Pages; // PageInfo for one stretch of host memory; lives as long as the map
    struct Range {
        memory::MapRange map;
        PageInfo* info = nullptr;
    };
    Result<PageInfo*> infoForLocked(std::byte* host, uint64_t size) REQUIRES(m_mutex);
    void changed();

    std::function<void()> m_changed;
    std::atomic<uint64_t> m_version{1};
    Mutex m_busLock;
    mutable Mutex m_mutex;
    std::vector<Range> m_ranges GUARDED_BY(m_mutex); // sorted by guest address
    std::vector<std::unique_ptr<Pages>> m_pages GUARDED_BY(m_mutex);
};

} // namespace vmm::soft
