// SPDX-License-Identifier: GPL-3.0-or-later
// ControlLoop: the event loop the command line and the session bus live on.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

struct sd_event;
struct sd_event_source;

namespace app::session {

/// An sd-event loop with posted functions and SIGINT/SIGTERM. The thread that calls run() is its
/// thread: the main thread headless, a thread of its own beside a window. Owner: the main function.
class ControlLoop {
public:
    /// Blocks SIGINT and SIGTERM in the calling thread, so that threads made later do not take
    /// them; so make it first. The loop receives them.
    static vmm::Result<std::unique_ptr<ControlLoop>> create();
    ~ControlLoop();
    ControlLoop(const ControlLoop&) = delete;
    ControlLoop& operator=(const ControlLoop&) = delete;

    /// Runs `function` on the loop's thread, soon, in order. Any thread.
    void post(std::function<void()> function);
    /// Calls back on the loop's thread for each SIGINT or SIGTERM. Before run().
    void onSignal(std::function<void()> handler) { m_signalHandler = std::move(handler); }

    /// Calls `tick` on the loop's thread after `first` and then every `period`, until the loop
    /// goes. On the loop's thread, or before run().
    void every(std::chrono::milliseconds first, std::chrono::milliseconds period,
               std::function<void()> tick);

    /// Runs until quit(); the status given there.
    int run();
    /// Ends run() with `status`; the first call counts. Any thread.
    void quit(int status);
    /// Runs what is posted and not run yet; only when run() is over.
    void runPosted();

    sd_event* event() const { return m_event; }

private:
    explicit ControlLoop(vmm::EventFd wake);
    vmm::Result<void> start();
    struct Ticker;

    sd_event* m_event = nullptr;
    vmm::EventFd m_wake;
    std::function<void()> m_signalHandler;
    std::vector<std::unique_ptr<Ticker>> m_tickers; // loop's thread
    std::atomic<int> m_status{-1};                  // -1: not asked to end yet
    vmm::Mutex m_mutex;
    std::vector<std::function<void()>> m_posted GUARDED_BY(m_mutex);
};

} // namespace app::session
