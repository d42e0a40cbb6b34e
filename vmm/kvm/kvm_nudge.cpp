// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_nudge.h"

#include <unistd.h>

#include "vmm/base/host_time.h"
#include "vmm/kvm/kvm_speed.h"
#include "vmm/kvm/kvm_structs.h"

namespace vmm::kvm {

InterruptNudge::InterruptNudge(int vmFd) : m_needed(!hasHardwareVirtualization()), m_vmFd(vmFd) {}

InterruptNudge::~InterruptNudge()
{
    MutexLock lock(m_mutex);
    if (m_timer)
        ::timer_delete(*m_timer);
}

void InterruptNudge::bindToThread(int signal)
{
    MutexLock lock(m_mutex);
    if (!m_needed || m_timer)
        return;
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal;
    event._sigev_un._tid = ::gettid();
    timer_t timer{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        return;
    m_timer = timer;
    if (m_active) // a line rose while the machine was loaded
        setPeriodLocked(kPeriodNs);
}

void InterruptNudge::setPeriodLocked(uint64_t periodNs)
{
    m_periodNs = periodNs;
    itimerspec period{};
    period.it_value.tv_nsec = static_cast<long>(periodNs);
    period.it_interval = period.it_value;
    if (m_timer)
        ::timer_settime(*m_timer, 0, &period, nullptr);
}

void InterruptNudge::raised()
{
    if (!m_needed)
        return;
    MutexLock lock(m_mutex);
    m_untilNs = hostNs() + kDurationNs;
    m_active = true;
    if (m_periodNs != kPeriodNs)
        setPeriodLocked(kPeriodNs);
}

/// Has a PIC an unmasked request? IRQ 0 does not count: a guest that polls leaves it waiting all
/// the time.
bool InterruptNudge::picsWait() const
{
    constexpr uint32_t kTimer = 1 << 0;
    constexpr uint32_t kCascade = 1 << 2;
    for (const uint32_t id : {uint32_t{KVM_IRQCHIP_PIC_MASTER}, uint32_t{KVM_IRQCHIP_PIC_SLAVE}}) {
        kvm_irqchip chip{};
        chip.chip_id = id;
        if (::ioctl(m_vmFd, KVM_GET_IRQCHIP, &chip) != 0)
            return false;
        const auto& pic = chip.chip.pic;
        const uint32_t ignored = id == KVM_IRQCHIP_PIC_MASTER ? kTimer | kCascade : 0;
        if ((uint32_t{pic.irr} & ~uint32_t{pic.imr} & ~ignored) != 0)
            return true;
    }
    return false;
}

void InterruptNudge::interrupted(int vcpuFd, const kvm_run& run)
{
    if (!m_active.load(std::memory_order_acquire))
        return;
    if (run.if_flag != 0) {
        kvm_vcpu_events events{}; // setting what is there makes KVM look for something to inject
        if (::ioctl(vcpuFd, KVM_GET_VCPU_EVENTS, &events) == 0)
            ::ioctl(vcpuFd, KVM_SET_VCPU_EVENTS, &events);
    }
    MutexLock lock(m_mutex);
    const bool fast = hostNs() < m_untilNs;
    if (fast && ++m_periods % kChecked != 0)
        return;
    if (picsWait()) {
        if (!fast && m_periodNs != kSlowPeriodNs)
            setPeriodLocked(kSlowPeriodNs);
        return;
    }
    m_active = false;
    setPeriodLocked(0);
}

} // namespace vmm::kvm
