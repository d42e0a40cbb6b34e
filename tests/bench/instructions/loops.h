// SPDX-License-Identifier: GPL-3.0-or-later
// The loops of loops.S: each runs `iterations` (not 0) times length<Loop> instructions, and a few
// more before and after; its result is a checksum.
#pragma once

#include <stdint.h>

namespace bench {

/// What loopSwitch needs: two values for CR3 and the first of the 16 pages they map differently.
struct Switching {
    uint64_t cr3[2];
    uint64_t window;
};

} // namespace bench

extern "C" {
uint64_t loopInteger(uint64_t iterations, uint64_t seed);
uint64_t loopMemory(uint64_t iterations, void* data);
uint64_t loopCrossing(uint64_t iterations, void* data);
uint64_t loopBranchy(uint64_t iterations, uint64_t seed);
uint64_t loopSse(uint64_t iterations, void* data);
uint64_t loopString(uint64_t iterations, void* data);
/// Ring 3, with systemCallEntry in LSTAR: system calls that make x into 3x + 7.
uint64_t loopSystemCall(uint64_t iterations, uint64_t first);
/// Ring 0.
uint64_t loopSwitch(uint64_t iterations, const bench::Switching* switching);
extern const uint64_t lengthInteger, lengthMemory, lengthCrossing, lengthBranchy, lengthSse;
extern const uint64_t lengthString, lengthSystemCall, lengthSwitch;
extern const char systemCallEntry[];
extern const char loopsBegin[], loopsEnd[]; ///< all their code
}
