// SPDX-License-Identifier: GPL-3.0-or-later
// AppearanceModel: how the person wants programs to look and move.
#pragma once

#include <optional>

#include <QColor>
#include <QDBusVariant>
#include <QObject>
#include <QtQml/qqmlregistration.h>

namespace ui::models {

/// What the desktop told us. Wishes of the settings portal (org.freedesktop.portal.Settings) are
/// empty where it does not answer; the palette is always there.
struct AppearanceFacts {
    QColor window;
    QColor text;
    int fontPixelSize = 0;
    std::optional<uint> colorScheme = std::nullopt; ///< org.freedesktop.appearance: 1 dark, 2 light
    std::optional<uint> contrast = std::nullopt;    ///< org.freedesktop.appearance: 1 more
    std::optional<bool> animations =
        std::nullopt; ///< org.gnome.desktop.interface enable-animations
    bool operator==(const AppearanceFacts&) const = default;
};

/// What the desktop's settings, where it tells them, ask for.
bool wantsDark(const AppearanceFacts& facts);
bool wantsHighContrast(const AppearanceFacts& facts);
bool wantsReducedMotion(const AppearanceFacts& facts);

/// The person's wishes, live: follows the application's palette and the settings portal. Without a
/// session bus the palette alone decides. GUI thread; asks the bus without waiting.
class AppearanceModel : public QObject {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(bool dark READ dark NOTIFY changed)
    Q_PROPERTY(bool highContrast READ highContrast NOTIFY changed)
    Q_PROPERTY(bool reducedMotion READ reducedMotion NOTIFY changed)
    /// Height of the person's own font in logical pixels.
    Q_PROPERTY(int fontPixelSize READ fontPixelSize NOTIFY changed)
public:
    explicit AppearanceModel(QObject* parent = nullptr);

    bool dark() const { return wantsDark(m_facts); }
    bool highContrast() const { return wantsHighContrast(m_facts); }
    bool reducedMotion() const { return wantsReducedMotion(m_facts); }
    int fontPixelSize() const { return m_facts.fontPixelSize; }

signals:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private slots:
    void settingChanged(const QString& area, const QString& key, const QDBusVariant& value);

private:
    void ask(const QString& area, const QString& key);
    void takePalette();
    void update(const AppearanceFacts& facts);

    AppearanceFacts m_facts;
};

} // namespace ui::models
