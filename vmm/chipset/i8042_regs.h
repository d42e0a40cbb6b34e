// SPDX-License-Identifier: GPL-3.0-or-later
// Bits and commands of the PS/2 keyboard controller (IBM PS/2 Technical Reference,
// "Keyboard/auxiliary device controller").
#pragma once

#include <cstdint>

namespace vmm::chipset::i8042 {

// Status register
inline constexpr uint8_t kObf = 0x01;
inline constexpr uint8_t kSystemFlag = 0x04;
inline constexpr uint8_t kCommandWritten = 0x08;
inline constexpr uint8_t kNotInhibited = 0x10;
inline constexpr uint8_t kAuxObf = 0x20;
inline constexpr uint8_t kStatusUsed =
    kObf | kSystemFlag | kCommandWritten | kNotInhibited | kAuxObf;

// Command byte
inline constexpr uint8_t kKeyboardInterrupt = 0x01;
inline constexpr uint8_t kMouseInterrupt = 0x02;
inline constexpr uint8_t kSystemFlagBit = 0x04;
inline constexpr uint8_t kKeyboardOff = 0x10;
inline constexpr uint8_t kMouseOff = 0x20;
inline constexpr uint8_t kTranslate = 0x40;

// Output port
inline constexpr uint8_t kNoReset = 0x01;
inline constexpr uint8_t kA20 = 0x02;
inline constexpr uint8_t kKeyboardObf = 0x10; // drives IRQ 1
inline constexpr uint8_t kMouseObf = 0x20;    // drives IRQ 12
inline constexpr uint8_t kOutputPortAtPowerOn = 0xc0 | kNoReset | kA20;

// Commands
inline constexpr uint8_t kReadRam = 0x20;  // to 0x3f
inline constexpr uint8_t kWriteRam = 0x60; // to 0x7f
inline constexpr uint8_t kTestPassword = 0xa4;
inline constexpr uint8_t kMouseDisable = 0xa7;
inline constexpr uint8_t kMouseEnable = 0xa8;
inline constexpr uint8_t kMouseInterfaceTest = 0xa9;
inline constexpr uint8_t kSelfTest = 0xaa;
inline constexpr uint8_t kKeyboardInterfaceTest = 0xab;
inline constexpr uint8_t kKeyboardDisable = 0xad;
inline constexpr uint8_t kKeyboardEnable = 0xae;
inline constexpr uint8_t kReadInputPort = 0xc0;
inline constexpr uint8_t kReadOutputPort = 0xd0;
inline constexpr uint8_t kWriteOutputPort = 0xd1;
inline constexpr uint8_t kWriteKeyboardOutput = 0xd2;
inline constexpr uint8_t kWriteMouseOutput = 0xd3;
inline constexpr uint8_t kWriteMouse = 0xd4;
inline constexpr uint8_t kDisableA20 = 0xdd;
inline constexpr uint8_t kEnableA20 = 0xdf;
inline constexpr uint8_t kReadTestInputs = 0xe0;
inline constexpr uint8_t kPulse = 0xf0; // to 0xff: bits 0-3 low pulse those output port bits

inline constexpr uint8_t kSelfTestPassed = 0x55;
inline constexpr uint8_t kInterfaceTestPassed = 0x00;
inline constexpr uint8_t kNoPassword = 0xf1;
inline constexpr uint8_t kInputPort = 0x80; // keyboard not locked

} // namespace vmm::chipset::i8042
