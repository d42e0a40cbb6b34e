// SPDX-License-Identifier: GPL-3.0-or-later
// What a machine tells whoever runs it.
#pragma once

#include <string>
#include <string_view>

namespace vmm::console {

/// Paused: made, or stopped in between. Running. Panicked: the
/// guest said so. Stopped: powered off; the end.
enum class RunState { Paused, Running, Panicked, Stopped };

/// "paused", "running", ... : the words of the command line and D-Bus.
std::string_view runStateName(RunState state);

/// Called on the machine's control thread; must not block, hands over to its own thread.
class MachineListener {
public:
    virtual ~MachineListener() = default;
    virtual void runStateChanged(RunState state) = 0;
    /// Something the person should know: one sentence. The machine may have been paused by it.
    virtual void machineMessage(const std::string& sentence) = 0;
    /// The CD tray opened or closed or its medium changed; `path` empty: no medium.
    virtual void mediaChanged(const std::string& path) = 0;
    /// The guest wrote the isa-debug-exit port (tests): the process should end with this status.
    virtual void exitRequested(int status) = 0;
    /// The guest asks for a reset, by itself. False: the machine does not go on from its reset
    /// vector but is Stopped, because whoever runs it builds it anew.
    virtual bool resetsInPlace() { return true; }
};

} // namespace vmm::console
