// SPDX-License-Identifier: GPL-3.0-or-later
// SleepInhibitor: the computer stays awake while something must not be interrupted.
#pragma once

#include <QDBusConnection>
#include <QDBusUnixFileDescriptor>
#include <QObject>
#include <QString>

namespace app::services {

/// Holds a lock of systemd's logind against sleep (org.freedesktop.login1.Manager.Inhibit), where
/// there is one. GUI thread; nothing waits.
class SleepInhibitor : public QObject {
    Q_OBJECT
public:
    /// `bus`: where logind is, which is the system bus.
    explicit SleepInhibitor(QDBusConnection bus, QObject* parent = nullptr);

    /// Takes the lock with `why` for the person, or lets go of it.
    void hold(bool wanted, const QString& why = {});
    bool held() const { return m_lock.isValid(); }

signals:
    void changed();

private:
    void ask(const QString& why);

    QDBusConnection m_bus;
    bool m_wanted = false;
    bool m_asking = false;
    QDBusUnixFileDescriptor m_lock;
};

} // namespace app::services
