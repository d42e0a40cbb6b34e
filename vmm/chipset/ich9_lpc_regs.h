// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the ICH9 LPC bridge. Intel ICH9 datasheet (316972-004), chapters 10 and 13.
#pragma once

#include <cstdint>

namespace vmm::chipset {

inline constexpr uint16_t kLpcVendor = 0x8086;
inline constexpr uint16_t kLpcDevice = 0x2918;

// PMBASE, section 13.1.13: ports of the power management block, 128 aligned.
inline constexpr uint16_t kLpcPmBase = 0x40;
inline constexpr uint32_t kPmBaseIo = 1; // bit 0, read-only: an I/O range
inline constexpr uint32_t kPmBaseMask = 0xff80;
// ACPI_CNTL, section 13.1.14.
inline constexpr uint16_t kLpcAcpiControl = 0x44;
inline constexpr uint8_t kAcpiEnable = 1 << 7;
inline constexpr uint8_t kAcpiSciSelect = 0x07;

// PIRQA-D_ROUT and PIRQE-H_ROUT, sections 13.1.17 and 13.1.19.
inline constexpr uint16_t kLpcPirqA = 0x60;
inline constexpr uint16_t kLpcSerialIrq = 0x64;
inline constexpr uint16_t kLpcPirqE = 0x68;
inline constexpr uint8_t kPirqDisabled = 0x80;
inline constexpr uint8_t kPirqWritable = 0x8f;

// LPC_I/O_DEC to GEN4_DEC, sections 13.1.21 to 13.1.26: kept, without effect.
inline constexpr uint16_t kLpcIoDecode = 0x80;
inline constexpr uint16_t kLpcIoDecodeEnd = 0x94;

// GEN_PMCON_1 and GEN_PMCON_3, sections 13.8.1.1 and 13.8.1.3.
inline constexpr uint16_t kLpcGenPmcon1 = 0xa0;
inline constexpr uint16_t kGenPmcon1PowerButtonLevel = 1 << 9; // read-only: not pressed
inline constexpr uint16_t kGenPmcon1Writable = 0x043f;
inline constexpr uint16_t kLpcGenPmcon3 = 0xa4;

// RCBA, section 13.1.35: the root complex register block, 16 KiB.
inline constexpr uint16_t kLpcRcba = 0xf0;
inline constexpr uint32_t kRcbaEnable = 1;
inline constexpr uint32_t kRcbaMask = 0xffff'c000;
inline constexpr uint32_t kRcbaSize = 0x4000;
// GCS, section 10.1.74: bit 5 NR, "no reboot by the TCO timer".
inline constexpr uint16_t kRcbaGcs = 0x3410;
inline constexpr uint8_t kGcsNoReboot = 1 << 5;

// Ports. RST_CNT section 13.7.5, APM_CNT and APM_STS section 13.8.2.
inline constexpr uint16_t kApmPort = 0xb2;
inline constexpr uint8_t kResetSystem = 1 << 1;
inline constexpr uint8_t kResetCpu = 1 << 2;
inline constexpr uint8_t kResetFull = 1 << 3;

} // namespace vmm::chipset
