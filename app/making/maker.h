// SPDX-License-Identifier: GPL-3.0-or-later
// From a draft to a bundle.
#pragma once

#include <filesystem>

#include "app/library/job.h"
#include "app/library/library.h"
#include "app/making/draft.h"
#include "app/os/os_database.h"
#include "vmm/base/result.h"

namespace app::making {

/// Makes the machine `draft` describes: disk images are converted and appliances unpacked into a
/// hidden folder first, so that the bundle is complete or not there. A thread of its own.
vmm::Result<library::MachineEntry> makeMachine(const Draft& draft, const library::Library& library,
                                               library::Job& job);

/// Prepares the unattended installation of the machine `bundle`, which makeMachine() made of
/// `draft`. The database's thread.
vmm::Result<void> prepareInstall(const Draft& draft, const std::filesystem::path& bundle,
                                 const os::OsDatabase* database, library::Job& job);

} // namespace app::making
