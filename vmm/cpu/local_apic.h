// SPDX-License-Identifier: GPL-3.0-or-later
// The seam between a software vCPU and its local APIC. SDM volume 3 chapter 11.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/cpu/cpu_state.h"

namespace vmm::cpu {

/// What a local APIC makes its vCPU do. Any thread; only notes it and returns.
class ApicSink {
public:
    virtual ~ApicSink() = default;
    /// LocalApic::pending() may have become true.
    virtual void interrupt() = 0;
    virtual void nmi() = 0;
    virtual void init() = 0;
    /// SIPI: begin in real mode at page `vector`.
    virtual void startup(uint8_t vector) = 0;
    /// KVM's "remote read": HLT ends, or the next one does at once, without an interrupt.
    virtual void unhalt() = 0;
};

/// A vCPU's local APIC; the boot processor's also brings the PICs' interrupts (ExtINT). All but
/// attach() on the vCPU's thread, or on any one thread while it does not run.
class LocalApic {
public:
    virtual ~LocalApic() = default;
    /// Once, before the machine runs. `sink` outlives the machine's run.
    virtual void attach(ApicSink& sink) = 0;

    /// Is there an interrupt the vCPU would take now if RFLAGS.IF is set? Cheap.
    virtual bool pending() = 0;
    /// Takes the highest one (SDM volume 3 section 11.8.4); nothing if it is gone meanwhile.
    virtual std::optional<uint8_t> acknowledge() = 0;

    /// IA32_APIC_BASE. setBase() is false where WRMSR raises #GP (section 11.4.4, 11.12.5).
    virtual uint64_t base() const = 0;
    virtual bool setBase(uint64_t value) = 0;
    /// The register page in xAPIC mode: aligned 32-bit accesses, `offset` below 4096.
    virtual uint32_t read(uint32_t offset) = 0;
    virtual void write(uint32_t offset, uint32_t value) = 0;
    /// x2APIC registers (0x800-0x8ff) and IA32_TSC_DEADLINE; nothing or false where it raises #GP.
    virtual std::optional<uint64_t> readMsr(uint32_t index) = 0;
    virtual bool writeMsr(uint32_t index, uint64_t value) = 0;
    /// How far this vCPU's time stamp counter is ahead of TscSource: IA32_TSC_DEADLINE is compared
    /// with the sum. To be told when the guest moves its counter; load() finds it in the state.
    virtual void setTscOffset(uint64_t) {}
    /// Sends an interrupt as a write to the ICR does, without a trace in it: `command` as in the
    /// ICR's lower half, to the APIC `destination`.
    virtual void sendTo(uint32_t destination, uint32_t command) = 0;
    /// CR8: bits 7:4 of the task priority.
    virtual uint8_t taskPriority() const = 0;
    virtual void setTaskPriority(uint8_t cr8) = 0;

    /// CpuState::lapic, apicBase and, among msrs, IA32_TSC_DEADLINE.
    virtual void save(CpuState& state) const = 0;
    virtual Result<void> load(const CpuState& state) = 0;
    /// Power-on; with `init` the state after an INIT (the base and the ID stay).
    virtual void reset(bool init) = 0;
};

/// The time stamp counter a guest reads: one for all vCPUs of a machine. Any thread.
class TscSource {
public:
    virtual ~TscSource() = default;
    virtual uint64_t nowTicks() const = 0;
    virtual uint64_t ticksPerSecond() const = 0;
};

} // namespace vmm::cpu
