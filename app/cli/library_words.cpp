// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/library_words.h"

#include <algorithm>

#include <fmt/core.h>

namespace app::cli {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

constexpr size_t kMany = 64;

constexpr LibraryOption kNewOptions[] = {
    {"name", "NAME", "what the machine is called [made of the medium's]"},
    {"cdrom", "FILE", "the medium to start from"},
    {"disk", "SIZE|FILE", "an empty disk, such as 32G, or an image to take over; several times"},
    {"memory", "SIZE", "memory [what the operating system recommends]"},
    {"cpus", "N", "virtual CPUs [what the operating system recommends]"},
    {"os", "ID", "the operating system, such as debian12 [detected]"},
    {"firmware", "bios|uefi", "[bios]"},
    {"express", "user=NAME[,...]",
     "install without questions: full-name=, host-name=, language=, keyboard=, time-zone=,\n"
     "product-key=, proxy=http://NAME:PORT/ (Debian and Ubuntu);\n"
     "the password is asked for, or read from standard input"},
    {"drivers", "FOLDER",
     "with --express: what Windows lacks for virtio devices, put beside the script"},
};
constexpr LibraryOption kStartOptions[] = {
    {"headless", "", "without a window"},
    {"accel", "WHICH", "what runs the CPUs: kvm, soft or auto [as configured]"},
    {"fresh", "", "leave what was suspended behind"},
};
constexpr LibraryOption kStopOptions[] = {
    {"force", "", "take the power away instead of asking the guest"},
};

constexpr LibraryWord kWords[] = {
    {"new", LibraryVerb::New, "", 0, 0, "Makes a machine.", kNewOptions},
    {"start", LibraryVerb::Start, "NAME", 1, 1, "Starts a machine, or resumes a suspended one.",
     kStartOptions},
    {"open",
     LibraryVerb::Open,
     "NAME",
     1,
     1,
     "Shows a machine's window, starting it if need be.",
     {}},
    {"stop", LibraryVerb::Stop, "NAME", 1, 1, "Presses a machine's power button.", kStopOptions},
    {"pause", LibraryVerb::Pause, "NAME", 1, 1, "Stops a machine's virtual CPUs.", {}},
    {"resume", LibraryVerb::Resume, "NAME", 1, 1, "Lets a paused machine go on.", {}},
    {"restart", LibraryVerb::Restart, "NAME", 1, 1, "Resets a machine.", {}},
    {"suspend",
     LibraryVerb::Suspend,
     "NAME",
     1,
     1,
     "Saves a machine to its bundle and ends it; start goes on with it.",
     {}},
    {"delete", LibraryVerb::Delete, "NAME", 1, 1, "Moves a machine to the trash.", {}},
    {"clone", LibraryVerb::Clone, "NAME [NEW-NAME]", 1, 2, "Makes a copy of a machine.", {}},
    {"export",
     LibraryVerb::Export,
     "NAME FILE",
     2,
     2,
     "Writes a machine to one file, to share or keep.",
     {}},
    {"import",
     LibraryVerb::Import,
     "FILE",
     1,
     1,
     "Takes in an exported machine, or a bundle from elsewhere.",
     {}},
    {"set",
     LibraryVerb::Set,
     "NAME KEY=VALUE...",
     2,
     kMany,
     "Changes a machine's configuration, for its next start; get NAME prints every KEY, such as\n"
     "memory or nic0.kind.",
     {}},
    {"get", LibraryVerb::Get, "NAME [KEY]", 1, 2, "Prints a machine's configuration.", {}},
    {"forward",
     LibraryVerb::Forward,
     "NAME [add|remove RULE]",
     1,
     3,
     "Ports of this computer that lead to the guest, now and from now on.",
     {}},
    {"logs", LibraryVerb::Logs, "NAME", 1, 1, "Prints a machine's log.", {}},
};

Error wrong(std::string sentence)
{
    return {ErrorCode::Invalid, std::move(sentence)};
}

Result<std::pair<std::string, std::string>> parseOption(const LibraryWord& word,
                                                        std::span<const std::string_view>& rest)
{
    const std::string_view text = rest.front().substr(2);
    rest = rest.subspan(1);
    const size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const auto option =
        std::find_if(word.options.begin(), word.options.end(),
                     [&](const LibraryOption& candidate) { return candidate.name == name; });
    if (option == word.options.end())
        return wrong(
            fmt::format("there is no option --{0}; see vitrine {1} --help", name, word.name));
    std::string value;
    if (equals != std::string_view::npos) {
        value = text.substr(equals + 1);
        if (option->value.empty())
            return wrong(fmt::format("--{} takes no value", name));
    } else if (!option->value.empty() && !rest.empty()) {
        value = rest.front();
        rest = rest.subspan(1);
    }
    if (!option->value.empty() && value.empty())
        return wrong(fmt::format("--{} needs a value: {}", name, option->value));
    return std::pair(std::string(name), std::move(value));
}

/// Arguments that must have a form of their own.
Result<void> checkArguments(const LibraryCall& call)
{
    const auto& words = call.arguments;
    if (call.word->verb == LibraryVerb::Forward && words.size() > 1 &&
        (words.size() != 3 || (words[1] != "add" && words[1] != "remove")))
        return wrong("vitrine forward NAME takes \"add RULE\" or \"remove RULE\", such as "
                     "add 2222:22");
    for (size_t i = 1; call.word->verb == LibraryVerb::Set && i < words.size(); ++i)
        if (const size_t equals = words[i].find('='); equals == std::string::npos || equals == 0)
            return wrong(fmt::format("\"{}\" is not KEY=VALUE, such as memory=4G", words[i]));
    return {};
}

} // namespace

std::span<const LibraryWord> libraryWords()
{
    return kWords;
}

bool LibraryCall::has(std::string_view option) const
{
    return std::any_of(options.begin(), options.end(),
                       [&](const auto& given) { return given.first == option; });
}

std::string LibraryCall::value(std::string_view option) const
{
    const auto found = std::find_if(options.rbegin(), options.rend(),
                                    [&](const auto& given) { return given.first == option; });
    return found == options.rend() ? std::string() : found->second;
}

Result<LibraryCall> parseLibraryCall(const LibraryWord& word,
                                     std::span<const std::string_view> rest)
{
    LibraryCall call{&word, {}, {}};
    bool optionsOver = false;
    while (!rest.empty()) {
        const std::string_view argument = rest.front();
        if (!optionsOver && argument == "--") {
            optionsOver = true;
            rest = rest.subspan(1);
        } else if (!optionsOver && argument.starts_with("--")) {
            call.options.push_back(TRY(parseOption(word, rest)));
        } else {
            call.arguments.emplace_back(argument);
            rest = rest.subspan(1);
        }
    }
    if (call.arguments.size() < word.atLeast)
        return wrong(fmt::format("vitrine {} needs {}", word.name, word.arguments));
    if (call.arguments.size() > word.atMost)
        return wrong(fmt::format("vitrine {0} does not understand \"{1}\"; see vitrine {0} --help",
                                 word.name, call.arguments.back()));
    TRY(checkArguments(call));
    return call;
}

} // namespace app::cli
