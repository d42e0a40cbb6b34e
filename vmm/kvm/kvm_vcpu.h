// SPDX-License-Identifier: GPL-3.0-or-later
// One vCPU on KVM: the run loop and its state (api.rst 4.10, 5). Room-internal.
#pragma once

#include <atomic>
#include <memory>
#include <pthread.h>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/unique_fd.h"
#include "vmm/cpu/vcpu.h"
#include "vmm/kvm/kvm_hypervisor.h"
#include "vmm/kvm/kvm_nudge.h"

struct kvm_run;

namespace vmm::kvm {

/// What all vCPUs of a machine share; outlives them.
struct VcpuEnvironment {
    int kvmFd = -1;
    int vmFd = -1;
    size_t runSize = 0;               ///< of the shared kvm_run mapping
    std::vector<uint32_t> msrIndices; ///< what this KVM saves
    size_t xsaveSize = 4096;
    KvmConfig config;
    InterruptNudge* nudge = nullptr; ///< of the first vCPU, which takes the PICs' interrupts
};

/// One vCPU of KVM. run() on its own thread, kick() from any; everything else while it stands.
class KvmVcpu final : public cpu::Vcpu {
public:
    static Result<std::unique_ptr<KvmVcpu>> create(const VcpuEnvironment& environment,
                                                   unsigned index);

    cpu::Exit run() override;
    void kick() override;
    Result<cpu::CpuState> saveState() override;
    Result<void> loadState(const cpu::CpuState& state) override;
    Result<void> reset() override;
    const cpu::ExitCounters& counters() const override { return m_counters; }
    /// Break- and watchpoints share the four debug registers (SDM volume 3 section 17.2).
    Result<void> setDebug(const cpu::DebugRequest& request) override;

private:
    KvmVcpu(const VcpuEnvironment& environment, unsigned index)
        : m_environment(environment), m_index(index)
    {}
    bool takeKick();
    /// Handles one exit; true when run() should return `exit`.
    bool handle(cpu::Exit& exit);
    cpu::DebugHit debugHit() const;
    void handlePio();
    void handleMmio();
    std::string whereabouts() const;
    std::string internalError() const;
    bool handleInternalError(cpu::Exit& exit);
    bool handleShutdown(cpu::Exit& exit) const;
    /// Lets the software executor run the instruction KVM does not know. The error is the sentence
    /// the guest stops with.
    Result<cpu::Assisted> assist();
    Result<void> readRegisters(cpu::CpuState& state);
    Result<void> writeGeneral(const cpu::CpuState& state);
    Result<void> writeRegisters(const cpu::CpuState& state);
    Result<void> writeChanges(const cpu::CpuState& before, const cpu::CpuState& state);
    Result<void> writeEvents(const cpu::CpuState& state);

    const VcpuEnvironment& m_environment;
    unsigned m_index;
    UniqueFd m_fd;
    MappedRegion m_runMapping;
    kvm_run* m_run = nullptr;
    std::vector<cpu::DebugHit> m_debugRegisters; // what each of them watches for the debugger
    cpu::CpuState m_powerOn; // what KVM made it with: MSRs and XSAVE area of a fresh vCPU
    cpu::ExitCounters m_counters;
    std::atomic<bool> m_kicked{false};
    Mutex m_threadMutex;
    bool m_inRun GUARDED_BY(m_threadMutex) = false;
    pthread_t m_thread GUARDED_BY(m_threadMutex){};
};

} // namespace vmm::kvm
