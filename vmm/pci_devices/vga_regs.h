// SPDX-License-Identifier: GPL-3.0-or-later
// Ports, register indices and bits of the VGA and of the Bochs VBE interface. IBM VGA as described
// in FreeVGA "VGA Chip Functionality" and "External Registers"; Bochs VBE display interface 0xb0c5.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vmm::pci_devices::vga {

inline constexpr uint16_t kPortBase = 0x3b0;
inline constexpr uint16_t kMonoEnd = 0x3bc; // the parallel port begins here
inline constexpr uint16_t kColourBase = 0x3c0;
inline constexpr uint16_t kPortEnd = 0x3e0;

inline constexpr uint16_t kAttribute = 0x3c0;
inline constexpr uint16_t kAttributeRead = 0x3c1;
inline constexpr uint16_t kMiscWrite = 0x3c2; ///< read: input status 0
inline constexpr uint16_t kVgaEnable = 0x3c3;
inline constexpr uint16_t kSequencerIndex = 0x3c4;
inline constexpr uint16_t kSequencerData = 0x3c5;
inline constexpr uint16_t kDacMask = 0x3c6;
inline constexpr uint16_t kDacReadIndex = 0x3c7; ///< read: DAC state
inline constexpr uint16_t kDacWriteIndex = 0x3c8;
inline constexpr uint16_t kDacData = 0x3c9;
inline constexpr uint16_t kFeatureRead = 0x3ca;
inline constexpr uint16_t kMiscRead = 0x3cc;
inline constexpr uint16_t kGraphicsIndex = 0x3ce;
inline constexpr uint16_t kGraphicsData = 0x3cf;
inline constexpr uint16_t kCrtcIndexMono = 0x3b4;
inline constexpr uint16_t kCrtcDataMono = 0x3b5;
inline constexpr uint16_t kStatus1Mono = 0x3ba; ///< write: feature control
inline constexpr uint16_t kCrtcIndex = 0x3d4;
inline constexpr uint16_t kCrtcData = 0x3d5;
inline constexpr uint16_t kStatus1 = 0x3da;

// Miscellaneous output.
inline constexpr uint8_t kMiscColour = 1 << 0; ///< CRTC at 3dx instead of 3bx
inline constexpr uint8_t kMiscRamEnable = 1 << 1;
// Input status 0 and 1.
inline constexpr uint8_t kStatus0Sense = 1 << 4;
inline constexpr uint8_t kStatus1Blank = 1 << 0;
inline constexpr uint8_t kStatus1Retrace = 1 << 3;
// Attribute index.
inline constexpr uint8_t kAttributeIndexMask = 0x1f;
inline constexpr uint8_t kPaletteSource = 1 << 5; ///< clear: the CPU owns the palette, no picture

// Sequencer.
inline constexpr size_t kSrReset = 0;
inline constexpr size_t kSrClocking = 1;
inline constexpr size_t kSrMapMask = 2;
inline constexpr size_t kSrCharacterMap = 3;
inline constexpr size_t kSrMemoryMode = 4;
inline constexpr uint8_t kClockingEightDots = 1 << 0;
inline constexpr uint8_t kClockingHalf = 1 << 3;
inline constexpr uint8_t kClockingScreenOff = 1 << 5;
inline constexpr uint8_t kMemoryOddEvenOff = 1 << 2;
inline constexpr uint8_t kMemoryChain4 = 1 << 3;

// CRT controller.
inline constexpr size_t kCrHorizontalDisplayEnd = 0x01;
inline constexpr size_t kCrVerticalTotal = 0x06;
inline constexpr size_t kCrOverflow = 0x07;
inline constexpr size_t kCrPresetRowScan = 0x08;
inline constexpr size_t kCrMaximumScanLine = 0x09;
inline constexpr size_t kCrCursorStart = 0x0a;
inline constexpr size_t kCrCursorEnd = 0x0b;
inline constexpr size_t kCrStartHigh = 0x0c;
inline constexpr size_t kCrStartLow = 0x0d;
inline constexpr size_t kCrCursorHigh = 0x0e;
inline constexpr size_t kCrCursorLow = 0x0f;
inline constexpr size_t kCrVerticalRetraceStart = 0x10;
inline constexpr size_t kCrVerticalRetraceEnd = 0x11;
inline constexpr size_t kCrVerticalDisplayEnd = 0x12;
inline constexpr size_t kCrOffset = 0x13;
inline constexpr size_t kCrUnderline = 0x14;
inline constexpr size_t kCrModeControl = 0x17;
inline constexpr size_t kCrLineCompare = 0x18;
inline constexpr uint8_t kCrProtect = 1 << 7;         ///< in vertical retrace end
inline constexpr uint8_t kCrOverflowCompare = 1 << 4; ///< in overflow, never protected

// Graphics controller.
inline constexpr size_t kGrSetReset = 0;
inline constexpr size_t kGrEnableSetReset = 1;
inline constexpr size_t kGrColourCompare = 2;
inline constexpr size_t kGrDataRotate = 3;
inline constexpr size_t kGrReadMap = 4;
inline constexpr size_t kGrMode = 5;
inline constexpr size_t kGrMisc = 6;
inline constexpr size_t kGrColourDontCare = 7;
inline constexpr size_t kGrBitMask = 8;
inline constexpr uint8_t kGrModeReadCompare = 1 << 3;
inline constexpr uint8_t kGrModeOddEven = 1 << 4;
inline constexpr uint8_t kGrModeInterleave = 1 << 5;
inline constexpr uint8_t kGrMode256 = 1 << 6;
inline constexpr uint8_t kGrMiscGraphics = 1 << 0;
inline constexpr uint8_t kGrMiscChain = 1 << 1;

// Attribute controller.
inline constexpr size_t kArMode = 0x10;
inline constexpr size_t kArPlaneEnable = 0x12;
inline constexpr size_t kArPan = 0x13;
inline constexpr size_t kArColourSelect = 0x14;
inline constexpr uint8_t kArModeLineGraphics = 1 << 2;
inline constexpr uint8_t kArModeBlink = 1 << 3;
inline constexpr uint8_t kArModePanSplit = 1 << 5;
inline constexpr uint8_t kArModeSelect54 = 1 << 7;

// The window in low memory.
inline constexpr uint64_t kWindowBase = 0xa0000;
inline constexpr uint32_t kWindowSize = 0x20000;

// Bochs VBE.
inline constexpr uint16_t kDispiPort = 0x1ce; ///< index; data at 0x1cf, and at 0x1d0 when aligned
inline constexpr uint16_t kDispiPortCount = 4;
enum DispiIndex : uint16_t {
    kDispiId,
    kDispiXres,
    kDispiYres,
    kDispiBpp,
    kDispiEnable,
    kDispiBank,
    kDispiVirtWidth,
    kDispiVirtHeight,
    kDispiXOffset,
    kDispiYOffset,
    kDispiVideoMemory64K,
    kDispiCount,
};
inline constexpr uint16_t kDispiIdFirst = 0xb0c0;
inline constexpr uint16_t kDispiIdLast = 0xb0c5;
inline constexpr uint16_t kDispiEnabled = 1 << 0;
inline constexpr uint16_t kDispiGetCaps = 1 << 1;
inline constexpr uint16_t kDispi8BitDac = 1 << 5;
inline constexpr uint16_t kDispiLfb = 1 << 6;
inline constexpr uint16_t kDispiNoClear = 1 << 7;
inline constexpr uint16_t kDispiEnableBits =
    kDispiEnabled | kDispiGetCaps | kDispi8BitDac | kDispiLfb | kDispiNoClear;
inline constexpr uint32_t kDispiBankSize = 0x10000;

// BAR 2.
inline constexpr uint32_t kBarSize = 4096;
inline constexpr uint32_t kBarEdid = 0;
inline constexpr uint32_t kBarRegisters = 0x400; ///< ports 3c0-3df
inline constexpr uint32_t kBarDispi = 0x500;     ///< 16 bits each

} // namespace vmm::pci_devices::vga
