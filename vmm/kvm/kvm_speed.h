// SPDX-License-Identifier: GPL-3.0-or-later
// How fast KVM runs ring 0 here. Some clouds' KVM has no hardware behind it and emulates ring 0
// instruction by instruction. Linux Documentation/virt/kvm/api.rst (6.1).
#pragma once

#include "vmm/base/result.h"

namespace vmm::kvm {

/// Has the CPU VT-x (CPUID.1:ECX.VMX, SDM volume 3 section 23.6) or AMD-V (CPUID.80000001:ECX.SVM,
/// APM volume 2 section 15.4)? Any thread.
bool hasHardwareVirtualization();

/// Instructions a second of a real-mode loop in a throwaway virtual machine, measured for about two
/// milliseconds: hardware does several hundred million and more, emulation one or two million. The
/// error is why /dev/kvm cannot be used. Any thread; takes over the signal that kicks vCPUs.
Result<double> ring0InstructionsPerSecond();

} // namespace vmm::kvm
