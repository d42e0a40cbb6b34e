// SPDX-License-Identifier: GPL-3.0-or-later
// Draws a VgaPicture from video memory into a frame, only what changed. IBM VGA; FreeVGA "VGA
// Sequencer Operation", "VGA Text Mode Operation"; Bochs VBE for linear modes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vmm/console/scanout.h"
#include "vmm/gpu/damage.h"
#include "vmm/gpu/vga_lines.h"
#include "vmm/gpu/vga_picture.h"

namespace vmm::gpu {

/// Remembers what it drew last. One thread at a time (its owner locks); `vram` may be written by
/// vCPUs meanwhile, what they write then is drawn at the latest by the next update.
class VgaRenderer {
public:
    /// Half a blink of the cursor and of blinking text: 8 and 16 of a text mode's 70 frames a
    /// second.
    static constexpr uint64_t kCursorPhaseNs = 8'000'000'000 / 70;
    static constexpr uint64_t kTextPhaseNs = 2 * kCursorPhaseNs;

    /// Brings `frame` up to date and returns what changed in it. `dirty` are the pages of `vram`
    /// written since the last call.
    std::vector<console::Rect> update(const VgaPicture& picture, std::span<const std::byte> vram,
                                      const DirtyPages& dirty, uint64_t nowNs,
                                      console::Frame& frame);
    /// The next update draws and returns everything.
    void invalidate() { m_everything = true; }

private:
    /// What a text cell shows; compared to find cells to draw.
    struct Cell {
        uint8_t code = 0;
        uint8_t attribute = 0;
        bool cursor = false;
        bool hidden = false; ///< blinking, in its dark half
        bool operator==(const Cell&) const = default;
    };
    /// Scan lines of one character row that lie together in the frame.
    struct TextRow {
        int y = 0;
        int height = 0;
    };
    struct Job { // one update() at work
        const VgaPicture& picture;
        std::span<const std::byte> vram;
        const DirtyPages& dirty;
        console::Frame& frame;
        DamageList damage;
        bool drawAll = false;
    };

    bool resize(const VgaPicture& picture, console::Frame& frame);
    void prepare(const VgaPicture& picture);
    uint32_t planes(const Job& job, uint32_t counter, int rowScan) const;

    void drawBlank(Job& job);
    void drawText(Job& job, uint64_t nowNs);
    bool refreshFonts(Job& job);
    void drawTextRow(Job& job, size_t rowIndex, uint64_t nowNs);
    Cell readCell(const Job& job, size_t rowIndex, int column, uint64_t nowNs) const;
    void drawCell(Job& job, size_t rowIndex, int column, const Cell& cell);
    uint32_t glyphBits(const VgaPicture& picture, const Cell& cell, int rowScan) const;

    void drawPlanes(Job& job);
    bool lineIsDirty(const Job& job, const VgaLine& line) const;
    void fetchDots(const Job& job, const VgaLine& line);
    void fillRow(const Job& job, int pan);
    void drawLinear(Job& job);
    void fetchLinearRow(const Job& job, size_t offset, size_t bytes);
    /// Puts m_row at `y` of the frame and notes what differed.
    static void putRow(Job& job, int y, const std::vector<uint32_t>& row);

    VgaPicture m_last;
    int m_width = 720; // shown last; what Blank shows before there was a mode
    int m_height = 400;
    bool m_everything = true;
    std::vector<VgaLine> m_lines;
    std::vector<TextRow> m_rows;
    std::vector<Cell> m_cells;
    int m_cellColumns = 0;
    VgaCursor m_cursor;           // drawn last, in this
    uint64_t m_phase = 0;         // half-blink
    std::vector<uint8_t> m_fonts; // two of 256 glyphs of 32 lines
    std::vector<uint32_t> m_dots;
    std::vector<uint32_t> m_row;
    std::vector<std::byte> m_bytes;
};

} // namespace vmm::gpu
