// SPDX-License-Identifier: GPL-3.0-or-later
// A bundle as one file: a pax archive with sparse files, compressed by zstd.
#pragma once

#include <filesystem>
#include <string>

#include "app/library/copy_plan.h"
#include "app/library/job.h"
#include "vmm/base/result.h"

namespace app::library {

/// Writes "FOLDER/machine.toml" with `config` and what is planned below "FOLDER/" to `file`, which
/// is replaced when all is written.
vmm::Result<void> writeArchive(const CopyPlan& plan, const std::string& folder,
                               const std::string& config, const std::filesystem::path& file,
                               Job& job);

/// Takes such a file apart into the empty folder `to`, without the folder's name in it. Hostile:
/// nothing lands outside of `to`; only files and folders; bounded in number, size and by the space
/// there is. What was written stays on error: the caller removes `to`.
vmm::Result<void> readArchive(const std::filesystem::path& file, const std::filesystem::path& to,
                              Job& job);

} // namespace app::library
