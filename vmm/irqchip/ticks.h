// SPDX-License-Identifier: GPL-3.0-or-later
// Nanoseconds to ticks of a fixed rate and back, exact and without overflow.
#pragma once

#include <cstdint>
#include <limits>

namespace vmm::irqchip {

inline constexpr uint64_t kSecondNs = 1'000'000'000;

/// Whole ticks in `ns`. `perSecond` below 18 GHz; saturates at the end of 64 bits.
constexpr uint64_t ticksIn(uint64_t ns, uint64_t perSecond)
{
    uint64_t whole = 0;
    if (__builtin_mul_overflow(ns / kSecondNs, perSecond, &whole))
        return std::numeric_limits<uint64_t>::max();
    const uint64_t part = ns % kSecondNs * perSecond / kSecondNs;
    return whole > std::numeric_limits<uint64_t>::max() - part
               ? std::numeric_limits<uint64_t>::max()
               : whole + part;
}

/// The shortest time that holds `ticks` whole ticks; 0 ticks a second never get there.
constexpr uint64_t nsOf(uint64_t ticks, uint64_t perSecond)
{
    constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
    uint64_t whole = 0;
    if (perSecond == 0 || __builtin_mul_overflow(ticks / perSecond, kSecondNs, &whole))
        return kNever;
    const uint64_t part = (ticks % perSecond * kSecondNs + perSecond - 1) / perSecond;
    return whole > kNever - part ? kNever : whole + part;
}

/// a + b, or the end of 64 bits.
constexpr uint64_t saturatingSum(uint64_t a, uint64_t b)
{
    return a > std::numeric_limits<uint64_t>::max() - b ? std::numeric_limits<uint64_t>::max()
                                                        : a + b;
}

} // namespace vmm::irqchip
