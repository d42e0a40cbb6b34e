// SPDX-License-Identifier: GPL-3.0-or-later
// Packet commands, sense codes and events of optical drives. MMC-5 section 6, SPC-3 section 4.5.
#pragma once

#include <cstdint>

namespace vmm::pci_devices::atapi {

inline constexpr uint8_t kTestUnitReady = 0x00;
inline constexpr uint8_t kRequestSense = 0x03;
inline constexpr uint8_t kInquiry = 0x12;
inline constexpr uint8_t kModeSelect6 = 0x15;
inline constexpr uint8_t kModeSense6 = 0x1a;
inline constexpr uint8_t kStartStopUnit = 0x1b;
inline constexpr uint8_t kPreventAllowRemoval = 0x1e;
inline constexpr uint8_t kReadCapacity = 0x25;
inline constexpr uint8_t kRead10 = 0x28;
inline constexpr uint8_t kSeek10 = 0x2b;
inline constexpr uint8_t kReadToc = 0x43;
inline constexpr uint8_t kGetConfiguration = 0x46;
inline constexpr uint8_t kGetEventStatus = 0x4a;
inline constexpr uint8_t kReadDiscInformation = 0x51;
inline constexpr uint8_t kReadTrackInformation = 0x52;
inline constexpr uint8_t kModeSelect10 = 0x55;
inline constexpr uint8_t kModeSense10 = 0x5a;
inline constexpr uint8_t kRead12 = 0xa8;
inline constexpr uint8_t kReadDvdStructure = 0xad;
inline constexpr uint8_t kSetCdSpeed = 0xbb;
inline constexpr uint8_t kMechanismStatus = 0xbd;
inline constexpr uint8_t kReadCd = 0xbe;

// Sense keys (SPC-3 table 27).
inline constexpr uint8_t kNotReady = 0x2;
inline constexpr uint8_t kMediumError = 0x3;
inline constexpr uint8_t kIllegalRequest = 0x5;
inline constexpr uint8_t kUnitAttention = 0x6;
inline constexpr uint8_t kAbortedCommand = 0xb;

// Additional sense codes (SPC-3 table 28).
inline constexpr uint8_t kAscUnrecoveredRead = 0x11;
inline constexpr uint8_t kAscInvalidOpcode = 0x20;
inline constexpr uint8_t kAscOutOfRange = 0x21;
inline constexpr uint8_t kAscInvalidField = 0x24;
inline constexpr uint8_t kAscMediumChanged = 0x28;
inline constexpr uint8_t kAscIncompatibleMedium = 0x30;
inline constexpr uint8_t kAscSavingNotSupported = 0x39;
inline constexpr uint8_t kAscNoMedium = 0x3a;
inline constexpr uint8_t kAscRemovalPrevented = 0x53;
inline constexpr uint8_t kAscIllegalMode = 0x64;

// Media events (MMC-5 table 289).
inline constexpr uint8_t kEventNone = 0;
inline constexpr uint8_t kEventEjectRequest = 1;
inline constexpr uint8_t kEventNewMedia = 2;
inline constexpr uint8_t kEventMediaRemoval = 3;

inline constexpr uint8_t kReasonDone = 3; // interrupt reason: I/O and C/D
inline constexpr uint64_t kSignatureLba = 0xeb1400;

} // namespace vmm::pci_devices::atapi
