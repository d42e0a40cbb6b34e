// SPDX-License-Identifier: GPL-3.0-or-later
// The ICH9 power management block: power button, sleep and power-off, PM timer, general events.
// Intel ICH9 datasheet (316972-004), section 13.8.3; ACPI 6.4 section 4.8.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/chipset/acpi_pm_regs.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// Guest state of the block. Left out: the PM timer's value, which follows from guest time.
struct AcpiPmState {
    static constexpr state::Tag kTag{"acpi-pm", 1, 1};
    uint16_t pm1Status = 0;
    uint16_t pm1Enable = 0;
    uint32_t pm1Control = kPm1SciEnable;
    uint64_t gpe0Status = 0;
    uint64_t gpe0Enable = 0;
    uint32_t smiEnable = kSmiApmcEnable;
    uint64_t overflowTick = 0; ///< PM timer tick (unwrapped) at which TMROF_STS is set next
    template <class A>
    void visit(A& a)
    {
        a.field("pm1-sts", pm1Status).field("pm1-en", pm1Enable).field("pm1-cnt", pm1Control);
        a.field("gpe0-sts", gpe0Status).field("gpe0-en", gpe0Enable).field("smi-en", smiEnable);
        a.field("overflow-tick", overflowTick);
    }
};

/// Why a sleeping machine goes on.
enum class WakeReason { PowerButton, Other };

/// 128 ports at PMBASE, mapped by Ich9Lpc. There is no system management mode, so the block is in
/// ACPI mode from the start: SCI_EN is set and stays set.
///
/// Owner: Machine. Thread: ports from vCPU threads, powerButton() and raiseEvent() from any thread,
/// reset(), wake() and states with vCPUs stopped.
class AcpiPm final : public bus::PioHandler,
                     public bus::Resettable,
                     public state::Stateful<AcpiPm, AcpiPmState> {
public:
    /// `sci` is this block's alone (Ich9Lpc::sciLine()). All outlive the block.
    AcpiPm(TimerService& clock, bus::SystemControl& system, bus::IrqLine& sci);

    /// `offset` from PMBASE.
    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;

    /// The person pressed the power button for a moment.
    void powerButton();
    /// Sets GPE0_STS bit `event` (below kGpeCount), for ACPI hot-plug and the like.
    void raiseEvent(unsigned event);
    /// After reset() when the machine comes back from S3: what the guest finds in PM1_STS.
    void wake(WakeReason reason);

    void reset() override;
    AcpiPmState save() const;
    Result<void> load(const AcpiPmState& state);

private:
    uint32_t readRegisterLocked(uint64_t offset) REQUIRES(m_mutex);
    uint32_t mergeValueLocked(uint64_t offset) const REQUIRES(m_mutex);
    void writeRegisterLocked(uint64_t offset, uint32_t value) REQUIRES(m_mutex);
    void writeControlLocked(uint32_t value) REQUIRES(m_mutex);
    void performSleep(unsigned type);

    uint64_t ticks() const;
    void timerFired();
    void checkOverflowLocked() REQUIRES(m_mutex);
    void clearStatusLocked(uint16_t bits) REQUIRES(m_mutex);
    void updateLocked() REQUIRES(m_mutex);

    TimerService& m_clock;
    bus::SystemControl& m_system;
    bus::LevelIrq m_sci;
    mutable Mutex m_mutex;
    AcpiPmState m_state GUARDED_BY(m_mutex);
    std::optional<unsigned> m_sleepType GUARDED_BY(m_mutex); // asked for by the write in progress
    std::unique_ptr<Timer> m_timer; // last: destroyed first, its callback uses the rest
};

} // namespace vmm::chipset
