// SPDX-License-Identifier: GPL-3.0-or-later
// OVA and OVF appliances (DSP0243, OVF 1.1 and 2.1).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app/library/job.h"
#include "vmm/base/result.h"

namespace app::import {

/// What an appliance describes, as far as a machine of ours can have it.
struct Appliance {
    struct Disk {
        std::string file; ///< inside the archive, or beside the .ovf
        uint64_t capacityBytes = 0;
        bool compressed = false; ///< gzip (ovf:compression)
    };
    std::string name;
    std::string osHint; ///< of the operating system section, in the appliance's words
    uint32_t cpus = 0;
    uint64_t memoryBytes = 0;
    std::vector<Disk> disks; ///< in the order of their addresses
    uint32_t nics = 0;
    bool uefi = false;
};

/// Reads the description in `file` (.ova or .ovf). Hostile: no entities, no names that leave the
/// archive, bounded sizes.
vmm::Result<Appliance> readAppliance(const std::filesystem::path& file);

/// Takes all disks out of `file` as raw files "disk0.raw"... in `folder`, checking the manifest's
/// sums (.mf) where there is one; the paths in order. Nothing is left behind on failure.
vmm::Result<std::vector<std::filesystem::path>> unpackAppliance(const std::filesystem::path& file,
                                                                const Appliance& appliance,
                                                                const std::filesystem::path& folder,
                                                                library::Job& job);

} // namespace app::import
