// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/guest_starter.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli/machine_client.h"
#include "app/library/guest_process.h"

namespace app::cli {

using library::MachineEntry;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(20);

std::vector<std::string> argumentsOf(const LibraryCall& call)
{
    std::vector<std::string> arguments;
    for (const char* flag : {"headless", "fresh"})
        if (call.has(flag))
            arguments.push_back(fmt::format("--{}", flag));
    if (call.has("accel"))
        arguments.push_back("--accel=" + call.value("accel"));
    return arguments;
}

/// The process writes "vitrine: sentence"; the sentence is ours to pass on.
std::string lastWords(const vmm::UniqueFd& output)
{
    const std::string line = library::lastLine(output);
    constexpr std::string_view kOurs = "vitrine: ";
    return line.starts_with(kOurs) ? line.substr(kOurs.size()) : line;
}

bool onBus(const SessionBus& bus, const std::string& id)
{
    const auto machines = bus.machines();
    return machines && std::find(machines->begin(), machines->end(), id) != machines->end();
}

/// Whether the process has said so: the first it does once its machine runs.
bool withoutControl(const vmm::UniqueFd& output)
{
    std::string text(4096, '\0');
    const ssize_t got = ::pread(output.get(), text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return text.find("control: off") != std::string::npos;
}

/// Until the machine can be controlled, or says that it cannot, or its process has ended. However
/// long it takes to build one (a suspended machine is read from its disk first), SIGINT leaves it
/// running.
Result<void> waitForMachine(const MachineEntry& entry, const library::StartedGuest& started,
                            const Result<SessionBus>& bus)
{
    for (;;) {
        if (bus ? onBus(*bus, entry.config.id) : withoutControl(started.output))
            return bus ? Result<void>()
                       : Error(bus.error()).within(entry.config.name() + " was started, but");
        int status = 0;
        if (::waitpid(started.pid, &status, WNOHANG) == started.pid) {
            if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return {}; // a short life, or the window of the one that runs
            const std::string words = lastWords(started.output);
            return Error(ErrorCode::Io,
                         words.empty() ? entry.config.name() + " did not start" : words);
        }
        std::this_thread::sleep_for(kLookAgain);
    }
}

} // namespace

Result<void> startGuest(const MachineEntry& entry, const LibraryCall& call)
{
    const auto bus = SessionBus::open();
    if (bus && entry.running && onBus(*bus, entry.config.id))
        return call.has("headless") ? Result<void>() : bus->call(entry.config.id, "Present");
    library::GuestProcess process;
    process.id = entry.config.id;
    process.arguments = argumentsOf(call);
    process.folder = entry.bundle;
    const auto started = TRY(library::startGuestProcess(process));
    return waitForMachine(entry, started, bus);
}

} // namespace app::cli
