// SPDX-License-Identifier: GPL-3.0-or-later
// What the micro-guest exits and its bench agree on: where it accesses and how it reports.
#pragma once

#include <stdint.h>

namespace micro::exits {

inline constexpr uint16_t kPort = 0x1e0;           ///< 32-bit reads, answered by the host program
inline constexpr uint64_t kRegister = 0xd000'0000; ///< the same in memory
inline constexpr uint64_t kDoorbell = 0xd000'1000; ///< 32-bit writes that signal an eventfd
inline constexpr uint16_t kReport = 0x1f0;         ///< + 4 * kind: TSC cycles of one batch
inline constexpr uint32_t kKinds = 3;              ///< port read, memory read, doorbell write
inline constexpr uint32_t kAccesses = 32;          ///< of one batch: far less than a time slice

} // namespace micro::exits
