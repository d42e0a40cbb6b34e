// SPDX-License-Identifier: GPL-3.0-or-later
// Answers to calls over the session bus. Room-internal.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <systemd/sd-bus.h>

#include "app/session/control_loop.h"
#include "vmm/base/result.h"
#include "vmm/machine/machine.h"

namespace app::session {

/// A method call that is answered later. Loop's thread only; a call never answered gets an error,
/// so that nobody waits for ever.
class PendingCall {
public:
    explicit PendingCall(sd_bus_message* call) : m_call(::sd_bus_message_ref(call)) {}
    PendingCall(const PendingCall&) = delete;
    PendingCall& operator=(const PendingCall&) = delete;
    ~PendingCall();

    void finish(const vmm::Result<void>& outcome);
    void fail(const vmm::Error& error);
    /// Sends the answer `fill` makes; it returns an sd-bus status.
    void answer(const std::function<int(sd_bus_message*)>& fill);

private:
    sd_bus_message* m_call;
    bool m_answered = false;
};

using Pending = std::shared_ptr<PendingCall>;

/// A completion for another thread that answers `call` on the loop's. The call travels inside the
/// posted function alone, so that its last owner is on the loop's thread.
std::function<void(vmm::Result<void>)> answerLater(ControlLoop& loop, Pending call);

// Values of a kind into an answer; they return an sd-bus status.
int appendDevices(sd_bus_message* reply, const std::vector<vmm::machine::DeviceInfo>& devices);
int appendTexts(sd_bus_message* reply,
                const std::vector<std::pair<std::string, std::string>>& texts);
int appendCounters(sd_bus_message* reply, const std::vector<vmm::machine::Counter>& counters);

} // namespace app::session
