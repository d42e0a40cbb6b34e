// SPDX-License-Identifier: GPL-3.0-or-later
// PrivateFile: a file with a password in it.
#pragma once

#include <filesystem>
#include <span>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace app::install {

/// Written beside its place with mode 0600 and renamed when complete; gone when it was not. One
/// thread; blocks on the disk. Move-only.
class PrivateFile {
public:
    static vmm::Result<PrivateFile> create(const std::filesystem::path& file);
    PrivateFile(PrivateFile&&) noexcept = default;
    PrivateFile& operator=(PrivateFile&&) = delete;
    ~PrivateFile();

    vmm::Result<void> write(std::span<const char> bytes);
    /// Onto the disk and into its place.
    vmm::Result<void> finish();

private:
    PrivateFile(std::filesystem::path file, std::filesystem::path part, vmm::UniqueFd fd)
        : m_file(std::move(file)), m_part(std::move(part)), m_fd(std::move(fd))
    {}

    std::filesystem::path m_file;
    std::filesystem::path m_part; ///< what is written
    vmm::UniqueFd m_fd;           ///< not valid: finished or moved from
};

} // namespace app::install
