// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of commands, options and verbs: parsing and help both read them.
#include "app/cli/command_line.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "app/cli/version.h"

namespace app::cli {

using session::RunRequest;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::spec::DriveKind;

namespace {

enum class CommandKind { Run, List, Ctl, CheckHost };

struct CommandRow {
    std::string_view name;
    CommandKind kind;
    std::string_view usage;
    std::string_view help;
};
constexpr auto kCommands = std::to_array<CommandRow>({
    {"run", CommandKind::Run, "vitrine run [OPTION]...",
     "Starts a machine, in a window or headless, and ends with it."},
    {"list", CommandKind::List, "vitrine list [--json]",
     "Lists the library's machines, and others that run."},
    {"ctl", CommandKind::Ctl, "vitrine ctl NAME VERB [ARGUMENT]... [--json]",
     "Controls a machine that runs."},
    {"check-host", CommandKind::CheckHost, "vitrine check-host [--json]",
     "Says what this computer offers machines, and what --accel auto chooses."},
});

/// What an option does to the request. Options without a value get an empty one.
struct OptionRow {
    std::string_view name;
    std::string_view value; ///< what the value stands for in the help; empty: takes none
    std::string_view help;
    void (*apply)(RunRequest& request, const std::string& value);
};
constexpr auto kRunOptions = std::to_array<OptionRow>({
    {"cdrom", "FILE[,...]", "an ISO image in a CD-ROM drive; bus=ahci|scsi",
     [](RunRequest& r, const std::string& v) {
         r.drives.push_back({DriveKind::Cdrom, v});
     }},
    {"disk", "FILE[,...]",
     "a raw disk image, several times if need be; bus=ahci|virtio|scsi, serial=, readonly,\n"
     "cache=writeback|writethrough|direct, when-full=pause|report, bps=, iops=, id=",
     [](RunRequest& r, const std::string& v) {
         r.drives.push_back({DriveKind::Disk, v});
     }},
    {"nic", "KIND[,...]",
     "a network card: user (NAT; forward=RULE, restrict), tap,fd=N, passt,socket=PATH,\n"
     "disconnected, or none; mac=, link=up|down, capture=FILE, id= [user]",
     [](RunRequest& r, const std::string& v) { r.nics.push_back(v); }},
    {"forward", "RULE",
     "a port of this computer that leads to the guest: [tcp|udp:][ADDRESS:]PORT:[ADDRESS]:PORT",
     [](RunRequest& r, const std::string& v) { r.forwards.push_back(v); }},
    {"console", "WHERE[,name=NAME]",
     "a virtio console port on a pty, stdio, socket=PATH or file=PATH; without a name it is hvc0",
     [](RunRequest& r, const std::string& v) { r.consolePorts.push_back(v); }},
    {"vsock", "CID,socket=PATH", "sockets between host and guest, the host's end at PATH",
     [](RunRequest& r, const std::string& v) { r.vsock = v; }},
    {"balloon", "WHO", "who says when memory is given back: auto, manual, none [auto]",
     [](RunRequest& r, const std::string& v) { r.balloon = v; }},
    {"slots", "N", "PCIe slots for devices attached later, 0 to 8 [4]",
     [](RunRequest& r, const std::string& v) { r.pcieSlots = v; }},
    {"memory", "SIZE", "memory of the machine, such as 512M or 4G [2G]",
     [](RunRequest& r, const std::string& v) { r.memory = v; }},
    {"cpus", "N", "virtual CPUs, 1 to 64 [2]",
     [](RunRequest& r, const std::string& v) { r.cpus = v; }},
    {"name", "NAME", "name of the machine: letters, digits, - and _ [vitrine]",
     [](RunRequest& r, const std::string& v) { r.name = v; }},
    {"boot", "WHAT", "boot from cdrom or disk first, or show the firmware's menu [cdrom]",
     [](RunRequest& r, const std::string& v) { r.boot = v; }},
    {"serial", "WHERE", "serial port on stdio, a pty, or file:PATH [none]",
     [](RunRequest& r, const std::string& v) { r.serial = v; }},
    {"headless", "", "no window; control it with vitrine ctl",
     [](RunRequest& r, const std::string&) { r.headless = true; }},
    {"restore", "FILE", "go on with a machine saved by vitrine ctl NAME save FILE",
     [](RunRequest& r, const std::string& v) { r.restore = v; }},
    {"firmware", "FILE", "firmware to start instead of SeaBIOS: an image, or uefi for OVMF",
     [](RunRequest& r, const std::string& v) { r.firmware = v; }},
    {"debugcon", "FILE", "file for what the firmware writes to its debug port",
     [](RunRequest& r, const std::string& v) { r.debugcon = v; }},
    {"kernel", "FILE",
     "kernel to start without firmware: bzImage, ELF (PVH or not), Multiboot; FILE.iso:/PATH "
     "takes\n"
     "it out of an ISO image, as it does a ramdisk",
     [](RunRequest& r, const std::string& v) { r.kernel = v; }},
    {"initrd", "FILE", "the kernel's initial ramdisk, or Multiboot module",
     [](RunRequest& r, const std::string& v) { r.initrd = v; }},
    {"append", "TEXT", "the kernel's command line",
     [](RunRequest& r, const std::string& v) { r.append = v; }},
    {"accel", "WHICH", "what runs the CPUs: kvm, the software CPU (soft), or auto [auto]",
     [](RunRequest& r, const std::string& v) { r.accel = v; }},
    {"gdb", "WHERE", "let GDB in at tcp::PORT (this computer only) or unix:PATH",
     [](RunRequest& r, const std::string& v) { r.gdb = v; }},
    {"test-devices", "", "devices for tests: a port that ends the program with a status",
     [](RunRequest& r, const std::string&) { r.testDevices = true; }},
});

struct VerbRow {
    std::string_view name;
    Verb verb;
    std::string_view arguments;
    size_t atLeast;
    size_t atMost;
    std::string_view help;
};
constexpr auto kVerbs = std::to_array<VerbRow>({
    {"status", Verb::Status, "", 0, 0, "prints what the machine is and does"},
    {"pause", Verb::Pause, "", 0, 0, "stops its virtual CPUs"},
    {"resume", Verb::Resume, "", 0, 0, "lets them go on"},
    {"reset", Verb::Reset, "", 0, 0, "resets the machine"},
    {"powerdown", Verb::PowerDown, "", 0, 0, "presses its power button"},
    {"quit", Verb::Quit, "", 0, 0, "takes its power away, which ends it"},
    {"screenshot", Verb::Screenshot, "FILE.png", 1, 1, "writes its screen to a PNG file"},
    {"key", Verb::Key, "CHORD", 1, 1, "presses keys, such as enter or ctrl-alt-delete"},
    {"type", Verb::Type, "TEXT", 1, 1, "types text on a US keyboard"},
    {"mouse", Verb::Mouse, "X Y [BUTTON]", 2, 3,
     "moves the mouse right and down by X and Y counts, then clicks BUTTON"},
    {"text", Verb::Text, "", 0, 0, "prints the text on its screen; status 1 in a graphics mode"},
    {"devices", Verb::Devices, "", 0, 0, "prints its devices with their registers"},
    {"stats", Verb::Stats, "", 0, 0, "prints its counters"},
    {"insert", Verb::Insert, "FILE", 1, 1, "puts an ISO image into its CD-ROM drive"},
    {"eject", Verb::Eject, "", 0, 0, "takes the medium out"},
    {"save", Verb::Save, "FILE", 1, 1, "saves the machine to a file; it goes on after that"},
});

template <class Table>
auto findRow(const Table& table, std::string_view name)
{
    const auto row = std::find_if(table.begin(), table.end(),
                                  [&](const auto& candidate) { return candidate.name == name; });
    return row == table.end() ? nullptr : &*row;
}

/// The right side may have several lines.
std::string helpLine(std::string_view left, std::string_view right)
{
    const size_t end = right.find('\n');
    std::string text = fmt::format("  {:<24} {}\n", left, right.substr(0, end));
    return end == std::string_view::npos ? text : text + helpLine("", right.substr(end + 1));
}

std::string commonOptions()
{
    return helpLine("--json", "print as JSON") + helpLine("--help", "print this help");
}

std::string generalHelp()
{
    std::string text = "Usage: vitrine [FILE|ADDRESS]...\n       vitrine COMMAND [OPTION]...\n\n"
                       "Without a command it shows the library of machines, and opens what it is "
                       "given.\n\nCommands:\n";
    for (const CommandRow& command : kCommands)
        text += helpLine(command.name, command.help);
    for (const LibraryWord& word : libraryWords())
        text += helpLine(word.name, word.help);
    text += helpLine("help [COMMAND]", "Prints the help of a command.");
    text += "\nOptions:\n" +
            helpLine("--machine NAME", "be the process of a machine of the library") +
            helpLine("--demo", "show the library with machines that only pretend") +
            commonOptions() + helpLine("--version", "print the version");
    text += "\nThe status is 0, 1 after an error, 2 for a command that is not understood, 3 when "
            "there is "
            "no\nsuch machine or file, 4 when somebody else uses it, 130 when it was given up.\n";
    return text;
}

std::string wordHelp(const LibraryWord& word)
{
    std::string text = fmt::format("Usage: vitrine {}{}{}{}\n\n{}\n\nOptions:\n", word.name,
                                   word.options.empty() ? "" : " [OPTION]...",
                                   word.arguments.empty() ? "" : " ", word.arguments, word.help);
    for (const LibraryOption& option : word.options)
        text += helpLine(fmt::format("--{} {}", option.name, option.value), option.help);
    return text + commonOptions();
}

std::string commandHelp(const CommandRow& command)
{
    std::string text = fmt::format("Usage: {}\n\n{}\n", command.usage, command.help);
    if (command.kind == CommandKind::Ctl) {
        text += "\nVerbs:\n";
        for (const VerbRow& verb : kVerbs)
            text += helpLine(fmt::format("{} {}", verb.name, verb.arguments), verb.help);
        for (const session::HardwareWord& word : session::hardwareWords())
            text += helpLine(fmt::format("{} {}", word.verb, word.arguments), word.help);
    }
    text += "\nOptions:\n";
    if (command.kind == CommandKind::Run)
        for (const OptionRow& option : kRunOptions)
            text += helpLine(fmt::format("--{} {}", option.name, option.value), option.help);
    return text + commonOptions();
}

Error wrong(std::string sentence)
{
    return {ErrorCode::Invalid, std::move(sentence)};
}

/// The arguments after the command, read one by one.
class Arguments {
public:
    explicit Arguments(std::span<const std::string_view> rest) : m_rest(rest) {}
    bool atEnd() const { return m_rest.empty(); }
    std::string_view take()
    {
        const std::string_view first = m_rest.front();
        m_rest = m_rest.subspan(1);
        return first;
    }

private:
    std::span<const std::string_view> m_rest;
};

Result<void> applyRunOption(std::string_view argument, Arguments& rest, RunRequest& request)
{
    const std::string_view text = argument.substr(2);
    const size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const OptionRow* option = findRow(kRunOptions, name);
    if (option == nullptr)
        return wrong(fmt::format("there is no option --{}; see vitrine run --help", name));
    std::string value;
    if (option->value.empty()) {
        if (equals != std::string_view::npos)
            return wrong(fmt::format("--{} takes no value", name));
    } else if (equals != std::string_view::npos) {
        value = text.substr(equals + 1);
    } else if (!rest.atEnd()) {
        value = rest.take();
    }
    if (!option->value.empty() && value.empty())
        return wrong(fmt::format("--{} needs a value: {}", name, option->value));
    option->apply(request, value);
    return {};
}

/// A saved machine brings its own description; saying it twice could only contradict it.
Result<void> checkRestore(const RunRequest& request)
{
    const bool describes =
        !request.drives.empty() || !request.memory.empty() || !request.cpus.empty() ||
        !request.boot.empty() || !request.serial.empty() || !request.firmware.empty() ||
        !request.debugcon.empty() || !request.kernel.empty() || !request.initrd.empty() ||
        !request.append.empty() || !request.forwards.empty() || !request.consolePorts.empty() ||
        !request.vsock.empty() || !request.balloon.empty() || !request.pcieSlots.empty() ||
        !request.nics.empty() || request.testDevices;
    if (!request.restore.empty() && describes)
        return wrong("--restore brings the machine's own hardware; only --name, --accel, "
                     "--gdb and --headless go with it");
    return {};
}

bool takeCommonOption(std::string_view argument, CommandLine& line, const CommandRow& command)
{
    if (argument == "--json")
        line.format = OutputFormat::Json;
    else if (argument == "--help" || argument == "-h")
        line.command = PrintCommand{commandHelp(command)};
    else
        return false;
    return true;
}

bool isOption(std::string_view argument)
{
    return argument.starts_with("-") && argument.size() > 1;
}

Result<CommandLine> parseRun(const CommandRow& command, Arguments rest)
{
    CommandLine line;
    line.command = RunCommand{};
    RunRequest request;
    while (!rest.atEnd()) {
        const std::string_view argument = rest.take();
        if (takeCommonOption(argument, line, command)) {
            if (std::holds_alternative<PrintCommand>(line.command))
                return line;
        } else if (argument.starts_with("--") && argument.size() > 2) {
            TRY(applyRunOption(argument, rest, request));
        } else {
            return wrong(fmt::format("vitrine run does not understand \"{}\"; see vitrine run "
                                     "--help (did you mean --cdrom {}?)",
                                     argument, argument));
        }
    }
    TRY(checkRestore(request));
    line.command = RunCommand{std::move(request)};
    return line;
}

/// A command without arguments of its own.
template <class Command>
Result<CommandLine> parsePlain(const CommandRow& command, Arguments rest)
{
    CommandLine line;
    line.command = Command{};
    while (!rest.atEnd()) {
        const std::string_view argument = rest.take();
        if (!takeCommonOption(argument, line, command))
            return wrong(
                fmt::format("vitrine {0} does not understand \"{1}\"; see vitrine {0} --help",
                            command.name, argument));
    }
    return line;
}

Result<void> checkCount(const std::vector<std::string>& words, std::string_view arguments,
                        size_t atLeast, size_t atMost)
{
    const size_t count = words.size() - 2;
    if (count < atLeast)
        return wrong(fmt::format("vitrine ctl {} {} needs {}", words[0], words[1], arguments));
    if (count > atMost)
        return wrong(fmt::format("vitrine ctl {} {} has too many arguments", words[0], words[1]));
    return {};
}

Result<CtlCommand> ctlFrom(const std::vector<std::string>& words)
{
    if (words.size() < 2)
        return wrong("vitrine ctl needs the name of a machine and a verb; see vitrine ctl --help");
    if (const VerbRow* verb = findRow(kVerbs, words[1])) {
        TRY(checkCount(words, verb->arguments, verb->atLeast, verb->atMost));
        return CtlCommand{words[0], verb->verb, {words.begin() + 2, words.end()}};
    }
    for (const session::HardwareWord& word : session::hardwareWords()) {
        if (word.verb != words[1])
            continue;
        TRY(checkCount(words, word.arguments, word.count - word.optional, word.count));
        std::vector<std::string> arguments(words.begin() + 2, words.end());
        arguments.resize(word.count);
        return CtlCommand{words[0], Verb::Hardware, std::move(arguments), &word};
    }
    return wrong(fmt::format("there is no verb \"{}\"; see vitrine ctl --help", words[1]));
}

Result<CommandLine> parseCtl(const CommandRow& command, Arguments rest)
{
    CommandLine line;
    std::vector<std::string> words;
    bool optionsOver = false;
    while (!rest.atEnd()) {
        const std::string_view argument = rest.take();
        // Once the verb is known, only --json and --help are options: `mouse -5 3`, `type -l`.
        if (optionsOver || !isOption(argument)) {
            words.emplace_back(argument);
        } else if (argument == "--") {
            optionsOver = true;
        } else if (takeCommonOption(argument, line, command)) {
            if (std::holds_alternative<PrintCommand>(line.command) &&
                !std::get<PrintCommand>(line.command).text.empty())
                return line;
        } else if (words.size() >= 2) {
            words.emplace_back(argument);
        } else {
            return wrong(fmt::format("there is no option {}; see vitrine ctl --help", argument));
        }
    }
    line.command = TRY(ctlFrom(words));
    return line;
}

/// The value of an option that must have one: "--machine ID" or "--machine=ID".
Result<std::string> valueOf(std::string_view option, std::string_view argument, Arguments& rest)
{
    if (argument.size() > option.size())
        return std::string(argument.substr(option.size() + 1));
    if (rest.atEnd())
        return wrong(fmt::format("{} needs a value", option));
    return std::string(rest.take());
}

bool isNamed(std::string_view option, std::string_view argument)
{
    return argument == option ||
           (argument.starts_with(option) && argument.substr(option.size()).starts_with('='));
}

Result<CommandLine> parseMachine(Arguments rest)
{
    MachineCommand machine;
    CommandLine line;
    while (!rest.atEnd()) {
        const std::string_view argument = rest.take();
        if (isNamed("--machine", argument))
            machine.id = TRY(valueOf("--machine", argument, rest));
        else if (isNamed("--accel", argument))
            machine.accel = TRY(valueOf("--accel", argument, rest));
        else if (argument == "--headless")
            machine.headless = true;
        else if (argument == "--fresh")
            machine.fresh = true;
        else if (argument == "--json")
            line.format = OutputFormat::Json;
        else
            return wrong(fmt::format("vitrine --machine does not understand \"{}\"", argument));
    }
    if (machine.id.empty())
        return wrong("--machine needs the id or name of a machine");
    line.command = std::move(machine);
    return line;
}

/// A file or address to open, as the desktop hands them over.
bool isMedium(std::string_view argument)
{
    return argument.starts_with("file:") || argument.starts_with("http://") ||
           argument.starts_with("https://") || argument.find('/') != std::string_view::npos ||
           (!isOption(argument) && argument.find('.') != std::string_view::npos);
}

Result<CommandLine> parseLibrary(Arguments rest)
{
    LibraryCommand library;
    while (!rest.atEnd()) {
        const std::string_view argument = rest.take();
        if (argument == "--demo")
            library.demo = true;
        else if (argument.find("://") != std::string_view::npos || argument.starts_with("file:"))
            library.open.emplace_back(argument);
        else if (isMedium(argument))
            library.open.push_back(session::absolutePath(std::string(argument)));
        else
            return wrong(fmt::format("there is no {} \"{}\"; see vitrine --help",
                                     isOption(argument) ? "option" : "command", argument));
    }
    return CommandLine{std::move(library), OutputFormat::Text};
}

/// --json and --help are the same everywhere, but for what follows "--".
Result<CommandLine> parseWord(const LibraryWord& word, Arguments rest)
{
    CommandLine line;
    std::vector<std::string_view> words;
    bool optionsOver = false;
    while (!rest.atEnd()) {
        const std::string_view argument = rest.take();
        optionsOver = optionsOver || argument == "--";
        if (!optionsOver && (argument == "--help" || argument == "-h"))
            return CommandLine{PrintCommand{wordHelp(word)}, OutputFormat::Text};
        if (!optionsOver && argument == "--json")
            line.format = OutputFormat::Json;
        else
            words.push_back(argument);
    }
    line.command = TRY(parseLibraryCall(word, words));
    return line;
}

const LibraryWord* findWord(std::string_view name)
{
    const auto words = libraryWords();
    const auto word = std::find_if(words.begin(), words.end(),
                                   [&](const auto& candidate) { return candidate.name == name; });
    return word == words.end() ? nullptr : &*word;
}

Result<CommandLine> parseHelp(Arguments rest)
{
    if (rest.atEnd())
        return CommandLine{PrintCommand{generalHelp()}, OutputFormat::Text};
    const std::string_view name = rest.take();
    if (const LibraryWord* word = findWord(name))
        return CommandLine{PrintCommand{wordHelp(*word)}, OutputFormat::Text};
    const CommandRow* command = findRow(kCommands, name);
    if (command == nullptr)
        return wrong(fmt::format("there is no command \"{}\"; see vitrine --help", name));
    return CommandLine{PrintCommand{commandHelp(*command)}, OutputFormat::Text};
}

} // namespace

int exitStatus(const Error& error)
{
    switch (error.code()) {
    case ErrorCode::NotFound:
        return 3;
    case ErrorCode::Busy:
        return 4;
    case ErrorCode::Cancelled:
        return 130; // as a shell says of SIGINT
    default:
        return 1;
    }
}

Result<CommandLine> parseCommandLine(std::span<const std::string_view> arguments)
{
    if (arguments.empty())
        return CommandLine{LibraryCommand{}, OutputFormat::Text};
    Arguments rest(arguments);
    const std::string_view name = rest.take();
    if (name == "help" || name == "--help" || name == "-h")
        return parseHelp(rest);
    if (name == "--version")
        return CommandLine{PrintCommand{fmt::format("vitrine {}\n", kVersion)}, OutputFormat::Text};
    if (isNamed("--machine", name))
        return parseMachine(Arguments(arguments));
    if (const LibraryWord* word = findWord(name))
        return parseWord(*word, rest);
    const CommandRow* command = findRow(kCommands, name);
    if (command == nullptr)
        return parseLibrary(Arguments(arguments));
    switch (command->kind) {
    case CommandKind::Run:
        return parseRun(*command, rest);
    case CommandKind::List:
        return parsePlain<ListCommand>(*command, rest);
    case CommandKind::CheckHost:
        return parsePlain<CheckHostCommand>(*command, rest);
    case CommandKind::Ctl:
        break;
    }
    return parseCtl(*command, rest);
}

} // namespace app::cli
