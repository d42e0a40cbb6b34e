// SPDX-License-Identifier: GPL-3.0-or-later
// Machine code made up on the spot, to measure what an instruction costs that was never seen
// before. Freestanding.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace bench {

/// Bytes the longest instruction of writeStraightCode takes.
inline constexpr size_t kLongestInstruction = 7;
/// What the code reads and writes, from its argument on.
inline constexpr size_t kStraightDataSize = 4096;

/// Writes a function uint64_t code(void* data) of exactly `count` instructions (at least 32), its
/// `ret` included, that run once each and in order: moves, arithmetic, shifts, loads and stores in
/// registers and `data`, and every seventh a conditional jump to the next instruction. The result
/// is a checksum. `to` has room for count * kLongestInstruction bytes. Returns how many were
/// written.
size_t writeStraightCode(uint8_t* to, size_t count, uint64_t seed);

} // namespace bench
