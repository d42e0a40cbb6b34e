// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/services/sleep_inhibitor.h"

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>

namespace app::services {

SleepInhibitor::SleepInhibitor(std::function<QDBusConnection()> bus, QObject* parent)
    : QObject(parent), m_bus(std::move(bus))
{}

void SleepInhibitor::hold(bool wanted, const QString& why)
{
    if (m_wanted == wanted)
        return;
    m_wanted = wanted;
    if (wanted && !m_asking)
        return ask(why);
    if (!wanted && m_lock.isValid()) {
        m_lock = {}; // closing the descriptor is letting go
        emit changed();
    }
}

void SleepInhibitor::ask(const QString& why)
{
    const QDBusConnection bus = m_bus ? m_bus() : QDBusConnection(QString());
    if (!bus.isConnected())
        return;
    m_asking = true;
    auto call = QDBusMessage::createMethodCall(
        QStringLiteral("org.freedesktop.login1"), QStringLiteral("/org/freedesktop/login1"),
        QStringLiteral("org.freedesktop.login1.Manager"), QStringLiteral("Inhibit"));
    call << QStringLiteral("sleep") << QStringLiteral("Vitrine") << why << QStringLiteral("block");
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        m_asking = false;
        const QDBusPendingReply<QDBusUnixFileDescriptor> reply = *watcher;
        if (!reply.isError() && m_wanted) {
            m_lock = reply.value();
            emit changed();
        }
        watcher->deleteLater();
    });
}

} // namespace app::services
