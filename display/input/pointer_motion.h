// SPDX-License-Identifier: GPL-3.0-or-later
// PointerMotion: how far a captured mouse moved, while its pointer is kept away from the edges.
#pragma once

#include <QPoint>
#include <QPointF>

namespace display::input {

/// Turns positions of the host's pointer into movements for a relative mouse. The pointer is put
/// back to the centre when it gets far from it; positions that were under way meanwhile, and
/// platforms that do not move the pointer (Wayland), cause no jump. Plain value, GUI thread.
class PointerMotion {
public:
    /// What one position means: a movement in guest counts, and whether to put the pointer back.
    struct Step {
        QPoint counts;
        bool recentre = false;
    };

    /// Starts a capture with the pointer at `position`; it may stray `reach` from `centre`.
    void start(QPointF position, QPointF centre, double reach);
    /// The pointer is at `position` now; `scale` guest counts go to one unit of it.
    Step moved(QPointF position, double scale);

private:
    QPointF m_last;
    QPointF m_centre;
    QPointF m_rest; // fractions of a count not yet sent
    double m_reach = 0;
    bool m_returning = false;
};

/// Wheel angles (eighths of a degree, 120 a detent) as whole detents, keeping the rest.
class WheelDetents {
public:
    /// Whole detents that `angle` completes; away from the user is positive.
    int turned(int angle);

private:
    int m_rest = 0;
};

} // namespace display::input
