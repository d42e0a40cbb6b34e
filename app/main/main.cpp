// SPDX-License-Identifier: GPL-3.0-or-later
// The program `vitrine`: reads the command line and hands over to the command.
#include <cstdio>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "app/cli/check_host.h"
#include "app/cli/command_line.h"
#include "app/cli/complaint.h"
#include "app/cli/control_commands.h"
#include "app/cli/library_commands.h"
#include "app/host/host_checks.h"
#include "app/main/guest_opening.h"
#include "app/main/host_report.h"
#include "app/main/machine_run.h"
#include "app/main/window_loader.h"

namespace {

using app::cli::CheckHostCommand;
using app::cli::CommandLine;
using app::cli::CtlCommand;
using app::cli::LibraryCall;
using app::cli::LibraryCommand;
using app::cli::ListCommand;
using app::cli::MachineCommand;
using app::cli::OutputFormat;
using app::cli::PrintCommand;
using app::cli::RunCommand;
using app::main::MachineRun;
using vmm::Error;
using vmm::Result;

constexpr int kUsageError = 2;

int complain(const Error& error, int status)
{
    app::cli::complain(error.sentence());
    return status;
}

int complain(const Error& error)
{
    return complain(error, app::cli::exitStatus(error));
}

int statusOf(const Result<void>& outcome)
{
    return outcome ? 0 : complain(outcome.error());
}

int runHeadless(const RunCommand& command, OutputFormat format)
{
    auto run = MachineRun::create(format);
    if (!run)
        return complain(run.error());
    if (const auto started = (*run)->start(command.request); !started)
        return complain(started.error());
    return (*run)->runLoop();
}

int runGuestHeadless(const MachineCommand& command, OutputFormat format)
{
    const auto accel = app::main::accelOf(command);
    if (!accel)
        return complain(accel.error(), kUsageError);
    auto guest = app::main::openGuest(command);
    if (!guest)
        return complain(guest.error());
    if (*guest == nullptr) {
        app::cli::complain(command.id + " is running already");
        return 0;
    }
    auto run = MachineRun::create(format);
    if (!run)
        return complain(run.error());
    (*run)->setGuest(*std::move(guest));
    if (const auto started = (*run)->startGuest(*accel, app::main::startOf(command)); !started)
        return complain(started.error());
    return (*run)->runLoop();
}

/// The status of what prints an answer, which has to arrive: a full disk is no success.
template <class Print>
int printed(const Print& print)
try {
    const int status = print();
    if (status != 0 || (std::fflush(stdout) == 0 && std::ferror(stdout) == 0))
        return status;
    return complain(Error(vmm::ErrorCode::Io, "the answer could not be written"));
} catch (const std::system_error& error) { // fmt's, when more does not fit the stream's buffer
    return complain(Error(vmm::ErrorCode::Io,
                          fmt::format("the answer could not be written: {}", error.what())));
}

struct Dispatch {
    OutputFormat format;
    int argc;
    char** argv;

    int operator()(const PrintCommand& command) const
    {
        return printed([&] {
            fmt::print("{}", command.text);
            return 0;
        });
    }
    int operator()(const ListCommand& command) const
    {
        return printed([&] { return statusOf(app::cli::runList(command, format)); });
    }
    int operator()(const CheckHostCommand&) const
    {
        return printed([&] {
            app::cli::printHost(app::main::hostReport(), format);
            return 0;
        });
    }
    int operator()(const CtlCommand& command) const
    {
        return printed([&] { return statusOf(app::cli::runCtl(command, format)); });
    }
    int operator()(const RunCommand& command) const
    {
        return command.request.headless ? runHeadless(command, format)
                                        : inWindow(app::main::kGuestModule);
    }
    int operator()(const MachineCommand& command) const
    {
        return command.headless ? runGuestHeadless(command, format)
                                : inWindow(app::main::kGuestModule);
    }
    int operator()(const LibraryCall& call) const
    {
        if (call.word->verb == app::cli::LibraryVerb::New)
            return inModule(app::main::kMakerModule);
        return printed([&] { return statusOf(app::cli::runLibraryCall(call, format)); });
    }
    int operator()(const LibraryCommand&) const { return inWindow(app::main::kLibraryModule); }

    int inWindow(const char* module) const
    {
        if (const auto display = app::host::checkDisplay(); !display)
            return complain(display.error());
        return inModule(module);
    }
    int inModule(const char* module) const
    {
        const auto status = app::main::runInWindow(module, argc, argv);
        return status ? *status : complain(status.error());
    }
};

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto line = app::cli::parseCommandLine(arguments);
    if (!line)
        return complain(line.error(), kUsageError);
    return std::visit(Dispatch{line->format, argc, argv}, line->command);
}
