// SPDX-License-Identifier: GPL-3.0-or-later
// The files of an appliance: a tar archive (.ova), or what lies beside an .ovf.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "app/import/files.h"
#include "app/import/manifest.h"
#include "app/import/part.h"
#include "vmm/base/result.h"

namespace app::import {

/// Names in here are plain: whatever an archive calls "../x" or "/x" cannot be asked for. One
/// thread.
class ApplianceFiles {
public:
    /// Finds and reads the description and the manifest, and checks the one against the other.
    static vmm::Result<ApplianceFiles> open(const std::filesystem::path& file);

    const std::string& description() const { return m_description; }
    /// What sentences call the appliance.
    const std::string& name() const { return m_name; }
    /// How long the file `name` is; NotFound when there is none.
    vmm::Result<uint64_t> bytesOf(const std::string& name) const;

    /// A disk's file, complete and with the right sum.
    using Take = std::function<vmm::Result<void>(const std::string& name,
                                                 const std::filesystem::path& file, Part part)>;
    /// Gives each file of `wanted` to `take`, in whatever order they lie; each only once its sum
    /// has been checked. Out of an archive they are unpacked to `folder` for that long. The part
    /// moves on as the files' lengths tell.
    vmm::Result<void> visit(const std::map<std::string, uint64_t>& wanted,
                            const std::filesystem::path& folder, Part part, const Take& take);

private:
    vmm::Result<void> scanArchive();
    vmm::Result<void> readFolder();
    vmm::Result<void> checkDescription();
    vmm::Result<void> visitArchive(std::map<std::string, uint64_t> wanted,
                                   const std::filesystem::path& folder, Part part,
                                   const Take& take);
    vmm::Result<void> visitFolder(const std::map<std::string, uint64_t>& wanted, Part part,
                                  const Take& take);
    const Checksum* sumOf(const std::string& name) const;
    vmm::Error wrongSum(const std::string& name) const;

    std::filesystem::path m_path;
    std::string m_name;
    OpenFile m_file;
    bool m_archive = false;
    std::string m_description;
    std::string m_descriptionName;
    Manifest m_manifest;
    std::map<std::string, uint64_t> m_lengths; // of an archive
};

} // namespace app::import
