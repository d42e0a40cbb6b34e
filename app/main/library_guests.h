// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryGuests: the running machines as the session bus shows them.
#pragma once

#include <functional>

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusServiceWatcher>
#include <QHash>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QVariantList>
#include <QVariantMap>

namespace app::main {

/// Follows org.vitrine.Vitrine.Machine.* and asks them things, never waiting for an answer. What a
/// peer says is taken only from whoever holds the machine's name. GUI thread.
class LibraryGuests : public QObject {
    Q_OBJECT
public:
    explicit LibraryGuests(QDBusConnection bus, QObject* parent = nullptr);
    ~LibraryGuests() override;

    bool connected() const { return m_bus.isConnected(); }
    bool present(const QString& id) const { return m_guests.contains(id); }
    QStringList ids() const { return m_guests.keys(); }
    /// The last word it said of its state; empty until it said one.
    QString word(const QString& id) const { return m_guests.value(id).word; }
    bool installing(const QString& id) const { return m_guests.value(id).installing; }

    /// What became of a call: an answer, or an error whose sentence is errorMessage().
    using Answer = std::function<void(const QDBusMessage& answer)>;
    /// Calls a method of machine `id`; `answer` comes later, unless this object is gone by then.
    void call(const QString& id, const QString& method, const QVariantList& arguments = {},
              Answer answer = {});

signals:
    void appeared(const QString& id);
    /// Its state or what it tells of an installation is another.
    void changed(const QString& id);
    /// The name is gone. `told`: it had said that it stops.
    void vanished(const QString& id, bool told);
    void message(const QString& id, const QString& sentence);
    void installed(const QString& id);

private slots:
    void ownerChanged(const QString& name, const QString& before, const QString& now);
    void hearState(const QString& word, const QDBusMessage& signal);
    void hearMessage(const QString& sentence, const QDBusMessage& signal);
    void hearProperties(const QString& interface, const QVariantMap& values, const QStringList&,
                        const QDBusMessage& signal);

private:
    struct Guest {
        QString owner; ///< unique name
        QString word;
        bool installing = false;
    };
    void findPresent();
    void findOwner(const QString& name);
    void askProperties(const QString& id);
    void take(const QString& id, const QVariantMap& values);
    void setWord(const QString& id, const QString& word);
    /// The machine whose name the sender of `signal` holds, or empty.
    QString idOf(const QDBusMessage& signal) const;

    QDBusConnection m_bus;
    QDBusServiceWatcher m_watcher;
    QHash<QString, Guest> m_guests;
};

} // namespace app::main
