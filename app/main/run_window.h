// SPDX-License-Identifier: GPL-3.0-or-later
// Between a running machine and its window, which live on different threads.
#pragma once

#include <functional>
#include <memory>

#include "vmm/base/result.h"

namespace app::main {

/// The window as the run sees it. Called on the control loop's thread; hands over to its own and
/// returns at once.
class RunWindow {
public:
    virtual ~RunWindow() = default;
    /// Shows itself, in front of the others.
    virtual void present() = 0;
    /// The session goes away: lets go of it, then calls `gone`, on any thread.
    virtual void release(std::function<void()> gone) = 0;
    /// There is a session again.
    virtual void attach() = 0;
    /// There is none, and this is why.
    virtual void failed(const vmm::Error& error) = 0;
    /// The machine is being suspended, or goes on.
    virtual void suspending(bool active) = 0;
    /// A disposable machine is over: GuestDoor::keep() or discard() is to follow.
    virtual void askToKeep() = 0;
};

/// What a window asks of a machine of the library beside the machine's own requests. Any thread;
/// returns at once, answers come on the control loop's thread.
class GuestDoor {
public:
    using Completion = std::function<void(vmm::Result<void>)>;
    /// What closing the window means, as the bundle says at this moment.
    enum class OnClose : uint8_t { Hide, Suspend, ShutDown, AskToKeep };

    virtual ~GuestDoor() = default;
    virtual void askOnClose(std::function<void(OnClose)> answer) = 0;
    virtual void suspendGuest(Completion done) = 0;
    virtual void cancelSuspend() = 0;
    /// A disposable machine stays in the library; when it is over, the program ends.
    virtual void keep(Completion done) = 0;
    /// The machine is turned off, and its bundle deleted as the program ends.
    virtual void discard() = 0;
};

} // namespace app::main
