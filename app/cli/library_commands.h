// SPDX-License-Identifier: GPL-3.0-or-later
// Errands to the library and its machines: `vitrine start`, `stop`, `clone`, ...
#pragma once

#include <string>

#include "app/cli/command_line.h"
#include "app/cli/library_words.h"
#include "vmm/base/result.h"

namespace app::cli {

/// Carries out `call` and prints what it answers. Long work shows how far it is on a terminal, and
/// ends at SIGINT with nothing half done. Main thread.
vmm::Result<void> runLibraryCall(const LibraryCall& call, OutputFormat format);

/// How the machine `name` is called on the session bus: by the id of the library's machine of that
/// name or id, else by the name itself.
std::string busKeyOf(const std::string& name);

} // namespace app::cli
