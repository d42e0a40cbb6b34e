// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the MC146818A real-time clock and the CMOS bytes PC firmware knows (datasheet
// "Address map").
#pragma once

#include <cstdint>

namespace vmm::chipset::rtc {

inline constexpr uint8_t kSeconds = 0x00;
inline constexpr uint8_t kSecondsAlarm = 0x01;
inline constexpr uint8_t kMinutes = 0x02;
inline constexpr uint8_t kMinutesAlarm = 0x03;
inline constexpr uint8_t kHours = 0x04;
inline constexpr uint8_t kHoursAlarm = 0x05;
inline constexpr uint8_t kDayOfWeek = 0x06;
inline constexpr uint8_t kDayOfMonth = 0x07;
inline constexpr uint8_t kMonth = 0x08;
inline constexpr uint8_t kYear = 0x09;
inline constexpr uint8_t kRegisterA = 0x0a;
inline constexpr uint8_t kRegisterB = 0x0b;
inline constexpr uint8_t kRegisterC = 0x0c;
inline constexpr uint8_t kRegisterD = 0x0d;
inline constexpr uint8_t kCentury = 0x32; // where the FADT points

// Register A
inline constexpr uint8_t kUip = 0x80;
inline constexpr uint8_t kDividerMask = 0x70;
inline constexpr uint8_t kDividerReset = 0x60; // 110 and 111 hold the divider chain in reset
inline constexpr uint8_t kRateMask = 0x0f;
// Register B
inline constexpr uint8_t kSet = 0x80;
inline constexpr uint8_t kPie = 0x40;
inline constexpr uint8_t kAie = 0x20;
inline constexpr uint8_t kUie = 0x10;
inline constexpr uint8_t kSqwe = 0x08;
inline constexpr uint8_t kBinary = 0x04;
inline constexpr uint8_t k24Hour = 0x02;
// Register C: flags sit where their enables sit in register B
inline constexpr uint8_t kIrqf = 0x80;
inline constexpr uint8_t kPf = 0x40;
inline constexpr uint8_t kAf = 0x20;
inline constexpr uint8_t kUf = 0x10;
inline constexpr uint8_t kFlags = kPf | kAf | kUf;
// Register D
inline constexpr uint8_t kVrt = 0x80;

inline constexpr uint8_t kPm = 0x80;       // in an hours register in 12-hour mode
inline constexpr uint8_t kWildcard = 0xc0; // in an alarm register: matches everything

// CMOS bytes of PC firmware
inline constexpr uint8_t kEquipment = 0x14;
inline constexpr uint8_t kBaseMemory = 0x15;     // KiB, 2 bytes
inline constexpr uint8_t kExtendedMemory = 0x17; // KiB above 1 MiB, 2 bytes; again at 0x30
inline constexpr uint8_t kChecksum = 0x2e;       // over 0x10-0x2d, high byte first
inline constexpr uint8_t kExtendedMemoryAgain = 0x30;
inline constexpr uint8_t kMemoryAbove16M = 0x34; // 64 KiB units, 2 bytes
inline constexpr uint8_t kBootThird = 0x38;      // high nibble
inline constexpr uint8_t kBootFirst = 0x3d;      // low nibble first, high nibble second device
inline constexpr uint8_t kMemoryAbove4G = 0x5b;  // 64 KiB units, 3 bytes
inline constexpr uint8_t kOtherCpus = 0x5f;      // number of CPUs minus one

} // namespace vmm::chipset::rtc
