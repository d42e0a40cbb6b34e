// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes that vCPUs change while we look: video memory. Each load and store happens exactly once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/base/bits.h"

namespace vmm::gpu {

/// One aligned 32-bit word; four VGA planes lie in one.
inline uint32_t loadShared32(const std::byte* from)
{
    return __atomic_load_n(reinterpret_cast<const uint32_t*>(from), __ATOMIC_RELAXED);
}

/// One byte of memory the guest may write at the same time.
inline std::byte loadShared8(const std::byte* from)
{
    return static_cast<std::byte>(
        __atomic_load_n(reinterpret_cast<const uint8_t*>(from), __ATOMIC_RELAXED));
}

/// Stores one byte to memory the guest may use at the same time.
inline void storeShared8(std::byte* to, uint8_t value)
{
    __atomic_store_n(reinterpret_cast<uint8_t*>(to), value, __ATOMIC_RELAXED);
}

/// Copies `to.size()` bytes from shared memory, whole words where they are aligned.
inline void copyShared(std::span<std::byte> to, const std::byte* from)
{
    size_t i = 0;
    while (i < to.size() && reinterpret_cast<uintptr_t>(from + i) % 8 != 0) {
        to[i] = loadShared8(from + i);
        ++i;
    }
    for (; i + 8 <= to.size(); i += 8)
        storeLe(to.data() + i,
                __atomic_load_n(reinterpret_cast<const uint64_t*>(from + i), __ATOMIC_RELAXED));
    for (; i < to.size(); ++i)
        to[i] = loadShared8(from + i);
}

/// Sets `size` bytes of shared memory to zero. What is zero already is not written: pages nobody
/// ever touched stay unallocated.
inline void clearShared(std::byte* to, size_t size)
{
    size_t i = 0;
    for (; i < size && reinterpret_cast<uintptr_t>(to + i) % 8 != 0; ++i)
        storeShared8(to + i, 0);
    for (; i + 8 <= size; i += 8) {
        auto* word = reinterpret_cast<uint64_t*>(to + i);
        if (__atomic_load_n(word, __ATOMIC_RELAXED) != 0)
            __atomic_store_n(word, uint64_t{0}, __ATOMIC_RELAXED);
    }
    for (; i < size; ++i)
        storeShared8(to + i, 0);
}

} // namespace vmm::gpu
