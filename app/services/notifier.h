// SPDX-License-Identifier: GPL-3.0-or-later
// Notifier: sentences for a person who looks elsewhere (Desktop Notifications 1.2).
#pragma once

#include <QDBusConnection>
#include <QHash>
#include <QObject>
#include <QString>

namespace app::services {

/// Shows notifications where there is a service for them. GUI thread; nothing waits.
class Notifier : public QObject {
    Q_OBJECT
public:
    explicit Notifier(QDBusConnection bus, QObject* parent = nullptr);

    /// One notification about `subject`; a later one about the same takes its place. `title` and
    /// `body` are plain text.
    void notify(const QString& subject, const QString& title, const QString& body);

signals:
    /// The person chose the notification about `subject`.
    void chosen(const QString& subject);

private slots:
    void hearAction(uint id, const QString& action);
    void hearClosed(uint id, uint reason);

private:
    QDBusConnection m_bus;
    QHash<QString, uint> m_shown; ///< subject and the service's number for it
};

} // namespace app::services
