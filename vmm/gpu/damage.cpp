// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gpu/damage.h"

#include <algorithm>

namespace vmm::gpu {

void DirtyPages::mark(size_t offset, size_t size)
{
    if (size == 0)
        return;
    const size_t pages = m_bits.size() * 64;
    const size_t first = offset / kPageSize;
    const size_t last = std::min((offset + size - 1) / kPageSize, pages == 0 ? 0 : pages - 1);
    for (size_t page = first; page <= last && page < pages; ++page)
        m_bits[page / 64] |= uint64_t{1} << (page % 64);
}

void DirtyPages::merge(const std::vector<uint64_t>& bits)
{
    for (size_t i = 0; i < std::min(bits.size(), m_bits.size()); ++i)
        m_bits[i] |= bits[i];
}

bool DirtyPages::any() const
{
    return std::any_of(m_bits.begin(), m_bits.end(), [](uint64_t word) { return word != 0; });
}

bool DirtyPages::touches(size_t offset, size_t size) const
{
    if (size == 0)
        return false;
    const size_t pages = m_bits.size() * 64;
    for (size_t page = offset / kPageSize; page <= (offset + size - 1) / kPageSize && page < pages;
         ++page)
        if ((m_bits[page / 64] >> (page % 64) & 1) != 0)
            return true;
    return false;
}

namespace {

console::Rect united(const console::Rect& a, const console::Rect& b)
{
    const int x = std::min(a.x, b.x);
    const int y = std::min(a.y, b.y);
    return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
            std::max(a.y + a.height, b.y + b.height) - y};
}

} // namespace

void DamageList::add(int x, int y, int width, int height)
{
    if (width <= 0 || height <= 0)
        return;
    const console::Rect fresh{x, y, width, height};
    if (m_rects.empty()) {
        m_rects.push_back(fresh);
        return;
    }
    console::Rect& last = m_rects.back();
    const bool sameRows = last.y == y && last.height == height && last.x + last.width == x;
    const bool follows = last.y + last.height == y;
    if (sameRows || follows || m_rects.size() >= kMaxRects)
        last = united(last, fresh);
    else
        m_rects.push_back(fresh);
}

} // namespace vmm::gpu
