// SPDX-License-Identifier: GPL-3.0-or-later
// The host's own clocks, for what serves the host: backends and the event loop. Devices are handed
// a Clock instead, see clock.h.
#pragma once

#include <cstdint>
#include <ctime>

namespace vmm {

/// Nanoseconds on one of the host's clocks, CLOCK_MONOTONIC unless told otherwise. Any thread.
inline uint64_t hostNs(clockid_t clock = CLOCK_MONOTONIC)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

} // namespace vmm
