// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/loop_file.h"

#include <fmt/core.h>
#include <utility>

#include "vmm/base/log.h"

namespace vmm::block {

namespace {

// Beside a ring only what it cannot do; without one, as many requests at once as disks like.
constexpr unsigned kThreadsBesideRing = 1;
constexpr unsigned kThreadsAlone = 4;

} // namespace

Result<std::unique_ptr<LoopFile>> LoopFile::create(std::unique_ptr<DiskFile> file, EventLoop& loop,
                                                   bool useRing)
{
    std::unique_ptr<LoopFile> disk(new LoopFile(std::move(file), loop));
    TRY(disk->setUp(useRing));
    return disk;
}

Result<void> LoopFile::setUp(bool useRing)
{
    if (useRing) {
        if (auto ring = IoRing::create(*m_file))
            m_ring = *std::move(ring);
        else
            log(LogLevel::Info, "vmm.block",
                fmt::format("{}: using threads: {}", path(), ring.error().sentence()));
    }
    m_workers = TRY(IoWorkers::create(*m_file, usesRing() ? kThreadsBesideRing : kThreadsAlone,
                                      [this](IoRequest& request) { workerFinished(request); }));
    m_wake = TRY(EventFd::create());
    TRY(m_loop.watch(m_wake->fd(), [this] { deliver(); }));
    if (m_ring != nullptr)
        TRY(m_loop.watch(m_ring->fd(), [this] { reap(); }));
    return {};
}

LoopFile::~LoopFile()
{
    if (m_ring != nullptr)
        m_loop.remove(m_ring->fd());
    if (m_wake)
        m_loop.remove(m_wake->fd());
    m_closing = true;
    if (m_workers != nullptr)
        cancel();
    while (m_ring != nullptr && m_ring->inFlight() != 0) {
        m_ring->wait();
        reap();
    }
    kick();
    m_workers.reset(); // when it has ended everything
    if (m_wake)
        deliver();
}

Result<void> LoopFile::resize(std::optional<uint64_t> bytes)
{
    if (TRY(m_file->resize(bytes)) && m_listener != nullptr)
        m_listener->capacityChanged();
    return {};
}

// --- to work ---

void LoopFile::submit(std::span<IoRequest* const> requests)
{
    for (IoRequest* request : requests) {
        m_file->count(*request);
        request->queued.generation = m_generation;
        if (m_closing)
            finishLater(*request, IoStatus::Cancelled);
        else if (m_paused || !m_pending.empty())
            m_pending.push(*request);
        else
            start(*request);
    }
    kick();
}

void LoopFile::start(IoRequest& request)
{
    if (m_ring != nullptr && m_ring->full())
        m_pending.push(request);
    else if (m_ring == nullptr || !m_ring->begin(request))
        m_forWorkers.push_back(&request);
}

void LoopFile::startPending()
{
    while (!m_pending.empty() && !m_paused && (m_ring == nullptr || !m_ring->full()))
        start(m_pending.pop());
}

/// The end of a batch: one system call for all of it.
void LoopFile::kick()
{
    if (!m_forWorkers.empty()) {
        m_workers->submit(m_forWorkers);
        m_forWorkers.clear();
    }
    if (m_ring != nullptr && !m_ring->submit())
        m_wake->signal(); // the loop's other work first
}

void LoopFile::cancel()
{
    ++m_generation;
    while (!m_pending.empty())
        finishLater(m_pending.pop(), IoStatus::Cancelled);
    m_workers->cancel();
    if (m_ring != nullptr)
        m_ring->cancelAll();
}

void LoopFile::pause()
{
    m_paused = true;
    while (m_ring != nullptr && m_ring->inFlight() != 0) {
        m_ring->wait();
        reap();
    }
    m_workers->pause();
    deliver();
}

void LoopFile::resume()
{
    m_paused = false;
    m_workers->resume();
    startPending();
    kick();
}

// --- done ---

void LoopFile::poll()
{
    if (m_ring != nullptr)
        reap();
}

void LoopFile::reap()
{
    const unsigned count =
        m_ring->reap([this](IoRequest& request, int result) { ringEnded(request, result); });
    startPending();
    kick();
    if (count != 0 && m_listener != nullptr)
        m_listener->completed();
}

void LoopFile::ringEnded(IoRequest& request, int result)
{
    const bool reading = request.kind == IoKind::Read;
    const uint64_t wanted = request.kind == IoKind::Flush ? 0 : request.size();
    if (result >= 0 && static_cast<uint64_t>(result) == wanted) {
        for (size_t i = 0; reading && i < request.segments.size(); ++i)
            request.segments[i].markDirty();
        request.done({});
    } else if (request.queued.generation != m_generation) {
        request.done({IoStatus::Cancelled, {}});
    } else {
        // A part of it, or an error: system calls do all of it again, and know what to say.
        m_forWorkers.push_back(&request);
    }
}

/// Its completion must not run inside the call that ends it.
void LoopFile::finishLater(IoRequest& request, IoStatus status)
{
    request.queued.result = {status, {}};
    workerFinished(request);
}

/// Any thread.
void LoopFile::workerFinished(IoRequest& request)
{
    bool first = false;
    {
        MutexLock lock(m_mutex);
        first = m_finished.empty();
        m_finished.push(request);
    }
    if (first)
        m_wake->signal();
}

void LoopFile::deliver()
{
    m_wake->drain();
    RequestLine finished;
    {
        MutexLock lock(m_mutex);
        std::swap(finished, m_finished);
    }
    const bool any = !finished.empty();
    while (!finished.empty()) {
        IoRequest& request = finished.pop();
        request.done(std::exchange(request.queued.result, {}));
    }
    kick(); // what could not be begun before
    if (any && m_listener != nullptr)
        m_listener->completed();
}

} // namespace vmm::block
