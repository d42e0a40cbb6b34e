// SPDX-License-Identifier: GPL-3.0-or-later
// Names of the files in a bundle that the rooms outside have no business with.
#pragma once

#include <cstdint>

namespace app::library {

inline constexpr const char* kConfigFile = "machine.toml";
inline constexpr const char* kConfigBackup = "machine.toml.bak";
inline constexpr const char* kLockFile = ".lock";
/// Bytes of the lock file: who runs or moves the machine; who changes machine.toml.
inline constexpr int64_t kMachineByte = 0;
inline constexpr int64_t kConfigByte = 1;

} // namespace app::library
