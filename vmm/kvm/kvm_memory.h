// SPDX-License-Identifier: GPL-3.0-or-later
// The direct map as KVM memory slots (api.rst 4.35, 4.8). Room-internal.
#pragma once

#include <vector>

#include "vmm/memory/memory_map.h"

namespace vmm::kvm {

/// One KVM memory slot a range. Serialised by the MemoryMap that calls it.
class KvmMemory final : public memory::MapSink {
public:
    explicit KvmMemory(int vmFd) : m_vmFd(vmFd) {}
    Result<void> addRange(const memory::MapRange& range) override;
    Result<void> removeRange(const memory::MapRange& range) override;
    Result<std::vector<uint64_t>> takeDirty(const memory::MapRange& range) override;

private:
    Result<void> program(uint32_t slot, const memory::MapRange& range, uint64_t size);
    /// Slot that holds `range`, or the number of slots.
    uint32_t slotOf(const memory::MapRange& range) const;

    int m_vmFd;
    std::vector<memory::MapRange> m_slots; // index = slot; host null: free
};

} // namespace vmm::kvm
