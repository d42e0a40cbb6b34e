// SPDX-License-Identifier: GPL-3.0-or-later
// What of video memory was written (pages) and what of a frame changed (rectangles).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vmm/console/scanout.h"

namespace vmm::gpu {

/// One bit for each 4 KiB page of video memory. A value; no locking.
class DirtyPages {
public:
    static constexpr size_t kPageSize = 4096;
    DirtyPages() = default;
    explicit DirtyPages(size_t bytes) : m_bits((bytes / kPageSize + 63) / 64) {}

    /// Marks the pages of [offset, offset + size); what lies outside is ignored.
    void mark(size_t offset, size_t size);
    /// Marks the page of one byte.
    void markByte(size_t offset)
    {
        const size_t page = offset / kPageSize;
        if (page / 64 < m_bits.size())
            m_bits[page / 64] |= uint64_t{1} << (page % 64);
    }
    /// Adds another set, in the form memory::MemoryMap::takeDirty gives.
    void merge(const std::vector<uint64_t>& bits);
    void clear() { m_bits.assign(m_bits.size(), 0); }
    bool any() const;
    /// Is a page of [offset, offset + size) marked?
    bool touches(size_t offset, size_t size) const;
    const std::vector<uint64_t>& bits() const { return m_bits; }

private:
    std::vector<uint64_t> m_bits;
};

/// Collects changed parts of a frame into few rectangles: rows that follow each other become one
/// band, and there are never more than kMaxRects.
class DamageList {
public:
    static constexpr size_t kMaxRects = 64;
    /// Adds [x, x + width) of `height` rows from `y`; call with y not falling.
    void add(int x, int y, int width, int height);
    std::vector<console::Rect> take() { return std::move(m_rects); }

private:
    std::vector<console::Rect> m_rects;
};

} // namespace vmm::gpu
