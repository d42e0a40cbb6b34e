// SPDX-License-Identifier: GPL-3.0-or-later
// The driver's side of a split virtqueue, for tests: builds rings in guest memory, honestly or not.
// Virtio 1.2 section 2.7.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vmm/base/check.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/virtio/queue.h"
#include "vmm/virtio/queue_regs.h"

namespace tests {

/// A queue as a driver lays it out from `base` on. Not checked: tests lie on purpose.
class VirtqueueDriver {
public:
    struct Buffer {
        uint64_t address = 0;
        uint32_t length = 0;
        bool writable = false;
    };

    VirtqueueDriver(vmm::memory::GuestMemory& memory, uint64_t base, uint16_t size)
        : m_memory(memory)
    {
        m_state.size = size;
        m_state.ready = true;
        m_state.descriptors = base;
        m_state.available = base + uint64_t{16} * size;
        m_state.used = (m_state.available + vmm::virtio::ring::usedEvent(size) + 2 + 3) & ~3ULL;
    }

    /// Where the rings are, for the device.
    const vmm::virtio::QueueState& layout() const { return m_state; }
    /// First byte behind the rings.
    uint64_t end() const { return m_state.used + vmm::virtio::ring::availEvent(m_state.size) + 2; }

    void describe(uint16_t index, const vmm::virtio::Descriptor& descriptor)
    {
        put(m_state.descriptors + uint64_t{16} * index, descriptor);
    }
    /// A chain of descriptors from `first` on, in order, made available. Returns its head.
    uint16_t offer(const std::vector<Buffer>& buffers, uint16_t first = 0)
    {
        for (size_t i = 0; i < buffers.size(); ++i) {
            const auto index = static_cast<uint16_t>(first + i);
            const bool last = i + 1 == buffers.size();
            describe(index, {buffers[i].address, buffers[i].length,
                             static_cast<uint16_t>((buffers[i].writable ? 2 : 0) | (last ? 0 : 1)),
                             static_cast<uint16_t>(last ? 0 : index + 1)});
        }
        makeAvailable(first);
        return first;
    }
    void makeAvailable(uint16_t head)
    {
        putShared(m_state.available + vmm::virtio::ring::availEntry(m_index % m_state.size), head);
        setAvailableIndex(static_cast<uint16_t>(m_index + 1));
    }
    void setAvailableIndex(uint16_t index)
    {
        m_index = index;
        putShared(m_state.available + vmm::virtio::ring::kIndex, index);
    }
    void setAvailableFlags(uint16_t flags) { putShared(m_state.available, flags); }
    void setUsedEvent(uint16_t event)
    {
        putShared(m_state.available + vmm::virtio::ring::usedEvent(m_state.size), event);
    }

    uint16_t usedFlags() const { return getShared(m_state.used); }
    uint16_t usedIndex() const { return getShared(m_state.used + vmm::virtio::ring::kIndex); }
    uint16_t availEvent() const
    {
        return getShared(m_state.used + vmm::virtio::ring::availEvent(m_state.size));
    }
    /// The next request that came back, if one did.
    std::optional<vmm::virtio::UsedElement> collect()
    {
        if (usedIndex() == m_collected)
            return std::nullopt;
        const uint64_t slot = m_collected++ % m_state.size;
        return get<vmm::virtio::UsedElement>(m_state.used + vmm::virtio::ring::usedEntry(slot));
    }

private:
    /// What the device may look at in the same moment: in one access.
    void putShared(uint64_t address, uint16_t value) { shared(address).storeRelease(0, value); }
    uint16_t getShared(uint64_t address) const { return shared(address).loadAcquire<uint16_t>(0); }
    vmm::memory::GuestSlice shared(uint64_t address) const
    {
        const auto slice = m_memory.slice(vmm::memory::GuestPhys(address), sizeof(uint16_t));
        CHECK(slice.has_value());
        return *slice;
    }
    template <class T>
    void put(uint64_t address, const T& value)
    {
        CHECK(m_memory.write(vmm::memory::GuestPhys(address), value).has_value());
    }
    template <class T>
    T get(uint64_t address) const
    {
        const auto value = m_memory.read<T>(vmm::memory::GuestPhys(address));
        CHECK(value.has_value());
        return *value;
    }

    vmm::memory::GuestMemory& m_memory;
    vmm::virtio::QueueState m_state;
    uint16_t m_index = 0;
    uint16_t m_collected = 0;
};

} // namespace tests
