// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a program on hostile input: few files, little memory, limited time (landlock(7),
// posix_spawn(3), prlimit(2)).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/result.h"

namespace app::import {

/// What a program is started with and may do.
struct ChildPlan {
    std::vector<std::string> command; ///< program, looked up in PATH, and arguments
    std::vector<int> files = {};      ///< become its descriptors 3, 4, ...; readable
    int writable = -1;                ///< the one of `files` it may write, if any
    std::vector<std::filesystem::path> readable = {}; ///< further files it opens by name
    uint64_t addressSpace = 0;                        ///< bytes
    uint64_t cpuSeconds = 0;                          ///< 0: no limit
    std::chrono::milliseconds timeout{0};             ///< 0: no limit
    /// Called with what it prints, and several times a second with nothing; an error ends the
    /// program and is passed on.
    std::function<vmm::Result<void>(std::string_view)> watch = {};
};

/// How it ended.
struct ChildEnd {
    int exitCode = -1;      ///< -1: a signal ended it
    std::string complaints; ///< the end of what it wrote to its standard error
};

/// Starts the program in a process group of its own, without a shell, with nothing of this
/// process's descriptors and environment but what is said above, and waits for its end. Where the
/// kernel has Landlock it can open nothing but `files`, `readable` and the system's own programs
/// and libraries. It is gone when this returns. Any thread; blocks.
vmm::Result<ChildEnd> runConfined(const ChildPlan& plan);

} // namespace app::import
