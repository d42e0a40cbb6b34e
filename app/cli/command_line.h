// SPDX-License-Identifier: GPL-3.0-or-later
// CommandLine: what was typed after `vitrine`, and the help, from one table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/cli/library_words.h"
#include "app/session/hardware_words.h"
#include "app/session/run_request.h"
#include "vmm/base/result.h"

namespace app::cli {

/// `vitrine list`: the library's machines, and others that run.
struct ListCommand {
    bool names = false; ///< only these, one a line: for completions
};

/// `vitrine check-host`.
struct CheckHostCommand {};

/// `vitrine run`.
struct RunCommand {
    session::RunRequest request;
};

/// `vitrine` with nothing, or with files and addresses to open: the library's window.
struct LibraryCommand {
    std::vector<std::string> open; ///< paths (absolute) and http(s) addresses
    std::string action;            ///< of the desktop file, to be done at once; or empty
    bool demo = false;             ///< machines that only pretend
};

/// `vitrine --machine ID`: the process that is one running machine of the library.
struct MachineCommand {
    std::string id;    ///< or its name
    std::string accel; ///< as in RunRequest
    bool headless = false;
    bool fresh = false; ///< leave what was suspended behind
};

/// What `vitrine ctl` can ask of a running machine.
enum class Verb {
    Status,
    Pause,
    Resume,
    Reset,
    PowerDown,
    Quit,
    Screenshot,
    Key,
    Type,
    Mouse,
    Text,
    Devices,
    Stats,
    Insert,
    Eject,
    Save,
    Hardware, ///< one of session::hardwareWords()
};

/// `vitrine ctl NAME VERB ARGUMENT...`; as many arguments as the verb takes.
struct CtlCommand {
    std::string name;
    Verb verb = Verb::Status;
    std::vector<std::string> arguments;
    const session::HardwareWord* hardware = nullptr; ///< with Verb::Hardware
};

/// `--help`, `--version` and the like: a text for standard output.
struct PrintCommand {
    std::string text;
};

enum class OutputFormat { Text, Json };

/// What was asked for, and how answers are printed.
struct CommandLine {
    std::variant<PrintCommand, ListCommand, CheckHostCommand, RunCommand, CtlCommand,
                 LibraryCommand, MachineCommand, LibraryCall>
        command;
    OutputFormat format = OutputFormat::Text;
};

/// The status the program ends with after `error`: what scripts tell apart. 2 is kept for a command
/// line that was not understood.
int exitStatus(const vmm::Error& error);

/// Reads the arguments, without the program's own name. The error is a sentence that names what was
/// not understood; the program's status is 2 then.
vmm::Result<CommandLine> parseCommandLine(std::span<const std::string_view> arguments);

} // namespace app::cli
