// SPDX-License-Identifier: GPL-3.0-or-later
// Relative movement from absolute positions.
#include "display/input/pointer_motion.h"

#include <cmath>

namespace display::input {

void PointerMotion::start(QPointF position, QPointF centre, double reach)
{
    m_last = position;
    m_centre = centre;
    m_reach = reach;
    m_rest = {};
    m_returning = false;
}

PointerMotion::Step PointerMotion::moved(QPointF position, double scale)
{
    const double distance = (position - m_centre).manhattanLength();
    if (m_returning && distance <= m_reach / 2) {
        // The pointer is back: this step is ours, not the person's.
        m_returning = false;
        m_last = position;
        return {};
    }
    m_rest += (position - m_last) * scale;
    m_last = position;
    const QPoint counts(static_cast<int>(std::trunc(m_rest.x())),
                        static_cast<int>(std::trunc(m_rest.y())));
    m_rest -= counts;
    const bool recentre = !m_returning && distance > m_reach;
    m_returning = m_returning || recentre;
    return {counts, recentre};
}

int WheelDetents::turned(int angle)
{
    constexpr int kAnglePerDetent = 120;
    // Turning back starts anew: half a detent up must not eat half a detent down.
    if ((angle > 0) != (m_rest > 0))
        m_rest = 0;
    m_rest += angle;
    const int detents = m_rest / kAnglePerDetent;
    m_rest %= kAnglePerDetent;
    return detents;
}

} // namespace display::input
