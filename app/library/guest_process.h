// SPDX-License-Identifier: GPL-3.0-or-later
// The process of one running machine, `vitrine --machine ID`: how it is started.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace app::library {

/// What is to be started.
struct GuestProcess {
    std::string program = "/proc/self/exe";
    std::string id;                     ///< of the machine
    std::vector<std::string> arguments; ///< more of them: "--headless"
    std::filesystem::path folder;       ///< on whose disk lies what it prints; the bundle
    std::string activationToken;        ///< of the person's click, for the window's focus; or empty
};

/// A child: the caller reaps it. What it says as a machine is in the bundle's log; `output` is all
/// it prints, also before and after that, in a file nobody else sees.
struct StartedGuest {
    pid_t pid = -1;
    vmm::UniqueFd output;
};

/// Starts it in a session of its own, so that it outlives whoever started it.
vmm::Result<StartedGuest> startGuestProcess(const GuestProcess& process);

/// The last line of what a child has printed, cut to 300 bytes; empty when there is none.
std::string lastLine(const vmm::UniqueFd& output);

} // namespace app::library
