// SPDX-License-Identifier: GPL-3.0-or-later
// ATA command and feature codes. ATA8-ACS-2 (T13/2015-D) section 7; obsolete ones ATA/ATAPI-5.
#pragma once

#include <cstdint>

namespace vmm::pci_devices::ata {

inline constexpr uint8_t kNop = 0x00;
inline constexpr uint8_t kDataSetManagement = 0x06;
inline constexpr uint8_t kDeviceReset = 0x08;
inline constexpr uint8_t kRecalibrate = 0x10;
inline constexpr uint8_t kReadSectors = 0x20;
inline constexpr uint8_t kReadSectorsNoRetry = 0x21;
inline constexpr uint8_t kReadSectorsExt = 0x24;
inline constexpr uint8_t kReadDmaExt = 0x25;
inline constexpr uint8_t kReadNativeMaxExt = 0x27;
inline constexpr uint8_t kReadMultipleExt = 0x29;
inline constexpr uint8_t kReadLogExt = 0x2f;
inline constexpr uint8_t kWriteSectors = 0x30;
inline constexpr uint8_t kWriteSectorsNoRetry = 0x31;
inline constexpr uint8_t kWriteSectorsExt = 0x34;
inline constexpr uint8_t kWriteDmaExt = 0x35;
inline constexpr uint8_t kWriteMultipleExt = 0x39;
inline constexpr uint8_t kWriteDmaFuaExt = 0x3d;
inline constexpr uint8_t kReadVerify = 0x40;
inline constexpr uint8_t kReadVerifyNoRetry = 0x41;
inline constexpr uint8_t kReadVerifyExt = 0x42;
inline constexpr uint8_t kReadFpdma = 0x60;
inline constexpr uint8_t kWriteFpdma = 0x61;
inline constexpr uint8_t kSeek = 0x70;
inline constexpr uint8_t kExecuteDiagnostic = 0x90;
inline constexpr uint8_t kInitDeviceParameters = 0x91;
inline constexpr uint8_t kStandbyImmediateOld = 0x94;
inline constexpr uint8_t kIdleImmediateOld = 0x95;
inline constexpr uint8_t kStandbyOld = 0x96;
inline constexpr uint8_t kIdleOld = 0x97;
inline constexpr uint8_t kCheckPowerModeOld = 0x98;
inline constexpr uint8_t kSleepOld = 0x99;
inline constexpr uint8_t kPacket = 0xa0;
inline constexpr uint8_t kIdentifyPacket = 0xa1;
inline constexpr uint8_t kSmart = 0xb0;
inline constexpr uint8_t kReadMultiple = 0xc4;
inline constexpr uint8_t kWriteMultiple = 0xc5;
inline constexpr uint8_t kSetMultipleMode = 0xc6;
inline constexpr uint8_t kReadDma = 0xc8;
inline constexpr uint8_t kReadDmaNoRetry = 0xc9;
inline constexpr uint8_t kWriteDma = 0xca;
inline constexpr uint8_t kWriteDmaNoRetry = 0xcb;
inline constexpr uint8_t kWriteMultipleFuaExt = 0xce;
inline constexpr uint8_t kStandbyImmediate = 0xe0;
inline constexpr uint8_t kIdleImmediate = 0xe1;
inline constexpr uint8_t kStandby = 0xe2;
inline constexpr uint8_t kIdle = 0xe3;
inline constexpr uint8_t kCheckPowerMode = 0xe5;
inline constexpr uint8_t kSleep = 0xe6;
inline constexpr uint8_t kFlushCache = 0xe7;
inline constexpr uint8_t kFlushCacheExt = 0xea;
inline constexpr uint8_t kIdentifyDevice = 0xec;
inline constexpr uint8_t kSetFeatures = 0xef;
inline constexpr uint8_t kReadNativeMax = 0xf8;

// SET FEATURES sub-commands (ACS-2 table 101).
inline constexpr uint8_t kFeatureEnableWriteCache = 0x02;
inline constexpr uint8_t kFeatureTransferMode = 0x03;
inline constexpr uint8_t kFeatureDisableReadAhead = 0x55;
inline constexpr uint8_t kFeatureKeepOnReset = 0x66;
inline constexpr uint8_t kFeatureDisableWriteCache = 0x82;
inline constexpr uint8_t kFeatureEnableReadAhead = 0xaa;
inline constexpr uint8_t kFeatureDefaultsOnReset = 0xcc;

// SMART sub-commands (section 7.53).
inline constexpr uint8_t kSmartReadData = 0xd0;
inline constexpr uint8_t kSmartReadThresholds = 0xd1;
inline constexpr uint8_t kSmartAutosave = 0xd2;
inline constexpr uint8_t kSmartOffline = 0xd4;
inline constexpr uint8_t kSmartReadLog = 0xd5;
inline constexpr uint8_t kSmartEnable = 0xd8;
inline constexpr uint8_t kSmartDisable = 0xd9;
inline constexpr uint8_t kSmartStatus = 0xda;

inline constexpr uint8_t kDeviceLba = 0x40;
inline constexpr uint8_t kDeviceFua = 0x80; // of WRITE FPDMA QUEUED
inline constexpr uint8_t kMaxMultiple = 16;
inline constexpr uint8_t kUdma5 = 0x45;

} // namespace vmm::pci_devices::ata
