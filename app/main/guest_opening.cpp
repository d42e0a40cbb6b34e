// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/guest_opening.h"

#include <chrono>
#include <thread>

#include "app/cli/machine_client.h"
#include "app/library/library.h"
#include "app/session/run_request.h"

namespace app::main {

using session::BundleGuest;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

constexpr int kTries = 50;
constexpr std::chrono::milliseconds kPause{100};

/// Asks the process that runs the machine to show itself. It takes its lock before its bus name.
Result<void> present(const std::string& id, const Error& busy)
{
    const auto bus = TRY(cli::SessionBus::open());
    for (int i = 0; i < kTries; ++i) {
        const auto outcome = bus.call(id, "Present");
        if (outcome || outcome.error().code() != ErrorCode::NotFound)
            return outcome;
        std::this_thread::sleep_for(kPause);
    }
    return busy; // who holds the lock is none that runs it
}

} // namespace

Result<std::unique_ptr<BundleGuest>> openGuest(const cli::MachineCommand& command)
{
    const auto library = TRY(library::Library::open());
    const auto entry = TRY(library.find(command.id));
    if (!entry.problem.empty())
        return Error(ErrorCode::Invalid, entry.problem);
    auto guest = BundleGuest::open(entry.bundle);
    if (guest || guest.error().code() != ErrorCode::Busy)
        return guest;
    if (!command.headless)
        TRY(present(entry.config.id, guest.error()));
    return std::unique_ptr<BundleGuest>();
}

Result<vmm::spec::Accel> accelOf(const cli::MachineCommand& command)
{
    session::RunRequest request;
    request.accel = command.accel;
    return session::accelFor(request);
}

BundleGuest::Start startOf(const cli::MachineCommand& command)
{
    return command.fresh ? BundleGuest::Start::Fresh : BundleGuest::Start::GoOn;
}

} // namespace app::main
