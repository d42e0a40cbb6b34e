// SPDX-License-Identifier: GPL-3.0-or-later
// Merging of damage rectangles: fewer uploads against fewer needless pixels.
#include "display/core/damage.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace display::core {

namespace {

using vmm::console::Rect;

int64_t area(const Rect& rect)
{
    return static_cast<int64_t>(rect.width) * rect.height;
}

/// Pixels that would be uploaded needlessly if the two became one; negative where they overlap.
int64_t waste(const Rect& a, const Rect& b)
{
    return area(united(a, b)) - area(a) - area(b);
}

/// An upload call costs about as much as moving this many pixels.
constexpr int64_t kPixelsPerUpload = 4096;

} // namespace

Rect united(const Rect& a, const Rect& b)
{
    const int left = std::min(a.x, b.x);
    const int top = std::min(a.y, b.y);
    const int right = std::max(a.x + a.width, b.x + b.width);
    const int bottom = std::max(a.y + a.height, b.y + b.height);
    return {left, top, right - left, bottom - top};
}

Rect clipped(const Rect& rect, int width, int height)
{
    const auto clamp = [](int64_t value, int limit) {
        return static_cast<int>(std::clamp<int64_t>(value, 0, std::max(limit, 0)));
    };
    const int left = clamp(rect.x, width);
    const int top = clamp(rect.y, height);
    const int right = clamp(int64_t{rect.x} + rect.width, width);
    const int bottom = clamp(int64_t{rect.y} + rect.height, height);
    return {left, top, std::max(right - left, 0), std::max(bottom - top, 0)};
}

void Damage::add(const Rect& rect, int width, int height)
{
    Rect added = clipped(rect, width, height);
    if (area(added) == 0)
        return;
    // Absorbing one rectangle can make the next worth absorbing: until nothing more joins.
    for (size_t i = 0; i < m_rects.size();) {
        if (waste(m_rects[i], added) < kPixelsPerUpload) {
            added = united(m_rects[i], added);
            m_rects.erase(m_rects.begin() + static_cast<std::ptrdiff_t>(i));
            i = 0;
        } else {
            ++i;
        }
    }
    m_rects.push_back(added);
    if (m_rects.size() > kMaxRects)
        mergeCheapest();
}

void Damage::mergeCheapest()
{
    size_t first = 0;
    size_t second = 1;
    int64_t least = std::numeric_limits<int64_t>::max();
    for (size_t i = 0; i < m_rects.size(); ++i) {
        for (size_t j = i + 1; j < m_rects.size(); ++j) {
            const int64_t cost = waste(m_rects[i], m_rects[j]);
            if (cost < least) {
                least = cost;
                first = i;
                second = j;
            }
        }
    }
    m_rects[first] = united(m_rects[first], m_rects[second]);
    m_rects.erase(m_rects.begin() + static_cast<std::ptrdiff_t>(second));
}

} // namespace display::core
