// SPDX-License-Identifier: GPL-3.0-or-later
// Layout of a split virtqueue in guest memory. Virtio 1.2 section 2.7.
#pragma once

#include <cstdint>

namespace vmm::virtio {

/// An entry of the descriptor table (section 2.7.5).
struct Descriptor {
    uint64_t address = 0;
    uint32_t length = 0;
    uint16_t flags = 0;
    uint16_t next = 0;
};
static_assert(sizeof(Descriptor) == 16);

inline constexpr uint16_t VIRTQ_DESC_F_NEXT = 1;
inline constexpr uint16_t VIRTQ_DESC_F_WRITE = 2;
inline constexpr uint16_t VIRTQ_DESC_F_INDIRECT = 4;

inline constexpr uint16_t VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
inline constexpr uint16_t VIRTQ_USED_F_NO_NOTIFY = 1;

/// An entry of the used ring (section 2.7.8).
struct UsedElement {
    uint32_t id = 0;
    uint32_t length = 0;
};
static_assert(sizeof(UsedElement) == 8);

/// Places within the rings: both begin with flags and an index, both end with the other side's
/// event index.
namespace ring {
inline constexpr uint64_t kFlags = 0;
inline constexpr uint64_t kIndex = 2;
inline constexpr uint64_t kEntries = 4;
/// Of entry `slot`.
constexpr uint64_t availEntry(uint64_t slot)
{
    return kEntries + 2 * slot;
}
/// Of entry `slot`.
constexpr uint64_t usedEntry(uint64_t slot)
{
    return kEntries + sizeof(UsedElement) * slot;
}
/// Of used_event in the available ring of `size` entries.
constexpr uint64_t usedEvent(uint64_t size)
{
    return availEntry(size);
}
/// Of avail_event in the used ring of `size` entries.
constexpr uint64_t availEvent(uint64_t size)
{
    return usedEntry(size);
}
} // namespace ring

} // namespace vmm::virtio
