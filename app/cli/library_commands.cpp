// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/library_commands.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <optional>
#include <thread>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "app/cli/guest_starter.h"
#include "app/cli/terminal_job.h"
#include "app/library/config_keys.h"
#include "app/library/library.h"
#include "app/session/name_lock.h"
#include "app/session/run_request.h"
#include "vmm/spec/forward.h"

namespace app::cli {

using library::Bundle;
using library::Library;
using library::MachineConfig;
using library::MachineEntry;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::spec::Forward;
using vmm::spec::NicKind;
using vmm::spec::NicSpec;

namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(20);
constexpr int kLooks = 500;

/// What an errand has at hand.
struct Errand {
    const LibraryCall& call;
    OutputFormat format;
    Library library;

    const std::string& argument(size_t index) const { return call.arguments[index]; }
    Result<MachineEntry> machine() const
    {
        auto entry = TRY(library.find(argument(0)));
        if (!entry.problem.empty())
            return Error(ErrorCode::Invalid, entry.problem);
        return entry;
    }
};

void say(const Errand& errand, nlohmann::ordered_json facts, const std::string& sentence)
{
    if (errand.format == OutputFormat::Text) {
        fmt::print("{}\n", sentence);
        return;
    }
    facts["ok"] = true;
    using Json = nlohmann::ordered_json;
    fmt::print("{}\n", facts.dump(2, ' ', false, Json::error_handler_t::replace));
}

/// For what has nothing to say but that it is done.
Result<void> done(const Errand& errand, const Result<void>& outcome)
{
    if (outcome && errand.format == OutputFormat::Json)
        say(errand, {}, {});
    return outcome;
}

/// Machines that run outside the library go by their names.
bool runsByName(const std::string& name)
{
    const auto running = session::NameLock::held();
    return std::find(running.begin(), running.end(), name) != running.end();
}

/// A running machine is told over the bus; one that runs outside the library as well.
Result<void> tell(const Errand& errand, const char* method)
{
    const SessionBus bus = TRY(busFor(errand.argument(0)));
    return bus.call(busKeyOf(bus, errand.argument(0)), method);
}

/// A call that ends the machine, and with it perhaps the answer: comes back when the process is
/// gone, so that what follows can use the bundle.
Result<void> tellAndWait(const Errand& errand, const char* method)
{
    auto outcome = tell(errand, method);
    if (!outcome && outcome.error().code() != ErrorCode::Cancelled)
        return outcome;
    const auto entry = errand.library.find(errand.argument(0));
    for (int i = 0; entry && i < kLooks && library::BundleLock::held(entry->bundle); ++i)
        std::this_thread::sleep_for(kLookAgain);
    return {};
}

Result<void> stop(const Errand& errand)
{
    return errand.call.has("force") ? tellAndWait(errand, "Quit") : tell(errand, "PowerDown");
}

Result<void> remove(const Errand& errand)
{
    const auto entry = TRY(errand.library.find(errand.argument(0)));
    const auto deleted =
        TRY(errand.library.remove(entry.config.id.empty() ? errand.argument(0) : entry.config.id));
    say(errand, {{"name", deleted.name}, {"trashed", deleted.trashed.string()}},
        fmt::format("{} is in the trash: {}", deleted.name, deleted.trashed.string()));
    return {};
}

Result<void> clone(const Errand& errand)
{
    const auto entry = TRY(errand.machine());
    const std::string name = errand.call.arguments.size() > 1
                                 ? errand.argument(1)
                                 : errand.library.freeName(entry.config.name());
    TerminalJob job("copying");
    const auto copy = TRY(errand.library.clone(entry.config.id, name, job.job()));
    say(errand, {{"name", copy.config.name()}, {"id", copy.config.id}},
        fmt::format("made {}", copy.config.name()));
    return {};
}

Result<void> exportTo(const Errand& errand)
{
    const auto entry = TRY(errand.machine());
    TerminalJob job("exporting");
    const std::string file = session::absolutePath(errand.argument(1));
    TRY(errand.library.exportTo(entry.config.id, file, job.job()));
    say(errand, {{"file", file}}, fmt::format("wrote {}", file));
    return {};
}

Result<void> importFrom(const Errand& errand)
{
    TerminalJob job("importing");
    const auto entry =
        TRY(errand.library.importFrom(session::absolutePath(errand.argument(0)), job.job()));
    say(errand, {{"name", entry.config.name()}, {"id", entry.config.id}},
        fmt::format("made {}", entry.config.name()));
    return {};
}

Result<void> get(const Errand& errand)
{
    const auto entry = TRY(errand.machine());
    if (errand.call.arguments.size() > 1) {
        const auto value = TRY(library::configWord(entry.config, errand.argument(1)));
        if (errand.format == OutputFormat::Text)
            fmt::print("{}\n", value);
        else
            say(errand, {{errand.argument(1), value}}, {});
        return {};
    }
    nlohmann::ordered_json all;
    for (const auto& word : library::configWords(entry.config)) {
        all[word.key] = word.value;
        if (errand.format == OutputFormat::Text)
            fmt::print("{} = {}\n", word.key, word.value);
    }
    if (errand.format == OutputFormat::Json)
        say(errand, std::move(all), {});
    return {};
}

std::pair<std::string, std::string> assignment(const std::string& text)
{
    const size_t equals = text.find('=');
    return {text.substr(0, equals), text.substr(equals + 1)};
}

/// All of them or none; renaming comes last, because it moves the bundle.
Result<void> set(const Errand& errand)
{
    const auto entry = TRY(errand.machine());
    Bundle bundle = TRY(Bundle::open(entry.bundle));
    std::optional<std::string> name;
    std::vector<std::pair<std::string, std::string>> words;
    for (size_t i = 1; i < errand.call.arguments.size(); ++i) {
        auto word = assignment(errand.argument(i));
        if (word.first == "name" || word.first == "machine.name")
            name = word.second;
        else
            words.push_back(std::move(word));
    }
    TRY(bundle.change([&](MachineConfig& config) -> Result<void> {
        for (const auto& [key, value] : words)
            TRY(library::setConfigWord(config, key, value));
        return {};
    }));
    if (name)
        TRY(errand.library.rename(entry.config.id, *name));
    say(errand, {{"running", entry.running}},
        entry.running || entry.suspended
            ? fmt::format("{} has it from its next start on", entry.config.name())
            : fmt::format("changed {}", entry.config.name()));
    return {};
}

NicSpec* natCard(MachineConfig& config)
{
    auto& nics = config.hardware.nics;
    const auto card = std::find_if(nics.begin(), nics.end(),
                                   [](const NicSpec& nic) { return nic.kind == NicKind::User; });
    return card == nics.end() ? nullptr : &*card;
}

/// A rule may be written in several ways: what it means counts.
Result<void> changeForwards(MachineConfig& config, const std::string& rule, bool wanted)
{
    NicSpec* card = natCard(config);
    if (card == nullptr)
        return Error(ErrorCode::Unsupported, "the machine has no network card on NAT");
    const Forward forward = TRY(Forward::parse(rule));
    const auto found =
        std::find_if(card->forwards.begin(), card->forwards.end(), [&](const std::string& kept) {
            const auto known = Forward::parse(kept);
            return kept == rule || (known && *known == forward);
        });
    if (wanted && found == card->forwards.end())
        card->forwards.push_back(rule);
    if (!wanted && found == card->forwards.end())
        return Error(ErrorCode::NotFound, fmt::format("there is no forward {}", rule));
    if (!wanted)
        card->forwards.erase(found);
    return {};
}

Result<void> listForwards(const Errand& errand, MachineConfig config)
{
    const NicSpec* card = natCard(config);
    const std::vector<std::string> rules = card ? card->forwards : std::vector<std::string>();
    if (errand.format == OutputFormat::Json)
        say(errand, {{"forwards", rules}}, {});
    for (const std::string& rule : rules)
        if (errand.format == OutputFormat::Text)
            fmt::print("{}\n", rule);
    return {};
}

/// The running machine first: what it refuses (a port that is taken) is not kept either, and what
/// it made of the rule is.
Result<void> forward(const Errand& errand)
{
    const auto entry = TRY(errand.machine());
    if (errand.call.arguments.size() == 1)
        return listForwards(errand, entry.config);
    const bool wanted = errand.argument(1) == "add";
    std::string rule = errand.argument(2);
    Bundle bundle = TRY(Bundle::open(entry.bundle));
    MachineConfig config = bundle.config();
    const NicSpec* card = natCard(config);
    if (entry.running && card != nullptr) {
        config.hardware.nameDevices();
        const SessionBus bus = TRY(SessionBus::open());
        const std::string told = TRY(bus.ask(
            entry.config.id, wanted ? "AddForward" : "RemoveForward", {natCard(config)->id, rule}));
        if (wanted && !told.empty())
            rule = told;
    }
    TRY(bundle.change(
        [&](MachineConfig& changed) { return changeForwards(changed, rule, wanted); }));
    say(errand, {{"forward", rule}}, rule);
    return {};
}

Result<void> logs(const Errand& errand)
{
    const auto entry = TRY(errand.library.find(errand.argument(0)));
    const auto path = entry.bundle / "log.txt";
    std::ifstream file(path);
    if (!file)
        return Error(ErrorCode::NotFound, fmt::format("{} has no log yet", errand.argument(0)));
    std::cout << file.rdbuf();
    return {};
}

} // namespace

Result<SessionBus> busFor(const std::string& name)
{
    auto bus = SessionBus::open();
    if (!bus && !runsByName(name)) // who does not exist is not controlled with a bus either
        TRY(TRY(Library::open()).find(name));
    return bus;
}

std::string busKeyOf(const SessionBus& bus, const std::string& name)
{
    if (runsByName(name))
        return name;
    const auto library = Library::open();
    const auto entry = library ? library->find(name) : library.error();
    const std::string id = entry ? runningId(bus, *entry) : std::string();
    return id.empty() ? name : id;
}

std::string runningId(const SessionBus& bus, const MachineEntry& entry)
{
    if (!entry.config.id.empty() || !entry.running)
        return entry.config.id;
    const auto machines = bus.machines();
    for (const std::string& id : machines ? *machines : std::vector<std::string>())
        if (const auto status = bus.status(id); status && status->name == entry.config.name())
            return id;
    return {};
}

Result<void> runLibraryCall(const LibraryCall& call, OutputFormat format)
{
    const Errand errand{call, format, TRY(Library::open())};
    switch (call.word->verb) {
    case LibraryVerb::New: // a module of its own
        break;
    case LibraryVerb::Start:
    case LibraryVerb::Open:
        return done(errand, startGuest(TRY(errand.machine()), call));
    case LibraryVerb::Stop:
        return done(errand, stop(errand));
    case LibraryVerb::Pause:
        return done(errand, tell(errand, "Pause"));
    case LibraryVerb::Resume:
        return done(errand, tell(errand, "Resume"));
    case LibraryVerb::Restart:
        return done(errand, tell(errand, "Reset"));
    case LibraryVerb::Suspend:
        return done(errand, tellAndWait(errand, "Suspend"));
    case LibraryVerb::Delete:
        return remove(errand);
    case LibraryVerb::Clone:
        return clone(errand);
    case LibraryVerb::Export:
        return exportTo(errand);
    case LibraryVerb::Import:
        return importFrom(errand);
    case LibraryVerb::Set:
        return set(errand);
    case LibraryVerb::Get:
        return get(errand);
    case LibraryVerb::Forward:
        return forward(errand);
    case LibraryVerb::Logs:
        return logs(errand);
    }
    return Error(ErrorCode::Unsupported,
                 fmt::format("vitrine {} cannot be done here", call.word->name));
}

} // namespace app::cli
