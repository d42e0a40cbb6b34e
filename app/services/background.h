// SPDX-License-Identifier: GPL-3.0-or-later
// Permission to go on without a window (xdg-desktop-portal, org.freedesktop.portal.Background 2).
#pragma once

#include <QDBusConnection>
#include <QString>

namespace app::services {

/// Tells the portal that machines go on in the background, with `why` for the person. Only inside a
/// sandbox, which `mark` tells, does anybody stop such programs, so elsewhere nothing is asked. For
/// the program's end: waits until the portal has it, at most a second.
void requestBackground(QDBusConnection bus, const QString& why,
                       const QString& mark = QStringLiteral("/.flatpak-info"));

} // namespace app::services
