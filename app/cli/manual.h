// SPDX-License-Identifier: GPL-3.0-or-later
// What the tables of the command line say, for man(1) and for shells.
#pragma once

#include <string>
#include <string_view>

#include "vmm/base/result.h"

namespace app::cli {

/// vitrine(1), in the man macros of groff_man(7).
std::string manualPage();

/// A script that completes commands, options, verbs and names of machines, for "bash", "zsh" or
/// "fish".
vmm::Result<std::string> completionFor(std::string_view shell);

} // namespace app::cli
