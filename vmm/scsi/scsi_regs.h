// SPDX-License-Identifier: GPL-3.0-or-later
// Operation codes, sense codes and events of SCSI disks and optical drives. SPC-4 (T10/1731-D),
// SBC-3 (T10/BSR INCITS 514), MMC-5 section 6.
#pragma once

#include <cstdint>

namespace vmm::scsi {

inline constexpr uint8_t kTestUnitReady = 0x00;
inline constexpr uint8_t kRequestSense = 0x03;
inline constexpr uint8_t kRead6 = 0x08;
inline constexpr uint8_t kWrite6 = 0x0a;
inline constexpr uint8_t kInquiry = 0x12;
inline constexpr uint8_t kModeSelect6 = 0x15;
inline constexpr uint8_t kModeSense6 = 0x1a;
inline constexpr uint8_t kStartStopUnit = 0x1b;
inline constexpr uint8_t kPreventAllowRemoval = 0x1e;
inline constexpr uint8_t kReadCapacity = 0x25;
inline constexpr uint8_t kRead10 = 0x28;
inline constexpr uint8_t kWrite10 = 0x2a;
inline constexpr uint8_t kSeek10 = 0x2b;
inline constexpr uint8_t kVerify10 = 0x2f;
inline constexpr uint8_t kSynchronizeCache10 = 0x35;
inline constexpr uint8_t kWriteSame10 = 0x41;
inline constexpr uint8_t kUnmap = 0x42;
inline constexpr uint8_t kReadToc = 0x43;
inline constexpr uint8_t kGetConfiguration = 0x46;
inline constexpr uint8_t kGetEventStatus = 0x4a;
inline constexpr uint8_t kReadDiscInformation = 0x51;
inline constexpr uint8_t kReadTrackInformation = 0x52;
inline constexpr uint8_t kModeSelect10 = 0x55;
inline constexpr uint8_t kModeSense10 = 0x5a;
inline constexpr uint8_t kRead16 = 0x88;
inline constexpr uint8_t kWrite16 = 0x8a;
inline constexpr uint8_t kVerify16 = 0x8f;
inline constexpr uint8_t kSynchronizeCache16 = 0x91;
inline constexpr uint8_t kWriteSame16 = 0x93;
inline constexpr uint8_t kServiceActionIn16 = 0x9e;
inline constexpr uint8_t kReportLuns = 0xa0;
inline constexpr uint8_t kMaintenanceIn = 0xa3;
inline constexpr uint8_t kRead12 = 0xa8;
inline constexpr uint8_t kWrite12 = 0xaa;
inline constexpr uint8_t kReadDvdStructure = 0xad;
inline constexpr uint8_t kVerify12 = 0xaf;
inline constexpr uint8_t kSetCdSpeed = 0xbb;
inline constexpr uint8_t kMechanismStatus = 0xbd;
inline constexpr uint8_t kReadCd = 0xbe;

// Service actions.
inline constexpr uint8_t kReadCapacity16 = 0x10;        // of SERVICE ACTION IN (16)
inline constexpr uint8_t kReportSupportedOpcodes = 0xc; // of MAINTENANCE IN

// Status codes (SAM-5 table 43).
inline constexpr uint8_t kStatusGood = 0x00;
inline constexpr uint8_t kStatusCheckCondition = 0x02;

// Sense keys (SPC-4 table 44).
inline constexpr uint8_t kNoSense = 0x0;
inline constexpr uint8_t kNotReady = 0x2;
inline constexpr uint8_t kMediumError = 0x3;
inline constexpr uint8_t kHardwareError = 0x4;
inline constexpr uint8_t kIllegalRequest = 0x5;
inline constexpr uint8_t kUnitAttention = 0x6;
inline constexpr uint8_t kDataProtect = 0x7;
inline constexpr uint8_t kAbortedCommand = 0xb;

// Additional sense codes (SPC-4 table 45).
inline constexpr uint8_t kAscWriteError = 0x0c;
inline constexpr uint8_t kAscUnrecoveredRead = 0x11;
inline constexpr uint8_t kAscParameterLength = 0x1a;
inline constexpr uint8_t kAscInvalidOpcode = 0x20;
inline constexpr uint8_t kAscOutOfRange = 0x21;
inline constexpr uint8_t kAscInvalidField = 0x24;
inline constexpr uint8_t kAscNoLogicalUnit = 0x25;
inline constexpr uint8_t kAscInvalidParameter = 0x26;
inline constexpr uint8_t kAscWriteProtected = 0x27; // 07: space allocation failed
inline constexpr uint8_t kAscMediumChanged = 0x28;
inline constexpr uint8_t kAscReset = 0x29;
inline constexpr uint8_t kAscParametersChanged = 0x2a; // 09: capacity data
inline constexpr uint8_t kAscIncompatibleMedium = 0x30;
inline constexpr uint8_t kAscSavingNotSupported = 0x39;
inline constexpr uint8_t kAscNoMedium = 0x3a;
inline constexpr uint8_t kAscTargetChanged = 0x3f; // 0e: reported LUNs data
inline constexpr uint8_t kAscInternalFailure = 0x44;
inline constexpr uint8_t kAscRemovalPrevented = 0x53;
inline constexpr uint8_t kAscIllegalMode = 0x64;

// Media events (MMC-5 table 289).
inline constexpr uint8_t kEventNone = 0;
inline constexpr uint8_t kEventEjectRequest = 1;
inline constexpr uint8_t kEventNewMedia = 2;
inline constexpr uint8_t kEventMediaRemoval = 3;

} // namespace vmm::scsi
