// SPDX-License-Identifier: GPL-3.0-or-later
// Which loops run, how often, and what they report: the same for the guest and the native program.
// Freestanding.
#pragma once

#include "tests/bench/instructions/straight_code.h"

namespace bench {

/// What a loop works on; page aligned, zero at first, `code` executable.
struct Buffers {
    /// 1 MiB, and what loads and stores at its end touch behind it.
    static constexpr size_t kDataSize = (size_t{1} << 20) + 4096;
    static constexpr size_t kStraightCount = 200'000;
    static constexpr size_t kPieceSize = kStraightCount * kLongestInstruction / 4096 * 4096 + 4096;
    static constexpr unsigned kMostPieces = 8;
    uint8_t* data = nullptr;
    uint8_t* code = nullptr; ///< kMostPieces pieces of kPieceSize bytes
};

/// What was run between beginLoop() and endLoop().
struct Outcome {
    uint64_t instructions = 0;
    uint64_t operations =
        0; ///< what the loop is about: iterations, system calls, blocks of 4 KiB...
    uint64_t checksum = 0;
};

/// The words of a command line: "repeat=N" (1 to 1000000, otherwise 1; about half a million
/// instructions each) and names of loops, none meaning all. Other words mean nothing.
class Wish {
public:
    explicit Wish(const char* text) : m_text(text) {}
    uint64_t repeat() const;
    bool has(const char* name) const;

private:
    const char* m_text;
};

/// Supplied by the program: a loop is about to run, and has run; the time between the two is the
/// loop's. Then what it did.
void beginLoop(const char* name);
void endLoop();
void report(const Outcome& outcome);

/// Runs the loops that need no privilege: integer, memory, crossing, branchy, sse, string,
/// first-seen and seen-again (the same code at once again).
void runUserLoops(const Wish& wish, const Buffers& buffers);

/// The loops that need ring 0, "system-call" and "page-table": iterations, times Wish::repeat().
inline constexpr uint64_t kSystemCalls = 50'000;
inline constexpr uint64_t kSwitches = 1'000;
inline constexpr unsigned kWindowPages = 16;
/// What the page table loop reads in a page of address space 0 or 1.
inline uint64_t windowNumber(unsigned space, unsigned page)
{
    return uint64_t{0x9e3779b97f4a7c15} * (space * kWindowPages + page + 1);
}

} // namespace bench
