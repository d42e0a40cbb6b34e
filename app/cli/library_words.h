// SPDX-License-Identifier: GPL-3.0-or-later
// The command line's words for machines of the library: `vitrine start NAME` and its like.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmm/base/result.h"

namespace app::cli {

/// What can be asked of the library and its machines.
enum class LibraryVerb {
    New,
    Start,
    Open,
    Stop,
    Pause,
    Resume,
    Restart,
    Suspend,
    Delete,
    Clone,
    Export,
    Import,
    Set,
    Get,
    Forward,
    Logs,
};

/// An option of such a word.
struct LibraryOption {
    std::string_view name;
    std::string_view value; ///< what the value stands for; empty: takes none
    std::string_view help;
};

/// One word: what follows it, how much of that, and what it does.
struct LibraryWord {
    std::string_view name;
    LibraryVerb verb;
    std::string_view arguments;
    size_t atLeast;
    size_t atMost;
    std::string_view help;
    std::span<const LibraryOption> options;
};

/// All of them; constant.
std::span<const LibraryWord> libraryWords();

/// What was typed after a word.
struct LibraryCall {
    const LibraryWord* word = nullptr;
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> options; ///< in the order given

    bool has(std::string_view option) const;
    /// The last value given; empty when there is none.
    std::string value(std::string_view option) const;
};

/// Reads `rest`, what follows the word; --json and --help have been taken out. The error names what
/// was not understood.
vmm::Result<LibraryCall> parseLibraryCall(const LibraryWord& word,
                                          std::span<const std::string_view> rest);

} // namespace app::cli
