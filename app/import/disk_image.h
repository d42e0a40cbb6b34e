// SPDX-License-Identifier: GPL-3.0-or-later
// Disk images of other formats: looked at and converted by qemu-img, in a process of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "app/library/job.h"
#include "vmm/base/result.h"

namespace app::import {

/// What a file is.
struct ImageFacts {
    std::string format; ///< "qcow2", "vmdk", "raw", ...; of a packed file: what is inside
    /// The disk's size. 0 for a packed file that does not say it before it is unpacked.
    uint64_t virtualBytes = 0;
    bool packed = false; ///< gzip, xz, zstd or bzip2 around it
    bool encrypted = false;
    bool hasBackingFile = false; ///< it is not complete alone
    /// Why it cannot be taken over: one sentence naming the file; empty when it can.
    std::string problem;
};

/// Looks at `file` without trusting it: what it is, its first bytes decide; qemu-img then runs with
/// limits on time, memory and files, and a backing file is never followed. Raw is what nothing else
/// matches. Compressed files (gzip, xz, zstd, bzip2) are looked into. Any thread; blocks, at most a
/// minute.
vmm::Result<ImageFacts> inspectImage(const std::filesystem::path& file);

/// Writes the content of `file` to the sparse raw file `target`, which is not there before and is
/// removed again when something goes wrong or the job is given up. `format`: as inspectImage()
/// said; when the file has become another since, it is refused. On success everything is on the
/// disk. Any thread; blocks.
vmm::Result<void> convertImage(const std::filesystem::path& file, const std::string& format,
                               const std::filesystem::path& target, library::Job& job);

} // namespace app::import
