// SPDX-License-Identifier: GPL-3.0-or-later
// What a VGA shows, as plain data: how video memory becomes dots, independent of registers.
#pragma once

#include <array>
#include <cstdint>

namespace vmm::gpu {

/// How the bytes of video memory become dots.
enum class VgaKind : uint8_t {
    Blank,       ///< black, in the size shown last
    Text,        ///< characters from plane 0, attributes from plane 1, glyphs from plane 2
    Planar,      ///< one bit of each plane a dot
    Interleaved, ///< two bits a dot, first plane 0 (with 2) then plane 1 (with 3): CGA 320x200
    Packed,      ///< a byte a dot, one of each plane in turn: mode 13h and mode X
    Linear,      ///< VBE: whole pixels one after the other
};

/// What one step of the CRT controller's address counter means (CR14 bit 6, CR17 bit 6).
enum class VgaUnit : uint8_t { Byte, Word, Doubleword };

/// How the counter becomes a plane address, and how it moves. Kinds other than Linear.
struct VgaAddressing {
    uint32_t start = 0;
    uint32_t rowPitch = 0;  ///< counter steps from one character row to the next
    uint32_t mask = 0xffff; ///< of the counter and of plane addresses
    VgaUnit unit = VgaUnit::Byte;
    uint8_t wrapBit = 15;     ///< word unit: the counter bit that becomes address bit 0
    bool rowScanAs13 = false; ///< row scan bit 0 replaces address bit 13 (CGA)
    bool rowScanAs14 = false; ///< row scan bit 1 replaces address bit 14 (Hercules)
    bool operator==(const VgaAddressing&) const = default;
};

/// The scan lines of a frame. Kinds other than Linear.
struct VgaRaster {
    int columns = 80;     ///< character clocks shown in a line
    int pixelWidth = 1;   ///< frame pixels a dot takes
    int dots = 8;         ///< dots of a character clock: 8 or 9, Packed: 4
    int lastRowScan = 0;  ///< 0-31: scan lines of a character row, minus one
    int lineRepeat = 1;   ///< 2: each scan line twice
    int firstRowScan = 0; ///< preset row scan
    int lineCompare = -1; ///< after this line the address starts over at 0; -1 never
    int pan = 0;          ///< dots the picture is moved to the left
    bool panEndsAtSplit = false;
    bool operator==(const VgaRaster&) const = default;
};

/// What text needs beyond that.
struct VgaTextStyle {
    uint16_t fontOffset[2] = {}; ///< plane 2 address of the glyphs for attribute bit 3 clear, set
    bool lineGraphics = false;   ///< glyphs c0-df continue into the 9th column
    bool blink = false;          ///< attribute bit 7 blinks instead of giving a bright background
    int underlineScan = 31;      ///< row scan of the underline of attribute 1
    bool operator==(const VgaTextStyle&) const = default;
};

/// The text cursor; `address` is a value of the address counter.
struct VgaCursor {
    bool shown = false;
    uint32_t address = 0;
    int firstScan = 0;
    int lastScan = 0;
    bool operator==(const VgaCursor&) const = default;
};

/// VBE modes: pixels `bytes` apart, rows `pitch` apart, from byte `offset` of video memory.
struct VgaLinear {
    uint64_t offset = 0;
    uint32_t pitch = 0;
    uint8_t bitsPerPixel = 0; ///< 8, 15, 16, 24 or 32
    bool operator==(const VgaLinear&) const = default;
};

/// All of it. Colours are 0xffRRGGBB. `pens` are what the 16 colours come to after attribute
/// palette, plane enable, colour select and DAC mask; `palette` are the 256 of the DAC after its
/// mask.
struct VgaPicture {
    VgaKind kind = VgaKind::Blank;
    int width = 0; ///< of the frame, 1 to console::Frame::kMaxSide; Blank: not used
    int height = 0;
    VgaAddressing addressing;
    VgaRaster raster;
    VgaTextStyle text;
    VgaCursor cursor;
    VgaLinear linear;
    std::array<uint32_t, 16> pens{};
    std::array<uint32_t, 256> palette{};
    bool operator==(const VgaPicture&) const = default;
};

} // namespace vmm::gpu
