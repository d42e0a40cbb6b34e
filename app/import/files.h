// SPDX-License-Identifier: GPL-3.0-or-later
// What every import does with files: open them warily, make sure there is room, keep or remove.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace app::import {

/// A file opened for reading, and its length.
struct OpenFile {
    vmm::UniqueFd fd;
    uint64_t bytes = 0;
};

/// The name a sentence calls a file by: without its folders, control characters replaced.
std::string shownName(const std::filesystem::path& file);

/// Opens a regular file; anything else (folder, pipe, device) is refused without waiting for it.
/// With `ownNameOnly`, a symbolic link is refused as well.
vmm::Result<OpenFile> openRegular(const std::filesystem::path& file, bool ownNameOnly = false);

/// Reads what there is from `offset` on; fewer bytes than `to` has only at the end of the file.
vmm::Result<size_t> readAt(const OpenFile& file, uint64_t offset, std::span<std::byte> to,
                           const std::string& name);

/// Exhausted when `folder` has less than `bytes` left: "there is not enough room on ...".
vmm::Result<void> checkRoom(const std::filesystem::path& folder, uint64_t bytes);

/// The error of a write to `file` that failed with `number`; says how much is left when it was
/// that. `needed`: what the whole takes, 0 when nobody knows.
vmm::Error writeError(const std::filesystem::path& file, int number, uint64_t needed);

/// A file being made: created new, and removed again unless keep() was called. Move-only.
class NewFile {
public:
    /// Invalid when there is something under that name already.
    static vmm::Result<NewFile> create(const std::filesystem::path& path);
    NewFile(NewFile&& other) noexcept = default;
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    int fd() const { return m_fd.get(); }
    const std::filesystem::path& path() const { return m_path; }
    /// Writes all of it to the disk, and the name into its folder; the file stays.
    vmm::Result<void> keep();

private:
    NewFile(std::filesystem::path path, vmm::UniqueFd fd)
        : m_path(std::move(path)), m_fd(std::move(fd))
    {}

    std::filesystem::path m_path;
    vmm::UniqueFd m_fd; // invalid once kept or moved from
};

/// "4.1 GB": decimal, as file managers show it.
std::string sizeInWords(uint64_t bytes);

} // namespace app::import
