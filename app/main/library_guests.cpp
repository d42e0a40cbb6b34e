// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_guests.h"

#include <QDBusMetaType>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>

#include "app/session/bus_names.h"

namespace app::main {

namespace {

const QString kPath = QString::fromLatin1(session::kObjectPath);
const QString kMachine = QString::fromLatin1(session::kInterface);
const QString kProperties = QStringLiteral("org.freedesktop.DBus.Properties");
constexpr int kPatience = 15 * 60 * 1000; // milliseconds; saving a large machine takes minutes
constexpr qsizetype kMaxSentence = 600;
constexpr qsizetype kMaxWord = 32;
constexpr qsizetype kMaxGuests = 1024; // names on the bus that are followed

QString busName(const QString& id)
{
    return QString::fromStdString(session::busNameFor(id.toStdString()));
}

QString machineOf(const QString& name)
{
    const auto id = session::machineNameOf(name.toStdString());
    return id ? QString::fromStdString(*id) : QString();
}

} // namespace

LibraryGuests::LibraryGuests(QDBusConnection bus, QObject* parent)
    : QObject(parent), m_bus(std::move(bus))
{
    if (!m_bus.isConnected())
        return;
    const QString nobody; // any sender: which one, the messages say
    m_bus.connect(nobody, kPath, kMachine, QStringLiteral("StateChanged"), this,
                  SLOT(hearState(QString, QDBusMessage)));
    m_bus.connect(nobody, kPath, kMachine, QStringLiteral("Message"), this,
                  SLOT(hearMessage(QString, QDBusMessage)));
    m_bus.connect(nobody, kPath, kProperties, QStringLiteral("PropertiesChanged"), this,
                  SLOT(hearProperties(QString, QVariantMap, QStringList, QDBusMessage)));
    connect(&m_watcher, &QDBusServiceWatcher::serviceOwnerChanged, this,
            &LibraryGuests::ownerChanged);
    m_watcher.setConnection(m_bus);
    m_watcher.setWatchMode(QDBusServiceWatcher::WatchForOwnerChange);
    m_watcher.addWatchedService(QStringLiteral("org.vitrine.Vitrine.Machine*"));
    findPresent();
}

LibraryGuests::~LibraryGuests() = default;

/// Those that run already, perhaps since before this process.
void LibraryGuests::findPresent()
{
    const auto call = QDBusMessage::createMethodCall(
        QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"),
        QStringLiteral("org.freedesktop.DBus"), QStringLiteral("ListNames"));
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<QStringList> reply = *watcher;
        if (!reply.isError())
            for (const QString& name : reply.value())
                if (!machineOf(name).isEmpty())
                    findOwner(name);
        watcher->deleteLater();
    });
}

void LibraryGuests::findOwner(const QString& name)
{
    auto call = QDBusMessage::createMethodCall(
        QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"),
        QStringLiteral("org.freedesktop.DBus"), QStringLiteral("GetNameOwner"));
    call << name;
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher, name] {
        const QDBusPendingReply<QString> reply = *watcher;
        if (!reply.isError())
            ownerChanged(name, {}, reply.value());
        watcher->deleteLater();
    });
}

void LibraryGuests::ownerChanged(const QString& name, const QString&, const QString& now)
{
    const QString id = machineOf(name);
    if (id.isEmpty() || (present(id) && m_guests[id].owner == now))
        return;
    if (present(id)) {
        const bool told = m_guests.take(id).word == QLatin1String("stopped");
        emit vanished(id, told);
    }
    if (now.isEmpty() || m_guests.size() >= kMaxGuests)
        return;
    m_guests.insert(id, Guest{now, {}, false});
    emit appeared(id);
    askProperties(id);
}

void LibraryGuests::askProperties(const QString& id)
{
    auto call =
        QDBusMessage::createMethodCall(busName(id), kPath, kProperties, QStringLiteral("GetAll"));
    call << kMachine;
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher, id] {
        const QDBusPendingReply<QVariantMap> reply = *watcher;
        if (!reply.isError() && present(id))
            take(id, reply.value());
        watcher->deleteLater();
    });
}

void LibraryGuests::take(const QString& id, const QVariantMap& values)
{
    if (const auto found = values.constFind(QStringLiteral("Installing"));
        found != values.constEnd()) {
        const bool before = std::exchange(m_guests[id].installing, found->toBool());
        if (before != m_guests[id].installing)
            emit changed(id);
        if (before && !m_guests[id].installing)
            emit installed(id);
    }
    if (const auto found = values.constFind(QStringLiteral("State")); found != values.constEnd())
        setWord(id, found->toString());
}

void LibraryGuests::setWord(const QString& id, const QString& word)
{
    QString& known = m_guests[id].word;
    if (known == word || known == QLatin1String("stopped"))
        return; // after the end comes nothing: an answer can be older than the signal
    known = word.left(kMaxWord);
    emit changed(id);
}

QString LibraryGuests::idOf(const QDBusMessage& signal) const
{
    for (auto guest = m_guests.begin(); guest != m_guests.end(); ++guest)
        if (guest->owner == signal.service())
            return guest.key();
    return {};
}

void LibraryGuests::hearState(const QString& word, const QDBusMessage& signal)
{
    if (const QString id = idOf(signal); !id.isEmpty())
        setWord(id, word);
}

void LibraryGuests::hearMessage(const QString& sentence, const QDBusMessage& signal)
{
    if (const QString id = idOf(signal); !id.isEmpty())
        emit message(id, sentence.left(kMaxSentence));
}

void LibraryGuests::hearProperties(const QString& interface, const QVariantMap& values,
                                   const QStringList&, const QDBusMessage& signal)
{
    const QString id = idOf(signal);
    if (interface == kMachine && !id.isEmpty())
        take(id, values);
}

void LibraryGuests::call(const QString& id, const QString& method, const QVariantList& arguments,
                         Answer answer)
{
    auto message = QDBusMessage::createMethodCall(busName(id), kPath, kMachine, method);
    message.setArguments(arguments);
    message.setAutoStartService(false);
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(message, kPatience), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [watcher, answer = std::move(answer)] {
                watcher->deleteLater();
                if (answer)
                    answer(watcher->reply());
            });
}

} // namespace app::main
