// SPDX-License-Identifier: GPL-3.0-or-later
// The volume descriptors of a disc image (ECMA-119 4th edition, section 8).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "vmm/base/result.h"

namespace app::os {

/// What the primary volume descriptor says. Printable ASCII without blanks around it: other bytes
/// were replaced by '_'.
struct VolumeDescriptors {
    std::string system;
    std::string volume;
    std::string publisher;
    std::string application;
    uint64_t volumeBytes = 0;
    bool bootable = false; ///< there is a boot record (El Torito)
};

/// Reads at most 64 sectors of `file`. Invalid when it is no ISO 9660 image; any thread, blocks on
/// the disk.
vmm::Result<VolumeDescriptors> readVolumeDescriptors(const std::filesystem::path& file);

} // namespace app::os
