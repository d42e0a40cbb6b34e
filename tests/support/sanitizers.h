// SPDX-License-Identifier: GPL-3.0-or-later
// What a test may not do under a sanitizer.
#pragma once

namespace tests {

/// Qt starts programs by a clone(2) after which ThreadSanitizer (gcc 12) no longer sees what the
/// thread that did it does with its locks, and calls everything it shares a race.
#ifdef __SANITIZE_THREAD__
constexpr bool kMayStartPrograms = false;
#else
constexpr bool kMayStartPrograms = true;
#endif

} // namespace tests
