// SPDX-License-Identifier: GPL-3.0-or-later
// Back-off of the refresh thread.
#include "display/local/pacer.h"

#include <algorithm>

namespace display::local {

Pacer::Interval Pacer::next(bool changed)
{
    // A blinking cursor must not keep the pace up, a film must: so one change counts little longer
    // than itself, and the interval grows by a quarter with each look in vain.
    constexpr double kGrowth = 1.25;
    if (changed) {
        hurry();
        return kFast;
    }
    const Interval wait{static_cast<Interval::rep>(m_interval)};
    m_unchanged = std::min(m_unchanged + wait, kQuietTime);
    m_interval = std::min(m_interval * kGrowth, static_cast<double>(kQuiet.count()));
    return m_unchanged >= kQuietTime ? kIdle : wait;
}

} // namespace display::local
