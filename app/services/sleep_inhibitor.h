// SPDX-License-Identifier: GPL-3.0-or-later
// SleepInhibitor: the computer stays awake while something must not be interrupted.
#pragma once

#include <functional>

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
    /// `bus`: connects to where logind is, the system's bus; asked when it is first needed.
    explicit SleepInhibitor(std::function<QDBusConnection()> bus, QObject* parent = nullptr);

    /// Takes the lock with `why` for the person, or lets go of it.
    void hold(bool wanted, const QString& why = {});
    bool held() const { return m_lock.isValid(); }

signals:
    void changed();

private:
    void ask(const QString& why);

    const std::function<QDBusConnection()> m_bus;
    bool m_wanted = false;
    bool m_asking = false;
    QDBusUnixFileDescriptor m_lock;
};

} // namespace app::services
