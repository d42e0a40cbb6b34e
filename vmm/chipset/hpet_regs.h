// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the high precision event timer (IA-PC HPET Specification 1.0a, section 2.3).
#pragma once

#include <cstdint>

#include "vmm/base/bits.h"

namespace vmm::chipset::hpet {

inline constexpr uint64_t kWindowSize = 0x400;
inline constexpr unsigned kTimers = 3;
inline constexpr uint64_t kPeriodFs = 0x05f5e100; // 100 ns: 10 MHz
inline constexpr uint64_t kPeriodNs = 100;

// Offsets of 64-bit registers
inline constexpr uint64_t kCapabilities = 0x000;
inline constexpr uint64_t kConfiguration = 0x010;
inline constexpr uint64_t kInterruptStatus = 0x020;
inline constexpr uint64_t kMainCounter = 0x0f0;
inline constexpr uint64_t kTimerBase = 0x100;
inline constexpr uint64_t kTimerStride = 0x20;
inline constexpr uint64_t kTimerConfig = 0x00; // from the timer's base
inline constexpr uint64_t kTimerComparator = 0x08;

// General capabilities: period, Intel's vendor id, LEG_RT_CAP, COUNT_SIZE_CAP, timers, revision
inline constexpr uint64_t kCapabilitiesValue = kPeriodFs << 32 | uint64_t{0x8086} << 16 |
                                               uint64_t{1} << 15 | uint64_t{1} << 13 |
                                               (kTimers - 1) << 8 | 1;
inline constexpr uint64_t kEnableCnf = 0x1;
inline constexpr uint64_t kLegRtCnf = 0x2;

// Timer configuration
inline constexpr uint64_t kIntTypeLevel = uint64_t{1} << 1;
inline constexpr uint64_t kIntEnb = uint64_t{1} << 2;
inline constexpr uint64_t kTypePeriodic = uint64_t{1} << 3;
inline constexpr uint64_t kPerIntCap = uint64_t{1} << 4;
inline constexpr uint64_t kSizeCap = uint64_t{1} << 5;
inline constexpr uint64_t kValSet = uint64_t{1} << 6;
inline constexpr uint64_t k32Mode = uint64_t{1} << 8;
using IntRoute = Field<13, 9>;
inline constexpr uint64_t kWritable =
    kIntTypeLevel | kIntEnb | kTypePeriodic | kValSet | k32Mode | IntRoute::kMask;

} // namespace vmm::chipset::hpet
