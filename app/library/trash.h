// SPDX-License-Identifier: GPL-3.0-or-later
// The desktop's trash (freedesktop.org Trash specification 1.0).
#pragma once

#include <filesystem>

#include "vmm/base/result.h"

namespace app::library {

/// Moves `path` into the trash of its file system; where it lies now ("TRASH/files/NAME"). Nothing
/// is copied: where no trash can be had on that file system this is an error.
vmm::Result<std::filesystem::path> moveToTrash(const std::filesystem::path& path);

/// Forgets that `trashed` was in the trash, once it has been moved out of it.
void forgetTrashed(const std::filesystem::path& trashed);

} // namespace app::library
