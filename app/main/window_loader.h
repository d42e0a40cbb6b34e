// SPDX-License-Identifier: GPL-3.0-or-later
// Loads the window: a module of its own, so that headless machines do not pay for Qt.
#pragma once

#include "vmm/base/result.h"

namespace app::main {

/// What the module exports: runs the whole `vitrine run` in a window; the process's exit status.
using WindowMain = int(int argc, char** argv);
constexpr const char* kWindowMainSymbol = "vitrineWindowMain";

/// Loads the module from beside the program or from where it is installed, and runs it. The error
/// says why it could not be loaded.
vmm::Result<int> runInWindow(int argc, char** argv);

} // namespace app::main
