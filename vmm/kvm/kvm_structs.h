// SPDX-License-Identifier: GPL-3.0-or-later
// KVM's variable-length structs as C++ can hold them, and ioctl() with an Error. Room-internal.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "vmm/base/result.h"

namespace vmm::kvm {

/// A header struct followed by entries. Debian 12's <linux/kvm.h> declares the flexible arrays with
/// an empty struct in front, which has size 1 in C++ and shifts the array's offset: the C size is 8
/// for all of them.
template <class Header, class Entry>
class FlexArray {
public:
    explicit FlexArray(size_t count) : m_bytes(kHeaderSize + count * sizeof(Entry))
    {
        setCount(count);
    }
    Header* header() { return reinterpret_cast<Header*>(m_bytes.data()); }
    /// The first field of every such header is the entry count.
    uint32_t count() const
    {
        uint32_t count = 0;
        std::memcpy(&count, m_bytes.data(), sizeof count);
        return count;
    }
    void setCount(size_t count)
    {
        const auto narrow = static_cast<uint32_t>(count);
        std::memcpy(m_bytes.data(), &narrow, sizeof narrow);
    }
    Entry get(size_t index) const
    {
        Entry entry;
        std::memcpy(&entry, m_bytes.data() + kHeaderSize + index * sizeof entry, sizeof entry);
        return entry;
    }
    void set(size_t index, const Entry& entry)
    {
        std::memcpy(m_bytes.data() + kHeaderSize + index * sizeof entry, &entry, sizeof entry);
    }

private:
    static constexpr size_t kHeaderSize = 8;
    std::vector<std::byte> m_bytes;
};

using MsrArray = FlexArray<kvm_msrs, kvm_msr_entry>;
using CpuidArray = FlexArray<kvm_cpuid2, kvm_cpuid_entry2>;
using RoutingArray = FlexArray<kvm_irq_routing, kvm_irq_routing_entry>;

/// An ioctl request number with the struct's size in C: the number encodes sizeof, which the header
/// trap above makes larger in C++. The size field is bits 29:16 (asm-generic/ioctl.h).
constexpr unsigned long withSize(unsigned long request, unsigned long size)
{
    return (request & ~0x3fff'0000UL) | size << 16;
}

inline constexpr unsigned long kGetMsrs = withSize(KVM_GET_MSRS, 8);
inline constexpr unsigned long kSetMsrs = withSize(KVM_SET_MSRS, 8);
inline constexpr unsigned long kSetCpuid2 = withSize(KVM_SET_CPUID2, 8);
inline constexpr unsigned long kGetSupportedCpuid = withSize(KVM_GET_SUPPORTED_CPUID, 8);
inline constexpr unsigned long kSetGsiRouting = withSize(KVM_SET_GSI_ROUTING, 8);
inline constexpr unsigned long kGetMsrIndexList = withSize(KVM_GET_MSR_INDEX_LIST, 4);
inline constexpr size_t kXsaveSize = 4096; ///< of struct kvm_xsave without its flexible tail
inline constexpr unsigned long kGetXsave = withSize(KVM_GET_XSAVE, kXsaveSize);
inline constexpr unsigned long kSetXsave = withSize(KVM_SET_XSAVE, kXsaveSize);
inline constexpr unsigned long kGetXsave2 = withSize(KVM_GET_XSAVE2, kXsaveSize);

/// ioctl(fd, request, argument), retried on EINTR; its non-negative value or "what: reason".
template <class T>
Result<int> callKvm(int fd, unsigned long request, T argument, const char* what)
{
    for (;;) {
        const int value = ::ioctl(fd, request, argument);
        if (value >= 0)
            return value;
        if (errno != EINTR)
            return Error::fromErrno(what, errno);
    }
}

} // namespace vmm::kvm
