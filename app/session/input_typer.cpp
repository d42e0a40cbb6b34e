// SPDX-License-Identifier: GPL-3.0-or-later
// Pacing of typed input on a thread of its own.
#include "app/session/input_typer.h"

#include <algorithm>

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::MutexLock;
using vmm::input::KeyEvent;

namespace {

bool isDown(const TypedEvent& event)
{
    if (const auto* key = std::get_if<KeyEvent>(&event))
        return key->down;
    const auto* button = std::get_if<ButtonEvent>(&event);
    return button != nullptr && button->down;
}

/// The event that undoes a press.
TypedEvent released(const TypedEvent& event)
{
    if (const auto* key = std::get_if<KeyEvent>(&event))
        return KeyEvent{key->code, false};
    if (const auto* button = std::get_if<ButtonEvent>(&event))
        return ButtonEvent{button->button, false};
    return event;
}

bool sameControl(const TypedEvent& a, const TypedEvent& b)
{
    const auto* keyA = std::get_if<KeyEvent>(&a);
    const auto* keyB = std::get_if<KeyEvent>(&b);
    if (keyA != nullptr && keyB != nullptr)
        return keyA->code == keyB->code;
    const auto* buttonA = std::get_if<ButtonEvent>(&a);
    const auto* buttonB = std::get_if<ButtonEvent>(&b);
    return buttonA != nullptr && buttonB != nullptr && buttonA->button == buttonB->button;
}

} // namespace

std::vector<TypedEvent> typed(const std::vector<KeyEvent>& keys)
{
    return {keys.begin(), keys.end()};
}

InputTyper::~InputTyper()
{
    std::thread thread;
    {
        const MutexLock lock(m_mutex);
        m_stop = true;
        ++m_generation;
        thread = std::move(m_thread);
    }
    m_wake.notify_all();
    if (thread.joinable())
        thread.join();
}

void InputTyper::send(std::vector<TypedEvent> events, Completion done)
{
    MutexLock lock(m_mutex);
    if (m_stop || events.size() > kMaxQueued - m_queued) {
        lock.unlock();
        done(Error(ErrorCode::Busy, "too much is being typed already"));
        return;
    }
    m_queued += events.size();
    m_jobs.push_back({std::move(events), std::move(done), m_generation});
    if (!m_thread.joinable())
        m_thread = std::thread([this] { run(); });
    m_wake.notify_all();
}

void InputTyper::cancel()
{
    const MutexLock lock(m_mutex);
    ++m_generation;
    m_wake.notify_all();
}

void InputTyper::run()
{
    MutexLock lock(m_mutex);
    while (true) {
        lock.wait(m_wake, [this]() REQUIRES(m_mutex) { return m_stop || !m_jobs.empty(); });
        if (m_jobs.empty())
            return;
        const Job job = std::move(m_jobs.front());
        m_jobs.pop_front();
        lock.unlock();
        play(job);
        lock.lock();
        m_queued -= job.events.size();
    }
}

void InputTyper::play(const Job& job)
{
    for (const TypedEvent& event : job.events) {
        if (!waitForPace(job.generation)) {
            releaseHeld();
            job.done(Error(ErrorCode::Cancelled, "typing was given up"));
            return;
        }
        deliver(event);
    }
    job.done({});
}

/// Waits one pace; false when cancelled. Waiting before each event rather than after leaves a gap
/// to whatever was typed before.
bool InputTyper::waitForPace(uint64_t generation)
{
    MutexLock lock(m_mutex);
    return !lock.waitFor(m_wake, m_pace,
                         [&]() REQUIRES(m_mutex) { return m_generation != generation; });
}

void InputTyper::deliver(const TypedEvent& event)
{
    std::erase_if(m_held, [&](const TypedEvent& held) { return sameControl(held, event); });
    if (isDown(event))
        m_held.push_back(event);
    if (const auto* key = std::get_if<KeyEvent>(&event))
        m_keyboard.key(*key);
    else if (const auto* button = std::get_if<ButtonEvent>(&event))
        m_pointer.button(button->button, button->down);
    else if (const auto* move = std::get_if<MoveEvent>(&event))
        m_pointer.move(move->dx, move->dy);
}

void InputTyper::releaseHeld()
{
    for (const TypedEvent& held : std::exchange(m_held, {}))
        deliver(released(held));
}

} // namespace app::session
