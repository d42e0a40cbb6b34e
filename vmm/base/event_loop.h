// SPDX-License-Identifier: GPL-3.0-or-later
// One epoll loop for one thread: posted functions, ready descriptors, and guest-time timers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace vmm {

/// A thread with an epoll loop. Owner: whoever created it; the destructor stops and joins the
/// thread. Functions posted and callbacks run on that thread, in order, and must not block.
class EventLoop {
public:
    /// Starts the thread under the name `name` (15 characters count).
    static Result<std::unique_ptr<EventLoop>> create(const char* name);
    ~EventLoop();

    /// Runs `function` on the loop's thread, soon. Any thread.
    void post(std::function<void()> function);

    /// Runs `function` on the loop's thread and returns when it has run; at once when called there.
    /// Any thread the loop does not wait for.
    void runAndWait(const std::function<void()>& function);

    enum class Wait : uint8_t { Readable, Writable };
    /// Calls back each time `fd` is ready (level-triggered), or has failed, until remove(fd). Any
    /// thread. The descriptor stays the caller's and must stay open until removed; to wait for both
    /// directions, watch a duplicate for the other.
    Result<void> watch(int fd, std::function<void()> ready, Wait wait = Wait::Readable);
    /// After it returns the callback does not run any more (called on the loop's own thread: it
    /// does not run again).
    void remove(int fd);

    bool onThread() const { return std::this_thread::get_id() == m_thread.get_id(); }

private:
    EventLoop() = default;
    void run();
    void dispatch(int fd);
    void runPosted();

    UniqueFd m_epoll;
    EventFd* m_wake = nullptr;
    std::unique_ptr<EventFd> m_wakeOwner;
    std::atomic<bool> m_stop{false};
    Mutex m_mutex;
    std::condition_variable m_idle;
    int m_running GUARDED_BY(m_mutex) = -1; // descriptor whose callback runs now
    std::vector<std::function<void()>> m_posted GUARDED_BY(m_mutex);
    std::map<int, std::shared_ptr<std::function<void()>>> m_watches GUARDED_BY(m_mutex);
    std::thread m_thread;
};

/// Guest time: CLOCK_MONOTONIC minus the time spent paused, and timers on it that fire on `loop`.
/// nowNs() is lock-free; the rest takes a short lock. Any thread. Outlived by `loop`.
class GuestClock final : public TimerService {
public:
    /// Starts paused at 0.
    static Result<std::unique_ptr<GuestClock>> create(EventLoop& loop);
    ~GuestClock() override;

    uint64_t nowNs() const override;
    std::unique_ptr<Timer> createTimer(std::function<void()> callback) override;

    /// Lets time run, or stands it still; no timer fires while it stands. Idempotent.
    void resume();
    void pause();
    /// Sets the time; only while paused, before devices are loaded.
    void setNow(uint64_t nowNs);

private:
    class LoopTimer;
    explicit GuestClock(EventLoop& loop) : m_loop(loop) {}
    void fire();
    void programLocked() REQUIRES(m_mutex);

    EventLoop& m_loop;
    UniqueFd m_timerFd;
    std::atomic<bool> m_paused{true};
    std::atomic<uint64_t> m_base{0}; // paused: the time itself; running: host time minus guest time
    std::atomic<uint64_t> m_sequence{0}; // odd while m_paused and m_base change together
    Mutex m_mutex;
    std::condition_variable m_idle;
    std::multimap<uint64_t, LoopTimer*> m_armed GUARDED_BY(m_mutex);
    LoopTimer* m_firing GUARDED_BY(m_mutex) = nullptr;
};

/// The host's real-time clock.
class HostWallClock final : public WallClock {
public:
    int64_t utcNs() const override;
};

} // namespace vmm
