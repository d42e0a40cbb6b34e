// SPDX-License-Identifier: GPL-3.0-or-later
// Real-time clock and CMOS memory at ports 0x70/0x71, IRQ 8 (Motorola MC146818A datasheet; ICH9
// datasheet 13.6).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/chipset/edge_irq.h"
#include "vmm/chipset/legacy_replacement.h"
#include "vmm/chipset/rtc_time.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// What the board writes into the CMOS for firmware that looks there.
struct CmosSetup {
    uint64_t memoryBelow4G = 0; ///< bytes of RAM below 4 GiB, from address 0
    uint64_t memoryAbove4G = 0; ///< bytes of RAM from 4 GiB on
    uint32_t cpus = 1;
    /// First to third boot device: 0 none, 1 floppy, 2 disk, 3 CD-ROM, 4 network.
    std::array<uint8_t, 3> bootOrder{};
};

/// What the guest can observe. Not saved: the host's time, and the periodic divider's phase, which
/// follows guest time.
struct RtcState {
    static constexpr state::Tag kTag{"rtc", 1, 1};
    uint8_t index = 0;
    std::array<uint8_t, 128> cmos{};
    int64_t offsetSeconds = 0;  ///< the clock minus host UTC
    uint32_t offsetNanos = 0;   ///< the same, below a second
    uint8_t weekdayOffset = 0;  ///< guests may call any day Sunday
    int64_t checkedSeconds = 0; ///< the last update whose flags are in register C

    template <class A>
    void visit(A& a)
    {
        a.field("index", index).field("cmos", cmos);
        a.field("offset-seconds", offsetSeconds).field("offset-nanos", offsetNanos);
        a.field("weekday-offset", weekdayOffset).field("checked-seconds", checkedSeconds);
    }
};

/// MC146818A. Owner: the board. Ports from vCPU threads concurrently. Flags are worked out when
/// somebody looks; a timer is armed only while an interrupt is enabled and none is pending.
/// reset() is the chip's RESET pin: interrupts go off, time and CMOS stay (battery).
class Rtc final : public bus::PioHandler,
                  public bus::Resettable,
                  public LegacyReplacementListener,
                  public state::Stateful<Rtc, RtcState> {
public:
    /// Claims ports 0x70-0x71. The references outlive the device. Busy when the ports are taken.
    static Result<std::unique_ptr<Rtc>> create(bus::PioBus& pio, bus::IrqLine& irq8,
                                               TimerService& timers, const WallClock& wallClock,
                                               const CmosSetup& setup);

    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;
    void reset() override;
    void legacyReplacement(bool on) override;
    RtcState save() const;
    Result<void> load(const RtcState& state);

private:
    struct Moment {
        int64_t seconds = 0;
        uint32_t nanos = 0;
    };
    Rtc(bus::IrqLine& irq8, TimerService& timers, const WallClock& wallClock,
        const CmosSetup& setup);

    void fillCmos(const CmosSetup& setup) REQUIRES(m_mutex);
    uint8_t readRegisterLocked(uint8_t index) REQUIRES(m_mutex);
    void writeRegisterLocked(uint8_t index, uint8_t value) REQUIRES(m_mutex);
    void writeControlLocked(uint8_t index, uint8_t value) REQUIRES(m_mutex);
    rtc::Encoding encodingLocked() const REQUIRES(m_mutex);
    rtc::Alarm alarmLocked() const REQUIRES(m_mutex);
    bool runningLocked() const REQUIRES(m_mutex);
    Moment momentLocked() const REQUIRES(m_mutex);
    std::array<uint8_t, 128> registersLocked() const REQUIRES(m_mutex);
    void setTimeLocked(uint32_t nanos) REQUIRES(m_mutex);
    uint64_t periodTicksLocked() const REQUIRES(m_mutex);
    uint64_t ticksNow() const;
    void catchUpLocked() REQUIRES(m_mutex);
    void updateLocked() REQUIRES(m_mutex);
    std::optional<uint64_t> deadlineLocked() const REQUIRES(m_mutex);
    void onTimer();

    TimerService& m_timers;
    const WallClock& m_wallClock;
    EdgeIrq m_irq;
    mutable Mutex m_mutex;
    uint8_t m_index GUARDED_BY(m_mutex) = 0;
    std::array<uint8_t, 128> m_cmos GUARDED_BY(m_mutex){};
    int64_t m_offsetSeconds GUARDED_BY(m_mutex) = 0;
    uint32_t m_offsetNanos GUARDED_BY(m_mutex) = 0;
    uint8_t m_weekdayOffset GUARDED_BY(m_mutex) = 0;
    int64_t m_checkedSeconds GUARDED_BY(m_mutex) = 0;
    uint64_t m_checkedTicks GUARDED_BY(m_mutex) = 0;
    bool m_replaced GUARDED_BY(m_mutex) = false; // the HPET has IRQ 8; set again by its load
    std::unique_ptr<bus::Registration> m_ports;
    std::unique_ptr<Timer> m_timer; // last: its callback uses all of the above
};

} // namespace vmm::chipset
