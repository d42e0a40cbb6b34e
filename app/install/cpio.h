// SPDX-License-Identifier: GPL-3.0-or-later
// cpio archives as a Linux kernel unpacks them (Documentation/driver-api/early-userspace/
// buffer-format.rst, "newc").
#pragma once

#include <string>
#include <vector>

#include "app/os/install_script.h"

namespace app::install {

/// An archive with `files` in its root, readable by root alone. Its length is a multiple of 512, so
/// that another archive can follow: the kernel unpacks one after the other.
std::string cpioArchive(const std::vector<os::ScriptFile>& files);

} // namespace app::install
