// SPDX-License-Identifier: GPL-3.0-or-later
// `vitrine list` and `vitrine ctl`: errands to machines that run in other processes.
#pragma once

#include "app/cli/command_line.h"
#include "vmm/base/result.h"

namespace app::cli {

/// Prints the machines that run now. Without a session bus those are known by their lock files
/// only.
vmm::Result<void> runList(const ListCommand& command, OutputFormat format);

/// Carries out one verb and prints what it answers. Paths are made absolute on this side, because
/// the machine may have another working directory.
vmm::Result<void> runCtl(const CtlCommand& command, OutputFormat format);

} // namespace app::cli
