// SPDX-License-Identifier: GPL-3.0-or-later
// Pacer: how long to wait before looking at a screen again.
#pragma once

#include <chrono>

namespace display::local {

/// 60 looks a second while the screen changes, fewer and fewer while it does not. Plain value.
class Pacer {
public:
    using Interval = std::chrono::milliseconds;
    static constexpr Interval kFast{16};
    static constexpr Interval kQuiet{100}; ///< after half a second without a change
    static constexpr Interval kIdle{250};  ///< after five
    static constexpr Interval kQuietTime{5000};

    /// The wait after a look that found a change, or none.
    Interval next(bool changed);
    /// Something is about to happen: full pace again.
    void hurry() { *this = Pacer(); }

private:
    double m_interval = static_cast<double>(kFast.count()); // grows in fractions of a millisecond
    Interval m_unchanged{0};
};

} // namespace display::local
