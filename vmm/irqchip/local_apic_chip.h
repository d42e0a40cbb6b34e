// SPDX-License-Identifier: GPL-3.0-or-later
// A local APIC in xAPIC and x2APIC mode (SDM volume 3 chapter 11).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "vmm/base/mutex.h"
#include "vmm/cpu/local_apic.h"
#include "vmm/irqchip/apic_bus.h"
#include "vmm/irqchip/apic_timer.h"
#include "vmm/irqchip/local_apic_regs.h"
#include "vmm/irqchip/pic.h"

namespace vmm::irqchip {

/// One vCPU's local APIC. cpu::LocalApic on the vCPU's thread; accept() and the questions of
/// ApicBus from any thread.
/// DEVIATION: an APIC that was disabled by IA32_APIC_BASE comes back with its power-on registers,
/// but LINT0 of the boot processor lets the PICs' interrupts through after power-on and INIT (the
/// in-kernel APIC does the same; firmware and systems without an APIC driver rely on it).
class LocalApicChip final : public cpu::LocalApic {
public:
    /// What it works with; all outlive it. `extInt` null: LINT0 is not wired.
    struct Environment {
        unsigned index = 0; ///< the APIC ID, below 255
        unsigned physicalAddressBits = 40;
        ApicBus& bus;
        EoiListener& eoi;
        ExtIntSource* extInt = nullptr;
        TimerService& clock;
        const cpu::TscSource& tsc;
        std::function<void()> loaded; ///< called at the end of each load()
    };
    explicit LocalApicChip(Environment environment);

    void attach(cpu::ApicSink& sink) override;
    bool pending() override;
    std::optional<uint8_t> acknowledge() override;
    uint64_t base() const override { return m_base.load(std::memory_order_relaxed); }
    bool setBase(uint64_t value) override;
    uint32_t read(uint32_t offset) override;
    void write(uint32_t offset, uint32_t value) override;
    std::optional<uint64_t> readMsr(uint32_t index) override;
    bool writeMsr(uint32_t index, uint64_t value) override;
    void sendTo(uint32_t destination, uint32_t command) override;
    void setTscOffset(uint64_t offset) override;
    uint8_t taskPriority() const override;
    void setTaskPriority(uint8_t cr8) override;
    void save(cpu::CpuState& state) const override;
    Result<void> load(const cpu::CpuState& state) override;
    void reset(bool init) override;

    // --- for the bus; any thread, no chip's lock held ---

    /// Takes a message addressed to it; false when it does not.
    bool accept(const InterruptMessage& message);
    bool isAddressed(uint32_t destination, bool logical) const;
    /// Nothing when it takes no fixed interrupts.
    std::optional<uint8_t> arbitrationPriority() const;
    /// The PICs' INTR rose.
    void extIntRequested();

private:
    static constexpr unsigned kRegisters = 64;
    bool enabled() const { return (base() & apic::kEnabled) != 0; }
    bool x2() const { return (base() & apic::kExtended) != 0; }
    bool extIntPending() const;
    bool validBase(uint64_t value) const;
    uint32_t& at(uint32_t offset) REQUIRES(m_mutex) { return m_registers[offset >> 4]; }
    uint32_t at(uint32_t offset) const REQUIRES(m_mutex) { return m_registers[offset >> 4]; }
    bool softwareEnabledLocked() const REQUIRES(m_mutex);
    uint32_t logicalIdLocked() const REQUIRES(m_mutex);

    uint32_t readLocked(uint32_t offset) REQUIRES(m_mutex);
    /// What a write asks for that needs the lock released.
    struct Effect {
        std::optional<uint64_t> command; ///< ICR to send
        std::optional<uint8_t> ended;    ///< level-triggered vector
    };
    void writeLocked(uint32_t offset, uint32_t value, Effect& effect) REQUIRES(m_mutex);
    void writeLvtLocked(uint32_t offset, uint32_t value) REQUIRES(m_mutex);
    void writeSpuriousLocked(uint32_t value) REQUIRES(m_mutex);
    void carryOut(const Effect& effect);
    void send(uint64_t command);
    void send(uint32_t destination, uint32_t command);

    std::optional<uint8_t> highestLocked(uint32_t bank) const REQUIRES(m_mutex);
    uint8_t processorPriorityLocked() const REQUIRES(m_mutex);
    void updateLocked() REQUIRES(m_mutex);
    void raiseLocked(uint8_t vector, bool level) REQUIRES(m_mutex);
    std::optional<uint8_t> endLocked() REQUIRES(m_mutex);
    void errorLocked(uint32_t error) REQUIRES(m_mutex);
    void timerLocked() REQUIRES(m_mutex);
    void scheduleLocked() REQUIRES(m_mutex);
    void resetLocked() REQUIRES(m_mutex);
    void noteLint0Locked() REQUIRES(m_mutex);
    void onTimer();
    /// After unlocking: tells the vCPU when there is something.
    void wake();

    const Environment m_environment;
    std::atomic<cpu::ApicSink*> m_sink{nullptr};
    std::atomic<uint64_t> m_base;
    std::atomic<bool> m_pending{false};     // a vector above the processor priority
    std::atomic<bool> m_lint0ExtInt{false}; // LVT0 lets ExtINT through
    mutable Mutex m_mutex;
    std::array<uint32_t, kRegisters> m_registers GUARDED_BY(m_mutex){};
    uint32_t m_errors GUARDED_BY(m_mutex) = 0; // since the last write to the error status
    ApicTimer m_timer GUARDED_BY(m_mutex);     // last: its callback uses all of the above
};

} // namespace vmm::irqchip
