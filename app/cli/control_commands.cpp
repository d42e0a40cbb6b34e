// SPDX-License-Identifier: GPL-3.0-or-later
// Errands to running machines, and their answers as text and as JSON.
#include "app/cli/control_commands.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "app/cli/complaint.h"
#include "app/cli/library_commands.h"
#include "app/cli/machine_client.h"
#include "app/library/library.h"
#include "app/session/name_lock.h"
#include "app/session/run_request.h"

namespace app::cli {

using Json = nlohmann::ordered_json;
using session::absolutePath;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

void printJson(const Json& value)
{
    // `replace`: a file name need not be UTF-8, and dump() would throw.
    const std::string text = value.dump(2, ' ', false, Json::error_handler_t::replace);
    fmt::print("{}\n", text);
}

Json toJson(const MachineStatus& status)
{
    Json consoles = Json::object();
    for (const auto& [port, pty] : status.consolePtys)
        consoles[port] = pty;
    return {{"name", status.name},
            {"state", status.state},
            {"medium", status.medium},
            {"cpus", status.cpus},
            {"memory", status.memoryBytes},
            {"serialPty", status.serialPty},
            {"consolePtys", std::move(consoles)}};
}

void printStatus(const MachineStatus& status, OutputFormat format)
{
    if (format == OutputFormat::Json)
        return printJson(toJson(status));
    fmt::print("name    {}\nstate   {}\nmedium  {}\ncpus    {}\nmemory  {} MiB\n", status.name,
               status.state, status.medium.empty() ? "none" : status.medium, status.cpus,
               status.memoryBytes >> 20);
    if (!status.serialPty.empty())
        fmt::print("serial  {}\n", status.serialPty);
    for (const auto& [port, pty] : status.consolePtys)
        fmt::print("port    {} ({})\n", pty, port);
}

void printDevices(const std::vector<DeviceListing>& devices, OutputFormat format)
{
    if (format == OutputFormat::Json) {
        Json list = Json::array();
        for (const DeviceListing& device : devices) {
            Json registers = Json::object();
            for (const auto& [name, value] : device.registers)
                registers[name] = value;
            list.push_back({{"name", device.name}, {"registers", std::move(registers)}});
        }
        return printJson(list);
    }
    for (const DeviceListing& device : devices) {
        fmt::print("{}\n", device.name);
        for (const auto& [name, value] : device.registers)
            fmt::print("  {:<28} {}\n", name, value);
    }
}

void printCounters(const std::vector<std::pair<std::string, uint64_t>>& counters,
                   OutputFormat format)
{
    if (format == OutputFormat::Json) {
        Json object = Json::object();
        for (const auto& [name, value] : counters)
            object[name] = value;
        return printJson(object);
    }
    size_t width = 0;
    for (const auto& [name, value] : counters)
        width = std::max(width, name.size());
    for (const auto& [name, value] : counters)
        fmt::print("{:<{}}  {}\n", name, width, value);
}

void printScreenText(const std::string& text, OutputFormat format)
{
    if (format == OutputFormat::Json)
        printJson({{"text", text}});
    else
        fmt::print("{}", text);
}

Result<int> parseCount(const std::string& text)
{
    int number = 0;
    const char* end = text.data() + text.size();
    const char* begin = text.data() + (text.starts_with("+") ? 1 : 0);
    const auto [rest, status] = std::from_chars(begin, end, number);
    if (status != std::errc{} || rest != end)
        return Error(ErrorCode::Invalid, "\"" + text + "\" is not a whole number");
    return number;
}

Result<void> runMouse(const SessionBus& bus, const CtlCommand& command)
{
    const int x = TRY(parseCount(command.arguments[0]));
    const int y = TRY(parseCount(command.arguments[1]));
    return bus.mouse(command.name, x, y,
                     command.arguments.size() > 2 ? command.arguments[2] : std::string());
}

/// The verb is gone through when the machine ended by it.
Result<void> runQuit(const SessionBus& bus, const std::string& machine)
{
    auto outcome = bus.call(machine, "Quit");
    if (!outcome && outcome.error().code() == ErrorCode::Cancelled)
        return {};
    return outcome;
}

/// The verbs that ask for something to be printed.
Result<void> runQuestion(const SessionBus& bus, const CtlCommand& command, OutputFormat format)
{
    switch (command.verb) {
    case Verb::Status:
        printStatus(TRY(bus.status(command.name)), format);
        break;
    case Verb::Text:
        printScreenText(TRY(bus.screenText(command.name)), format);
        break;
    case Verb::Devices:
        printDevices(TRY(bus.devices(command.name)), format);
        break;
    default:
        printCounters(TRY(bus.counters(command.name)), format);
        break;
    }
    return {};
}

/// The verbs that only do something.
Result<void> runErrand(const SessionBus& bus, const CtlCommand& command)
{
    const std::string& name = command.name;
    const std::string argument = command.arguments.empty() ? "" : command.arguments[0];
    switch (command.verb) {
    case Verb::Pause:
        return bus.call(name, "Pause");
    case Verb::Resume:
        return bus.call(name, "Resume");
    case Verb::Reset:
        return bus.call(name, "Reset");
    case Verb::PowerDown:
        return bus.call(name, "PowerDown");
    case Verb::Quit:
        return runQuit(bus, name);
    case Verb::Screenshot:
        return bus.call(name, "Screenshot", absolutePath(argument));
    case Verb::Key:
        return bus.call(name, "Key", argument);
    case Verb::Type:
        return bus.call(name, "Type", argument);
    case Verb::Mouse:
        return runMouse(bus, command);
    case Verb::Insert:
        return bus.call(name, "InsertMedium", absolutePath(argument));
    case Verb::Eject:
        return bus.call(name, "EjectMedium");
    case Verb::Save:
        return bus.call(name, "Save", absolutePath(argument));
    default:
        return Error(ErrorCode::Unsupported, "no such errand");
    }
}

/// The verbs that change hardware print what is answered.
Result<void> runHardware(const SessionBus& bus, const CtlCommand& command, OutputFormat format)
{
    const std::string answer =
        TRY(bus.ask(command.name, command.hardware->method,
                    session::withAbsolutePaths(*command.hardware, command.arguments)));
    if (format == OutputFormat::Json)
        printJson({{"ok", true}, {"answer", answer}});
    else if (!answer.empty())
        fmt::print("{}\n", answer);
    return {};
}

bool isQuestion(Verb verb)
{
    return verb == Verb::Status || verb == Verb::Text || verb == Verb::Devices ||
           verb == Verb::Stats;
}

/// A machine without control is one that runs but is not on the bus.
Json runningEntry(const SessionBus* bus, const std::string& name)
{
    if (bus != nullptr)
        if (const auto status = bus->status(name))
            return toJson(*status);
    return {{"name", name}, {"state", "no control"}};
}

std::string restingState(const library::MachineEntry& entry)
{
    if (!entry.problem.empty())
        return "broken";
    if (entry.running)
        return "no control";
    return entry.suspended ? "suspended" : "off";
}

Json libraryEntry(const SessionBus* bus, const library::MachineEntry& entry, const std::string& id)
{
    const auto& hardware = entry.config.hardware;
    Json facts = {{"name", entry.config.name()},
                  {"state", restingState(entry)},
                  {"cpus", hardware.cpus},
                  {"memory", hardware.memoryBytes}};
    if (entry.running && bus != nullptr)
        if (const auto status = bus->status(id))
            facts = toJson(*status);
    facts["name"] = entry.config.name(); // its process has the one of its start
    facts["id"] = id;
    facts["os"] = entry.config.os;
    facts["bundle"] = entry.bundle.string();
    if (!entry.problem.empty())
        facts["problem"] = entry.problem;
    return facts;
}

/// Machines that run and are none of the library's: by their lock files and on the bus.
std::vector<std::string> otherMachines(const SessionBus* bus, const std::vector<std::string>& ids)
{
    std::vector<std::string> names = session::NameLock::held();
    if (bus != nullptr)
        if (auto machines = bus->machines())
            names.insert(names.end(), machines->begin(), machines->end());
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::erase_if(names, [&](const std::string& name) {
        return std::find(ids.begin(), ids.end(), name) != ids.end();
    });
    return names;
}

} // namespace

Result<void> runList(const ListCommand& command, OutputFormat format)
{
    const auto bus = SessionBus::open();
    const SessionBus* connected = bus ? &*bus : nullptr;
    const auto library = TRY(library::Library::open());
    if (const auto readable = library.checkSettings(); !readable)
        complain(readable.error().sentence());
    std::vector<std::string> ids;
    Json list = Json::array();
    for (const auto& entry : library.machines()) {
        ids.push_back(connected ? runningId(*connected, entry) : entry.config.id);
        list.push_back(libraryEntry(connected, entry, ids.back()));
    }
    for (const std::string& name : otherMachines(connected, ids))
        list.push_back(runningEntry(connected, name));
    if (format == OutputFormat::Json) {
        printJson(list);
        return {};
    }
    for (const Json& entry : list)
        if (command.names)
            fmt::print("{}\n", entry.value("name", ""));
        else
            fmt::print("{:<32} {}\n", entry.value("name", ""), entry.value("state", ""));
    return {};
}

Result<void> runCtl(const CtlCommand& typed, OutputFormat format)
{
    const SessionBus bus = TRY(busFor(typed.name));
    CtlCommand command = typed;
    command.name = busKeyOf(bus, typed.name);
    if (command.verb == Verb::Hardware)
        return runHardware(bus, command, format);
    if (isQuestion(command.verb))
        return runQuestion(bus, command, format);
    TRY(runErrand(bus, command));
    if (format == OutputFormat::Json)
        printJson({{"ok", true}});
    return {};
}

} // namespace app::cli
