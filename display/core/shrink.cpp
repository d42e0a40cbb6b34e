// SPDX-License-Identifier: GPL-3.0-or-later
// Shrinking by the mean of boxes.
#include "display/core/shrink.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace display::core {

using vmm::console::Frame;

namespace {

/// A stretch of a row or column: begin to end, at least one long.
struct Stretch {
    int begin;
    int end;
};

Stretch stretchOf(int index, int from, int to)
{
    const auto at = [&](int i) { return static_cast<int>(static_cast<int64_t>(i) * from / to); };
    const int begin = at(index);
    return {begin, std::max(begin + 1, at(index + 1))};
}

uint32_t meanOf(const Frame& frame, Stretch columns, Stretch rows)
{
    uint64_t red = 0;
    uint64_t green = 0;
    uint64_t blue = 0;
    for (int y = rows.begin; y < rows.end; ++y) {
        const uint32_t* row =
            frame.pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(frame.width);
        for (int x = columns.begin; x < columns.end; ++x) {
            red += row[x] >> 16 & 0xff;
            green += row[x] >> 8 & 0xff;
            blue += row[x] & 0xff;
        }
    }
    const auto count = static_cast<uint64_t>(columns.end - columns.begin) *
                       static_cast<uint64_t>(rows.end - rows.begin);
    return 0xff000000U | static_cast<uint32_t>(red / count) << 16 |
           static_cast<uint32_t>(green / count) << 8 | static_cast<uint32_t>(blue / count);
}

} // namespace

Frame shrunk(const Frame& frame, int width)
{
    const bool whole =
        frame.width > 0 && frame.height > 0 &&
        frame.pixels.size() == static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height);
    if (!whole || width <= 0 || frame.width <= width)
        return frame;
    Frame small;
    small.width = width;
    small.height =
        std::max(1, static_cast<int>(static_cast<int64_t>(frame.height) * width / frame.width));
    small.pixels.reserve(static_cast<size_t>(small.width) * static_cast<size_t>(small.height));
    for (int y = 0; y < small.height; ++y)
        for (int x = 0; x < small.width; ++x)
            small.pixels.push_back(meanOf(frame, stretchOf(x, frame.width, small.width),
                                          stretchOf(y, frame.height, small.height)));
    return small;
}

} // namespace display::core
