// SPDX-License-Identifier: GPL-3.0-or-later
// The person's own folders (XDG Base Directory Specification 0.8).
#pragma once

#include <filesystem>

namespace app::library {

enum class UserFolder { Data, Config };

/// $XDG_DATA_HOME or ~/.local/share; $XDG_CONFIG_HOME or ~/.config. A relative value counts as
/// none.
std::filesystem::path userFolder(UserFolder folder);

} // namespace app::library
