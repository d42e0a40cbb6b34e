// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of Library share.
#pragma once

#include <filesystem>
#include <string>

#include "app/library/bundle.h"
#include "app/library/job.h"
#include "app/library/library.h"
#include "app/library/machine_config.h"
#include "vmm/base/result.h"

namespace app::library {

/// The listing of one bundle; says what is wrong with a broken one.
MachineEntry entryFor(const std::filesystem::path& bundle);

/// The listing of a bundle whose lock we hold ourselves: nobody runs it.
MachineEntry heldEntry(const std::filesystem::path& bundle);

/// A bundle that can be copied, moved or renamed: nobody runs it.
struct StillBundle {
    Bundle bundle;
    BundleLock lock;
};
/// Busy, with a sentence, unless the machine is off; `suspendedToo`: or suspended.
vmm::Result<StillBundle> holdStill(const MachineEntry& entry, bool suspendedToo);

/// Adds `folder` to the list in `settings`, unless it is there or is `home`.
vmm::Result<void> rememberFolder(const std::filesystem::path& settings,
                                 const std::filesystem::path& home,
                                 const std::filesystem::path& folder);

/// A locally administered MAC address of ours, random.
std::string randomMac();

/// Notes of a bundle moved across file systems, until the original is gone: in the copy, and in the
/// original.
inline constexpr const char* kMovedFrom = ".moved-from";
inline constexpr const char* kMovingTo = ".moving-to";
/// Removes the original of a bundle that was moved here, if it is still there.
void finishMove(const std::filesystem::path& bundle);

} // namespace app::library
