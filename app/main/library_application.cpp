// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_application.h"

#include <QDBusAbstractAdaptor>
#include <QDBusConnectionInterface>
#include <QDBusMessage>
#include <QDir>
#include <QFileInfo>
#include <QVariantMap>

namespace app::main {

namespace {

const QString kName = QStringLiteral("org.vitrine.Vitrine");
const QString kPath = QStringLiteral("/org/vitrine/Vitrine");
const QString kInterface = QStringLiteral("org.freedesktop.Application");
constexpr int kAnswerMilliseconds = 5000;
constexpr qsizetype kMaxUrls = 256; // of one call; a person drops fewer

/// What the desktop gave this process so that the window may take the focus.
QVariantMap platformData()
{
    QVariantMap data;
    for (const auto& [variable, key] : {std::pair("XDG_ACTIVATION_TOKEN", "activation-token"),
                                        std::pair("DESKTOP_STARTUP_ID", "desktop-startup-id")})
        if (const QString value = qEnvironmentVariable(variable); !value.isEmpty())
            data.insert(QLatin1String(key), value);
    return data;
}

QString tokenOf(const QVariantMap& platform)
{
    const QString token = platform.value(QStringLiteral("activation-token")).toString();
    return token.isEmpty() ? platform.value(QStringLiteral("desktop-startup-id")).toString()
                           : token;
}

} // namespace

/// The interface as the bus sees it.
class ApplicationAdaptor final : public QDBusAbstractAdaptor {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Application")
public:
    explicit ApplicationAdaptor(LibraryApplication* application)
        : QDBusAbstractAdaptor(application), m_application(*application)
    {}

public slots:
    void Activate(const QVariantMap& platform) { emit m_application.activated(tokenOf(platform)); }
    void Open(const QStringList& uris, const QVariantMap& platform)
    {
        QList<QUrl> urls;
        for (const QString& uri : uris.mid(0, kMaxUrls))
            urls << QUrl(uri);
        emit m_application.opened(urls, tokenOf(platform));
    }
    void ActivateAction(const QString& name, const QVariantList&, const QVariantMap& platform)
    {
        emit m_application.actionActivated(name, tokenOf(platform));
    }

private:
    LibraryApplication& m_application;
};

QList<QUrl> urlsOf(const QStringList& arguments)
{
    QList<QUrl> urls;
    for (const QString& argument : arguments)
        urls << (argument.startsWith(QLatin1Char('/')) ? QUrl::fromLocalFile(argument)
                                                       : QUrl(argument));
    return urls;
}

LibraryApplication::LibraryApplication(QDBusConnection bus, QObject* parent)
    : QObject(parent), m_bus(std::move(bus))
{
    new ApplicationAdaptor(this); // ours by QObject's rules
}

LibraryApplication::~LibraryApplication()
{
    if (!m_bus.isConnected())
        return;
    m_bus.unregisterService(kName);
    m_bus.unregisterObject(kPath);
}

bool LibraryApplication::busExists()
{
    if (qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS"))
        return true;
    const QString runtime = qEnvironmentVariable("XDG_RUNTIME_DIR");
    return !runtime.isEmpty() && QFileInfo::exists(QDir(runtime).filePath(QStringLiteral("bus")));
}

LibraryApplication::Claim LibraryApplication::claim(const QList<QUrl>& urls, const QString& action)
{
    if (!m_bus.isConnected() || !m_bus.interface())
        return Claim::Alone;
    m_bus.registerObject(kPath, this); // before the name: calls may wait for it already
    const auto outcome = m_bus.interface()->registerService(kName);
    if (!outcome.isValid())
        return Claim::Alone;
    if (outcome.value() == QDBusConnectionInterface::ServiceRegistered)
        return Claim::First;
    m_bus.unregisterObject(kPath);
    return handOn(urls, action);
}

LibraryApplication::Claim LibraryApplication::handOn(const QList<QUrl>& urls, const QString& action)
{
    const QString method = !urls.isEmpty()    ? QStringLiteral("Open")
                           : action.isEmpty() ? QStringLiteral("Activate")
                                              : QStringLiteral("ActivateAction");
    auto call = QDBusMessage::createMethodCall(kName, kPath, kInterface, method);
    QVariantList arguments;
    if (urls.isEmpty() && !action.isEmpty())
        arguments << action << QVariant(QVariantList());
    if (!urls.isEmpty()) {
        QStringList uris;
        for (const QUrl& url : urls)
            uris << url.toString(QUrl::FullyEncoded);
        arguments << uris;
    }
    arguments << platformData();
    call.setArguments(arguments);
    const auto answer = m_bus.call(call, QDBus::Block, kAnswerMilliseconds);
    return answer.type() == QDBusMessage::ReplyMessage ? Claim::HandedOn : Claim::Deaf;
}

} // namespace app::main

#include "library_application.moc"
