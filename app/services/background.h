// SPDX-License-Identifier: GPL-3.0-or-later
// Permission to go on without a window (xdg-desktop-portal, org.freedesktop.portal.Background 2).
#pragma once

#include <QDBusConnection>
#include <QDBusPendingCall>
#include <QString>

namespace app::services {

/// Whether the desktop may end programs that have no window; `mark` is what tells.
bool sandboxed(const QString& mark = QStringLiteral("/.flatpak-info"));
/// Tells the portal that machines go on in the background, with `why` for the person. Where
/// not sandboxed() nothing is asked.
QDBusPendingCall askBackground(QDBusConnection bus, const QString& why,
                               const QString& mark = QStringLiteral("/.flatpak-info"));
/// For the program's end: waits until the portal has it, at most a second.
void requestBackground(const QDBusConnection& bus, const QString& why,
                       const QString& mark = QStringLiteral("/.flatpak-info"));

} // namespace app::services
