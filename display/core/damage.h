// SPDX-License-Identifier: GPL-3.0-or-later
// Damage: the parts of a frame that changed, kept short however much comes together.
#pragma once

#include <span>
#include <vector>

#include "vmm/console/scanout.h"

namespace display::core {

/// A set of rectangles that covers everything added to it. Rectangles that overlap or that cost
/// little more together than apart become one, and there are never more than kMaxRects. Plain
/// value, no thread of its own.
class Damage {
public:
    static constexpr size_t kMaxRects = 16;

    /// Adds `rect`, clipped to a frame of `width` x `height`; nothing when that leaves nothing.
    void add(const vmm::console::Rect& rect, int width, int height);
    void clear() { m_rects.clear(); }
    bool empty() const { return m_rects.empty(); }
    std::span<const vmm::console::Rect> rects() const { return m_rects; }

private:
    void mergeCheapest();

    std::vector<vmm::console::Rect> m_rects;
};

/// The smallest rectangle that holds both.
vmm::console::Rect united(const vmm::console::Rect& a, const vmm::console::Rect& b);
/// `rect` inside a frame of `width` x `height`; zero size when outside.
vmm::console::Rect clipped(const vmm::console::Rect& rect, int width, int height);

} // namespace display::core
