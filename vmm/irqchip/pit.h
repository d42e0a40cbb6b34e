// SPDX-License-Identifier: GPL-3.0-or-later
// 8254 programmable interval timer at 0x40-0x43 and port 0x61 with gate, speaker data, refresh
// toggle and the output of counter 2 (Intel 8254 datasheet; ICH9 datasheet, "NMI Status and
// Control").
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/cpu/irqchip_state.h"

namespace vmm::irqchip {

/// The PIT on guest time. Ports from vCPU threads, ticks on the timer service's thread.
/// Ticks the host was too late for are skipped, not made up; never more than one every 20 us.
/// DEVIATION: a new count in modes 2 and 3 takes effect at once, not at the end of the period; the
/// null count bit of the status is always 0.
class Pit final {
public:
    static constexpr uint64_t kTicksPerSecond = 1'193'182;

    /// `tick` is an edge on IRQ 0; called without a lock held.
    static Result<std::unique_ptr<Pit>> create(bus::PioBus& pio, TimerService& clock,
                                               std::function<void()> tick);

    /// While on, counter 0 counts but its edges go nowhere.
    void setHpetLegacy(bool on);
    void reset();
    /// Fills pit, pitHpetLegacy and speakerData.
    void save(cpu::IrqchipState& state) const;
    static Result<void> check(const cpu::IrqchipState& state);
    /// `state` was checked.
    void load(const cpu::IrqchipState& state);

private:
    static constexpr unsigned kCounters = 3;
    /// Registers as saved, and the time that `elapsedNs` comes from.
    struct Counter {
        cpu::PitChannelState state;
        bool counting = true;  ///< false between a control word and its count
        uint64_t startNs = 0;  ///< when it was loaded, or would have been had it not stood still
        uint64_t frozenNs = 0; ///< elapsed, while it stands still
    };
    class Ports final : public bus::PioHandler {
    public:
        Ports(Pit& owner, bool system) : m_owner(owner), m_system(system) {}
        uint32_t readPort(uint16_t offset, unsigned size) override;
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;

    private:
        Pit& m_owner;
        bool m_system;
    };

    Pit(TimerService& clock, std::function<void()> tick);
    uint8_t read(unsigned index);
    void write(unsigned index, uint8_t value);
    uint8_t readSystem() const;
    void writeSystem(uint8_t value);

    static bool stands(const Counter& counter);
    uint64_t elapsedNs(const Counter& counter) const;
    uint64_t ticks(const Counter& counter) const;
    bool output(const Counter& counter) const;
    uint16_t value(const Counter& counter) const;
    void controlLocked(uint8_t value) REQUIRES(m_mutex);
    void readBackLocked(uint8_t command) REQUIRES(m_mutex);
    void latchCount(Counter& counter) const;
    void writeCountLocked(unsigned index, uint8_t value) REQUIRES(m_mutex);
    void loadCountLocked(unsigned index, uint16_t count) REQUIRES(m_mutex);
    void stopLocked(unsigned index) REQUIRES(m_mutex);
    void setGateLocked(bool gate) REQUIRES(m_mutex);
    void resetLocked() REQUIRES(m_mutex);
    std::optional<uint64_t> nextTickLocked() const REQUIRES(m_mutex);
    void scheduleLocked() REQUIRES(m_mutex);
    void onTimer();

    TimerService& m_clock;
    std::function<void()> m_tick;
    mutable Mutex m_mutex;
    std::array<Counter, kCounters> m_counters GUARDED_BY(m_mutex);
    bool m_hpetLegacy GUARDED_BY(m_mutex) = false;
    bool m_speakerData GUARDED_BY(m_mutex) = false;
    bool m_oneShotDone GUARDED_BY(m_mutex) = false;
    std::optional<uint64_t> m_due GUARDED_BY(m_mutex); // counter 0's next edge
    std::optional<uint64_t> m_lastNs GUARDED_BY(m_mutex);
    Ports m_timerPorts{*this, false};
    Ports m_systemPort{*this, true};
    std::array<std::unique_ptr<bus::Registration>, 2> m_windows;
    std::unique_ptr<Timer> m_timer; // last: its callback uses all of the above
};

} // namespace vmm::irqchip
