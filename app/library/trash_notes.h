// SPDX-License-Identifier: GPL-3.0-or-later
// Which machines went into the trash, and where to: symbolic links in one folder, each named by a
// machine's id. They are a help and no data: what cannot be written or read is left out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace app::library {

/// The machine `id` lies in `trashed` now. An id that is none is left out.
void noteTrashed(const std::filesystem::path& notes, const std::string& id,
                 const std::filesystem::path& trashed);
/// Ids of those that are not where they were put any more, though that folder is there.
std::vector<std::string> leftTrash(const std::filesystem::path& notes);
/// As if it had never been deleted.
void forgetNote(const std::filesystem::path& notes, const std::string& id);

} // namespace app::library
