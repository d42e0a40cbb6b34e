// SPDX-License-Identifier: GPL-3.0-or-later
// High precision event timer with three comparators (IA-PC HPET Specification 1.0a).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/chipset/hpet_regs.h"
#include "vmm/chipset/legacy_replacement.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// One comparator. `target` is the value of the main counter at the next match; the comparator
/// register shows its low part in periodic mode.
struct HpetTimerState {
    uint64_t config = 0; ///< writable bits
    uint64_t comparator = ~uint64_t{0};
    uint64_t period = 0;
    uint64_t target = 0;
    bool waiting = false; ///< a match is to come

    template <class A>
    void visit(A& a)
    {
        a.field("config", config).field("comparator", comparator).field("period", period);
        a.field("target", target).field("waiting", waiting);
    }
};

/// All registers; the counter as it stood when saved.
struct HpetState {
    static constexpr state::Tag kTag{"hpet", 1, 1};
    uint64_t configuration = 0;
    uint64_t interruptStatus = 0;
    uint64_t counter = 0;
    std::array<HpetTimerState, hpet::kTimers> timers{};

    template <class A>
    void visit(A& a)
    {
        a.field("configuration", configuration).field("interrupt-status", interruptStatus);
        a.field("counter", counter).field("timers", timers);
    }
};

/// HPET on guest time. Owner: the board. MMIO from vCPU threads concurrently. The host's timer is
/// armed only while a comparator may interrupt; periods missed meanwhile are skipped, and no timer
/// fires more often than every 10 us.
class Hpet final : public bus::MmioHandler,
                   public bus::Resettable,
                   public state::Stateful<Hpet, HpetState> {
public:
    static constexpr uint64_t kBase = 0xfed00000;
    /// GSIs a timer may be routed to outside legacy replacement: the IDE lines, which nothing else
    /// on this board drives. DEVIATION: none of 16-23, which belong to the PCI interrupt router.
    static constexpr uint32_t kDefaultRoutes = uint32_t{1} << 14 | uint32_t{1} << 15;

    /// Claims 1 KiB at `base`. In legacy replacement timer 0 drives GSI 0 and timer 1 GSI 8, and
    /// `listeners` (those who drive them otherwise) are told. References outlive the device. Busy
    /// when the range is taken.
    static Result<std::unique_ptr<Hpet>>
    create(bus::MmioBus& mmio, bus::InterruptController& interrupts, TimerService& timers,
           std::vector<LegacyReplacementListener*> listeners, uint32_t routes = kDefaultRoutes,
           memory::GuestPhys base = memory::GuestPhys(kBase));

    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;
    void reset() override;
    HpetState save() const;
    Result<void> load(const HpetState& state);

private:
    enum class Past { FireNow, WaitForWrap };
    /// A controller input a timer may drive: level through `level`, edges counted in `pulses`.
    struct Output {
        Output(bus::InterruptController& controller, uint32_t gsi)
            : line(controller, bus::Gsi(gsi)), level(line)
        {}
        bus::GsiLine line;
        bus::LevelIrq level;
        std::atomic<bool> pulse{false};
    };

    Hpet(bus::InterruptController& interrupts, TimerService& timers,
         std::vector<LegacyReplacementListener*> listeners, uint32_t routes);

    uint64_t registerLocked(uint64_t offset) REQUIRES(m_mutex);
    void writeRegisterLocked(uint64_t offset, uint64_t value, uint64_t mask) REQUIRES(m_mutex);
    void writeConfigurationLocked(uint64_t value) REQUIRES(m_mutex);
    void writeTimerConfigLocked(HpetTimerState& timer, uint64_t value) REQUIRES(m_mutex);
    void writeComparatorLocked(HpetTimerState& timer, uint64_t value, uint64_t mask)
        REQUIRES(m_mutex);
    uint64_t counterLocked() const REQUIRES(m_mutex);
    bool enabledLocked() const REQUIRES(m_mutex);
    void aimLocked(HpetTimerState& timer, Past past) REQUIRES(m_mutex);
    bool catchUpLocked() REQUIRES(m_mutex);
    void matchLocked(unsigned index, uint64_t counter) REQUIRES(m_mutex);
    Output* outputLocked(unsigned index) REQUIRES(m_mutex);
    void publishLocked() REQUIRES(m_mutex);
    void scheduleLocked() REQUIRES(m_mutex);
    /// After unlocking: levels, edges, and word to the listeners.
    void deliver();
    void deliverLegacy();
    void onTimer();

    TimerService& m_timers;
    const std::vector<LegacyReplacementListener*> m_listeners;
    const uint32_t m_routes;
    std::array<std::unique_ptr<Output>, 32> m_outputs; // by GSI; null where no timer may go
    std::atomic<bool> m_legacy{false};
    Mutex m_legacyMutex;
    bool m_legacyTold GUARDED_BY(m_legacyMutex) = false;
    mutable Mutex m_mutex;
    HpetState m_state GUARDED_BY(m_mutex); // its counter: the value at m_startNs
    uint64_t m_startNs GUARDED_BY(m_mutex) = 0;
    uint64_t m_firedNs GUARDED_BY(m_mutex) = 0;
    std::unique_ptr<bus::Registration> m_window;
    std::unique_ptr<Timer> m_timer; // last: its callback uses all of the above
};

} // namespace vmm::chipset
