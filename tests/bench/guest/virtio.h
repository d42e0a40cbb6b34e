// SPDX-License-Identifier: GPL-3.0-or-later
// A driver for modern virtio PCI devices in a micro-guest: polls its rings and never wants an
// interrupt. Virtio 1.2 sections 2.7, 3.1 and 4.1. Freestanding; ring 3.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace bench {

inline constexpr unsigned kMostEntries = 1024;

struct Descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags; ///< 1: another follows; 2: the device writes
    uint16_t next;
};

/// What came back.
struct Used {
    uint32_t head;
    uint32_t length;
};

/// Memory of a ring, as large as any may be.
struct alignas(4096) RingMemory {
    Descriptor descriptors[kMostEntries];
    alignas(4096) volatile uint16_t available[kMostEntries + 3];
    alignas(4096) volatile uint16_t used[kMostEntries * 4 + 3];
};

/// One queue. Descriptors are the user's: it knows which are free.
class Ring {
public:
    unsigned size() const { return m_size; }
    void describe(unsigned index, const void* data, uint32_t length, uint16_t flags, unsigned next)
    {
        m_memory->descriptors[index] = {reinterpret_cast<uint64_t>(data), length, flags,
                                        static_cast<uint16_t>(next)};
    }
    /// Puts the request at `head` where the device finds it after kick().
    void add(unsigned head);
    /// Shows the device what was added and notifies it, if it wants to be.
    void kick();
    /// The next request that came back.
    bool take(Used& used);

private:
    friend class Device;
    RingMemory* m_memory;
    uint64_t m_doorbell;
    uint16_t m_index;
    uint16_t m_size;
    uint16_t m_added;
    uint16_t m_shown;
    uint16_t m_taken;
    bool m_eventIndex;
};

/// A device on bus 0. The guest has no firmware: it places BARs itself.
class Device {
public:
    /// The first of this PCI device number; false when there is none.
    bool find(uint16_t pciDevice);
    /// Agrees on VERSION_1, EVENT_IDX where there is, and what of `wanted` there is. False:
    /// refused.
    bool negotiate(uint64_t wanted);
    bool has(uint64_t feature) const { return (m_features & feature) != 0; }
    bool setUp(Ring& ring, unsigned index, RingMemory& memory);
    void go();
    uint64_t readConfig(unsigned offset, unsigned size) const;

private:
    void placeBars();
    void readCapabilities();
    uint64_t barAddress(unsigned index) const;
    void setStatus(uint8_t status);

    unsigned m_number;
    uint64_t m_common;
    uint64_t m_notify;
    uint32_t m_notifyStride;
    uint64_t m_config;
    uint64_t m_features;
    uint8_t m_status;
};

/// CPU cycles a millisecond, by the PIT.
uint64_t cyclesPerMillisecond();

} // namespace bench
