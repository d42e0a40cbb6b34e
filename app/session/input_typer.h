// SPDX-License-Identifier: GPL-3.0-or-later
// InputTyper: presses keys and buttons at a pace a guest can follow.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <variant>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/input/input.h"

namespace app::session {

/// A mouse button going down or up.
struct ButtonEvent {
    vmm::input::PointerButton button = vmm::input::PointerButton::Left;
    bool down = false;
};
/// Motion in device counts.
struct MoveEvent {
    int dx = 0;
    int dy = 0;
};
using TypedEvent = std::variant<vmm::input::KeyEvent, ButtonEvent, MoveEvent>;

/// Hands events to the guest one by one, `pace` apart: a PS/2 keyboard holds 16 bytes and a BIOS 15
/// strokes, and what does not fit is lost. Runs a thread of its own from the first event on, so a
/// machine nobody types on does not pay for it. Any thread. Outlived by the sinks.
class InputTyper {
public:
    using Completion = std::function<void(vmm::Result<void>)>;
    static constexpr std::chrono::milliseconds kPace{20};
    static constexpr size_t kMaxQueued = 32768; ///< events; more is refused as Busy

    InputTyper(vmm::input::KeyboardSink& keyboard, vmm::input::PointerSink& pointer,
               std::chrono::milliseconds pace = kPace)
        : m_keyboard(keyboard), m_pointer(pointer), m_pace(pace)
    {}
    /// Cancels, then waits for the thread.
    ~InputTyper();

    /// Queues `events` behind what is queued already; `done` is called once, on the typer's thread,
    /// when the last of them was taken, or with Cancelled.
    void send(std::vector<TypedEvent> events, Completion done);

    /// Gives up what is queued and lets go of what is held down.
    void cancel();

private:
    struct Job {
        std::vector<TypedEvent> events;
        Completion done;
        uint64_t generation = 0;
    };
    void run();
    void play(const Job& job);
    bool waitForPace(uint64_t generation);
    void deliver(const TypedEvent& event);
    void releaseHeld();

    vmm::input::KeyboardSink& m_keyboard;
    vmm::input::PointerSink& m_pointer;
    const std::chrono::milliseconds m_pace;
    std::vector<TypedEvent> m_held; // typer's thread only: what to let go when cancelled
    vmm::Mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<Job> m_jobs GUARDED_BY(m_mutex);
    size_t m_queued GUARDED_BY(m_mutex) = 0;       // events in m_jobs
    uint64_t m_generation GUARDED_BY(m_mutex) = 0; // counts cancel()
    bool m_stop GUARDED_BY(m_mutex) = false;
    std::thread m_thread GUARDED_BY(m_mutex);
};

/// Key events as events to type.
std::vector<TypedEvent> typed(const std::vector<vmm::input::KeyEvent>& keys);

} // namespace app::session
