// SPDX-License-Identifier: GPL-3.0-or-later
// The process of one running machine, `vitrine --machine ID`: how it is started.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "vmm/base/result.h"

namespace app::library {

/// What is to be started.
struct GuestProcess {
    std::string program = "/proc/self/exe";
    std::string id;                     ///< of the machine
    std::vector<std::string> arguments; ///< more of them: "--headless"
    std::filesystem::path log;          ///< gets what it prints; begins anew above 1 MiB
    std::string activationToken;        ///< of the person's click, for the window's focus; or empty
};

/// Starts it in a session of its own, so that it outlives whoever started it. The caller reaps it.
vmm::Result<pid_t> startGuestProcess(const GuestProcess& process);

/// The last line of text in the log from byte `from` on, cut to 300 bytes; empty when there is
/// none.
std::string lastLogLine(const std::filesystem::path& log, uint64_t from = 0);

} // namespace app::library
