// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gpu/vga_renderer.h"

#include <algorithm>

#include "vmm/base/bits.h"
#include "vmm/gpu/shared_bytes.h"

namespace vmm::gpu {

namespace {

constexpr uint32_t kBlack = 0xff000000;
constexpr size_t kGlyphLines = 32;
constexpr size_t kFontBytes = 256 * kGlyphLines;

/// The same picture but for the cursor, which is drawn with the cell it is in.
bool sameButCursor(VgaPicture a, const VgaPicture& b)
{
    a.cursor = b.cursor;
    return a == b;
}

constexpr uint32_t opaque(uint32_t red, uint32_t green, uint32_t blue)
{
    return kBlack | red << 16 | green << 8 | blue;
}

uint32_t from555(uint32_t value)
{
    const auto widen = [](uint32_t five) { return five << 3 | five >> 2; };
    return opaque(widen(value >> 10 & 31), widen(value >> 5 & 31), widen(value & 31));
}

uint32_t from565(uint32_t value)
{
    const uint32_t red = value >> 11 & 31;
    const uint32_t green = value >> 5 & 63;
    const uint32_t blue = value & 31;
    return opaque(red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2);
}

} // namespace

bool VgaRenderer::resize(const VgaPicture& picture, console::Frame& frame)
{
    if (picture.kind != VgaKind::Blank) {
        m_width = std::clamp(picture.width, 1, console::Frame::kMaxSide);
        m_height = std::clamp(picture.height, 1, console::Frame::kMaxSide);
    }
    const size_t size = static_cast<size_t>(m_width) * static_cast<size_t>(m_height);
    if (frame.width == m_width && frame.height == m_height && frame.pixels.size() == size)
        return false;
    frame.width = m_width;
    frame.height = m_height;
    frame.pixels.assign(size, kBlack);
    return true;
}

std::vector<console::Rect> VgaRenderer::update(const VgaPicture& picture,
                                               std::span<const std::byte> vram,
                                               const DirtyPages& dirty, uint64_t nowNs,
                                               console::Frame& frame)
{
    const bool changed = !sameButCursor(picture, m_last);
    const bool all = resize(picture, frame) || m_everything;
    Job job{picture, vram, dirty, frame, {}, all || changed};
    m_everything = false;
    if (changed)
        prepare(picture);
    m_last = picture;
    switch (picture.kind) {
    case VgaKind::Blank:
        drawBlank(job);
        break;
    case VgaKind::Text:
        drawText(job, nowNs);
        break;
    case VgaKind::Linear:
        drawLinear(job);
        break;
    default:
        drawPlanes(job);
    }
    if (all)
        return {{0, 0, frame.width, frame.height}};
    return job.damage.take();
}

void VgaRenderer::prepare(const VgaPicture& picture)
{
    m_lines.clear();
    m_rows.clear();
    m_cells.clear();
    if (picture.kind == VgaKind::Blank || picture.kind == VgaKind::Linear)
        return;
    VgaPicture bounded = picture;
    bounded.height = m_height;
    m_lines = vgaLines(bounded);
    if (picture.kind != VgaKind::Text)
        return;
    for (size_t y = 0; y < m_lines.size(); ++y) {
        const bool sameRow = y > 0 && m_lines[y].address == m_lines[y - 1].address &&
                             m_lines[y].pan == m_lines[y - 1].pan &&
                             m_lines[y].rowScan >= m_lines[y - 1].rowScan;
        if (!sameRow)
            m_rows.push_back({static_cast<int>(y), 0});
        ++m_rows.back().height;
    }
    m_cellColumns = picture.raster.columns + 1; // one more shows when the picture is panned
    m_cells.resize(m_rows.size() * static_cast<size_t>(m_cellColumns));
}

uint32_t VgaRenderer::planes(const Job& job, uint32_t counter, int rowScan) const
{
    const VgaAddressing& addressing = job.picture.addressing;
    const size_t at = size_t{vgaPlaneAddress(addressing, counter & addressing.mask, rowScan)} * 4;
    return at + 4 <= job.vram.size() ? loadShared32(job.vram.data() + at) : 0;
}

void VgaRenderer::drawBlank(Job& job)
{
    if (!job.drawAll)
        return;
    std::fill(job.frame.pixels.begin(), job.frame.pixels.end(), kBlack);
    job.damage.add(0, 0, job.frame.width, job.frame.height);
}

bool VgaRenderer::refreshFonts(Job& job)
{
    std::vector<uint8_t> fonts(2 * kFontBytes);
    for (size_t font = 0; font < 2; ++font)
        for (size_t i = 0; i < kFontBytes; ++i) {
            const size_t at = ((job.picture.text.fontOffset[font] + i) & 0xffff) * 4;
            if (at + 4 <= job.vram.size())
                fonts[font * kFontBytes + i] =
                    static_cast<uint8_t>(loadShared32(job.vram.data() + at) >> 16);
        }
    const bool changed = fonts != m_fonts;
    m_fonts = std::move(fonts);
    return changed;
}

void VgaRenderer::drawText(Job& job, uint64_t nowNs)
{
    constexpr size_t kLegacyBytes = size_t{256} << 10;
    const bool written = job.drawAll || job.dirty.touches(0, kLegacyBytes);
    const uint64_t phase = nowNs / kCursorPhaseNs;
    if (!written && phase == m_phase && job.picture.cursor == m_cursor)
        return;
    m_phase = phase;
    m_cursor = job.picture.cursor;
    if (written && refreshFonts(job))
        job.drawAll = true;
    for (size_t row = 0; row < m_rows.size(); ++row)
        drawTextRow(job, row, nowNs);
    if (job.drawAll)
        job.damage.add(0, 0, job.frame.width, job.frame.height);
}

void VgaRenderer::drawTextRow(Job& job, size_t rowIndex, uint64_t nowNs)
{
    const VgaRaster& raster = job.picture.raster;
    const TextRow& row = m_rows[rowIndex];
    const int pan = m_lines[static_cast<size_t>(row.y)].pan;
    const int columns = pan > 0 ? raster.columns + 1 : raster.columns;
    const int width = raster.dots * raster.pixelWidth;
    for (int column = 0; column < columns; ++column) {
        const Cell cell = readCell(job, rowIndex, column, nowNs);
        Cell& drawn =
            m_cells[rowIndex * static_cast<size_t>(m_cellColumns) + static_cast<size_t>(column)];
        if (!job.drawAll && drawn == cell)
            continue;
        drawn = cell;
        drawCell(job, rowIndex, column, cell);
        const int left = std::max(column * width - pan * raster.pixelWidth, 0);
        const int right = std::min((column + 1) * width - pan * raster.pixelWidth, job.frame.width);
        if (!job.drawAll)
            job.damage.add(left, row.y, right - left, row.height);
    }
}

VgaRenderer::Cell VgaRenderer::readCell(const Job& job, size_t rowIndex, int column,
                                        uint64_t nowNs) const
{
    const VgaPicture& picture = job.picture;
    const VgaLine& line = m_lines[static_cast<size_t>(m_rows[rowIndex].y)];
    const uint32_t counter =
        (line.address + static_cast<uint32_t>(column)) & picture.addressing.mask;
    const uint32_t word = planes(job, counter, 0);
    Cell cell;
    cell.code = static_cast<uint8_t>(word);
    cell.attribute = static_cast<uint8_t>(word >> 8);
    cell.cursor = picture.cursor.shown && counter == picture.cursor.address &&
                  nowNs / kCursorPhaseNs % 2 == 0;
    cell.hidden =
        picture.text.blink && (cell.attribute & 0x80) != 0 && nowNs / kTextPhaseNs % 2 == 1;
    return cell;
}

/// The dots of a glyph's line, first dot in bit 8 (the ninth column is bit 0).
uint32_t VgaRenderer::glyphBits(const VgaPicture& picture, const Cell& cell, int rowScan) const
{
    const VgaCursor& cursor = picture.cursor;
    if (cell.cursor && rowScan >= cursor.firstScan && rowScan <= cursor.lastScan)
        return 0x1ff;
    if (cell.hidden)
        return 0;
    // Attribute 1 in the monochrome sense: underlined (colour modes put the line at 31).
    if ((cell.attribute & 0x77) == 0x01 && rowScan == picture.text.underlineScan)
        return 0x1ff;
    const size_t font = (cell.attribute >> 3 & 1) != 0 ? kFontBytes : 0;
    const uint32_t bits =
        m_fonts[font + cell.code * kGlyphLines + static_cast<size_t>(rowScan & 31)];
    const bool extend = picture.text.lineGraphics && cell.code >= 0xc0 && cell.code <= 0xdf;
    return bits << 1 | (extend ? bits & 1 : 0);
}

void VgaRenderer::drawCell(Job& job, size_t rowIndex, int column, const Cell& cell)
{
    const VgaPicture& picture = job.picture;
    const VgaRaster& raster = picture.raster;
    const TextRow& row = m_rows[rowIndex];
    const uint32_t ink = picture.pens[cell.attribute & 0x0f];
    const uint32_t paper = picture.pens[cell.attribute >> 4 & (picture.text.blink ? 0x07 : 0x0f)];
    for (int y = row.y; y < row.y + row.height; ++y) {
        const VgaLine& line = m_lines[static_cast<size_t>(y)];
        const uint32_t bits = glyphBits(picture, cell, line.rowScan);
        uint32_t* pixels =
            &job.frame.pixels[static_cast<size_t>(y) * static_cast<size_t>(job.frame.width)];
        int x = (column * raster.dots - line.pan) * raster.pixelWidth;
        for (int dot = 0; dot < raster.dots; ++dot) {
            const uint32_t colour = (bits >> (8 - dot) & 1) != 0 ? ink : paper;
            for (int repeat = 0; repeat < raster.pixelWidth; ++repeat, ++x)
                if (x >= 0 && x < job.frame.width)
                    pixels[x] = colour;
        }
    }
}

void VgaRenderer::putRow(Job& job, int y, const std::vector<uint32_t>& row)
{
    const size_t width = static_cast<size_t>(job.frame.width);
    uint32_t* to = &job.frame.pixels[static_cast<size_t>(y) * width];
    const auto first =
        static_cast<size_t>(std::mismatch(row.begin(), row.end(), to).first - row.begin());
    if (first == width)
        return;
    size_t last = width - 1;
    while (row[last] == to[last])
        --last;
    std::copy(row.begin() + static_cast<ptrdiff_t>(first),
              row.begin() + static_cast<ptrdiff_t>(last) + 1, to + first);
    job.damage.add(static_cast<int>(first), y, static_cast<int>(last - first) + 1, 1);
}

bool VgaRenderer::lineIsDirty(const Job& job, const VgaLine& line) const
{
    const VgaAddressing& addressing = job.picture.addressing;
    const auto columns = static_cast<uint32_t>(job.picture.raster.columns);
    const uint32_t step = addressing.unit == VgaUnit::Byte   ? 1
                          : addressing.unit == VgaUnit::Word ? 2
                                                             : 4;
    const uint32_t first =
        vgaPlaneAddress(addressing, line.address & addressing.mask, line.rowScan);
    const uint32_t last =
        vgaPlaneAddress(addressing, (line.address + columns) & addressing.mask, line.rowScan);
    if (last - first != columns * step) // wraps somewhere: look at all of it
        return job.dirty.touches(0, (size_t{addressing.mask} + 1) * 4);
    return job.dirty.touches(size_t{first} * 4, (size_t{last} - first + step) * 4);
}

/// The dots of a line, one colour each, with the character clock that panning brings in.
void VgaRenderer::fetchDots(const Job& job, const VgaLine& line)
{
    const VgaPicture& picture = job.picture;
    m_dots.clear();
    for (int column = 0; column <= picture.raster.columns; ++column) {
        const uint32_t word =
            planes(job, line.address + static_cast<uint32_t>(column), line.rowScan);
        if (picture.kind == VgaKind::Packed) {
            for (unsigned plane = 0; plane < 4; ++plane)
                m_dots.push_back(picture.palette[word >> (8 * plane) & 0xff]);
            continue;
        }
        for (unsigned dot = 0; dot < 8; ++dot) {
            uint32_t index = 0;
            if (picture.kind == VgaKind::Planar) {
                for (unsigned plane = 0; plane < 4; ++plane)
                    index |= (word >> (8 * plane + 7 - dot) & 1) << plane;
            } else {
                const unsigned shift = (dot < 4 ? 0 : 8) + 6 - 2 * (dot % 4);
                index = (word >> shift & 3) | (word >> (shift + 16) & 3) << 2;
            }
            m_dots.push_back(picture.pens[index]);
        }
    }
}

void VgaRenderer::fillRow(const Job& job, int pan)
{
    const int pixelWidth = std::max(job.picture.raster.pixelWidth, 1);
    m_row.resize(static_cast<size_t>(job.frame.width));
    for (int x = 0; x < job.frame.width; ++x) {
        const auto dot = static_cast<size_t>(x / pixelWidth + pan);
        m_row[static_cast<size_t>(x)] = dot < m_dots.size() ? m_dots[dot] : kBlack;
    }
}

void VgaRenderer::drawPlanes(Job& job)
{
    if (!job.drawAll && !job.dirty.any())
        return;
    const VgaLine* fetched = nullptr;
    for (size_t y = 0; y < m_lines.size(); ++y) {
        const VgaLine& line = m_lines[y];
        const bool repeats = fetched != nullptr && *fetched == line;
        if (!repeats) {
            if (!job.drawAll && !lineIsDirty(job, line)) {
                fetched = nullptr;
                continue;
            }
            fetchDots(job, line);
            fillRow(job, line.pan);
            fetched = &line;
        }
        putRow(job, static_cast<int>(y), m_row);
    }
}

/// `bytes` of the row at `offset` as pixels in m_row; black beyond video memory.
void VgaRenderer::fetchLinearRow(const Job& job, size_t offset, size_t bytes)
{
    m_bytes.assign(bytes, std::byte{0});
    if (offset < job.vram.size())
        copyShared(std::span(m_bytes).first(std::min(bytes, job.vram.size() - offset)),
                   job.vram.data() + offset);
    const std::byte* from = m_bytes.data();
    m_row.resize(static_cast<size_t>(job.frame.width));
    switch (job.picture.linear.bitsPerPixel) {
    case 15:
        for (size_t x = 0; x < m_row.size(); ++x)
            m_row[x] = from555(loadLe<uint16_t>(from + 2 * x));
        break;
    case 16:
        for (size_t x = 0; x < m_row.size(); ++x)
            m_row[x] = from565(loadLe<uint16_t>(from + 2 * x));
        break;
    case 24:
        for (size_t x = 0; x < m_row.size(); ++x)
            m_row[x] =
                opaque(static_cast<uint32_t>(from[3 * x + 2]),
                       static_cast<uint32_t>(from[3 * x + 1]), static_cast<uint32_t>(from[3 * x]));
        break;
    case 32:
        for (size_t x = 0; x < m_row.size(); ++x)
            m_row[x] = kBlack | loadLe<uint32_t>(from + 4 * x);
        break;
    default:
        for (size_t x = 0; x < m_row.size(); ++x)
            m_row[x] = job.picture.palette[static_cast<uint8_t>(from[x])];
    }
}

void VgaRenderer::drawLinear(Job& job)
{
    if (!job.drawAll && !job.dirty.any())
        return;
    const VgaLinear& linear = job.picture.linear;
    const size_t pixelBytes = (static_cast<size_t>(linear.bitsPerPixel) + 7) / 8;
    const size_t bytes =
        static_cast<size_t>(job.frame.width) * std::clamp<size_t>(pixelBytes, 1, 4);
    for (int y = 0; y < job.frame.height; ++y) {
        const size_t offset = linear.offset + size_t{linear.pitch} * static_cast<size_t>(y);
        if (!job.drawAll && !job.dirty.touches(offset, bytes))
            continue;
        fetchLinearRow(job, offset, bytes);
        putRow(job, y, m_row);
    }
}

} // namespace vmm::gpu
