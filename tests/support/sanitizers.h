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

/// A sanitizer keeps books at addresses that are free otherwise. gcc tells by macros, clang by a
/// question.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kHasShadowMemory = true;
#elif defined(__has_feature)
constexpr bool kHasShadowMemory =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kHasShadowMemory = false;
#endif

} // namespace tests
