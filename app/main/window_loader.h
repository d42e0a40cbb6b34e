// SPDX-License-Identifier: GPL-3.0-or-later
// Loads the windows: modules of their own, so that headless machines do not pay for Qt.
#pragma once

#include "vmm/base/result.h"

namespace app::main {

/// What a module exports: runs the whole program in a window; the process's exit status.
using WindowMain = int(int argc, char** argv);
constexpr const char* kWindowMainSymbol = "vitrineWindowMain";

constexpr const char* kGuestModule = "vitrine-window.so";    ///< one machine
constexpr const char* kLibraryModule = "vitrine-library.so"; ///< all of them
constexpr const char* kMakerModule = "vitrine-maker.so";     ///< `vitrine new`, no window at all

/// Loads `module` from beside the program or from where it is installed, and runs it. The error
/// says why it could not be loaded.
vmm::Result<int> runInWindow(const char* module, int argc, char** argv);

} // namespace app::main
