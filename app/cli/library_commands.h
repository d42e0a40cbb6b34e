// SPDX-License-Identifier: GPL-3.0-or-later
// Errands to the library and its machines: `vitrine start`, `stop`, `clone`, ...
#pragma once

#include <string>

#include "app/cli/command_line.h"
#include "app/cli/library_words.h"
#include "app/cli/machine_client.h"
#include "vmm/base/result.h"

namespace app::library {
struct MachineEntry;
}

namespace app::cli {

/// Carries out `call` and prints what it answers. Long work shows how far it is on a terminal, and
/// ends at SIGINT with nothing half done. Main thread.
vmm::Result<void> runLibraryCall(const LibraryCall& call, OutputFormat format);

/// The bus to tell the machine `name` something. Without one the error says so, but that there is
/// no such machine (NotFound) when there is none.
vmm::Result<SessionBus> busFor(const std::string& name);

/// How the machine `name` is called on the session bus: by the id of the library's machine of that
/// name or id, else by the name itself.
std::string busKeyOf(const SessionBus& bus, const std::string& name);

/// The id of `entry`; of one whose machine.toml was broken while it runs, the id of the machine of
/// its name on the bus. Empty: not known.
std::string runningId(const SessionBus& bus, const library::MachineEntry& entry);

} // namespace app::cli
