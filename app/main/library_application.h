// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryApplication: one library per session, reached by its name on the session bus
// (Desktop Entry Specification 1.5, "D-Bus Activation").
#pragma once

#include <QDBusConnection>
#include <QList>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QUrl>

namespace app::main {

/// What `arguments` (paths and addresses) mean as URLs.
QList<QUrl> urlsOf(const QStringList& arguments);

/// The library's place on the session bus: org.vitrine.Vitrine with org.freedesktop.Application.
/// Whoever starts a second library hands its arguments to the first. GUI thread.
class LibraryApplication : public QObject {
    Q_OBJECT
public:
    /// What became of claim().
    enum class Claim {
        First,    ///< the name is ours
        HandedOn, ///< another library runs and has taken the arguments
        Alone,    ///< no session bus; the library works for itself
        Deaf,     ///< another library runs and does not answer
    };

    /// `bus`: the session's, or a test's.
    explicit LibraryApplication(QDBusConnection bus, QObject* parent = nullptr);
    ~LibraryApplication() override;

    /// Takes the name, or hands `urls` or else `action` to whoever has it (neither: asks it to show
    /// its window). Waits for the bus, a few seconds at most.
    Claim claim(const QList<QUrl>& urls, const QString& action = {});

    /// Whether there is a session bus; asked before one is connected, which could start one.
    static bool busExists();

signals:
    /// Show the window; `token` is the desktop's permission to take the focus, or empty.
    void activated(const QString& token);
    void opened(const QList<QUrl>& urls, const QString& token);
    /// An action of the desktop file, or anything else somebody calls so.
    void actionActivated(const QString& name, const QString& token);

private:
    Claim handOn(const QList<QUrl>& urls, const QString& action);

    QDBusConnection m_bus;
};

} // namespace app::main
