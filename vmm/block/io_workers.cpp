// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/io_workers.h"

#include <fmt/core.h>
#include <pthread.h>
#include <system_error>

namespace vmm::block {

Result<std::unique_ptr<IoWorkers>> IoWorkers::create(const DiskFile& file, unsigned threads,
                                                     Finished finished)
{
    std::unique_ptr<IoWorkers> workers(new IoWorkers(file, std::move(finished)));
    try {
        for (unsigned i = 0; i < threads; ++i) {
            workers->m_threads.emplace_back([self = workers.get()] { self->run(); });
            pthread_setname_np(workers->m_threads.back().native_handle(), "disk-io");
        }
    } catch (const std::system_error& error) {
        return Error::fromErrno(fmt::format("{}: io thread", file.path()), error.code().value());
    }
    return workers;
}

IoWorkers::~IoWorkers()
{
    cancel();
    {
        MutexLock lock(m_mutex);
        m_stop = true;
    }
    m_changed.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
}

void IoWorkers::submit(std::span<IoRequest* const> requests)
{
    {
        MutexLock lock(m_mutex);
        for (IoRequest* request : requests) {
            request->queued.generation = m_generation.load(std::memory_order_acquire);
            m_waiting.push(*request);
        }
    }
    m_changed.notify_all();
}

void IoWorkers::cancel()
{
    MutexLock lock(m_mutex);
    m_generation.fetch_add(1, std::memory_order_acq_rel);
}

void IoWorkers::pause()
{
    MutexLock lock(m_mutex);
    m_paused = true;
    lock.wait(m_changed,
              [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) { return m_busy == 0; });
}

void IoWorkers::resume()
{
    {
        MutexLock lock(m_mutex);
        m_paused = false;
    }
    m_changed.notify_all();
}

void IoWorkers::run()
{
    MutexLock lock(m_mutex);
    for (;;) {
        lock.wait(m_changed, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            return m_stop || (!m_waiting.empty() && !m_paused);
        });
        if (m_waiting.empty())
            return; // only when stopping: every completion has run
        IoRequest& request = m_waiting.pop();
        ++m_busy;
        lock.unlock();
        request.queued.result = m_file.perform(request, m_generation);
        m_finished(request);
        lock.lock();
        --m_busy;
        m_changed.notify_all();
    }
}

} // namespace vmm::block
