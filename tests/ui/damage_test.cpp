// SPDX-License-Identifier: GPL-3.0-or-later
// Damage covers all that was added, stays short and never leaves the frame.
#include <climits>
#include <random>

#include <QTest>

#include "display/core/damage.h"

using display::core::Damage;
using vmm::console::Rect;

class DamageTest : public QObject {
    Q_OBJECT
private slots:
    void clipsHostileRectangles();
    void neighboursBecomeOne();
    void farApartStayApart();
    void randomDamageIsCoveredAndShort();
};

void DamageTest::clipsHostileRectangles()
{
    Damage damage;
    damage.add({-10, -10, 5, 5}, 100, 100);
    damage.add({200, 0, 5, 5}, 100, 100);
    damage.add({10, 10, -5, 20}, 100, 100);
    damage.add({INT_MAX, INT_MAX, INT_MAX, INT_MAX}, 100, 100);
    damage.add({0, 0, 10, 10}, 0, 0);
    QVERIFY(damage.empty());
    damage.add({INT_MIN, INT_MIN, INT_MAX, INT_MAX}, 100, 100);
    QVERIFY(damage.empty());
    damage.add({-50, 90, INT_MAX, INT_MAX}, 100, 100);
    QCOMPARE(damage.rects().size(), size_t{1});
    QVERIFY((damage.rects()[0] == Rect{0, 90, 100, 10}));
}

void DamageTest::neighboursBecomeOne()
{
    Damage damage;
    for (int column = 0; column < 80; ++column)
        damage.add({column * 9, 16, 9, 16}, 720, 400);
    QCOMPARE(damage.rects().size(), size_t{1});
    QVERIFY((damage.rects()[0] == Rect{0, 16, 720, 16}));
}

void DamageTest::farApartStayApart()
{
    Damage damage;
    damage.add({0, 0, 16, 16}, 1920, 1080);
    damage.add({1900, 1060, 16, 16}, 1920, 1080);
    QCOMPARE(damage.rects().size(), size_t{2});
}

void DamageTest::randomDamageIsCoveredAndShort()
{
    std::mt19937 random(1); // NOLINT: the same rectangles each time
    constexpr int kSide = 2000;
    std::uniform_int_distribution<int> place(-100, kSide);
    std::uniform_int_distribution<int> length(0, 300);
    for (int round = 0; round < 50; ++round) {
        Damage damage;
        std::vector<Rect> added;
        for (int i = 0; i < 100; ++i) {
            added.push_back({place(random), place(random), length(random), length(random)});
            damage.add(added.back(), kSide, kSide);
        }
        QVERIFY(damage.rects().size() <= Damage::kMaxRects);
        for (const Rect& one : added) {
            const Rect inside = display::core::clipped(one, kSide, kSide);
            if (inside.width == 0 || inside.height == 0)
                continue;
            const bool covered =
                std::any_of(damage.rects().begin(), damage.rects().end(), [&](const Rect& rect) {
                    return display::core::united(rect, inside) == rect;
                });
            QVERIFY(covered);
        }
        for (const Rect& rect : damage.rects())
            QVERIFY(display::core::clipped(rect, kSide, kSide) == rect);
    }
}

QTEST_GUILESS_MAIN(DamageTest)
#include "damage_test.moc"
