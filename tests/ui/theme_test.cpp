// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what is written can be read: contrast of the theme's colours (WCAG 2.1, 1.4.3).
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <QGuiApplication>
#include <QPalette>
#include <QQmlComponent>
#include <QQmlEngine>
#include <QTest>

void qml_register_types_org_vitrine_models();

namespace {

/// Relative luminance (WCAG 2.1, definitions).
double luminance(const QColor& color)
{
    const auto linear = [](double part) {
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) +
           0.0722 * linear(color.blueF());
}

double contrast(const QColor& one, const QColor& other)
{
    const auto [darker, lighter] = std::minmax({luminance(one), luminance(other)});
    return (lighter + 0.05) / (darker + 0.05);
}

constexpr double kReadable = 4.5;

} // namespace

class ThemeTest : public QObject {
    Q_OBJECT

    static void check(QObject& theme, const char* ink, const char* ground)
    {
        const double found =
            contrast(theme.property(ink).value<QColor>(), theme.property(ground).value<QColor>());
        QVERIFY2(found >= kReadable, qPrintable(QStringLiteral("%1 on %2: %3")
                                                    .arg(QLatin1String(ink), QLatin1String(ground))
                                                    .arg(found)));
    }

private slots:
    void initTestCase() { qml_register_types_org_vitrine_models(); }

    void textCanBeRead_data()
    {
        QTest::addColumn<QColor>("window");
        QTest::addColumn<QColor>("text");
        QTest::addColumn<bool>("dark");
        QTest::addColumn<bool>("highContrast");
        QTest::newRow("light") << QColor(0xf0f0f0) << QColor(0x202020) << false << false;
        QTest::newRow("dark") << QColor(0x202428) << QColor(0xeeeeee) << true << false;
        // Light and high contrast is told by the settings portal only: no palette gives it.
        QTest::newRow("dark, high contrast")
            << QColor(Qt::black) << QColor(Qt::white) << true << true;
    }

    void textCanBeRead()
    {
        QFETCH(const QColor, window);
        QFETCH(const QColor, text);
        QPalette palette;
        palette.setColor(QPalette::Window, window);
        palette.setColor(QPalette::WindowText, text);
        QGuiApplication::setPalette(palette);
        QQmlEngine engine;
        engine.addImportPath(QStringLiteral("qrc:/qt-project.org/imports"));
        QQmlComponent component(&engine);
        component.setData("import QtQml\nimport org.vitrine.theme\nQtObject { readonly property "
                          "QtObject theme: Theme }",
                          {});
        const std::unique_ptr<QObject> holder(component.create());
        QVERIFY2(holder != nullptr, qPrintable(component.errorString()));
        QObject& theme = *holder->property("theme").value<QObject*>();
        QTEST(theme.property("dark").toBool(), "dark");
        QTEST(theme.property("highContrast").toBool(), "highContrast");
        for (const char* ground : {"surface", "raised", "hover", "pressed", "field", "selected"})
            for (const char* ink : {"text", "quiet", "accent", "good", "waiting", "bad"})
                check(theme, ink, ground);
        for (const char* ground : {"accent", "bad"})
            check(theme, "accentInk", ground);
    }
};

QTEST_MAIN(ThemeTest)
#include "theme_test.moc"
