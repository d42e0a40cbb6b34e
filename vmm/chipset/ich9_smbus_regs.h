// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the ICH9 SMBus host controller. Intel ICH9 datasheet (316972-004), chapter 19.
#pragma once

#include <cstdint>

namespace vmm::chipset {

inline constexpr uint16_t kSmbusVendor = 0x8086;
inline constexpr uint16_t kSmbusDevice = 0x2930;
inline constexpr unsigned kSmbusBar = 4;
inline constexpr uint32_t kSmbusPortCount = 32;

// HOSTC, section 19.1.16.
inline constexpr uint16_t kSmbusHostConfig = 0x40;
inline constexpr uint8_t kSmbusHostEnable = 1 << 0;
inline constexpr uint8_t kSmbusHostConfigWritable = 0x17;

// Ports, section 19.2.
inline constexpr uint16_t kSmbusStatus = 0x00;
inline constexpr uint8_t kSmbusInterrupt = 1 << 1;
inline constexpr uint8_t kSmbusDeviceError = 1 << 2;
inline constexpr uint8_t kSmbusBusError = 1 << 3;
inline constexpr uint8_t kSmbusFailed = 1 << 4;
inline constexpr uint8_t kSmbusInUse = 1 << 6;
inline constexpr uint8_t kSmbusByteDone = 1 << 7;
inline constexpr uint16_t kSmbusControl = 0x02;
inline constexpr uint8_t kSmbusInterruptEnable = 1 << 0;
inline constexpr uint8_t kSmbusKill = 1 << 1;
inline constexpr uint8_t kSmbusStart = 1 << 6;
inline constexpr uint16_t kSmbusCommand = 0x03;
inline constexpr uint16_t kSmbusAddress = 0x04;
inline constexpr uint16_t kSmbusData0 = 0x05;
inline constexpr uint16_t kSmbusData1 = 0x06;
inline constexpr uint16_t kSmbusBlockData = 0x07;
inline constexpr uint16_t kSmbusPec = 0x08;
inline constexpr uint16_t kSmbusAuxStatus = 0x0c;
inline constexpr uint16_t kSmbusAuxControl = 0x0d;
inline constexpr uint8_t kSmbusAuxBlockBuffer = 1 << 1; // E32B
inline constexpr uint16_t kSmbusPins = 0x0f;
inline constexpr uint8_t kSmbusPinsIdle = 0x07; // both lines high, clock not held low

} // namespace vmm::chipset
