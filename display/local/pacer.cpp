// SPDX-License-Identifier: GPL-3.0-or-later
// Back-off of the refresh thread.
#include "display/local/pacer.h"

#include <algorithm>

namespace display::local {

Pacer::Interval Pacer::next(bool changed)
{
    // A blinking cursor must not bring the full pace, a film must: each look that finds a change
    // halves the interval, each look in vain makes it a quarter longer.
    constexpr double kGrowth = 1.25;
    if (changed) {
        m_unchanged = Interval{0};
        m_interval = std::max(m_interval / 2, static_cast<double>(kFast.count()));
        return Interval{static_cast<Interval::rep>(m_interval)};
    }
    const Interval wait{static_cast<Interval::rep>(m_interval)};
    m_unchanged = std::min(m_unchanged + wait, kQuietTime);
    m_interval = std::min(m_interval * kGrowth, static_cast<double>(kQuiet.count()));
    return m_unchanged >= kQuietTime ? kIdle : wait;
}

} // namespace display::local
