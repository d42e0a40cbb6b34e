// SPDX-License-Identifier: GPL-3.0-or-later
// ShutdownWatch: hears that the computer is about to be shut down, asks it to wait a little, and
// not to fall asleep.
#pragma once

#include <functional>
#include <memory>

#include "app/session/control_loop.h"
#include "vmm/base/unique_fd.h"

struct sd_bus;
struct sd_bus_message;

namespace app::session {

/// Holds a "delay" inhibitor of org.freedesktop.login1 (systemd 252, org.freedesktop.login1(5)), as
/// long as logind allows (five seconds unless set otherwise). Without a system bus or logind it
/// does nothing. The loop's thread.
class ShutdownWatch {
public:
    /// `soon` is called on the loop's thread, once, when the computer is going down.
    static std::unique_ptr<ShutdownWatch> create(ControlLoop& loop, std::function<void()> soon);
    ~ShutdownWatch();

    /// The computer must not suspend by itself meanwhile (a "block" inhibitor of sleep), or may
    /// again.
    void stayAwake(bool wanted);
    /// Lets the computer go down: what had to be done is done.
    void letGo() { m_inhibitor.reset(); }
    /// The computer waits for us.
    bool holds() const { return m_inhibitor.valid(); }

private:
    explicit ShutdownWatch(std::function<void()> soon) : m_soon(std::move(soon)) {}
    int start(ControlLoop& loop);
    /// The answer to Inhibit: a descriptor that is held as long as it is open.
    static vmm::UniqueFd lockOf(sd_bus_message* reply);
    void prepareForShutdown(sd_bus_message* signal);

    std::function<void()> m_soon;
    sd_bus* m_bus = nullptr;
    bool m_wantsAwake = false;
    bool m_asksAwake = false; // the answer is on its way
    vmm::UniqueFd m_inhibitor;
    vmm::UniqueFd m_awake;
};

} // namespace app::session
