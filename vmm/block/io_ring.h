// SPDX-License-Identifier: GPL-3.0-or-later
// io_uring for one disk: reads, writes and flushes handed to the kernel in batches.
#pragma once

#include <array>
#include <bit>
#include <liburing.h>
#include <memory>

#include "vmm/base/result.h"
#include "vmm/block/block_backend.h"
#include "vmm/block/disk_file.h"

namespace vmm::block {

/// A bounded number of requests in the kernel. It does the plain cases: whatever comes back with
/// other than the whole size, for what reason ever, is the caller's to do with system calls. One
/// thread at a time.
///
/// Guest memory is not registered with the kernel (IORING_REGISTER_BUFFERS): that would pin all of
/// it, and pages that a balloon gives back would go on being written to.
class IoRing {
public:
    static constexpr unsigned kEntries = 256; ///< in the kernel at once

    /// Errors: the host does not let us, or its kernel is too old. `file` outlives it.
    static Result<std::unique_ptr<IoRing>> create(const DiskFile& file);
    /// Nothing is in flight.
    ~IoRing();

    /// Readable while completions wait.
    int fd() const { return m_ring.ring_fd; }
    bool full() const { return m_inFlight >= kEntries; }
    unsigned inFlight() const { return m_inFlight; }

    /// Prepares a request for the next submit(). False: it is none for a ring. Not when full.
    bool begin(IoRequest& request);
    /// Hands the kernel what was prepared, with one system call. False: it takes nothing now, try
    /// again when others had their turn.
    bool submit();
    /// Asks the kernel to give up what it can.
    void cancelAll();
    /// Until a completion is there; something must be in flight.
    void wait();
    /// Calls ended(IoRequest&, int result) for up to kEntries completions; how many there were.
    template <class Ended>
    unsigned reap(Ended ended)
    {
        unsigned count = 0;
        io_uring_cqe* entry = nullptr;
        while (count < kEntries && io_uring_peek_cqe(&m_ring, &entry) == 0) {
            auto* request = std::bit_cast<IoRequest*>(static_cast<uintptr_t>(entry->user_data));
            const int result = entry->res;
            io_uring_cqe_seen(&m_ring, entry);
            if (request == nullptr)
                continue; // a cancellation's own
            --m_inFlight;
            ++count;
            ended(*request, result);
        }
        return count;
    }

private:
    explicit IoRing(const DiskFile& file) : m_file(file) {}
    Result<void> setUp();
    bool takes(const IoRequest& request) const;
    void prepareMove(io_uring_sqe& entry, const IoRequest& request, std::span<const iovec> pieces);

    const DiskFile& m_file;
    io_uring m_ring{};
    bool m_valid = false;
    unsigned m_inFlight = 0;
    /// Of requests not submitted yet: the kernel keeps none of it.
    std::array<iovec, 4096> m_pieces{};
    size_t m_usedPieces = 0;
};

} // namespace vmm::block
