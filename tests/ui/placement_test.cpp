// SPDX-License-Identifier: GPL-3.0-or-later
// Scaling arithmetic: whole factors, whole device pixels, proportions.
#include <cmath>

#include <QTest>

#include "display/core/placement.h"

using display::core::Filter;
using display::core::place;
using display::core::Placement;
using display::core::ScaleMode;

class PlacementTest : public QObject {
    Q_OBJECT
private slots:
    void exactFitIsOneToOne();
    void wholeFactorWhenItFits();
    void shrinksSmoothly();
    void fillKeepsProportions();
    void fractionalScaleLandsOnThePixelGrid_data();
    void fractionalScaleLandsOnThePixelGrid();
    void nothingToPlace();
};

void PlacementTest::exactFitIsOneToOne()
{
    const Placement p = place({.width = 720, .height = 400, .guestWidth = 720, .guestHeight = 400});
    QCOMPARE(p.factor, 1.0);
    QCOMPARE(p.x, 0.0);
    QCOMPARE(p.y, 0.0);
    QCOMPARE(p.width, 720.0);
    QVERIFY(p.filter == Filter::Nearest);
}

void PlacementTest::wholeFactorWhenItFits()
{
    const Placement p =
        place({.width = 1920, .height = 1080, .guestWidth = 640, .guestHeight = 480});
    QCOMPARE(p.factor, 2.0);
    QCOMPARE(p.x, 320.0);
    QCOMPARE(p.y, 60.0);
    QVERIFY(p.filter == Filter::Nearest);
}

void PlacementTest::shrinksSmoothly()
{
    const Placement p =
        place({.width = 960, .height = 600, .guestWidth = 1920, .guestHeight = 1080});
    QVERIFY(p.factor < 0.51 && p.factor > 0.49);
    QCOMPARE(p.width, 960.0);
    QCOMPARE(p.height, 540.0);
    QVERIFY(p.filter == Filter::Linear);
}

void PlacementTest::fillKeepsProportions()
{
    const Placement p = place({.width = 1000,
                               .height = 1000,
                               .guestWidth = 640,
                               .guestHeight = 480,
                               .mode = ScaleMode::Fill});
    QCOMPARE(p.width, 1000.0);
    QCOMPARE(p.height, 750.0);
    QVERIFY(p.filter == Filter::Linear);
    const Placement whole = place({.width = 1280,
                                   .height = 960,
                                   .guestWidth = 640,
                                   .guestHeight = 480,
                                   .mode = ScaleMode::Fill});
    QCOMPARE(whole.factor, 2.0);
    QVERIFY(whole.filter == Filter::Nearest);
}

void PlacementTest::fractionalScaleLandsOnThePixelGrid_data()
{
    QTest::addColumn<double>("ratio");
    for (const double ratio : {1.0, 1.1, 1.25, 1.333333, 1.5, 1.75, 2.25})
        QTest::newRow(qPrintable(QString::number(ratio))) << ratio;
}

void PlacementTest::fractionalScaleLandsOnThePixelGrid()
{
    QFETCH(double, ratio);
    for (int width = 700; width < 1300; width += 7) {
        const Placement p = place({.originX = 3 * ratio,
                                   .originY = 48 * ratio,
                                   .width = width * ratio,
                                   .height = 900 * ratio,
                                   .guestWidth = 640,
                                   .guestHeight = 400});
        QCOMPARE(p.factor, std::floor(p.factor));
        const double left = p.x + 3 * ratio;
        const double top = p.y + 48 * ratio;
        QVERIFY(std::abs(left - std::round(left)) < 1e-6);
        QVERIFY(std::abs(top - std::round(top)) < 1e-6);
        QCOMPARE(p.width, 640 * p.factor);
    }
}

void PlacementTest::nothingToPlace()
{
    QCOMPARE(place({.width = 100, .height = 100}).factor, 0.0);
    QCOMPARE(place({.width = 0, .height = 0, .guestWidth = 640, .guestHeight = 480}).factor, 0.0);
    QCOMPARE(place({.width = 10, .height = 10, .guestWidth = -1, .guestHeight = 5}).factor, 0.0);
    const Placement tiny = place({.width = 2, .height = 2, .guestWidth = 8192, .guestHeight = 1});
    QVERIFY(tiny.height >= 1);
}

QTEST_GUILESS_MAIN(PlacementTest)
#include "placement_test.moc"
