// SPDX-License-Identifier: GPL-3.0-or-later
// A vCPU of the software backend: an executor, the thread protocol around it, and its sleep.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>

#include "vmm/base/mutex.h"
#include "vmm/cpu/local_apic.h"
#include "vmm/cpu/vcpu.h"
#include "vmm/soft/core.h"

namespace vmm::soft {

/// One vCPU in software. Threads as cpu::Vcpu says; the ApicSink half from any thread.
class SoftVcpu final : public cpu::Vcpu, public cpu::ApicSink {
public:
    /// All that `environment` names outlives the vCPU; its counters are replaced by the vCPU's own.
    explicit SoftVcpu(Environment environment);

    cpu::Exit run() override;
    void kick() override { request(Core::kKick); }
    Result<cpu::CpuState> saveState() override;
    Result<void> loadState(const cpu::CpuState& state) override;
    Result<void> reset() override;
    const cpu::ExitCounters& counters() const override { return m_counters; }
    Result<void> setDebug(const cpu::DebugRequest& request) override;

    void interrupt() override { request(Core::kInterrupt); }
    void nmi() override { request(Core::kNmi); }
    void init() override { request(Core::kInit); }
    void startup(uint8_t vector) override;
    void unhalt() override { request(Core::kUnhalt); }

    /// The direct map changed. Any thread; no need to wake a vCPU that sleeps.
    void mapChanged() { m_core.raiseAttention(Core::kMapChanged); }
    Core& core() { return m_core; }

private:
    void request(uint32_t reason);
    void wake();
    void sleep();

    cpu::ExitCounters m_counters;
    bool m_singleStep = false;
    Core m_core;
    std::atomic<bool> m_asleep{false};
    Mutex m_sleepMutex;
    std::condition_variable m_awake;
};

} // namespace vmm::soft
