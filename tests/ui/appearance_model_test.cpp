// SPDX-License-Identifier: GPL-3.0-or-later
// What the desktop's settings mean for the window.
#include <QGuiApplication>
#include <QPalette>
#include <QSignalSpy>
#include <QTest>

#include "ui/models/appearance_model.h"

using ui::models::AppearanceFacts;
using ui::models::AppearanceModel;
using ui::models::wantsDark;
using ui::models::wantsHighContrast;
using ui::models::wantsReducedMotion;

class AppearanceModelTest : public QObject {
    Q_OBJECT
private slots:
    void paletteDecidesWithoutPortal();
    void portalWins();
    void contrast();
    void followsThePalette();
};

void AppearanceModelTest::paletteDecidesWithoutPortal()
{
    AppearanceFacts facts{.window = Qt::white, .text = Qt::black};
    QVERIFY(!wantsDark(facts));
    std::swap(facts.window, facts.text);
    QVERIFY(wantsDark(facts));
    QVERIFY(!wantsReducedMotion(facts));
}

void AppearanceModelTest::portalWins()
{
    AppearanceFacts facts{.window = Qt::white, .text = Qt::black, .colorScheme = 1U};
    QVERIFY(wantsDark(facts));
    facts.colorScheme = 2U;
    facts.window = Qt::black;
    facts.text = Qt::white;
    QVERIFY(!wantsDark(facts));
    facts.colorScheme = 0U; // no preference
    QVERIFY(wantsDark(facts));
    facts.animations = false;
    QVERIFY(wantsReducedMotion(facts));
}

void AppearanceModelTest::contrast()
{
    AppearanceFacts facts{.window = QColor(0xf8f6f3), .text = QColor(0x202020)};
    QVERIFY(!wantsHighContrast(facts));
    facts.contrast = 1U;
    QVERIFY(wantsHighContrast(facts));
    QVERIFY(wantsHighContrast({.window = Qt::black, .text = Qt::white}));
}

void AppearanceModelTest::followsThePalette()
{
    AppearanceModel model;
    const QSignalSpy changes(&model, &AppearanceModel::changed);
    QPalette palette = QGuiApplication::palette();
    palette.setColor(QPalette::Window, QColor(0x101418));
    palette.setColor(QPalette::WindowText, QColor(0xf0f0f0));
    QGuiApplication::setPalette(palette);
    QTRY_VERIFY(changes.count() > 0);
    QVERIFY(model.fontPixelSize() > 0);
}

QTEST_MAIN(AppearanceModelTest)
#include "appearance_model_test.moc"
