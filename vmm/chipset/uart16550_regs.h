// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the 16550A (National PC16550D datasheet, section 8).
#pragma once

#include <cstdint>

namespace vmm::chipset::uart {

// Offsets; the first two are the divisor latch while LCR bit 7 is set.
inline constexpr uint16_t kData = 0;
inline constexpr uint16_t kIer = 1;
inline constexpr uint16_t kIirFcr = 2;
inline constexpr uint16_t kLcr = 3;
inline constexpr uint16_t kMcr = 4;
inline constexpr uint16_t kLsr = 5;
inline constexpr uint16_t kMsr = 6;
inline constexpr uint16_t kScr = 7;

inline constexpr uint8_t kIerErbfi = 0x01;
inline constexpr uint8_t kIerEtbei = 0x02;
inline constexpr uint8_t kIerElsi = 0x04;
inline constexpr uint8_t kIerEdssi = 0x08;
inline constexpr uint8_t kIerMask = 0x0f;

inline constexpr uint8_t kIirNone = 0x01;
inline constexpr uint8_t kIirModemStatus = 0x00;
inline constexpr uint8_t kIirThre = 0x02;
inline constexpr uint8_t kIirData = 0x04;
inline constexpr uint8_t kIirLineStatus = 0x06;
inline constexpr uint8_t kIirTimeout = 0x0c;
inline constexpr uint8_t kIirFifos = 0xc0;

inline constexpr uint8_t kFcrEnable = 0x01;
inline constexpr uint8_t kFcrClearReceive = 0x02;
inline constexpr uint8_t kFcrKept = 0xc9; // enable, DMA mode, trigger level

inline constexpr uint8_t kLcrDlab = 0x80;
inline constexpr uint8_t kLcrBreak = 0x40;
inline constexpr uint8_t kLcrParity = 0x08;
inline constexpr uint8_t kLcrTwoStop = 0x04;
inline constexpr uint8_t kLcrLength = 0x03;

inline constexpr uint8_t kMcrDtr = 0x01;
inline constexpr uint8_t kMcrRts = 0x02;
inline constexpr uint8_t kMcrOut1 = 0x04;
inline constexpr uint8_t kMcrOut2 = 0x08;
inline constexpr uint8_t kMcrLoop = 0x10;
inline constexpr uint8_t kMcrMask = 0x1f;

inline constexpr uint8_t kLsrDr = 0x01;
inline constexpr uint8_t kLsrOe = 0x02;
inline constexpr uint8_t kLsrBi = 0x10;
inline constexpr uint8_t kLsrThre = 0x20;
inline constexpr uint8_t kLsrTemt = 0x40;
inline constexpr uint8_t kLsrErrors = 0x1e;

inline constexpr uint8_t kMsrTeri = 0x04; // delta bits are the low nibble
inline constexpr uint8_t kMsrDeltas = 0x0f;
inline constexpr uint8_t kMsrCts = 0x10;
inline constexpr uint8_t kMsrDsr = 0x20;
inline constexpr uint8_t kMsrRi = 0x40;
inline constexpr uint8_t kMsrDcd = 0x80;

} // namespace vmm::chipset::uart
