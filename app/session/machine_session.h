// SPDX-License-Identifier: GPL-3.0-or-later
// MachineSession: one running machine as the application sees it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/session/input_typer.h"
#include "app/session/session_observer.h"
#include "vmm/base/event_loop.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/machine/machine.h"

namespace app::session {

/// Owns a machine, passes on what it tells, and knows the errands a person has beyond the machine's
/// own requests: typing, screenshots, the text on the screen. Owner: the program's main function.
/// Any thread. The destructor stops the machine; observers must be gone or still alive by then.
class MachineSession final : private vmm::console::MachineListener {
public:
    using Machine = vmm::machine::Machine;
    using Completion = vmm::machine::Completion;
    /// Builds the machine that reports to the listener it is given: Machine::create or restore.
    using Maker = std::function<vmm::Result<std::unique_ptr<Machine>>(MachineListener&)>;

    /// A session with a paused machine. The name is the machine's own unless `name` says otherwise.
    /// The observers hear everything from the first moment on. Errors are the person's sentence.
    static vmm::Result<std::unique_ptr<MachineSession>>
    create(const Maker& maker, const std::string& name = {},
           std::vector<SessionObserver*> observers = {});
    ~MachineSession() override;

    const std::string& name() const { return m_name; }
    Machine& machine() { return *m_machine; }

    /// After removeObserver() returns the observer is not called any more; not from inside a call.
    void addObserver(SessionObserver& observer);
    void removeObserver(SessionObserver& observer);

    /// Saves the machine, with progress to the observers.
    void save(const std::string& path, Completion done);
    /// Gives up a save() under way; it ends with Cancelled unless it was done already.
    void cancelSave() { m_saveCancelled.store(true); }
    /// Saves the standing machine for good: no resume() is taken from here on, and should the
    /// machine run all the same, what was written is removed again. Call allowResume() when it is
    /// to go on after a failure.
    void saveForGood(const std::string& path, Completion done);
    void allowResume() { m_savedForGood.store(false); }

    /// As the machine's; Busy while it is saved for good.
    void resume(Completion done);
    /// As the machine's; they are noted, so that stoppedByGuest() can tell.
    void powerButton(Completion done);
    void powerOff(Completion done);
    /// Nobody here asked the machine to stop.
    bool stoppedByGuest() const { return !m_toldToStop.load(); }

    /// Runs `errand` on a thread for what takes its time, one after the other; Busy when too many
    /// wait already. What waits when the session goes is dropped.
    vmm::Result<void> runErrand(std::function<void()> errand);
    /// The screen as PNG, at most `width` pixels wide (between the two below); `done` comes on the
    /// errands' thread.
    using Picture = vmm::Result<std::vector<std::byte>>;
    void thumbnail(uint32_t width, std::function<void(Picture)> done);
    static constexpr uint32_t kNarrowestThumbnail = 16;
    static constexpr uint32_t kWidestThumbnail = 1024;

    /// Presses and releases the keys of `chord` ("ctrl-alt-delete"); types `text` on a US keyboard.
    /// `done` comes when the guest was given the last event, or at once with what is wrong.
    void pressKeys(const std::string& chord, Completion done);
    void typeText(const std::string& text, Completion done);
    /// Moves the mouse by (dx, dy) counts; clicks `button` ("left", "right", "middle", "side",
    /// "extra") after it unless empty.
    void useMouse(int dx, int dy, const std::string& button, Completion done);
    /// Gives up what is being typed.
    void cancelTyping() { m_typer->cancel(); }

    /// Writes the screen as PNG. Takes some milliseconds: not for the GUI thread.
    vmm::Result<void> screenshot(const std::string& path);
    /// The text on the screen; Unsupported when it is in a graphics mode.
    vmm::Result<std::string> screenText();

private:
    MachineSession() = default;
    void runStateChanged(vmm::console::RunState state) override;
    void machineMessage(const std::string& sentence) override;
    void mediaChanged(const std::string& path) override;
    void exitRequested(int status) override;
    bool resetsInPlace() override;
    Picture takeThumbnail(uint32_t width);
    template <class Call>
    void tell(const Call& call);

    std::string m_name;
    vmm::Mutex m_mutex; // held while observers are called: removing one waits for the call
    std::vector<SessionObserver*> m_observers GUARDED_BY(m_mutex);
    static constexpr int kMostErrands = 8;
    std::atomic<bool> m_saveCancelled{false};
    std::atomic<bool> m_savedForGood{false};
    std::atomic<bool> m_toldToStop{false};
    std::atomic<int> m_waitingErrands{0};
    std::unique_ptr<Machine> m_machine;
    std::unique_ptr<InputTyper> m_typer; // after the machine: its sinks are the machine's
    vmm::Mutex m_errandsMutex;
    std::unique_ptr<vmm::EventLoop> m_errands GUARDED_BY(m_errandsMutex); // from the first one on
};

/// The mouse button called `name`; Invalid with the names there are.
vmm::Result<vmm::input::PointerButton> buttonNamed(const std::string& name);

} // namespace app::session
