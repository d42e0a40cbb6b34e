// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the Q35 host bridge. Intel 3 Series Express Chipset Family datasheet (316966-002),
// section 5.1 "DRAM Controller Registers (D0:F0)".
#pragma once

#include <cstdint>

namespace vmm::chipset {

inline constexpr uint16_t kMchVendor = 0x8086;
inline constexpr uint16_t kMchDevice = 0x29c0;

// PCIEXBAR, section 5.1.15: base of the ECAM window, 64 bits.
inline constexpr uint16_t kMchPciexbar = 0x60;
inline constexpr uint32_t kPciexbarEnable = 1 << 0;
inline constexpr uint32_t kPciexbarWritable = 0xfc00'0007;     // 31:26, length 2:1, enable 0
inline constexpr uint32_t kPciexbarWritableHigh = 0x0000'000f; // 35:32

// PAM0-PAM6, section 5.1.17: two bits a segment, bit 0 reads and bit 1 writes go to RAM.
inline constexpr uint16_t kMchPam0 = 0x90;
inline constexpr unsigned kPamCount = 7;
inline constexpr unsigned kPamSegments = 13;
inline constexpr uint64_t kPamBase = 0xc'0000;
inline constexpr uint64_t kPamEnd = 0x10'0000;
inline constexpr uint64_t kPamSegmentSize = 0x4000; // of the first twelve
inline constexpr uint64_t kPamLastBase = 0xf'0000;  // the last is 64 KiB, in PAM0 bits 5:4

// LAC, SMRAM and ESMRAMC, sections 5.1.24 to 5.1.26.
inline constexpr uint16_t kMchSmram = 0x9d;
inline constexpr uint8_t kSmramReset = 0x02; // C_BASE_SEG: A0000-BFFFF, read-only
inline constexpr uint8_t kSmramOpen = 1 << 6;
inline constexpr uint8_t kSmramLock = 1 << 4;
inline constexpr uint8_t kSmramWritable = 0x78;
inline constexpr uint16_t kMchEsmramc = 0x9e;
inline constexpr uint8_t kEsmramcReset = 0x38; // SM_CACHE, SM_L1, SM_L2 read as ones
inline constexpr uint8_t kEsmramcWritable = 0x87;

// What firmware of a real board programs, and here is fixed: sections 5.1.28 to 5.1.34.
inline constexpr uint16_t kMchDeven = 0x54; // device 0 is always enabled
inline constexpr uint16_t kMchTom = 0xa0;   // in 64 MiB
inline constexpr uint16_t kMchTouud = 0xa2; // in 1 MiB
inline constexpr uint16_t kMchTolud = 0xb0; // bits 15:4 in 1 MiB

} // namespace vmm::chipset
