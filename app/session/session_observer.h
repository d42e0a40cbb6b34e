// SPDX-License-Identifier: GPL-3.0-or-later
// SessionObserver: who wants to hear what becomes of a machine.
#pragma once

#include <string>

#include "vmm/console/machine_listener.h"

namespace app::session {

/// Called on the machine's control thread, one call at a time; hands over to its own thread and
/// does not block. Adds and removes no observers from inside a call.
class SessionObserver {
public:
    virtual ~SessionObserver() = default;
    virtual void stateChanged(vmm::console::RunState state) = 0;
    /// One sentence for the person.
    virtual void message(const std::string& sentence) = 0;
    /// `path` empty: the drive has no medium.
    virtual void mediumChanged(const std::string& path) = 0;
    /// 0 to 100 while the machine is being saved.
    virtual void saveProgress(int percent) = 0;
    /// The machine is over; the process should end with this status. May be called more than once;
    /// the first status counts.
    virtual void ended(int exitStatus) = 0;
    /// As MachineListener::resetsInPlace(); one that says false decides.
    virtual bool resetsInPlace() { return true; }
};

} // namespace app::session
