// SPDX-License-Identifier: GPL-3.0-or-later
// The PCI Express capability and the header of bridges. PCI Express Base 4.0 sections 7.5.1.3 and
// 7.5.3; PCI-to-PCI Bridge Architecture 1.2 section 3.2.
#pragma once

#include <cstdint>

namespace vmm::pci {

// Header type 1. Windows: the upper twelve (I/O: four) bits of base and limit, rest ones.
inline constexpr uint8_t kHeaderTypeBridge = 0x01;
inline constexpr uint16_t kPrimaryBus = 0x18;
inline constexpr uint16_t kSecondaryBus = 0x19;
inline constexpr uint16_t kSubordinateBus = 0x1a;
inline constexpr uint16_t kIoBase = 0x1c;
inline constexpr uint16_t kIoLimit = 0x1d;
inline constexpr uint16_t kMemoryBase = 0x20;
inline constexpr uint16_t kMemoryLimit = 0x22;
inline constexpr uint16_t kPrefetchBase = 0x24;
inline constexpr uint16_t kPrefetchLimit = 0x26;
inline constexpr uint16_t kPrefetchBaseUpper = 0x28;
inline constexpr uint16_t kPrefetchLimitUpper = 0x2c;
inline constexpr uint16_t kPrefetch64 = 0x1; ///< base and limit are of 64 bits
inline constexpr uint16_t kBridgeControl = 0x3e;
inline constexpr uint16_t kBridgeControlParity = 1 << 0;
inline constexpr uint16_t kBridgeControlSerr = 1 << 1;
inline constexpr uint16_t kBridgeControlIsa = 1 << 2;
inline constexpr uint16_t kBridgeControlReset = 1 << 6;

// Offsets within the capability.
inline constexpr uint8_t kCapabilityExpress = 0x10;
inline constexpr uint16_t kExpressFlags = 0x02;
inline constexpr uint16_t kExpressDeviceCaps = 0x04;
inline constexpr uint16_t kExpressDeviceControl = 0x08;
inline constexpr uint16_t kExpressLinkCaps = 0x0c;
inline constexpr uint16_t kExpressLinkControl = 0x10;
inline constexpr uint16_t kExpressLinkStatus = 0x12;
inline constexpr uint16_t kExpressSlotCaps = 0x14;
inline constexpr uint16_t kExpressSlotControl = 0x18;
inline constexpr uint16_t kExpressSlotStatus = 0x1a;
inline constexpr uint16_t kExpressRootControl = 0x1c;
inline constexpr uint16_t kExpressDeviceCaps2 = 0x24;
inline constexpr uint16_t kExpressDeviceControl2 = 0x28;
inline constexpr uint16_t kExpressLinkCaps2 = 0x2c;
inline constexpr uint16_t kExpressLinkControl2 = 0x30;
inline constexpr uint8_t kExpressSize = 0x3c;

inline constexpr uint16_t kExpressVersion = 2;
inline constexpr uint16_t kExpressSlotImplemented = 1 << 8;
inline constexpr uint32_t kDeviceCapsRoleBased = 1 << 15;
/// Error reporting, relaxed ordering, payload and request sizes, no snoop.
inline constexpr uint16_t kDeviceControlWritable = 0x78ff;
inline constexpr uint16_t kDeviceControlReset = 0x2810; // requests of 512 bytes
inline constexpr uint32_t kTimeoutDisable = 1 << 4; // Device Capabilities 2 and Device Control 2
inline constexpr uint32_t kLinkSpeed2500 = 1;
inline constexpr uint32_t kLinkWidth1 = 1 << 4;
inline constexpr uint32_t kLinkCapsActiveReporting = 1 << 20;
inline constexpr uint32_t kLinkCapsAspmOptional = 1 << 22;
inline constexpr unsigned kLinkCapsPortShift = 24;
inline constexpr uint16_t kLinkControlWritable = 0x00cb; // ASPM, RCB, common clock, extended sync
inline constexpr uint16_t kLinkControlDisable = 1 << 4;  // ports
inline constexpr uint16_t kLinkStatusActive = 1 << 13;
inline constexpr uint32_t kLinkCaps2Speed2500 = 1 << 1;

inline constexpr uint32_t kSlotCapsButton = 1 << 0;
inline constexpr uint32_t kSlotCapsPowerController = 1 << 1;
inline constexpr uint32_t kSlotCapsPowerIndicator = 1 << 4;
inline constexpr uint32_t kSlotCapsSurprise = 1 << 5;
inline constexpr uint32_t kSlotCapsHotPlug = 1 << 6;
inline constexpr uint32_t kSlotCapsNoCommandCompleted = 1 << 18;
inline constexpr unsigned kSlotCapsNumberShift = 19;

// Slot Control and Slot Status have their events and the enables of these at the same bits.
inline constexpr uint16_t kSlotButton = 1 << 0;
inline constexpr uint16_t kSlotPresenceChanged = 1 << 3;
inline constexpr uint16_t kSlotLinkChanged = 1 << 8;        ///< Slot Status
inline constexpr uint16_t kSlotLinkChangedEnable = 1 << 12; ///< Slot Control
inline constexpr uint16_t kSlotInterruptEnable = 1 << 5;
inline constexpr uint16_t kSlotPowerIndicator = 3 << 8;
inline constexpr uint16_t kSlotPowerIndicatorOn = 1 << 8;
inline constexpr uint16_t kSlotPowerIndicatorBlink = 2 << 8;
inline constexpr uint16_t kSlotPowerIndicatorOff = 3 << 8;
inline constexpr uint16_t kSlotPowerOff = 1 << 10;
inline constexpr uint16_t kSlotPresent = 1 << 6;
/// Enables (but MRL sensor and command completed, which the slot lacks), power indicator, power.
inline constexpr uint16_t kSlotControlWritable = kSlotButton | 1 << 1 | kSlotPresenceChanged |
                                                 kSlotInterruptEnable | kSlotPowerIndicator |
                                                 kSlotPowerOff | kSlotLinkChangedEnable;

} // namespace vmm::pci
