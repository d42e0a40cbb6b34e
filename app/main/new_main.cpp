// SPDX-License-Identifier: GPL-3.0-or-later
// The module behind `vitrine new`: the only command that needs libosinfo, whose libraries every
// start of a machine would pay for.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <termios.h>
#include <unistd.h>

#include "app/cli/command_line.h"
#include "app/cli/complaint.h"
#include "app/cli/terminal_job.h"
#include "app/library/staging.h"
#include "app/main/window_loader.h"
#include "app/making/draft.h"
#include "app/making/maker.h"
#include "app/os/drivers.h"
#include "app/services/keyring.h"
#include "app/session/run_request.h"

namespace app::main {

namespace {

using cli::LibraryCall;
using library::Library;
using making::Draft;
using making::HostMeans;
using os::OsDatabase;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

Error wrong(std::string sentence)
{
    return {ErrorCode::Invalid, std::move(sentence)};
}

/// "32G" is a size, anything else a file.
Result<making::DraftDisk> diskFrom(const std::string& text)
{
    std::error_code failed;
    if (const auto size = vmm::spec::parseSize(text);
        size && !std::filesystem::exists(text, failed))
        return making::DraftDisk{*size, {}};
    return making::DraftDisk{0, session::absolutePath(text)};
}

/// Reads a line from the terminal without showing it, or from whatever standard input is.
std::string readPassword()
{
    termios before = {};
    const bool terminal = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        termios silent = before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        cli::showOnTerminal("Password of the guest's user: ");
    }
    std::string password;
    std::getline(std::cin, password);
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        cli::showOnTerminal("\n");
    }
    return password;
}

struct AnswerWord {
    std::string_view name;
    std::string install::ExpressAnswers::*member;
};
constexpr AnswerWord kAnswers[] = {
    {"user", &install::ExpressAnswers::user},
    {"full-name", &install::ExpressAnswers::fullName},
    {"host-name", &install::ExpressAnswers::hostName},
    {"language", &install::ExpressAnswers::language},
    {"keyboard", &install::ExpressAnswers::keyboard},
    {"time-zone", &install::ExpressAnswers::timeZone},
    {"product-key", &install::ExpressAnswers::productKey},
    {"proxy", &install::ExpressAnswers::proxy},
};

Result<void> takeAnswer(const std::string& text, install::ExpressAnswers& answers)
{
    const size_t equals = std::min(text.find('='), text.size());
    for (const AnswerWord& word : kAnswers) {
        if (text.substr(0, equals) != word.name || equals == text.size())
            continue;
        answers.*word.member = text.substr(equals + 1);
        return {};
    }
    return wrong(fmt::format("--express does not understand \"{}\"", text));
}

Result<void> takeExpress(const std::string& text, Draft& draft)
{
    if (!draft.canExpress)
        return Error(
            ErrorCode::Unsupported,
            fmt::format("{} cannot be installed without questions",
                        draft.file.empty() ? "an empty machine" : draft.file.filename().string()));
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        TRY(takeAnswer(text.substr(begin, end - begin), draft.answers));
        begin = end + 1;
    }
    if (draft.answers.user.empty())
        return wrong("--express needs user=NAME");
    draft.answers.password = readPassword();
    draft.express = true;
    return {};
}

/// Those the database names for the system, out of the folder given. The window would download
/// them.
Result<void> takeDrivers(const LibraryCall& call, const OsDatabase* database, Draft& draft)
{
    const auto sets = database != nullptr ? os::driversFor(*database, draft.config.os)
                                          : std::vector<os::DriverSet>();
    if (!call.has("drivers")) {
        for (const os::DriverSet& set : sets)
            cli::complain("the system will find no driver for its network card; --drivers takes a "
                          "folder with the files of " +
                          set.location);
        return {};
    }
    const std::filesystem::path folder = session::absolutePath(call.value("drivers"));
    if (sets.empty())
        return wrong(folder.string() + ": no drivers are known that this system would need");
    for (const os::DriverSet& set : sets)
        for (const std::string& name : set.files) {
            std::error_code failed;
            if (!std::filesystem::is_regular_file(folder / name, failed))
                return Error(ErrorCode::NotFound,
                             fmt::format("{}: it is missing; {}/{} is it", (folder / name).string(),
                                         set.location, name));
            draft.drivers.push_back({name, folder / name});
        }
    return {};
}

/// What the medium, or else the first disk that is a file, suggests.
Result<Draft> startingPoint(const LibraryCall& call, const OsDatabase* database,
                            const HostMeans& means)
{
    if (call.has("cdrom"))
        return making::draftFor(session::absolutePath(call.value("cdrom")), database, means);
    for (const auto& [name, value] : call.options) {
        if (name != "disk")
            continue;
        const auto disk = TRY(diskFrom(value));
        if (!disk.source.empty())
            return making::draftFor(disk.source, database, means);
        break;
    }
    return making::plainDraft(means);
}

/// The disks named, instead of the usual one. An appliance brings its own.
Result<void> takeDisks(const LibraryCall& call, Draft& draft)
{
    std::vector<making::DraftDisk> disks;
    for (const auto& [name, value] : call.options)
        if (name == "disk")
            disks.push_back(TRY(diskFrom(value)));
    if (disks.empty())
        return {};
    draft.tryLive = false;
    draft.disks = std::move(disks);
    return {};
}

Result<void> takeHardware(const LibraryCall& call, Draft& draft)
{
    auto& hardware = draft.config.hardware;
    if (call.has("name"))
        hardware.name = call.value("name");
    if (call.has("memory"))
        hardware.memoryBytes = TRY(vmm::spec::parseSize(call.value("memory")));
    if (call.has("cpus"))
        hardware.cpus =
            static_cast<uint32_t>(std::strtoul(call.value("cpus").c_str(), nullptr, 10));
    const std::string firmware = call.value("firmware");
    if (!firmware.empty() && firmware != "bios" && firmware != "uefi")
        return wrong("--firmware is bios or uefi");
    if (!firmware.empty())
        hardware.firmwarePath = firmware == "uefi" ? firmware : std::string();
    return {};
}

Result<void> takeSystem(const LibraryCall& call, const OsDatabase* database, Draft& draft)
{
    if (!call.has("os"))
        return {};
    const auto facts = database != nullptr ? database->find(call.value("os")) : std::nullopt;
    if (!facts)
        return Error(ErrorCode::NotFound,
                     fmt::format("no operating system is called {}", call.value("os")));
    making::recommend(draft, *facts);
    return {};
}

/// For good: a machine that nobody has seen does not belong into the trash.
void discard(const std::filesystem::path& bundle)
{
    if (const auto lock = library::BundleLock::acquire(bundle))
        static_cast<void>(library::Staging::discard(bundle).has_value());
}

/// The machine is complete without it, so what goes wrong is only said.
void keepPassword(const Draft& draft, const library::MachineEntry& entry)
{
    services::Keyring keyring;
    const auto kept = keyring.store(
        {entry.config.id, draft.answers.user, draft.answers.password,
         fmt::format("Password of {} on {}", draft.answers.user, entry.config.name())});
    if (!kept)
        cli::complain("the password could not be kept in the keyring, so remember it: " +
                      kept.error().sentence());
}

Result<library::MachineEntry> make(const LibraryCall& call)
{
    const Library library = TRY(Library::open());
    const auto database = OsDatabase::load();
    const OsDatabase* known = database ? database->get() : nullptr;
    Draft draft = TRY(startingPoint(call, known, making::hostMeans(library.folders().front())));
    TRY(takeSystem(call, known, draft));
    TRY(takeHardware(call, draft));
    TRY(takeDisks(call, draft));
    if (call.has("express"))
        TRY(takeExpress(call.value("express"), draft));
    if (draft.express)
        TRY(takeDrivers(call, known, draft));
    else if (call.has("drivers"))
        return wrong("--drivers goes with --express");
    cli::TerminalJob job("making the machine");
    auto entry = TRY(making::makeMachine(draft, library, job.job()));
    if (!draft.express)
        return entry;
    if (const auto prepared = making::prepareInstall(draft, entry.bundle, known, job.job());
        !prepared) {
        discard(entry.bundle);
        return prepared.error();
    }
    keepPassword(draft, entry);
    return entry;
}

int report(const Result<library::MachineEntry>& made, cli::OutputFormat format)
{
    if (!made) {
        cli::complain(made.error().sentence());
        return cli::exitStatus(made.error());
    }
    if (format == cli::OutputFormat::Json) {
        const nlohmann::ordered_json facts = {{"ok", true},
                                              {"name", made->config.name()},
                                              {"id", made->config.id},
                                              {"bundle", made->bundle.string()}};
        using Json = nlohmann::ordered_json;
        fmt::print("{}\n", facts.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
        fmt::print("made {}\n", made->config.name());
    }
    return 0;
}

} // namespace

} // namespace app::main

extern "C" __attribute__((visibility("default"))) int vitrineWindowMain(int argc, char** argv)
{
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto line = app::cli::parseCommandLine(arguments);
    const auto* call = line ? std::get_if<app::cli::LibraryCall>(&line->command) : nullptr;
    if (call == nullptr)
        return 2; // the program has read the same line before it loaded us
    return app::main::report(app::main::make(*call), line->format);
}
