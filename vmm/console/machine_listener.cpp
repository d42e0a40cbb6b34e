// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/console/machine_listener.h"

namespace vmm::console {

std::string_view runStateName(RunState state)
{
    switch (state) {
    case RunState::Paused:
        return "paused";
    case RunState::Running:
        return "running";
    case RunState::Panicked:
        return "panicked";
    case RunState::Stopped:
        return "stopped";
    }
    return "unknown";
}

} // namespace vmm::console
