// SPDX-License-Identifier: GPL-3.0-or-later
// Port and memory dispatch: lock-free over an immutable table that is swapped atomically.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/memory/address.h"

namespace vmm::bus {

/// Accesses of one mapping since it was made. Relaxed counters; any thread.
struct AccessCounters {
    std::string name;
    std::atomic<uint64_t> reads{0};
    std::atomic<uint64_t> writes{0};
};

namespace detail {

/// Lets readers use a table without a lock and writers know when nobody reads the old one: two
/// counters, readers count in the current one, a writer flips and waits for the other to empty (the
/// idea of SRCU). A reader's section is one table look-up, so the wait is short, also inside a
/// handler.
class ReaderGate {
public:
    class Section {
    public:
        explicit Section(ReaderGate& gate);
        ~Section();
        Section(const Section&) = delete;
        Section& operator=(const Section&) = delete;

    private:
        std::atomic<uint64_t>* m_count;
    };
    /// Returns when every Section that began before the call has ended. One caller at a time.
    void waitForReaders();

private:
    static constexpr size_t kStripes = 16; // vCPUs count on cache lines of their own
    struct alignas(64) Stripe {
        std::atomic<uint64_t> count[2];
    };
    std::array<Stripe, kStripes> m_stripes{};
    std::atomic<unsigned> m_phase{0};
};

/// One mapped range and who answers there.
template <class Handler>
struct Entry {
    uint64_t base = 0;
    uint64_t size = 0;
    unsigned maxWidth = 8;
    Handler* handler = nullptr;
    AccessCounters* counters = nullptr; // owned by the Bus, lives as long
};

/// Keeps the table of a bus. Common to ports and memory, which differ only in width of address and
/// data.
template <class Handler>
class Table {
public:
    ~Table() { delete m_table.load(); }
    Result<uint64_t> add(std::string name, Entry<Handler> entry);
    void remove(uint64_t id);
    /// The entry that holds `address`; `handler` null where nobody lives, with `size` the distance
    /// to the next entry (0 when there is none).
    Entry<Handler> find(uint64_t address);
    std::vector<const AccessCounters*> counters() const;

private:
    struct Keyed {
        uint64_t id;
        Entry<Handler> entry;
    };
    using Entries = std::vector<Keyed>; // sorted by base, no overlaps
    void swapLocked(std::unique_ptr<Entries> entries) REQUIRES(m_mutex);

    std::atomic<Entries*> m_table{new Entries};
    ReaderGate m_gate;
    mutable Mutex m_mutex;
    uint64_t m_nextId GUARDED_BY(m_mutex) = 1;
    std::vector<std::unique_ptr<AccessCounters>> m_counters GUARDED_BY(m_mutex);
};

extern template class Table<PioHandler>;
extern template class Table<MmioHandler>;

} // namespace detail

/// Keeps a range mapped while it lives. Outlived by the bus. May be destroyed inside a handler; a
/// call into the handler that began before may still be running on another vCPU when it returns.
class Registration {
public:
    virtual ~Registration() = default;
};

/// The I/O ports. map() from any thread, access from vCPU threads without a lock.
/// An access is cut into pieces: at range borders, and to each mapping's `maxWidth`; pieces go out
/// in ascending address order, little-endian. Ports nobody claims read as all ones and ignore
/// writes.
class PioBus {
public:
    /// Claims [port, port + size); Busy when any of it is taken. `name` appears in the statistics.
    Result<std::unique_ptr<Registration>> map(std::string name, memory::GuestPort port,
                                              uint32_t size, PioHandler& handler,
                                              unsigned maxWidth = 4);
    /// One access as the CPU makes it; `size` is 1, 2 or 4. Wraps at port 0xffff as nobody claims
    /// beyond.
    uint32_t read(memory::GuestPort port, unsigned size);
    void write(memory::GuestPort port, uint32_t value, unsigned size);
    std::vector<const AccessCounters*> counters() const { return m_table.counters(); }

private:
    detail::Table<PioHandler> m_table;
};

/// Memory-mapped I/O: what no direct map takes. As PioBus, with accesses of 1 to 8 bytes (KVM cuts
/// at page borders, so 3, 5, 6 and 7 bytes occur too: they are cut into powers of two).
class MmioBus {
public:
    Result<std::unique_ptr<Registration>> map(std::string name, memory::GuestPhys base,
                                              uint64_t size, MmioHandler& handler,
                                              unsigned maxWidth = 8);
    uint64_t read(memory::GuestPhys address, unsigned size);
    void write(memory::GuestPhys address, uint64_t value, unsigned size);
    std::vector<const AccessCounters*> counters() const { return m_table.counters(); }

private:
    detail::Table<MmioHandler> m_table;
};

/// For blocks of 32-bit registers: the part of an access of any width and alignment that falls into
/// each register goes through `read32`/`write32` with the aligned offset. A narrow write merges
/// into `merge32` (what the register's unwritten bytes count as: usually its current value, 0 for
/// write-one-to-clear).
template <class Read32>
uint64_t readWindow32(uint64_t offset, unsigned size, Read32 read32)
{
    uint64_t value = 0;
    for (unsigned done = 0; done < size;) {
        const auto shift = static_cast<unsigned>((offset + done) % 4);
        const unsigned part = std::min(4 - shift, size - done);
        const uint64_t word = read32((offset + done) - shift) >> (shift * 8);
        value |= (word & widthMask(part)) << (done * 8);
        done += part;
    }
    return value;
}

/// The writing half of readWindow32().
template <class Merge32, class Write32>
void writeWindow32(uint64_t offset, uint64_t value, unsigned size, Merge32 merge32, Write32 write32)
{
    for (unsigned done = 0; done < size;) {
        const auto shift = static_cast<unsigned>((offset + done) % 4);
        const unsigned part = std::min(4 - shift, size - done);
        const uint64_t at = offset + done - shift;
        const uint64_t mask = widthMask(part) << (shift * 8);
        const uint64_t fresh = ((value >> (done * 8)) << (shift * 8)) & mask;
        const uint64_t kept = part == 4 ? 0 : merge32(at) & ~mask;
        write32(at, static_cast<uint32_t>(kept | fresh));
        done += part;
    }
}

} // namespace vmm::bus
