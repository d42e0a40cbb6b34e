// SPDX-License-Identifier: GPL-3.0-or-later
// MachineHost: the program around a session, as callers on the bus meet it.
#pragma once

#include <functional>
#include <string>

#include "vmm/base/result.h"

namespace app::session {

/// What a machine cannot answer by itself. Called on the control loop's thread; does not block.
class MachineHost {
public:
    using Completion = std::function<void(vmm::Result<void>)>;

    virtual ~MachineHost() = default;
    /// Of the machine in the library; empty: it is in none.
    virtual std::string id() const = 0;
    /// Its installation is under way.
    virtual bool installing() const = 0;
    virtual bool headless() const = 0;
    /// Brings the window to the front; Unsupported without one.
    virtual void present(Completion done) = 0;
    /// Saves the machine into its bundle and ends the program; when that fails, it goes on.
    virtual void suspend(Completion done) = 0;
};

} // namespace app::session
