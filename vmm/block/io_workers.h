// SPDX-License-Identifier: GPL-3.0-or-later
// Threads that carry out a disk's requests with plain system calls.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/block/block_backend.h"
#include "vmm/block/disk_file.h"

namespace vmm::block {

/// Requests in a line, in the order they came; not thread-safe.
class RequestLine {
public:
    bool empty() const { return m_first == nullptr; }
    void push(IoRequest& request)
    {
        request.queued.next = nullptr;
        (m_first == nullptr ? m_first : m_last->queued.next) = &request;
        m_last = &request;
    }
    /// Not when empty.
    IoRequest& pop()
    {
        IoRequest& request = *m_first;
        m_first = request.queued.next;
        return request;
    }

private:
    IoRequest* m_first = nullptr;
    IoRequest* m_last = nullptr;
};

/// Takes requests in order; with one thread it also ends them in order. submit() and cancel() from
/// any thread, the rest from the owner's. The destructor waits until `finished` was called for
/// every request.
class IoWorkers {
public:
    /// Where results go, in request.queued.result; on a worker's thread, without a lock held.
    using Finished = std::function<void(IoRequest&)>;

    static Result<std::unique_ptr<IoWorkers>> create(const DiskFile& file, unsigned threads,
                                                     Finished finished);
    ~IoWorkers();

    void submit(std::span<IoRequest* const> requests);
    void cancel();
    /// As BlockBackend.
    void pause();
    void resume();

private:
    IoWorkers(const DiskFile& file, Finished finished)
        : m_file(file), m_finished(std::move(finished))
    {}
    void run();

    const DiskFile& m_file;
    const Finished m_finished;
    std::atomic<uint64_t> m_generation{0}; // counts cancel(); a request of an older one is dead
    Mutex m_mutex;
    std::condition_variable m_changed;
    RequestLine m_waiting GUARDED_BY(m_mutex);
    unsigned m_busy GUARDED_BY(m_mutex) = 0; // threads that carry a request out
    bool m_paused GUARDED_BY(m_mutex) = false;
    bool m_stop GUARDED_BY(m_mutex) = false;
    std::vector<std::thread> m_threads;
};

} // namespace vmm::block
