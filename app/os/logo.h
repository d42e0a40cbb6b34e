// SPDX-License-Identifier: GPL-3.0-or-later
// Which picture stands for an operating system.
#pragma once

#include <string>
#include <string_view>

namespace app::os {

/// The name of an icon in resources/icons, without ".svg": "os-debian". They are tiles of our own
/// drawing, one per family, and never empty: what is not known gets "os-generic". Both as OsFacts
/// has them. Any thread.
std::string logoName(std::string_view family, std::string_view distro);

} // namespace app::os
