// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/services/background.h"

#include <QDBusMessage>
#include <QFileInfo>
#include <QVariantMap>

namespace app::services {

void requestBackground(QDBusConnection bus, const QString& why, const QString& mark)
{
    constexpr int kPatience = 1000; // milliseconds; a call nobody waits for may die with us
    if (!bus.isConnected() || !QFileInfo::exists(mark))
        return;
    auto call = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.portal.Desktop"),
                                               QStringLiteral("/org/freedesktop/portal/desktop"),
                                               QStringLiteral("org.freedesktop.portal.Background"),
                                               QStringLiteral("RequestBackground"));
    call << QString()
         << QVariantMap{{QStringLiteral("reason"), why}, {QStringLiteral("autostart"), false}};
    bus.call(call, QDBus::Block, kPatience);
}

} // namespace app::services
