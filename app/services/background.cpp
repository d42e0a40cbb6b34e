// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/services/background.h"

#include <QDBusError>
#include <QDBusMessage>
#include <QFileInfo>
#include <QVariantMap>

namespace app::services {

bool sandboxed(const QString& mark)
{
    return QFileInfo::exists(mark);
}

QDBusPendingCall askBackground(QDBusConnection bus, const QString& why, const QString& mark)
{
    constexpr int kPatience = 1000; // milliseconds
    if (!bus.isConnected() || !sandboxed(mark))
        return QDBusPendingCall::fromError(QDBusError(QDBusError::NotSupported, QString()));
    auto call = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.portal.Desktop"),
                                               QStringLiteral("/org/freedesktop/portal/desktop"),
                                               QStringLiteral("org.freedesktop.portal.Background"),
                                               QStringLiteral("RequestBackground"));
    call << QString()
         << QVariantMap{{QStringLiteral("reason"), why}, {QStringLiteral("autostart"), false}};
    return bus.asyncCall(call, kPatience);
}

void requestBackground(const QDBusConnection& bus, const QString& why, const QString& mark)
{
    askBackground(bus, why, mark).waitForFinished(); // a call nobody waits for may die with us
}

} // namespace app::services
