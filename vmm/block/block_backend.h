// SPDX-License-Identifier: GPL-3.0-or-later
// What a disk or CD-ROM device asks of whoever holds its bytes: asynchronous reads, writes,
// flushes, discards and zeroes. Knows no controller.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::block {

inline constexpr uint32_t kSectorSize = 512;

/// A piece of memory a request moves bytes to or from: guest RAM or a host buffer.
class Segment {
public:
    /// Guest RAM; marked dirty when a read has filled it.
    explicit Segment(const memory::GuestSlice& slice)
        : m_guest(slice), m_data(slice.ioPointer()), m_size(slice.size())
    {}
    /// A host buffer, which must live until the request's completion has run.
    explicit Segment(std::span<std::byte> host) : m_data(host.data()), m_size(host.size()) {}

    /// For the system call that moves the bytes; never looked at by us.
    std::byte* ioPointer() const { return m_data; }
    size_t size() const { return m_size; }
    /// After bytes were written into it.
    void markDirty() const
    {
        if (m_guest.ioPointer() != nullptr)
            m_guest.markDirty();
    }

private:
    memory::GuestSlice m_guest;
    std::byte* m_data = nullptr;
    size_t m_size = 0;
};

enum class IoKind : uint8_t { Read, Write, Flush, Discard, WriteZeroes };

/// Must the bytes be on stable storage before a write completes (force unit access)?
enum class IoDurability : uint8_t { Cached, Stable };

/// A stretch of the disk, in bytes.
struct Extent {
    uint64_t offset = 0;
    uint64_t length = 0;
};

enum class IoStatus : uint8_t {
    Ok,
    Failed,    ///< the host's input/output failed
    NoSpace,   ///< the host's storage is full
    Cancelled, ///< cancel() came first; what was moved until then is undefined
};

/// What became of a request. `sentence` is for people and empty when all is well.
struct IoResult {
    IoStatus status = IoStatus::Ok;
    std::string sentence;
};

/// One request. Reads and writes move the sum of the segments' sizes at `offset` (bytes); discards
/// and zeroes are for `extents`; the device has checked every range against capacity(), a range
/// outside fails. Made for being used again: its vectors keep what they have allocated.
struct IoRequest {
    IoKind kind = IoKind::Read;
    IoDurability durability = IoDurability::Cached; ///< of Write and WriteZeroes
    bool mayUnmap = false; ///< WriteZeroes may give the space back to the host
    uint64_t offset = 0;
    std::vector<Segment> segments;
    std::vector<Extent> extents;
    /// Called exactly once, where the backend's completions run and without its lock held, also
    /// when the request was cancelled. Must not block for long; may submit(), this request too.
    std::function<void(IoResult)> done;

    /// The backend's own, from submit() until done.
    struct Queued {
        IoRequest* next = nullptr;
        uint64_t generation = 0;
        IoResult result;
    } queued;

    /// What reads and writes move, in bytes.
    uint64_t size() const
    {
        uint64_t total = 0;
        for (const Segment& segment : segments)
            total += segment.size();
        return total;
    }
};

/// What was asked of a machine's disks in all, in bytes. Relaxed counters; any thread.
struct IoCounts {
    std::atomic<uint64_t> read{0};
    std::atomic<uint64_t> written{0};
    void add(const IoRequest& request)
    {
        if (request.kind == IoKind::Read)
            read.fetch_add(request.size(), std::memory_order_relaxed);
        else if (request.kind == IoKind::Write)
            written.fetch_add(request.size(), std::memory_order_relaxed);
    }
};

/// Told what happens at a disk. Where its completions run, but for what is said.
class BlockListener {
public:
    virtual ~BlockListener() = default;
    /// After one or more requests' `done`: the time to interrupt the guest for all of them.
    virtual void completed() = 0;
    /// capacity() is another. On the thread of resize().
    virtual void capacityChanged() = 0;
};

/// Bytes behind a disk or CD-ROM drive, made in one of two ways:
///  - with a thread of its own: completions run on that thread; submit(), cancel() from any thread,
///    also from a completion;
///  - on an EventLoop: completions run on the loop's thread, and submit(), cancel() and poll() are
///    called there only. A device on the same loop needs no lock.
/// The destructor (any thread) waits until every completion has run, so whatever completions refer
/// to must outlive the backend, and it must not be destroyed under a lock they take.
class BlockBackend {
public:
    virtual ~BlockBackend() = default;

    /// In sectors of 512 bytes; changes only in resize(). The last one may be filled up with zeros.
    /// Any thread.
    virtual uint64_t capacity() const = 0;
    virtual bool readOnly() const = 0;
    /// Does discarding give space back to the host?
    virtual bool canDiscard() const = 0;
    /// False: every write is on stable storage when it completes, whatever its durability.
    virtual bool volatileCache() const = 0;
    /// What the host's storage writes at once, in bytes: a power of two from kSectorSize on.
    virtual uint32_t physicalBlockSize() const = 0;
    /// The file, for people.
    virtual const std::string& path() const = 0;

    /// Whom to tell from now on; null: nobody. It outlives the backend, or the next call. Before
    /// the first request, or where completions run.
    virtual void setListener(BlockListener* listener) = 0;
    /// Makes the disk `bytes` (a multiple of kSectorSize) large, or, without, as large as the file
    /// has become. Errors: smaller than now (data would be lost), no space, not a regular file,
    /// read-only. Where completions run, or any thread while nobody listens.
    virtual Result<void> resize(std::optional<uint64_t> bytes) = 0;

    /// Carries out a small read at once when that takes no waiting (the bytes are in the host's
    /// page cache); empty, with the buffers undefined, when the request must be submitted instead.
    /// Its `done` is not called. Only for devices with nothing else in flight. Any thread.
    virtual std::optional<IoResult> readNow(const IoRequest& request) = 0;
    /// Begins requests and returns at once, no completion having run. They stay the caller's, alive
    /// and untouched until done. Backends on a loop carry them out in any order, the others one
    /// after the other.
    virtual void submit(std::span<IoRequest* const> requests) = 0;
    /// As above with one request that the backend keeps, for whoever does not count allocations.
    void submit(IoRequest request);
    /// On a loop: runs the completions that are ready, at once instead of at the loop's next turn.
    /// Not from a completion.
    virtual void poll() {}
    /// Ends every request submitted before this call as soon as possible; their completions still
    /// run, later, with IoStatus::Cancelled unless the work was done already. Returns at once.
    virtual void cancel() = 0;

    /// pause() returns when no request is being carried out and the completions of those that were
    /// have run; queued ones wait until resume(). Idempotent; never called from a completion; on a
    /// loop, on its thread.
    virtual void pause() = 0;
    virtual void resume() = 0;
};

} // namespace vmm::block
