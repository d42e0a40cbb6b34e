// SPDX-License-Identifier: GPL-3.0-or-later
// What this host offers machines, found out for `vitrine check-host`.
#pragma once

#include "app/cli/check_host.h"

namespace app::main {

/// Looks at this host; takes some milliseconds. Any thread.
cli::HostReport hostReport();

} // namespace app::main
