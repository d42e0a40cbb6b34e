// SPDX-License-Identifier: GPL-3.0-or-later
// MachineRun: `vitrine run` from the lock on the name to the exit status, with or without a window.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/cli/command_line.h"
#include "app/session/control_loop.h"
#include "app/session/machine1_server.h"
#include "app/session/machine_session.h"
#include "app/session/name_lock.h"
#include "app/session/run_request.h"
#include "app/session/session_observer.h"
#include "vmm/base/result.h"

namespace app::main {

/// Holds the parts of one running machine and takes them down in the right order: session bus
/// calls end, the machine stops, its last answers go out, the name is free again. Owner: the main
/// function. start() and the destructor on the main thread; the loop where it is run.
class MachineRun final : private session::SessionObserver {
public:
    /// Makes the loop, which takes over SIGINT and SIGTERM; so before any other thread.
    static vmm::Result<std::unique_ptr<MachineRun>> create(cli::OutputFormat format);
    ~MachineRun() override;

    /// Builds the machine `request` asks for, or restores it, and lets it run; control over the
    /// session bus is set up only then, in the loop, so that the guest's first instruction does not
    /// wait for it.
    vmm::Result<void> start(const session::RunRequest& request);

    session::MachineSession& session() { return *m_session; }
    session::ControlLoop& loop() { return *m_loop; }

    /// Runs the loop until the machine is over; the status the process should end with.
    int runLoop() { return m_loop->run(); }

private:
    explicit MachineRun(cli::OutputFormat format) : m_format(format) {}
    vmm::Result<void> makeSession(const session::RunRequest& request);
    void startControl();
    void report(const char* event, const std::string& text);
    void interrupted();
    void stateChanged(vmm::console::RunState state) override;
    void message(const std::string& sentence) override;
    void mediumChanged(const std::string& path) override;
    void saveProgress(int) override {}
    void ended(int exitStatus) override;

    const cli::OutputFormat m_format;
    bool m_serialOnStdout = false;
    int m_interrupts = 0; // loop's thread
    std::unique_ptr<session::ControlLoop> m_loop;
    std::optional<session::NameLock> m_lock;
    std::unique_ptr<session::MachineSession> m_session;
    std::unique_ptr<session::Machine1Server> m_server;
};

} // namespace app::main
