// SPDX-License-Identifier: GPL-3.0-or-later
// MachineRun: one running machine from its lock to the exit status, with or without a window.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "app/cli/command_line.h"
#include "app/main/run_window.h"
#include "app/session/bundle_guest.h"
#include "app/session/control_loop.h"
#include "app/session/machine1_server.h"
#include "app/session/machine_host.h"
#include "app/session/machine_session.h"
#include "app/session/name_lock.h"
#include "app/session/run_request.h"
#include "app/session/session_observer.h"
#include "app/session/shutdown_watch.h"
#include "vmm/base/result.h"

namespace app::main {

/// Holds the parts of one running machine and takes them down in the right order: session bus
/// calls end, the machine stops, its last answers go out, the name is free again. Owner: the main
/// function. start(), startGuest() and the destructor on the main thread, or before the loop runs;
/// the loop where it is run; GuestDoor on any thread.
class MachineRun final : public GuestDoor,
                         private session::SessionObserver,
                         private session::MachineHost {
public:
    /// Makes the loop, which takes over SIGINT and SIGTERM; so before any other thread.
    static vmm::Result<std::unique_ptr<MachineRun>> create(cli::OutputFormat format);
    ~MachineRun() override;

    /// The window beside the run; none: headless. It outlives the loop's run. Before start().
    void setWindow(RunWindow* window) { m_window = window; }

    /// Builds the machine `request` asks for, or restores it, and lets it run; control over the
    /// session bus is set up only then, in the loop, so that the guest's first instruction does not
    /// wait for it.
    vmm::Result<void> start(const session::RunRequest& request);
    /// The same for a machine of the library: it goes on from its suspended state, or starts. After
    /// an error it can be tried again. `accel` other than Auto goes before the bundle's.
    vmm::Result<void> startGuest(vmm::spec::Accel accel, session::BundleGuest::Start start);
    /// Whose machine startGuest() starts. Once, before it.
    void setGuest(std::unique_ptr<session::BundleGuest> guest);
    session::BundleGuest* guest() { return m_guest.get(); }

    session::MachineSession& session() { return *m_session; }
    session::ControlLoop& loop() { return *m_loop; }

    /// Runs the loop until the machine is over; the status the process should end with.
    int runLoop() { return m_loop->run(); }
    /// The computer or the person's session ends: the machine is saved, or turned off where there
    /// is no place for that. Any thread.
    void endOfSession();

    // GuestDoor
    void askOnClose(std::function<void(OnClose)> answer) override;
    void suspendGuest(GuestDoor::Completion done) override;
    void cancelSuspend() override;
    void keep(GuestDoor::Completion done) override;
    void discard() override;

private:
    using Done = session::MachineHost::Completion;
    enum class Suspend : uint8_t { No, UnderWay, Done };

    explicit MachineRun(cli::OutputFormat format) : m_format(format) {}
    vmm::Result<void> makeSession(const session::RunRequest& request);
    vmm::Result<void> makeGuestSession(session::BundleGuest::Start start);
    void startControl();
    void letRun();
    void report(const char* event, const std::string& text);
    void interrupted();

    // Of a machine of the library (guest_run.cpp); the loop's thread.
    void startGuestControl();
    void endSessionNow();
    void saveThumbnail(std::function<void()> then);
    void guestEnded(int status);
    void finishInstall();
    void startAgain();
    void saveGuest(bool wasRunning, const Done& done);
    void suspendEnded(vmm::Result<void> outcome, bool wasRunning, const Done& done);
    /// Runs `function` on the loop's thread unless the session it is about is gone by then.
    void postForSession(std::function<void()> function);

    // SessionObserver
    void stateChanged(vmm::console::RunState state) override;
    void message(const std::string& sentence) override;
    void mediumChanged(const std::string& path) override;
    void saveProgress(int) override {}
    void ended(int exitStatus) override;
    bool resetsInPlace() override;
    // MachineHost
    std::string id() const override { return m_guest ? m_guest->id() : std::string(); }
    bool installing() const override { return m_guest && m_guest->installing(); }
    bool headless() const override { return m_window == nullptr; }
    void present(Done done) override;
    void suspend(Done done) override;

    const cli::OutputFormat m_format;
    RunWindow* m_window = nullptr;
    vmm::spec::Accel m_accel = vmm::spec::Accel::Auto;
    bool m_serialOnStdout = false;
    bool m_discard = false; // loop's thread, as the next three
    Suspend m_suspend = Suspend::No;
    int m_interrupts = 0;
    bool m_over = false; // quit() was called for good
    std::atomic<bool> m_suspendCancelled{false};
    std::atomic<uint64_t> m_generation{0}; // counts sessions
    std::unique_ptr<session::ControlLoop> m_loop;
    std::unique_ptr<session::BundleGuest> m_guest;
    std::optional<session::NameLock> m_lock;
    std::unique_ptr<session::MachineSession> m_session;
    std::unique_ptr<session::Machine1Server> m_server;
    std::unique_ptr<session::ShutdownWatch> m_shutdown;
};

} // namespace app::main
