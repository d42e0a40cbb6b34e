// SPDX-License-Identifier: GPL-3.0-or-later
// Job: what takes more than a second tells how far it is and can be given up.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "vmm/base/result.h"

namespace app::library {

/// Progress and cancellation of one piece of work, which runs on a thread of its own. The worker
/// calls step() often; cancel() comes from any thread. Owner: whoever started the work.
class Job {
public:
    /// `progress` gets 0 to 1000, on the worker's thread, only when the number changes.
    explicit Job(std::function<void(int perMille)> progress = {}) : m_progress(std::move(progress))
    {}
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    void cancel() { m_cancelled.store(true, std::memory_order_relaxed); }
    bool cancelled() const { return m_cancelled.load(std::memory_order_relaxed); }

    /// `done` of `total` units are finished; Cancelled when somebody gave up.
    vmm::Result<void> step(uint64_t done, uint64_t total);

private:
    const std::function<void(int)> m_progress;
    std::atomic<bool> m_cancelled{false};
    int m_last = -1; // worker's thread
};

} // namespace app::library
