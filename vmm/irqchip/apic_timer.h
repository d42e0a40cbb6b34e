// SPDX-License-Identifier: GPL-3.0-or-later
// The local APIC's timer (SDM volume 3 section 11.5.4): one-shot, periodic and TSC-deadline.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "vmm/base/clock.h"
#include "vmm/cpu/local_apic.h"

namespace vmm::irqchip {

/// Counts at 1 GHz before the divider, as the in-kernel APIC does, so a saved count means the same.
/// Has no lock of its own: the owner's guards everything; `callback` runs without it. Expiry is
/// noticed by catchUp(); the host's timer only makes sure somebody calls it.
class ApicTimer {
public:
    enum class Mode : uint8_t { OneShot, Periodic, TscDeadline };

    /// Bits 18:17 of the LVT entry; the reserved value counts as one-shot.
    static Mode modeOf(uint32_t lvt);

    ApicTimer(TimerService& clock, const cpu::TscSource& tsc, std::function<void()> callback);

    /// True once for each expiry, however many periods passed.
    bool catchUp();
    /// Between one-shot and periodic the count goes on; to or from TSC-deadline it is cleared.
    void setMode(Mode mode);
    /// Starts; 0 stops.
    void setInitial(uint32_t count);
    void setDivide(uint32_t configuration);
    uint32_t initial() const { return m_initial; }
    uint32_t current() const;
    uint64_t deadline() const { return m_mode == Mode::TscDeadline ? m_deadlineTsc : 0; }
    void setDeadline(uint64_t tsc);
    /// The vCPU's counter minus TscSource's; kept by stop() and load().
    void setTscOffset(uint64_t offset);
    void stop();
    /// Goes on from a saved state. A one-shot that ran out is due once more: an in-kernel APIC may
    /// have kept that interrupt where no saved register shows it.
    struct Saved {
        Mode mode = Mode::OneShot;
        uint32_t initial = 0;
        uint32_t current = 0;
        uint32_t divide = 0;
        uint64_t deadlineTsc = 0;
    };
    void load(const Saved& saved);
    /// Arms the host's timer for the next expiry; not for a periodic one that is `masked`.
    void schedule(bool masked);

private:
    uint64_t now() const { return m_clock.nowNs(); }
    uint64_t ticks() const { return m_tsc.nowTicks() + m_tscOffset; }
    uint64_t periodNs() const { return uint64_t{m_initial} * m_divisor; }
    bool catchUpDeadline();
    void aimAtTsc();

    TimerService& m_clock;
    const cpu::TscSource& m_tsc;
    Mode m_mode = Mode::OneShot;
    uint32_t m_initial = 0;
    uint32_t m_divisor = 2;
    uint64_t m_deadlineTsc = 0;
    uint64_t m_tscOffset = 0;
    std::optional<uint64_t> m_targetNs; // nothing: stands
    uint64_t m_lastNs = 0;              // of the last expiry
    std::unique_ptr<Timer> m_timer;
};

} // namespace vmm::irqchip
