// SPDX-License-Identifier: GPL-3.0-or-later
// `vitrine --machine`: finding the machine, and whether it runs already.
#pragma once

#include <memory>

#include "app/cli/command_line.h"
#include "app/session/bundle_guest.h"
#include "vmm/base/result.h"

namespace app::main {

/// The machine the command names, with its lock. Null: it runs already; its window was brought to
/// the front, unless the command wants none. Looks at the library's folders, and waits some seconds
/// for a machine that is just starting.
vmm::Result<std::unique_ptr<session::BundleGuest>> openGuest(const cli::MachineCommand& command);

/// What is to run its CPUs, and from where it starts, as the command says.
vmm::Result<vmm::spec::Accel> accelOf(const cli::MachineCommand& command);
session::BundleGuest::Start startOf(const cli::MachineCommand& command);

} // namespace app::main
