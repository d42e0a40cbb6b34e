// SPDX-License-Identifier: GPL-3.0-or-later
// What a disk or CD-ROM device asks of whoever holds its bytes: asynchronous reads, writes, flushes
// and discards. Knows no controller.
#pragma once

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

enum class IoKind : uint8_t { Read, Write, Flush, Discard };

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
/// drop `extents`; the device has checked every range against capacity(), a range outside fails.
struct IoRequest {
    IoKind kind = IoKind::Read;
    IoDurability durability = IoDurability::Cached;
    uint64_t offset = 0;
    std::vector<Segment> segments;
    std::vector<Extent> extents;
    /// Called exactly once, on the backend's io thread and without its lock held, also when the
    /// request was cancelled. Must not block for long; may submit().
    std::function<void(IoResult)> done;
};

/// Bytes behind a disk or CD-ROM drive. submit() and cancel() from any thread, also from a
/// completion; the rest as said. The destructor waits until every completion has run, so whatever
/// completions refer to must outlive the backend, and it must not be destroyed under a lock they
/// take.
class BlockBackend {
public:
    virtual ~BlockBackend() = default;

    /// In sectors of 512 bytes; constant. The last one may be filled up with zeros.
    virtual uint64_t capacity() const = 0;
    virtual bool readOnly() const = 0;
    /// Does discarding give space back to the host?
    virtual bool canDiscard() const = 0;
    /// The file, for people.
    virtual const std::string& path() const = 0;

    /// Carries out a small read at once when that takes no waiting (the bytes are in the host's
    /// page cache); empty, with the buffers undefined, when the request must be submitted instead.
    /// Its `done` is not called. Only for devices with nothing else in flight. Any thread.
    virtual std::optional<IoResult> readNow(const IoRequest& request) = 0;
    /// Queues a request and returns at once; requests are carried out in order.
    virtual void submit(IoRequest request) = 0;
    /// Ends every request submitted before this call as soon as possible; their completions still
    /// run, with IoStatus::Cancelled unless the work was done already. Returns at once.
    virtual void cancel() = 0;

    /// pause() returns when no request is being carried out; queued ones wait until resume().
    /// Idempotent; never called from a completion.
    virtual void pause() = 0;
    virtual void resume() = 0;
};

} // namespace vmm::block
