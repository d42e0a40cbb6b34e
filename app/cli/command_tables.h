// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of commands, options and verbs: parsing, help, manual page and completions read them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/cli/command_line.h"

namespace app::cli {

enum class CommandKind { Run, List, Ctl, CheckHost };

/// A command that is none of libraryWords().
struct CommandRow {
    std::string_view name;
    CommandKind kind;
    std::string_view usage;
    std::string_view help;
};
std::span<const CommandRow> commands();

/// What an option does to the request. Options without a value get an empty one.
struct OptionRow {
    std::string_view name;
    std::string_view value; ///< what the value stands for in the help; empty: takes none
    std::string_view help;
    void (*apply)(session::RunRequest& request, const std::string& value);
};
/// Of `vitrine run`.
std::span<const OptionRow> runOptions();

/// A verb of `vitrine ctl` that is none of session::hardwareWords().
struct VerbRow {
    std::string_view name;
    Verb verb;
    std::string_view arguments;
    size_t atLeast;
    size_t atMost;
    std::string_view help;
};
std::span<const VerbRow> ctlVerbs();

/// An option or verb and what it does.
struct HelpRow {
    std::string left;
    std::string_view right; ///< may have several lines
};
/// What every command knows, and what the program knows without one.
std::span<const HelpRow> commonOptions();
std::span<const HelpRow> programOptions();
/// The last words of the help: what the exit status says.
std::string_view statusHelp();

/// The row called `name`; null when there is none.
template <class Row>
const Row* findRow(std::span<const Row> rows, std::string_view name)
{
    for (const Row& row : rows)
        if (row.name == name)
            return &row;
    return nullptr;
}

/// What the help says: of the program, of a command, of a word.
std::string generalHelp();
std::string commandHelp(const CommandRow& command);
std::string wordHelp(const LibraryWord& word);

} // namespace app::cli
