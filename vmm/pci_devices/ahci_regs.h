// SPDX-License-Identifier: GPL-3.0-or-later
// Registers and memory structures of an AHCI host controller. AHCI 1.3.1 sections 3 and 4, SATA 3.0
// section 10.3 (FIS types), Intel ICH9 datasheet section 13.
#pragma once

#include <cstdint>

#include "vmm/base/bits.h"

namespace vmm::pci_devices::ahci {

inline constexpr unsigned kPortCount = 6;
inline constexpr unsigned kSlotCount = 32;
inline constexpr uint32_t kAbarSize = 0x1000;
inline constexpr uint32_t kPortBase = 0x100;
inline constexpr uint32_t kPortSize = 0x80;

// Generic host control (section 3.1).
inline constexpr uint32_t kCap = 0x00;
inline constexpr uint32_t kGhc = 0x04;
inline constexpr uint32_t kIs = 0x08;
inline constexpr uint32_t kPi = 0x0c;
inline constexpr uint32_t kVs = 0x10;
inline constexpr uint32_t kCap2 = 0x24;

// S64A, SNCQ, SCLO, ISS = 3 Gb/s, SAM, PMD, NCS = 32 slots, NP = 6 ports.
inline constexpr uint32_t kCapValue = 1U << 31 | 1U << 30 | 1U << 24 | 2U << 20 | 1U << 18 |
                                      1U << 15 | (kSlotCount - 1) << 8 | (kPortCount - 1);
inline constexpr uint32_t kVsValue = 0x0001'0301;
inline constexpr uint32_t kGhcReset = 1U << 0;
inline constexpr uint32_t kGhcInterruptEnable = 1U << 1;
inline constexpr uint32_t kGhcAhciEnable = 1U << 31; // always set: CAP.SAM

// Port registers (section 3.3).
inline constexpr uint32_t kPxClb = 0x00;
inline constexpr uint32_t kPxClbu = 0x04;
inline constexpr uint32_t kPxFb = 0x08;
inline constexpr uint32_t kPxFbu = 0x0c;
inline constexpr uint32_t kPxIs = 0x10;
inline constexpr uint32_t kPxIe = 0x14;
inline constexpr uint32_t kPxCmd = 0x18;
inline constexpr uint32_t kPxTfd = 0x20;
inline constexpr uint32_t kPxSig = 0x24;
inline constexpr uint32_t kPxSsts = 0x28;
inline constexpr uint32_t kPxSctl = 0x2c;
inline constexpr uint32_t kPxSerr = 0x30;
inline constexpr uint32_t kPxSact = 0x34;
inline constexpr uint32_t kPxCi = 0x38;

// PxIS and PxIE.
inline constexpr uint32_t kIsDhrs = 1U << 0;  // device-to-host register FIS
inline constexpr uint32_t kIsPss = 1U << 1;   // PIO setup FIS
inline constexpr uint32_t kIsDss = 1U << 2;   // DMA setup FIS
inline constexpr uint32_t kIsSdbs = 1U << 3;  // set device bits FIS
inline constexpr uint32_t kIsDps = 1U << 5;   // descriptor processed
inline constexpr uint32_t kIsPcs = 1U << 6;   // port connect change: reflects SERR.DIAG.X
inline constexpr uint32_t kIsPrcs = 1U << 22; // PhyRdy change: reflects SERR.DIAG.N
inline constexpr uint32_t kIsOfs = 1U << 24;  // overflow: more data than the PRD table takes
inline constexpr uint32_t kIsIfs = 1U << 27;  // interface fatal error
inline constexpr uint32_t kIsHbfs = 1U << 29; // host bus fatal error
inline constexpr uint32_t kIsTfes = 1U << 30; // task file error
inline constexpr uint32_t kIsMask = 0xfdc0'00ff;
inline constexpr uint32_t kIeMask = 0xfdc0'00ff;

// PxCMD.
inline constexpr uint32_t kCmdSt = 1U << 0;
inline constexpr uint32_t kCmdSud = 1U << 1; // always set: no staggered spin-up
inline constexpr uint32_t kCmdPod = 1U << 2; // always set: no cold presence detection
inline constexpr uint32_t kCmdClo = 1U << 3;
inline constexpr uint32_t kCmdFre = 1U << 4;
inline constexpr unsigned kCmdCcsShift = 8;
inline constexpr uint32_t kCmdFr = 1U << 14;
inline constexpr uint32_t kCmdCr = 1U << 15;
inline constexpr uint32_t kCmdAtapi = 1U << 24;
inline constexpr uint32_t kCmdDlae = 1U << 25;
inline constexpr uint32_t kCmdWritable = kCmdSt | kCmdFre | kCmdAtapi | kCmdDlae;

// PxSSTS, PxSCTL, PxSERR.
inline constexpr uint32_t kSstsActive = 0x123; // device present and active at 3 Gb/s
inline constexpr uint32_t kSstsOffline = 0x004;
inline constexpr uint32_t kSctlDetMask = 0xf;
inline constexpr uint32_t kSctlDetInit = 1;
inline constexpr uint32_t kSctlDetOffline = 4;
inline constexpr uint32_t kSctlWritable = 0xfff;
inline constexpr uint32_t kSerrPhyReady = 1U << 16;  // DIAG.N
inline constexpr uint32_t kSerrExchanged = 1U << 26; // DIAG.X
inline constexpr uint32_t kSerrMask = 0x07ff'0f03;

inline constexpr uint32_t kSigNone = 0xffff'ffff;
inline constexpr uint32_t kTfdNone = 0x7f;

// Command header (section 4.2.2): DW0, PRDBC, table address.
inline constexpr uint32_t kHeaderSize = 32;
inline constexpr uint32_t kHeaderCflMask = 0x1f;
inline constexpr uint32_t kHeaderAtapi = 1U << 5;
inline constexpr unsigned kHeaderPrdtlShift = 16;
inline constexpr uint32_t kTablePacket = 0x40;
inline constexpr uint32_t kTablePrdt = 0x80;
inline constexpr uint32_t kPrdSize = 16;
inline constexpr uint32_t kPrdCountMask = 0x003f'ffff;
inline constexpr uint32_t kPrdInterrupt = 1U << 31;

// Received FIS area (section 4.2.1).
inline constexpr uint32_t kRxPioSetup = 0x20;
inline constexpr uint32_t kRxRegister = 0x40;
inline constexpr uint32_t kRxDeviceBits = 0x58;

inline constexpr uint8_t kFisRegisterH2d = 0x27;
inline constexpr uint8_t kFisRegisterD2h = 0x34;
inline constexpr uint8_t kFisDeviceBits = 0xa1;
inline constexpr uint8_t kFisPioSetup = 0x5f;
inline constexpr uint8_t kFisCommandBit = 0x80;   // byte 1 of a host-to-device register FIS
inline constexpr uint8_t kFisInterruptBit = 0x40; // byte 1 of a device-to-host FIS
inline constexpr uint8_t kControlSrst = 0x04;

} // namespace vmm::pci_devices::ahci
