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

/// The last line of what a child has printed that says something, cut to 300 bytes of UTF-8; empty
/// when there is none.
std::string lastLine(const vmm::UniqueFd& output);
/// What the last run said that may tell why it ended: its last line that is neither a report of
/// every run ("state: running") nor mere information, without time and program. Cut as lastLine().
std::string lastTrouble(const vmm::UniqueFd& output);

/// At most the last `bytes` of a bundle's log, from the start of a line; empty when there is none.
/// The log is as hostile as what the guest makes the process say.
std::string logTail(const std::filesystem::path& bundle, size_t bytes);
/// As lastTrouble(), of a bundle's log.
std::string lastLogTrouble(const std::filesystem::path& bundle);

} // namespace app::library
