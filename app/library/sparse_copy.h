// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of disk images: shared blocks where the file system can, holes stay holes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "app/library/job.h"
#include "vmm/base/result.h"

namespace app::library {

/// Progress of several copies as one job: units are bytes of data, without holes.
struct CopyProgress {
    Job& job;
    uint64_t total = 0;
    uint64_t done = 0;
    vmm::Result<void> advance(uint64_t bytes);
};

/// Bytes of data in the regular file, without its holes.
uint64_t dataBytes(const std::filesystem::path& file);

/// Copies the regular file `from` to `to`, which is not there before, with its times; not synced.
/// What there is of `to` stays on error: the caller removes the folder it is in.
vmm::Result<void> copySparse(const std::filesystem::path& from, const std::filesystem::path& to,
                             CopyProgress& progress);

/// Calls `each` for every run of data [begin, end) of `fd`, in order.
vmm::Result<void>
forEachData(int fd, const std::function<vmm::Result<void>(uint64_t begin, uint64_t end)>& each);

} // namespace app::library
