// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/base/event_loop.h"

#include <algorithm>
#include <cerrno>
#include <future>
#include <iterator>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/base/check.h"
#include "vmm/base/host_time.h"

namespace vmm {

Result<std::unique_ptr<EventLoop>> EventLoop::create(const char* name)
{
    std::unique_ptr<EventLoop> loop(new EventLoop);
    loop->m_epoll = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    if (!loop->m_epoll.valid())
        return Error::fromErrno("epoll_create1", errno);
    loop->m_wakeOwner = std::make_unique<EventFd>(TRY(EventFd::create()));
    loop->m_wake = loop->m_wakeOwner.get();
    EventLoop* self = loop.get();
    TRY(loop->watch(loop->m_wake->fd(), [self] { self->runPosted(); }));
    loop->m_thread = std::thread([self] { self->run(); });
    ::pthread_setname_np(loop->m_thread.native_handle(), name);
    return loop;
}

EventLoop::~EventLoop()
{
    if (!m_thread.joinable())
        return;
    m_stop = true;
    m_wake->signal();
    m_thread.join();
}

void EventLoop::post(std::function<void()> function)
{
    {
        MutexLock lock(m_mutex);
        m_posted.push_back(std::move(function));
    }
    m_wake->signal();
}

void EventLoop::runAndWait(const std::function<void()>& function)
{
    if (onThread())
        return function();
    std::promise<void> ran;
    post([&] {
        function();
        ran.set_value();
    });
    ran.get_future().wait();
}

Result<void> EventLoop::watch(int fd, std::function<void()> ready, Wait wait)
{
    MutexLock lock(m_mutex);
    epoll_event event{};
    event.events = wait == Wait::Writable ? EPOLLOUT : EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return Error::fromErrno("epoll_ctl", errno);
    m_watches[fd] = std::make_shared<std::function<void()>>(std::move(ready));
    return {};
}

void EventLoop::remove(int fd)
{
    MutexLock lock(m_mutex);
    if (m_watches.erase(fd) == 0)
        return;
    ::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
    if (!onThread())
        lock.wait(m_idle, [this, fd]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            return m_running != fd;
        });
}

void EventLoop::run()
{
    epoll_event events[16];
    while (!m_stop) {
        const int count = ::epoll_wait(m_epoll.get(), events, 16, -1);
        CHECK(count >= 0 || errno == EINTR);
        for (int i = 0; i < count && !m_stop; ++i)
            dispatch(events[i].data.fd);
    }
}

void EventLoop::dispatch(int fd)
{
    std::shared_ptr<std::function<void()>> callback;
    {
        MutexLock lock(m_mutex);
        const auto it = m_watches.find(fd);
        if (it == m_watches.end())
            return; // removed after epoll_wait() had returned it
        callback = it->second;
        m_running = fd;
    }
    (*callback)();
    MutexLock lock(m_mutex);
    m_running = -1;
    m_idle.notify_all();
}

void EventLoop::runPosted()
{
    m_wake->drain();
    std::vector<std::function<void()>> functions;
    {
        MutexLock lock(m_mutex);
        functions.swap(m_posted);
    }
    for (const auto& function : functions)
        function();
}

/// One timer of a GuestClock; its fields are guarded by the clock's mutex.
class GuestClock::LoopTimer final : public Timer {
public:
    LoopTimer(GuestClock& clock, std::function<void()> callback)
        : m_clock(clock), m_callback(std::move(callback))
    {}

    ~LoopTimer() override
    {
        MutexLock lock(m_clock.m_mutex);
        removeLocked();
        if (!m_clock.m_loop.onThread())
            lock.wait(m_clock.m_idle, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
                return m_clock.m_firing != this;
            });
        removeLocked(); // the callback that was waited for may have armed it again
    }

    void arm(uint64_t deadlineNs) override
    {
        MutexLock lock(m_clock.m_mutex);
        removeLocked();
        m_position = m_clock.m_armed.emplace(deadlineNs, this);
        m_isArmed = true;
        if (m_position == m_clock.m_armed.begin())
            m_clock.programLocked();
    }

    void disarm() override
    {
        MutexLock lock(m_clock.m_mutex);
        removeLocked();
    }

private:
    friend class GuestClock;

    void removeLocked() REQUIRES(m_clock.m_mutex)
    {
        if (m_isArmed)
            m_clock.m_armed.erase(m_position);
        m_isArmed = false;
    }

    GuestClock& m_clock;
    std::function<void()> m_callback;
    std::multimap<uint64_t, LoopTimer*>::iterator m_position;
    bool m_isArmed = false;
};

Result<std::unique_ptr<GuestClock>> GuestClock::create(EventLoop& loop)
{
    std::unique_ptr<GuestClock> clock(new GuestClock(loop));
    clock->m_timerFd = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!clock->m_timerFd.valid())
        return Error::fromErrno("timerfd_create", errno);
    GuestClock* self = clock.get();
    TRY(loop.watch(clock->m_timerFd.get(), [self] { self->fire(); }));
    return clock;
}

GuestClock::~GuestClock()
{
    if (m_timerFd.valid())
        m_loop.remove(m_timerFd.get());
}

uint64_t GuestClock::nowNs() const
{
    for (;;) {
        const uint64_t before = m_sequence.load(std::memory_order_acquire);
        // Acquire: who sees a writer's value sees its first count as well. (A fence would do, but
        // ThreadSanitizer does not know fences.)
        const bool paused = m_paused.load(std::memory_order_acquire);
        const uint64_t base = m_base.load(std::memory_order_acquire);
        if (before % 2 == 0 && before == m_sequence.load(std::memory_order_relaxed))
            return paused ? base : hostNs(CLOCK_MONOTONIC) - base;
    }
}

std::unique_ptr<Timer> GuestClock::createTimer(std::function<void()> callback)
{
    return std::make_unique<LoopTimer>(*this, std::move(callback));
}

void GuestClock::resume()
{
    MutexLock lock(m_mutex);
    if (!m_paused)
        return;
    m_sequence.fetch_add(1, std::memory_order_acq_rel);
    m_base = hostNs(CLOCK_MONOTONIC) - m_base;
    m_paused = false;
    m_sequence.fetch_add(1, std::memory_order_release);
    programLocked();
}

void GuestClock::pause()
{
    MutexLock lock(m_mutex);
    if (m_paused)
        return;
    m_sequence.fetch_add(1, std::memory_order_acq_rel);
    m_base = hostNs(CLOCK_MONOTONIC) - m_base;
    m_paused = true;
    m_sequence.fetch_add(1, std::memory_order_release);
}

void GuestClock::setNow(uint64_t nowNs)
{
    MutexLock lock(m_mutex);
    CHECK(m_paused);
    m_base = nowNs;
}

void GuestClock::programLocked()
{
    if (m_paused || m_armed.empty())
        return;
    const uint64_t at = m_armed.begin()->first;
    const uint64_t now = nowNs();
    // A deadline further off than a year is looked at again then; 0 would disarm the timerfd.
    constexpr uint64_t kYearNs = uint64_t{365} * 86'400 * 1'000'000'000;
    const uint64_t host = hostNs(CLOCK_MONOTONIC) + (at > now ? std::min(at - now, kYearNs) : 0);
    itimerspec spec{};
    spec.it_value.tv_sec = static_cast<time_t>(host / 1'000'000'000);
    spec.it_value.tv_nsec = static_cast<long>(host % 1'000'000'000) | 1;
    ::timerfd_settime(m_timerFd.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void GuestClock::fire()
{
    uint64_t expirations = 0;
    [[maybe_unused]] const ssize_t got = ::read(m_timerFd.get(), &expirations, sizeof expirations);
    MutexLock lock(m_mutex);
    const uint64_t now = nowNs();
    // As many as are due now: a callback that arms its timer in the past, again and again, gets one
    // call a round and does not keep the loop from its other work.
    auto due = std::distance(m_armed.begin(), m_armed.upper_bound(now));
    for (; due > 0 && !m_paused && !m_armed.empty() && m_armed.begin()->first <= now; --due) {
        LoopTimer* timer = m_armed.begin()->second;
        m_armed.erase(m_armed.begin());
        timer->m_isArmed = false;
        m_firing = timer;
        const std::function<void()> callback = timer->m_callback;
        lock.unlock();
        callback();
        lock.lock();
        m_firing = nullptr;
        m_idle.notify_all();
    }
    programLocked();
}

int64_t HostWallClock::utcNs() const
{
    return static_cast<int64_t>(hostNs(CLOCK_REALTIME));
}

} // namespace vmm
