// SPDX-License-Identifier: GPL-3.0-or-later
// Starting a machine of the library from the command line.
#pragma once

#include "app/cli/library_words.h"
#include "app/library/library.h"
#include "vmm/base/result.h"

namespace app::cli {

/// Starts the process of `entry` as `call` says (headless, accel, fresh) and waits until it is on
/// the session bus; its window comes to the front when it runs already. The error is what the
/// process said before it ended. Without a session bus it is started all the same, and the error
/// says that it cannot be controlled.
vmm::Result<void> startGuest(const library::MachineEntry& entry, const LibraryCall& call);

} // namespace app::cli
