// SPDX-License-Identifier: GPL-3.0-or-later
// Guest time as a participant of the saved machine. Room-internal.
#pragma once

#include "vmm/base/event_loop.h"
#include "vmm/state/state.h"

namespace vmm::machine {

/// Nanoseconds of guest time; the devices' timers follow from it and their own states.
struct GuestClockState {
    static constexpr state::Tag kTag{"guest-clock", 1, 1};
    uint64_t nowNs = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("now-ns", nowNs);
    }
};

/// Saves and sets a GuestClock that stands. First in the file: devices arm timers against it when
/// they load.
class GuestClockParticipant final : public state::Stateful<GuestClockParticipant, GuestClockState> {
public:
    explicit GuestClockParticipant(GuestClock& clock) : m_clock(clock) {}
    GuestClockState save() const { return {m_clock.nowNs()}; }
    Result<void> load(const GuestClockState& state)
    {
        // 100 years: device arithmetic on guest time stays far from overflow.
        constexpr uint64_t kMax = uint64_t{100} * 365 * 86'400 * 1'000'000'000;
        if (state.nowNs > kMax)
            return Error(ErrorCode::Invalid, "guest time is out of range");
        m_clock.setNow(state.nowNs);
        return {};
    }

private:
    GuestClock& m_clock;
};

} // namespace vmm::machine
