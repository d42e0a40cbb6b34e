// SPDX-License-Identifier: GPL-3.0-or-later
// Offsets and bits of PCI configuration space. PCI Local Bus 3.0 section 6.1, 6.2, 6.8.
#pragma once

#include <cstdint>

namespace vmm::pci {

inline constexpr uint16_t kVendorId = 0x00;
inline constexpr uint16_t kDeviceId = 0x02;
inline constexpr uint16_t kCommand = 0x04;
inline constexpr uint16_t kStatus = 0x06;
inline constexpr uint16_t kRevisionId = 0x08;
inline constexpr uint16_t kClassCode = 0x09;
inline constexpr uint16_t kHeaderType = 0x0e;
inline constexpr uint16_t kBar0 = 0x10;
inline constexpr uint16_t kSubsystemVendorId = 0x2c;
inline constexpr uint16_t kSubsystemId = 0x2e;
inline constexpr uint16_t kRomBar = 0x30;
inline constexpr uint16_t kCapabilities = 0x34;
inline constexpr uint16_t kInterruptLine = 0x3c;
inline constexpr uint16_t kInterruptPin = 0x3d;
inline constexpr uint16_t kHeaderEnd = 0x40;
inline constexpr uint16_t kConfigSize = 256;

inline constexpr uint16_t kCommandIo = 1 << 0;
inline constexpr uint16_t kCommandMemory = 1 << 1;
inline constexpr uint16_t kCommandMaster = 1 << 2;
inline constexpr uint16_t kCommandParity = 1 << 6;
inline constexpr uint16_t kCommandSerr = 1 << 8;
inline constexpr uint16_t kCommandIntxDisable = 1 << 10;
inline constexpr uint16_t kStatusInterrupt = 1 << 3;
inline constexpr uint16_t kStatusCapabilities = 1 << 4;

inline constexpr uint8_t kCapabilityMsi = 0x05;
inline constexpr uint8_t kCapabilityMsix = 0x11;
inline constexpr uint16_t kMsiEnable = 1 << 0;
inline constexpr uint16_t kMsi64Bit = 1 << 7;
inline constexpr uint16_t kMsixEnable = 1 << 15;
inline constexpr uint16_t kMsixMaskAll = 1 << 14;

} // namespace vmm::pci
