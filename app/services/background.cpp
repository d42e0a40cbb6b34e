// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/services/background.h"

#include <QDBusMessage>
#include <QDBusPendingCall>
#include <QFileInfo>
#include <QVariantMap>

namespace app::services {

void requestBackground(QDBusConnection bus, const QString& why)
{
    if (!bus.isConnected() || !QFileInfo::exists(QStringLiteral("/.flatpak-info")))
        return;
    auto call = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.portal.Desktop"),
                                               QStringLiteral("/org/freedesktop/portal/desktop"),
                                               QStringLiteral("org.freedesktop.portal.Background"),
                                               QStringLiteral("RequestBackground"));
    call << QString()
         << QVariantMap{{QStringLiteral("reason"), why}, {QStringLiteral("autostart"), false}};
    bus.asyncCall(call);
}

} // namespace app::services
