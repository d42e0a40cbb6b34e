// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the loops the command line asks for (plan.h) and tells the serial port: "run NAME", "done"
// and a line with instructions, operations and checksum for each. Ends with exit status 33
// (16 * 2 + 1).
#include "tests/bench/instructions/privileged.h"
#include "tests/guest/micro/micro.h"

namespace bench {

namespace {

struct alignas(4096) Memory {
    uint8_t data[Buffers::kDataSize];
    alignas(4096) uint8_t code[Buffers::kMostPieces * Buffers::kPieceSize];
};
Memory memory;

constexpr uint64_t kCommandLine = 24; ///< in hvm_start_info (public/arch-x86/hvm/start_info.h)

} // namespace

void beginLoop(const char* name)
{
    micro::print("run ");
    micro::print(name);
    micro::print("\n");
}

void endLoop()
{
    micro::print("done\n");
}

void report(const Outcome& outcome)
{
    micro::printNumber(outcome.instructions);
    micro::print(" ");
    micro::printNumber(outcome.operations);
    micro::print(" ");
    micro::printNumber(outcome.checksum);
    micro::print("\n");
}

} // namespace bench

void guestMain(uint64_t startInfo)
{
    // Firmware that ran before may have left the timer's interrupt on, for which there is no
    // handler.
    micro::out8(0x21, 0xff);
    micro::out8(0xa1, 0xff);
    const auto text = *reinterpret_cast<const uint64_t*>(startInfo + bench::kCommandLine);
    const bench::Wish wish(text == 0 ? "" : reinterpret_cast<const char*>(text));
    bench::runUserLoops(wish, {bench::memory.data, bench::memory.code});
    bench::runPrivilegedLoops(wish);
    micro::finish(16);
}
