// SPDX-License-Identifier: GPL-3.0-or-later
// Help for KVMs without hardware behind them, which lose interrupts that come while the guest has
// them off. Room-internal.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <optional>

#include "vmm/base/mutex.h"

struct kvm_run;

namespace vmm::kvm {

/// DEVIATION from plain KVM use. With VT-x or AMD-V a pending interrupt makes the CPU leave the
/// guest the moment the guest allows interrupts. A KVM that emulates ring 0 without them (pagetable
/// virtual machines of some clouds) looks at pending interrupts only when something else makes it:
/// a BIOS that allows them for three instructions while it polls its keyboard never gets one (GRUB
/// under SeaBIOS ignores every key then, in any VMM). So after an interrupt line rises, the first
/// vCPU is stopped every kPeriodNs for kDurationNs, and when it stands where interrupts are
/// allowed, KVM is made to look. A boot loader that keeps them off for longer finds its key still
/// waiting in the PIC, and the line stays high, so it never rises again: as long as that is so the
/// vCPU goes on being stopped every kSlowPeriodNs. Never active where the CPU has VT-x or AMD-V.
///
/// Owner: the hypervisor. raised() from any thread; the rest on the first vCPU's thread.
class InterruptNudge {
public:
    explicit InterruptNudge(int vmFd);
    ~InterruptNudge();
    InterruptNudge(const InterruptNudge&) = delete;
    InterruptNudge& operator=(const InterruptNudge&) = delete;

    /// Does this host need it?
    bool needed() const { return m_needed; }
    /// Binds the periodic signal to the calling thread; once is enough, more does no harm.
    void bindToThread(int signal);
    /// An interrupt line rose.
    void raised();
    /// After KVM_RUN was interrupted: makes KVM look at pending interrupts when the guest allows
    /// them now.
    void interrupted(int vcpuFd, const kvm_run& run);

private:
    static constexpr uint64_t kPeriodNs = 100'000;
    static constexpr uint64_t kSlowPeriodNs = 2'000'000;
    static constexpr uint64_t kDurationNs = 1'000'000'000;
    static constexpr unsigned kChecked = 16; ///< the PICs are looked at every so many periods
    void setPeriodLocked(uint64_t periodNs) REQUIRES(m_mutex);

    bool picsWait() const;

    const bool m_needed;
    const int m_vmFd;
    unsigned m_periods = 0; // first vCPU's thread
    std::atomic<bool> m_active{false};
    Mutex m_mutex;
    std::optional<timer_t> m_timer GUARDED_BY(m_mutex);
    uint64_t m_periodNs GUARDED_BY(m_mutex) = 0; // 0: off
    uint64_t m_untilNs GUARDED_BY(m_mutex) = 0;
};

} // namespace vmm::kvm
