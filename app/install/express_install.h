// SPDX-License-Identifier: GPL-3.0-or-later
// Express install: an installation that asks nothing, by libosinfo's scripts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/library/job.h"
#include "app/library/machine_config.h"
#include "app/os/os_database.h"
#include "vmm/base/result.h"

namespace app::install {

/// What an installer would ask. The password lives in memory; the script's medium, which is deleted
/// when the installation is over, has its hash, or itself where the script's language wants it.
struct ExpressAnswers {
    std::string user;
    std::string fullName;
    std::string password;
    std::string hostName;
    std::string language = "en_US"; ///< POSIX locale without encoding
    std::string keyboard = "us";    ///< X layout
    std::string timeZone = "Etc/UTC";
    std::string productKey;
    std::string proxy; ///< HTTP proxy for the packages, "http://name:3128/"; empty: none
};

/// Whether `os` can be installed unattended, and whether it wants a product key.
struct ExpressSupport {
    bool possible = false;
    bool needsProductKey = false;
};
ExpressSupport expressSupport(const os::OsDatabase& database, const std::string& osId);

/// A file put beside the script.
struct DriverFile {
    std::string name; ///< there; without folders
    std::filesystem::path path;
};

/// Writes what an installation from `medium` needs to `folder` (the machine's bundle): a ramdisk
/// with the scripts and the medium's kernel, or a disc with the scripts; mode 0600, because the
/// password is in them. The paths it gives are relative to `folder`. The first disk must be
/// virtio-blk when OsFacts::virtioBlock, else SATA; Windows is installed with a BIOS. `drivers`
/// (app/os/drivers.h) are for Windows: its setup takes what lies beside the script. Errors name the
/// answer that is missing or the file; nothing is left behind then.
vmm::Result<library::InstallConfig>
prepareExpress(const os::OsDatabase& database, const std::filesystem::path& medium,
               const os::MediumFacts& facts, const ExpressAnswers& answers,
               const std::vector<DriverFile>& drivers, const std::filesystem::path& folder,
               library::Job& job);

} // namespace app::install
