// SPDX-License-Identifier: GPL-3.0-or-later
// The paravirtual clock that guests know from KVM: pages in the guest's memory with which it turns
// its time stamp counter into time. Linux Documentation/virt/kvm/x86/msr.rst.
#pragma once

#include "vmm/soft/core.h"

namespace vmm::soft {

/// Writes this vCPU's page of MSR_KVM_SYSTEM_TIME_NEW again, if the guest enabled it: after the MSR
/// or the offset of the counter changed. vCPU thread.
void publishKvmClock(Core& c);
/// Clears the note that KVM left on a page of MSR_KVM_STEAL_TIME, that its vCPU does not run: the
/// guest would spare it TLB shootdowns until KVM runs it again. `value` is the MSR's.
void clearPreempted(Core& c, uint64_t value);
/// Answers MSR_KVM_WALL_CLOCK_NEW: the time of day when the clock was 0.
void publishWallClock(Core& c);

} // namespace vmm::soft
