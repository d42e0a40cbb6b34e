// SPDX-License-Identifier: GPL-3.0-or-later
// Machine1Server: a session as the D-Bus object org.vitrine.Machine1.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/session/control_loop.h"
#include "app/session/machine_host.h"
#include "app/session/machine_session.h"
#include "app/session/session_observer.h"

struct sd_bus;
struct sd_bus_message;

namespace app::session {

/// Exports a session on the session bus (org.vitrine.Machine1.xml says what as). Lives on the
/// control loop's thread; answers when the machine has done what was asked, so nobody waits in a
/// call. Everything a caller sends is checked: the bus is the person's own, scripts on it may err.
class Machine1Server final : private SessionObserver {
public:
    /// What became of control, once: nothing wrong, or why it is off. Busy: the bus name belongs to
    /// another machine.
    using Ready = std::function<void(vmm::Result<void>)>;

    /// Connects without waiting; `ready` comes on the loop's thread. Loop and host outlive the
    /// server. The bus name is made of the host's id, or of the session's name where that is empty.
    /// The loop's thread, or before it runs.
    static std::unique_ptr<Machine1Server> create(ControlLoop& loop, MachineSession& session,
                                                  MachineHost& host, Ready ready);
    /// Only when the loop does not run any more, or on its thread. Sends what waits to be sent.
    ~Machine1Server() override;

    /// To be called before the session goes: from then on no call reaches it.
    void detach();
    /// The machine was made anew: calls go to this session from here on. The loop's thread.
    void attach(MachineSession& session);

    /// MachineHost::installing() is another. Any thread while the server lives.
    void installingChanged();
    /// Shows a notification where the desktop has them (freedesktop.org Desktop Notifications 1.2).
    /// Any thread while the server lives.
    void notify(const std::string& summary, const std::string& body);

private:
    struct Methods; // the sd-bus handlers and their table

    Machine1Server(ControlLoop& loop, MachineSession& session, MachineHost& host, Ready ready);
    vmm::Result<void> connect();
    void connected(vmm::Result<void> outcome);
    void publish(std::function<void(sd_bus*)> signal);
    void stateChanged(vmm::console::RunState state) override;
    void message(const std::string& sentence) override;
    void mediumChanged(const std::string& path) override;
    void saveProgress(int percent) override;
    void ended(int exitStatus) override;

    ControlLoop& m_loop;
    MachineSession* m_session; // not to be used while detached
    MachineHost& m_host;
    Ready m_ready;
    sd_bus* m_bus = nullptr;
    bool m_detached = false; // loop's thread
    // What posted functions check: they may run when the server is gone.
    std::shared_ptr<Machine1Server*> m_self = std::make_shared<Machine1Server*>(this);
};

} // namespace app::session
