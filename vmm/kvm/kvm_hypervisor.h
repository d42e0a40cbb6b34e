// SPDX-License-Identifier: GPL-3.0-or-later
// The KVM backend: makes a cpu::Hypervisor on /dev/kvm. Linux Documentation/virt/kvm/api.rst (6.1).
#pragma once

#include <cstdint>
#include <memory>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/bus/bus.h"
#include "vmm/cpu/vcpu.h"

namespace vmm::kvm {

/// What a machine asks of KVM. The buses outlive the hypervisor.
struct KvmConfig {
    unsigned cpus = 1;
    bus::PioBus& pio;
    bus::MmioBus& mmio;
    cpu::InstructionAssist* assist = nullptr; ///< outlives the hypervisor; null: none
};

/// A virtual machine of /dev/kvm: interrupt controllers, memory slots, vCPUs. Owns its file
/// descriptors; outlives its vCPUs.
class KvmHypervisor : public cpu::Hypervisor {
public:
    /// Opens /dev/kvm and makes a virtual machine with in-kernel PIC, IOAPIC, local APICs and PIT.
    /// The error is the person's sentence with what to do.
    static Result<std::unique_ptr<KvmHypervisor>> create(const KvmConfig& config);
};

} // namespace vmm::kvm
