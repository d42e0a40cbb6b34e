// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the ICH9 power management block, offsets from PMBASE.
// Intel ICH9 datasheet (316972-004), section 13.8.3 "Power Management I/O Registers".
#pragma once

#include <cstdint>

namespace vmm::chipset {

inline constexpr uint16_t kPmPortCount = 128;

// PM1_STS (low half) and PM1_EN (high half), sections 13.8.3.1 and 13.8.3.2.
inline constexpr uint16_t kPm1Status = 0x00;
inline constexpr uint16_t kPm1StatusTimer = 1 << 0;
inline constexpr uint16_t kPm1StatusGlobal = 1 << 5;
inline constexpr uint16_t kPm1StatusPowerButton = 1 << 8;
inline constexpr uint16_t kPm1StatusRtc = 1 << 10;
inline constexpr uint16_t kPm1StatusWake = 1 << 15;
inline constexpr uint16_t kPm1EnableWritable = 0x4521; // TMROF, GBL, PWRBTN, RTC, PCIEXP_WAKE_DIS
inline constexpr uint16_t kPm1SciSources =
    kPm1StatusTimer | kPm1StatusGlobal | kPm1StatusPowerButton | kPm1StatusRtc;

// PM1_CNT, section 13.8.3.3. SLP_TYP means what our DSDT's \_S3 to \_S5 say.
inline constexpr uint16_t kPm1Control = 0x04;
inline constexpr uint32_t kPm1SciEnable = 1 << 0;
inline constexpr uint32_t kPm1ControlWritable = 0x1c02; // SLP_TYP and BM_RLD
inline constexpr uint32_t kPm1SleepEnable = 1 << 13;
inline constexpr unsigned kSleepTypeS5 = 0;
inline constexpr unsigned kSleepTypeS3 = 1;
inline constexpr unsigned kSleepTypeS4 = 2;

// PM1_TMR, section 13.8.3.4: 24 bits at 3.579545 MHz.
inline constexpr uint16_t kPmTimer = 0x08;
inline constexpr uint64_t kPmTimerHz = 3'579'545;
inline constexpr unsigned kPmTimerBits = 24;

// GPE0_STS and GPE0_EN, 64 bits each, sections 13.8.3.9 and 13.8.3.10.
inline constexpr uint16_t kGpe0Status = 0x20;
inline constexpr uint16_t kGpe0Enable = 0x28;
inline constexpr unsigned kGpeCount = 64;

// SMI_EN, section 13.8.3.11.
inline constexpr uint16_t kSmiEnable = 0x30;
inline constexpr uint32_t kSmiApmcEnable = 1 << 5;

} // namespace vmm::chipset
