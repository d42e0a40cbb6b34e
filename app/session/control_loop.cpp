// SPDX-License-Identifier: GPL-3.0-or-later
// Event loop of the control side (sd-event(3)).
#include "app/session/control_loop.h"

#include <csignal>
#include <ctime>
#include <utility>

#include <sys/epoll.h>
#include <systemd/sd-event.h>

namespace app::session {

using vmm::Error;
using vmm::MutexLock;
using vmm::Result;

struct ControlLoop::Ticker {
    ~Ticker() { ::sd_event_source_unref(source); }
    static int fired(sd_event_source* source, uint64_t, void* self)
    {
        const auto& ticker = *static_cast<Ticker*>(self);
        ticker.tick();
        ::sd_event_source_set_time_relative(source, ticker.microseconds);
        return ::sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    }

    std::function<void()> tick;
    uint64_t microseconds = 0;
    sd_event_source* source = nullptr;
};

ControlLoop::ControlLoop(vmm::EventFd wake) : m_wake(std::move(wake)) {}

Result<std::unique_ptr<ControlLoop>> ControlLoop::create()
{
    std::unique_ptr<ControlLoop> loop(new ControlLoop(TRY(vmm::EventFd::create())));
    TRY(loop->start());
    return loop;
}

Result<void> ControlLoop::start()
{
    const auto wake = [](sd_event_source*, int, uint32_t, void* self) {
        static_cast<ControlLoop*>(self)->m_wake.drain();
        static_cast<ControlLoop*>(self)->runPosted();
        return 0;
    };
    const auto signalled = [](sd_event_source*, const signalfd_siginfo*, void* self) {
        const auto& handler = static_cast<ControlLoop*>(self)->m_signalHandler;
        if (handler)
            handler();
        return 0;
    };
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    int failed = -::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    if (failed >= 0)
        failed = ::sd_event_new(&m_event);
    if (failed >= 0)
        failed = ::sd_event_add_io(m_event, nullptr, m_wake.fd(), EPOLLIN, wake, this);
    for (const int number : {SIGINT, SIGTERM})
        if (failed >= 0)
            failed = ::sd_event_add_signal(m_event, nullptr, number, signalled, this);
    if (failed < 0)
        return Error::fromErrno("no event loop", -failed);
    return {};
}

void ControlLoop::every(std::chrono::milliseconds first, std::chrono::milliseconds period,
                        std::function<void()> tick)
{
    using Microseconds = std::chrono::duration<uint64_t, std::micro>;
    constexpr uint64_t kUsualAccuracy = 0;
    auto ticker = std::make_unique<Ticker>();
    ticker->tick = std::move(tick);
    ticker->microseconds = std::chrono::duration_cast<Microseconds>(period).count();
    const uint64_t start = std::chrono::duration_cast<Microseconds>(first).count();
    if (::sd_event_add_time_relative(m_event, &ticker->source, CLOCK_MONOTONIC, start,
                                     kUsualAccuracy, Ticker::fired, ticker.get()) >= 0)
        m_tickers.push_back(std::move(ticker));
}

ControlLoop::~ControlLoop()
{
    m_tickers.clear();
    ::sd_event_unref(m_event);
}

void ControlLoop::post(std::function<void()> function)
{
    {
        const MutexLock lock(m_mutex);
        m_posted.push_back(std::move(function));
    }
    m_wake.signal();
}

void ControlLoop::runPosted()
{
    std::vector<std::function<void()>> posted;
    {
        const MutexLock lock(m_mutex);
        posted = std::exchange(m_posted, {});
    }
    for (const auto& function : posted)
        function();
}

int ControlLoop::run()
{
    while (m_status.load() < 0)
        if (::sd_event_run(m_event, UINT64_MAX) < 0)
            return 1;
    return m_status.load();
}

void ControlLoop::quit(int status)
{
    int none = -1;
    m_status.compare_exchange_strong(none, status);
    m_wake.signal();
}

} // namespace app::session
