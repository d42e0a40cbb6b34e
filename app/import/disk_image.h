// SPDX-License-Identifier: GPL-3.0-or-later
// Disk images of other formats: looked at and converted by qemu-img, in a process of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "app/library/job.h"
#include "vmm/base/result.h"

namespace app::import {

/// What qemu-img says of a file.
struct ImageFacts {
    std::string format; ///< "qcow2", "vmdk", "raw", ...
    uint64_t virtualBytes = 0;
    bool encrypted = false;
    bool hasBackingFile = false; ///< it is not complete alone
};

/// Looks at `file` without trusting it: qemu-img runs with limits on time and memory, and a backing
/// file is never followed. Compressed files (gzip, xz, zstd) are looked into.
vmm::Result<ImageFacts> inspectImage(const std::filesystem::path& file);

/// Writes the content of `file` to the sparse raw file `target`, which is not there before and is
/// removed again when something goes wrong or the job is given up.
vmm::Result<void> convertImage(const std::filesystem::path& file, const std::string& format,
                               const std::filesystem::path& target, library::Job& job);

} // namespace app::import
