// SPDX-License-Identifier: GPL-3.0-or-later
// Intel SDM volume 2 CPUID, AMD APM volume 3 appendix E.
#include "vmm/kvm/kvm_cpuid.h"

#include <bit>

#include "vmm/base/bits.h"
#include "vmm/kvm/kvm_structs.h"

namespace vmm::kvm {

namespace {

Result<CpuidArray> supportedCpuid(int kvmFd)
{
    for (size_t count = 128; count <= 1024; count *= 2) {
        CpuidArray leaves(count);
        if (::ioctl(kvmFd, kGetSupportedCpuid, leaves.header()) == 0)
            return leaves;
        if (errno != E2BIG)
            return Error::fromErrno("KVM_GET_SUPPORTED_CPUID", errno);
    }
    return Error(ErrorCode::Unsupported, "KVM offers more CPUID leaves than known");
}

/// One socket, `cpus` cores without hyper-threading; APIC id = index.
void setTopology(kvm_cpuid_entry2& leaf, unsigned index, unsigned cpus)
{
    switch (leaf.function) {
    case 1:
        leaf.ebx = Field<31, 24>::set(leaf.ebx, index);
        leaf.ebx = Field<23, 16>::set(leaf.ebx, cpus);
        leaf.ecx |= 1U << 31; // a hypervisor is present
        leaf.edx = Field<28, 28>::set(leaf.edx, cpus > 1 ? 1 : 0);
        break;
    case 4: // Intel cache leaves: cores in the package, nobody shares a core
        leaf.eax = Field<31, 26>::set(leaf.eax, cpus - 1);
        leaf.eax = Field<25, 14>::set(leaf.eax, 0);
        break;
    case 0xb:
        leaf.edx = index;
        if (leaf.index == 0) {
            leaf.eax = 0;
            leaf.ebx = 1;
            leaf.ecx = 0x100; // level 0: thread
        } else if (leaf.index == 1) {
            leaf.eax = static_cast<uint32_t>(std::bit_width(cpus - 1));
            leaf.ebx = cpus;
            leaf.ecx = 0x201; // level 1: core
        }
        break;
    case 0x8000'0008:
        leaf.ecx = Field<7, 0>::set(leaf.ecx, cpus - 1);
        leaf.ecx = Field<15, 12>::set(leaf.ecx, std::bit_width(cpus - 1));
        break;
    case 0x8000'001e: // AMD extended APIC id, core and node
        leaf.eax = index;
        leaf.ebx = index;
        leaf.ecx = 0;
        break;
    default:
        break;
    }
}

} // namespace

Result<void> installCpuid(int kvmFd, int vcpuFd, unsigned index, unsigned cpus)
{
    CpuidArray leaves = TRY(supportedCpuid(kvmFd));
    for (uint32_t i = 0; i < leaves.count(); ++i) {
        kvm_cpuid_entry2 leaf = leaves.get(i);
        setTopology(leaf, index, cpus);
        leaves.set(i, leaf);
    }
    TRY(callKvm(vcpuFd, kSetCpuid2, leaves.header(), "KVM_SET_CPUID2"));
    return {};
}

} // namespace vmm::kvm
