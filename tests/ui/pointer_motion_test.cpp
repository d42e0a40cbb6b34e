// SPDX-License-Identifier: GPL-3.0-or-later
// Relative movement: sums are right through re-centring, without it, and at any scale.
#include <QTest>

#include "display/input/pointer_motion.h"

using display::input::PointerMotion;
using display::input::WheelDetents;

class PointerMotionTest : public QObject {
    Q_OBJECT
private slots:
    void sumsFractions();
    void recentresWithoutJumps();
    void worksWhereThePointerCannotBeMoved();
    void wheelKeepsTheRest();
};

void PointerMotionTest::sumsFractions()
{
    PointerMotion motion;
    motion.start({100, 100}, {100, 100}, 1000);
    QPoint sum;
    for (int i = 1; i <= 30; ++i)
        sum += motion.moved({100 + i * 1.0, 100 - i * 1.0}, 1.0 / 3).counts;
    QCOMPARE(sum, QPoint(10, -10));
}

void PointerMotionTest::recentresWithoutJumps()
{
    PointerMotion motion;
    const QPointF centre(500, 500);
    motion.start(centre, centre, 100);
    QPointF pointer = centre;
    QPoint sum;
    int late = 0; // positions on their way when the pointer was put back
    for (int i = 0; i < 400; ++i) {
        pointer += QPointF(7, 3);
        const PointerMotion::Step step = motion.moved(pointer, 1);
        sum += step.counts;
        if (step.recentre)
            late = 3;
        else if (late > 0 && --late == 0) {
            pointer = centre;
            sum += motion.moved(pointer, 1).counts;
        }
    }
    QCOMPARE(sum, QPoint(2800, 1200));
}

void PointerMotionTest::worksWhereThePointerCannotBeMoved()
{
    PointerMotion motion;
    motion.start({500, 500}, {500, 500}, 50);
    QPoint sum;
    for (int i = 1; i <= 200; ++i)
        sum += motion.moved({500.0 + i, 500}, 1).counts;
    QCOMPARE(sum, QPoint(200, 0));
}

void PointerMotionTest::wheelKeepsTheRest()
{
    WheelDetents wheel;
    QCOMPARE(wheel.turned(120), 1);
    QCOMPARE(wheel.turned(-240), -2);
    QCOMPARE(wheel.turned(40), 0);
    QCOMPARE(wheel.turned(40), 0);
    QCOMPARE(wheel.turned(40), 1);
    QCOMPARE(wheel.turned(60), 0);
    QCOMPARE(wheel.turned(-60), 0);
    QCOMPARE(wheel.turned(-60), -1);
}

QTEST_GUILESS_MAIN(PointerMotionTest)
#include "pointer_motion_test.moc"
