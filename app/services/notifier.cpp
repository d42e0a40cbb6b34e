// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/services/notifier.h"

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QVariantMap>

namespace app::services {

namespace {

const QString kService = QStringLiteral("org.freedesktop.Notifications");
const QString kPath = QStringLiteral("/org/freedesktop/Notifications");
constexpr int kServiceDecides = -1; // how long it is shown

} // namespace

Notifier::Notifier(QDBusConnection bus, QObject* parent) : QObject(parent), m_bus(std::move(bus))
{
    if (!m_bus.isConnected())
        return;
    m_bus.connect(kService, kPath, kService, QStringLiteral("ActionInvoked"), this,
                  SLOT(hearAction(uint, QString)));
    m_bus.connect(kService, kPath, kService, QStringLiteral("NotificationClosed"), this,
                  SLOT(hearClosed(uint, uint)));
}

void Notifier::notify(const QString& subject, const QString& title, const QString& body)
{
    if (!m_bus.isConnected())
        return;
    auto call = QDBusMessage::createMethodCall(kService, kPath, kService, QStringLiteral("Notify"));
    const QVariantMap hints = {
        {QStringLiteral("desktop-entry"), QStringLiteral("org.vitrine.Vitrine")}};
    call << QStringLiteral("Vitrine") << m_shown.value(subject, 0u)
         << QStringLiteral("org.vitrine.Vitrine") << title << body.toHtmlEscaped()
         << QStringList{QStringLiteral("default"), tr("Open")} << hints << kServiceDecides;
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher, subject] {
        const QDBusPendingReply<uint> reply = *watcher;
        if (!reply.isError())
            m_shown.insert(subject, reply.value());
        watcher->deleteLater();
    });
}

void Notifier::hearAction(uint id, const QString& action)
{
    const QString subject = m_shown.key(id);
    if (!subject.isEmpty() && action == QLatin1String("default"))
        emit chosen(subject);
}

void Notifier::hearClosed(uint id, uint)
{
    if (const QString subject = m_shown.key(id); !subject.isEmpty())
        m_shown.remove(subject);
}

} // namespace app::services
