// SPDX-License-Identifier: GPL-3.0-or-later
// Counts on COM1, one number a line, about every 5 ms of TSC time; ends when somebody types 'q'.
// For pause, save and restore: numbers must go on without a gap or a repeat. A 64 KiB pattern in
// RAM is checked all the while.
#include "tests/guest/micro/micro.h"

namespace {

constexpr uint64_t kPattern = 0x2000000; // 32 MiB
constexpr uint64_t kWords = 8192;
constexpr uint16_t kLineStatus = 0x3fd;

void fillPattern()
{
    auto* words = reinterpret_cast<volatile uint64_t*>(kPattern);
    for (uint64_t i = 0; i < kWords; ++i)
        words[i] = i * 0x9e3779b97f4a7c15;
}

bool patternHolds()
{
    const auto* words = reinterpret_cast<volatile uint64_t*>(kPattern);
    for (uint64_t i = 0; i < kWords; ++i)
        if (words[i] != i * 0x9e3779b97f4a7c15)
            return false;
    return true;
}

} // namespace

void guestMain(uint64_t)
{
    fillPattern();
    for (uint64_t count = 0;; ++count) {
        if (!patternHolds())
            micro::finish(1);
        micro::printFact("count", count);
        const uint64_t start = micro::tsc();
        while (micro::tsc() - start < 10'000'000)
            asm volatile("pause");
        if ((micro::in8(kLineStatus) & 1) != 0 && micro::in8(0x3f8) == 'q')
            micro::finish(0);
    }
}
