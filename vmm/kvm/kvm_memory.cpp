// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_memory.h"

#include <algorithm>

#include "vmm/kvm/kvm_structs.h"

namespace vmm::kvm {

Result<void> KvmMemory::program(uint32_t slot, const memory::MapRange& range, uint64_t size)
{
    kvm_userspace_memory_region region{};
    region.slot = slot;
    if (range.access == memory::MapAccess::ReadOnly)
        region.flags |= KVM_MEM_READONLY;
    if (range.dirtyLog == memory::MapDirtyLog::On)
        region.flags |= KVM_MEM_LOG_DIRTY_PAGES;
    region.guest_phys_addr = range.base.value();
    region.memory_size = size;
    region.userspace_addr = reinterpret_cast<uint64_t>(range.host);
    TRY(callKvm(m_vmFd, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION"));
    return {};
}

uint32_t KvmMemory::slotOf(const memory::MapRange& range) const
{
    return static_cast<uint32_t>(std::find(m_slots.begin(), m_slots.end(), range) -
                                 m_slots.begin());
}

Result<void> KvmMemory::addRange(const memory::MapRange& range)
{
    uint32_t slot = 0;
    while (slot < m_slots.size() && m_slots[slot].host != nullptr)
        ++slot;
    TRY(program(slot, range, range.size));
    if (slot == m_slots.size())
        m_slots.emplace_back();
    m_slots[slot] = range;
    return {};
}

Result<void> KvmMemory::removeRange(const memory::MapRange& range)
{
    const uint32_t slot = slotOf(range);
    if (slot == m_slots.size())
        return {};
    m_slots[slot] = {};
    return program(slot, range, 0);
}

Result<std::vector<uint64_t>> KvmMemory::takeDirty(const memory::MapRange& range)
{
    std::vector<uint64_t> bitmap((range.size / 4096 + 63) / 64);
    kvm_dirty_log log{};
    log.slot = slotOf(range);
    log.dirty_bitmap = bitmap.data();
    TRY(callKvm(m_vmFd, KVM_GET_DIRTY_LOG, &log, "KVM_GET_DIRTY_LOG"));
    return bitmap;
}

} // namespace vmm::kvm
