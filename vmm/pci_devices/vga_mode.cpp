// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/vga_mode.h"

#include "vmm/pci_devices/vga_dispi.h"

namespace vmm::pci_devices {

using namespace vga;
using gpu::VgaKind;
using gpu::VgaPicture;

namespace {

/// A vertical CRTC value: `low` with bits 8 and 9 from the overflow register.
uint32_t vertical(const VgaState& state, size_t low, unsigned bit8, unsigned bit9)
{
    const uint32_t overflow = state.cr[kCrOverflow];
    return state.cr[low] | (overflow >> bit8 & 1) << 8 | (overflow >> bit9 & 1) << 9;
}

uint32_t shownLines(const VgaState& state)
{
    const uint32_t lines = vertical(state, kCrVerticalDisplayEnd, 1, 6) + 1;
    return (state.cr[kCrModeControl] & 4) != 0 ? lines * 2 : lines; // counter at half speed
}

void describeColours(const VgaState& state, VgaPicture& picture)
{
    const bool wide = (state.dispi[kDispiEnable] & kDispi8BitDac) != 0;
    const auto component = [wide](uint8_t value) -> uint32_t {
        const uint32_t six = value & 0x3f;
        return wide ? value : six << 2 | six >> 4;
    };
    for (size_t i = 0; i < 256; ++i) {
        const uint8_t* entry = &state.palette[(i & state.dacMask) * 3];
        picture.palette[i] =
            0xff000000 | component(entry[0]) << 16 | component(entry[1]) << 8 | component(entry[2]);
    }
    const uint8_t select = state.ar[kArColourSelect];
    for (size_t i = 0; i < 16; ++i) {
        unsigned colour = state.ar[i & state.ar[kArPlaneEnable] & 0x0f] & 0x3f;
        if ((state.ar[kArMode] & kArModeSelect54) != 0)
            colour = (colour & 0x0f) | (select & 3U) << 4;
        picture.pens[i] = picture.palette[colour | (select & 0x0cU) << 4];
    }
}

void describeDispi(const VgaState& state, size_t vramSize, VgaPicture& picture)
{
    const auto& dispi = state.dispi;
    picture.width = dispi[kDispiXres];
    picture.height = dispi[kDispiYres];
    if (!dispiPlanar(state)) {
        picture.kind = VgaKind::Linear;
        picture.linear.bitsPerPixel = static_cast<uint8_t>(dispi[kDispiBpp]);
        picture.linear.pitch = dispiRowBytes(state);
        const uint64_t pixelBytes = (picture.linear.bitsPerPixel + 7U) / 8;
        picture.linear.offset = uint64_t{dispi[kDispiYOffset]} * picture.linear.pitch +
                                dispi[kDispiXOffset] * pixelBytes;
        return;
    }
    picture.kind = VgaKind::Planar;
    picture.raster.columns = dispi[kDispiXres] / 8;
    picture.raster.pan = dispi[kDispiXOffset] % 8;
    picture.addressing.rowPitch = dispi[kDispiVirtWidth] / 8U;
    picture.addressing.start =
        dispi[kDispiYOffset] * picture.addressing.rowPitch + dispi[kDispiXOffset] / 8U;
    picture.addressing.mask = static_cast<uint32_t>(vramSize / 4 - 1); // a power of two
}

void describeAddressing(const VgaState& state, gpu::VgaAddressing& addressing)
{
    const uint8_t mode = state.cr[kCrModeControl];
    const uint32_t bytePan = state.cr[kCrPresetRowScan] >> 5 & 3;
    addressing.start =
        (static_cast<uint32_t>(state.cr[kCrStartHigh] << 8) | state.cr[kCrStartLow]) + bytePan;
    addressing.rowPitch = state.cr[kCrOffset] * 2U;
    if ((state.cr[kCrUnderline] & 0x40) != 0)
        addressing.unit = gpu::VgaUnit::Doubleword;
    else
        addressing.unit = (mode & 0x40) != 0 ? gpu::VgaUnit::Byte : gpu::VgaUnit::Word;
    addressing.wrapBit = (mode & 0x20) != 0 ? 15 : 13;
    addressing.rowScanAs13 = (mode & 1) == 0;
    addressing.rowScanAs14 = (mode & 2) == 0;
}

void describeRaster(const VgaState& state, gpu::VgaRaster& raster)
{
    const uint8_t maximum = state.cr[kCrMaximumScanLine];
    raster.columns = state.cr[kCrHorizontalDisplayEnd] + 1;
    raster.pixelWidth = (state.sr[kSrClocking] & kClockingHalf) != 0 ? 2 : 1;
    raster.lastRowScan = maximum & 0x1f;
    raster.lineRepeat = (maximum & 0x80) != 0 ? 2 : 1;
    raster.firstRowScan = state.cr[kCrPresetRowScan] & 0x1f;
    raster.lineCompare =
        state.cr[kCrLineCompare] | (state.cr[kCrOverflow] >> 4 & 1) << 8 | (maximum >> 6 & 1) << 9;
    raster.panEndsAtSplit = (state.ar[kArMode] & kArModePanSplit) != 0;
}

void describeText(const VgaState& state, VgaPicture& picture)
{
    picture.kind = VgaKind::Text;
    picture.raster.dots = (state.sr[kSrClocking] & kClockingEightDots) != 0 ? 8 : 9;
    const int pan = state.ar[kArPan] & 0x0f;
    if (picture.raster.dots == 8)
        picture.raster.pan = pan & 7;
    else
        picture.raster.pan = pan >= 8 ? 0 : pan + 1; // nine dots: 8 is "not moved"
    // Sequencer register 3: two bits of 16 KiB and one of 8 KiB for each font.
    const auto font = [](unsigned low, unsigned high) {
        return static_cast<uint16_t>(low << 14 | high << 13);
    };
    const unsigned map = state.sr[kSrCharacterMap];
    picture.text.fontOffset[0] = font(map & 3, map >> 4 & 1);
    picture.text.fontOffset[1] = font(map >> 2 & 3, map >> 5 & 1);
    picture.text.lineGraphics = (state.ar[kArMode] & kArModeLineGraphics) != 0;
    picture.text.blink = (state.ar[kArMode] & kArModeBlink) != 0;
    picture.text.underlineScan = state.cr[kCrUnderline] & 0x1f;
    gpu::VgaCursor& cursor = picture.cursor;
    cursor.firstScan = state.cr[kCrCursorStart] & 0x1f;
    cursor.lastScan = state.cr[kCrCursorEnd] & 0x1f;
    const uint32_t skew = state.cr[kCrCursorEnd] >> 5 & 3;
    cursor.address =
        (static_cast<uint32_t>(state.cr[kCrCursorHigh] << 8) | state.cr[kCrCursorLow]) + skew;
    cursor.shown = (state.cr[kCrCursorStart] & 0x20) == 0 && cursor.firstScan <= cursor.lastScan &&
                   cursor.firstScan <= picture.raster.lastRowScan;
}

void describeGraphics(const VgaState& state, VgaPicture& picture)
{
    const uint8_t mode = state.gr[kGrMode];
    const int pan = state.ar[kArPan] & 7;
    picture.raster.dots = 8;
    picture.raster.pan = pan;
    if ((mode & kGrMode256) != 0) {
        // DEVIATION: the attribute controller's own 8-bit bit (AR10 bit 6) is taken as set too.
        picture.kind = VgaKind::Packed;
        picture.raster.dots = 4;
        picture.raster.pixelWidth *= 2;
        picture.raster.pan = pan / 2;
    } else if ((mode & kGrModeInterleave) != 0) {
        picture.kind = VgaKind::Interleaved;
    } else {
        picture.kind = VgaKind::Planar;
    }
}

bool legacyBlank(const VgaState& state)
{
    return (state.sr[kSrClocking] & kClockingScreenOff) != 0 ||
           (state.sr[kSrReset] & 3) != 3 ||        // sequencer held in reset
           (state.cr[kCrModeControl] & 0x80) == 0; // no retrace: no monitor would sync
}

} // namespace

VgaPicture describePicture(const VgaState& state, size_t vramSize)
{
    VgaPicture picture;
    const bool dispi = dispiEnabled(state);
    if ((state.attributeIndex & kPaletteSource) == 0 || (!dispi && legacyBlank(state)))
        return picture;
    describeColours(state, picture);
    if (dispi) {
        describeDispi(state, vramSize, picture);
        return picture;
    }
    describeAddressing(state, picture.addressing);
    describeRaster(state, picture.raster);
    if ((state.gr[kGrMisc] & kGrMiscGraphics) != 0)
        describeGraphics(state, picture);
    else
        describeText(state, picture);
    const gpu::VgaRaster& raster = picture.raster;
    picture.width = raster.columns * raster.dots * raster.pixelWidth;
    picture.height = static_cast<int>(shownLines(state));
    return picture;
}

VgaTiming describeTiming(const VgaState& state)
{
    constexpr uint32_t kFewest = 100; // below: no mode was set yet
    VgaTiming timing;
    if (dispiEnabled(state)) {
        timing.shown = state.dispi[kDispiYres];
        timing.total = timing.shown + 45;
        timing.retraceStart = timing.shown + 10;
    } else if (const uint32_t total = vertical(state, kCrVerticalTotal, 0, 5) + 2;
               total >= kFewest) {
        timing.total = total;
        timing.shown = vertical(state, kCrVerticalDisplayEnd, 1, 6) + 1;
        timing.retraceStart = vertical(state, kCrVerticalRetraceStart, 2, 7);
        const uint32_t lines =
            (state.cr[kCrVerticalRetraceEnd] - timing.retraceStart) & 0x0f; // compares four bits
        timing.retraceLines = lines == 0 ? 16 : lines;
    }
    if (timing.shown > 400)
        timing.frameNs = 1'000'000'000 / 60;
    return timing;
}

} // namespace vmm::pci_devices
