// SPDX-License-Identifier: GPL-3.0-or-later
// A screen of the machine as the outside sees it: pixels with damage, and text where there is text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vmm::console {

/// In pixels of the frame.
struct Rect {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
    bool operator==(const Rect&) const = default;
};

/// Pixels 0xffRRGGBB, rows without gaps. At most kMaxSide on a side.
struct Frame {
    static constexpr int kMaxSide = 8192;
    int width = 0;
    int height = 0;
    std::vector<uint32_t> pixels;
};

/// A text-mode screen: `columns` x `rows` cells, row by row.
struct TextScreen {
    struct Cell {
        char32_t character = U' ';
        uint8_t attribute = 0x07; ///< VGA attribute: low nibble foreground, high nibble background
    };
    int columns = 0;
    int rows = 0;
    std::vector<Cell> cells;
    int cursorColumn = -1; ///< -1: hidden
    int cursorRow = -1;

    /// The rows as UTF-8 lines, trailing blanks removed, one "\n" a row.
    std::string toUtf8() const;
};

/// Pulled by whoever shows the screen, at his pace; a screen nobody shows costs nothing. Any
/// thread, one update() at a time (a second caller waits).
class ScanoutSource {
public:
    virtual ~ScanoutSource() = default;
    /// Brings `frame` up to date (resizing it as the guest's mode asks) and returns what changed
    /// since the last update() by anybody; everything when `frame` was not of the current size.
    virtual std::vector<Rect> update(Frame& frame) = 0;
    /// Makes the next update() return and draw everything: for a second viewer, screenshots.
    virtual void invalidate() = 0;
    /// The text on the screen when it is in a text mode.
    virtual std::optional<TextScreen> text() = 0;
};

} // namespace vmm::console
