// SPDX-License-Identifier: GPL-3.0-or-later
// Files written so that neither kill -9 nor a power cut leaves half of one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace app::library {

/// All of a regular file of at most `most` bytes. Follows no link, waits for no pipe.
vmm::Result<std::string> readFile(const std::filesystem::path& file, size_t most);

/// A file that was opened for reading, and how long it was then.
struct RegularFile {
    vmm::UniqueFd fd;
    uint64_t bytes = 0;
};
/// Invalid when it is none; waits for no pipe.
vmm::Result<RegularFile> openRegular(const std::filesystem::path& file);

/// Replaces `file` by `content`: written to ".NAME.new" beside it, fsync, rename, fsync of the
/// folder. The caller makes sure that only one writes `file` at a time.
vmm::Result<void> writeAtomically(const std::filesystem::path& file, std::string_view content);

/// fsync of one file or folder.
vmm::Result<void> syncPath(const std::filesystem::path& path);
/// fsync of everything below `folder` and of itself.
vmm::Result<void> syncTree(const std::filesystem::path& folder);

/// rename(2) that replaces nothing: Busy when `to` is there. Both folders are synced.
vmm::Result<void> renameNew(const std::filesystem::path& from, const std::filesystem::path& to);

/// Removes `folder` and all in it, without following links.
vmm::Result<void> removeTree(const std::filesystem::path& folder);

/// Makes the folder and its parents.
vmm::Result<void> ensureFolder(const std::filesystem::path& folder);

/// Bytes the host's disk gives to everything below `folder`.
uint64_t bytesBelow(const std::filesystem::path& folder);

/// 128 random bits as 32 hexadecimal digits.
std::string randomId();

/// One byte of a lock file (fcntl(2) F_OFD_SETLK, exclusive): dies with the process that holds it,
/// and unlike flock(2) can be asked about without taking it. Move-only.
class FileLock {
public:
    /// Busy when another holds the byte; a missing file is made.
    static vmm::Result<FileLock> take(const std::filesystem::path& file, int64_t byte);
    /// As take(), but tries again for up to `milliseconds`.
    static vmm::Result<FileLock> wait(const std::filesystem::path& file, int64_t byte,
                                      int milliseconds);
    static bool held(const std::filesystem::path& file, int64_t byte);

    /// The locked file is still the one at `file`; somebody may have moved its folder away.
    bool guards(const std::filesystem::path& file) const;
    vmm::UniqueFd release() && { return std::move(m_fd); }

private:
    explicit FileLock(vmm::UniqueFd fd) : m_fd(std::move(fd)) {}
    vmm::UniqueFd m_fd;
};

} // namespace app::library
