// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/command_line.h"

#include <fmt/core.h>

#include "app/cli/command_tables.h"
#include "app/cli/manual.h"
#include "app/cli/version.h"

namespace app::cli {

using session::RunRequest;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

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
    const OptionRow* option = findRow(runOptions(), name);
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

Result<CommandLine> parseList(const CommandRow& command, Arguments rest)
{
    ListCommand list;
    CommandLine line{list, OutputFormat::Text};
    while (!rest.atEnd()) {
        const std::string_view argument = rest.take();
        if (argument == "--names")
            list.names = true;
        else if (!takeCommonOption(argument, line, command))
            return wrong(fmt::format(
                "vitrine list does not understand \"{}\"; see vitrine list --help", argument));
        if (std::holds_alternative<PrintCommand>(line.command))
            return line;
    }
    line.command = list;
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
    if (const VerbRow* verb = findRow(ctlVerbs(), words[1])) {
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

/// The actions of packaging/linux/org.vitrine.Vitrine.desktop.
Result<std::string> takeAction(Arguments& rest)
{
    const std::string_view name = rest.atEnd() ? "" : rest.take();
    if (name != "open-file" && name != "download")
        return wrong(
            fmt::format("there is no action \"{}\"; --action takes open-file or download", name));
    return std::string(name);
}

Result<CommandLine> parseLibrary(Arguments rest)
{
    LibraryCommand library;
    while (!rest.atEnd()) {
        const std::string_view argument = rest.take();
        if (argument == "--demo")
            library.demo = true;
        else if (argument == "--action")
            library.action = TRY(takeAction(rest));
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

Result<CommandLine> parseHelp(Arguments rest)
{
    if (rest.atEnd())
        return CommandLine{PrintCommand{generalHelp()}, OutputFormat::Text};
    const std::string_view name = rest.take();
    if (name == "--manual")
        return CommandLine{PrintCommand{manualPage()}, OutputFormat::Text};
    if (name == "--completion")
        return CommandLine{PrintCommand{TRY(completionFor(rest.atEnd() ? "" : rest.take()))},
                           OutputFormat::Text};
    if (const LibraryWord* word = findRow(libraryWords(), name))
        return CommandLine{PrintCommand{wordHelp(*word)}, OutputFormat::Text};
    const CommandRow* command = findRow(commands(), name);
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
    if (const LibraryWord* word = findRow(libraryWords(), name))
        return parseWord(*word, rest);
    const CommandRow* command = findRow(commands(), name);
    if (command == nullptr)
        return parseLibrary(Arguments(arguments));
    switch (command->kind) {
    case CommandKind::Run:
        return parseRun(*command, rest);
    case CommandKind::List:
        return parseList(*command, rest);
    case CommandKind::CheckHost:
        return parsePlain<CheckHostCommand>(*command, rest);
    case CommandKind::Ctl:
        break;
    }
    return parseCtl(*command, rest);
}

} // namespace app::cli
