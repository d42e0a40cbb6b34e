// SPDX-License-Identifier: GPL-3.0-or-later
// From a draft to a bundle.
#pragma once

#include "app/library/library.h"
#include "app/main/library_shelf.h"
#include "app/os/os_database.h"
#include "ui/models/library_controller.h"
#include "vmm/base/result.h"

namespace app::main {

/// Makes the machine `draft` describes: disk images are converted and appliances unpacked into a
/// hidden folder first, so that the bundle is complete or not there. A thread of its own.
vmm::Result<library::MachineEntry> makeMachine(const ui::models::MachineDraft& draft,
                                               const LibraryPlace& place, library::Job& job);

/// Prepares the unattended installation of the machine `bundle`, which makeMachine() made of
/// `draft`. The database's thread.
vmm::Result<void> prepareInstall(const ui::models::MachineDraft& draft,
                                 const std::filesystem::path& bundle,
                                 const os::OsDatabase* database, library::Job& job);

} // namespace app::main
