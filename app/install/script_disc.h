// SPDX-License-Identifier: GPL-3.0-or-later
// The second disc of an express install.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/os/install_script.h"
#include "vmm/base/result.h"

namespace app::install {

/// Writes a disc image (ISO 9660 with Joliet and Rock Ridge) with `files` in its root and the
/// volume label `label`; mode 0600, complete or not there. Any thread; blocks on the disk.
vmm::Result<void> writeScriptDisc(const std::filesystem::path& image, const std::string& label,
                                  const std::vector<os::ScriptFile>& files);

} // namespace app::install
