// SPDX-License-Identifier: GPL-3.0-or-later
// Makes the text of a machine.toml say another configuration.
#pragma once

#include <string_view>

#include "app/library/machine_config.h"
#include "app/library/toml_text.h"
#include "vmm/base/result.h"

namespace app::library {

inline constexpr std::string_view kDiskSection = "disk";
inline constexpr std::string_view kCdromSection = "cdrom";
inline constexpr std::string_view kNicSection = "network";
inline constexpr std::string_view kConsoleSection = "console";

/// Changes what differs between `from`, which `text` says, and `to`; devices are known by their
/// ids. On error `text` may have been changed in part.
vmm::Result<void> editConfig(TomlText& text, const MachineConfig& from, const MachineConfig& to);

/// Whether both would be written alike.
bool sameConfig(const MachineConfig& one, const MachineConfig& other);

} // namespace app::library
