// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the local APIC (SDM volume 3 table 11-1 and figures of chapter 11).
#pragma once

#include <cstdint>

namespace vmm::irqchip::apic {

// Offsets in the page; an x2APIC register is MSR 0x800 + offset / 16.
inline constexpr uint32_t kId = 0x20, kVersion = 0x30, kTaskPriority = 0x80,
                          kArbitrationPriority = 0x90, kProcessorPriority = 0xa0, kEoi = 0xb0,
                          kRemoteRead = 0xc0, kLogicalDestination = 0xd0, kDestinationFormat = 0xe0,
                          kSpurious = 0xf0, kIsr = 0x100, kTmr = 0x180, kIrr = 0x200,
                          kErrorStatus = 0x280, kIcrLow = 0x300, kIcrHigh = 0x310,
                          kLvtTimer = 0x320, kLvtThermal = 0x330, kLvtPerformance = 0x340,
                          kLvtLint0 = 0x350, kLvtLint1 = 0x360, kLvtError = 0x370,
                          kInitialCount = 0x380, kCurrentCount = 0x390, kDivide = 0x3e0,
                          kSelfIpi = 0x3f0;

inline constexpr uint32_t kFirstMsr = 0x800, kLastMsr = 0x83f, kTscMsr = 0x10,
                          kTscDeadlineMsr = 0x6e0;

// IA32_APIC_BASE
inline constexpr uint64_t kDefaultBase = 0xfee0'0000, kBootProcessor = 1 << 8, kExtended = 1 << 10,
                          kEnabled = 1 << 11;

/// Integrated APIC with six LVT entries (0-5), no suppression of EOI broadcasts.
inline constexpr uint32_t kVersionValue = 0x14 | 5 << 16;

inline constexpr uint32_t kSoftwareEnable = 1 << 8; // spurious vector register
inline constexpr uint32_t kLvtMasked = 1 << 16;

// Error status: bits of section 11.5.3.
inline constexpr uint32_t kSendIllegalVector = 1 << 5, kReceiveIllegalVector = 1 << 6,
                          kIllegalRegister = 1 << 7;

// Interrupt command
inline constexpr uint64_t kIcrLogical = 1 << 11, kIcrPending = 1 << 12, kIcrAssert = 1 << 14,
                          kIcrLevel = 1 << 15;
/// Reserved bits that raise #GP in x2APIC mode (section 11.12.9).
inline constexpr uint64_t kIcrReserved = 0xfff3'2000;
inline constexpr uint32_t kIcrWritable = 0x000c'cfff;

} // namespace vmm::irqchip::apic
