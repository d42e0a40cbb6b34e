// SPDX-License-Identifier: GPL-3.0-or-later
// The CPUID a guest sees: what KVM supports, with the topology of the machine. Room-internal.
#pragma once

#include "vmm/base/result.h"

namespace vmm::kvm {

/// Gives vCPU `index` of `cpus` its CPUID leaves (api.rst 4.46, 4.58).
Result<void> installCpuid(int kvmFd, int vcpuFd, unsigned index, unsigned cpus);

} // namespace vmm::kvm
