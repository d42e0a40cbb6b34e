// SPDX-License-Identifier: GPL-3.0-or-later
// What the desktop's services are told: a fake notification service, a fake portal and a keyring
// that never answers, on a bus of the test's own and, as real ones are, in a thread of their own.
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusVirtualObject>
#include <QProcess>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QThread>
#include <QVariantMap>
#include <thread>

#include "app/services/background.h"
#include "app/services/keyring.h"
#include "app/services/notifier.h"

using app::services::Keyring;
using app::services::Notifier;
using app::services::requestBackground;

namespace {

/// org.freedesktop.Notifications; remembers what it was asked to show.
class FakeNotifications : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")
public:
    struct Shown {
        uint id, replaces;
        QString title, body;
        QStringList actions;
        QString entry;
    };
    QList<Shown> shown;

public slots:
    uint Notify(const QString&, uint replaces, const QString&, const QString& title,
                const QString& body, const QStringList& actions, const QVariantMap& hints, int)
    {
        const uint id = replaces != 0 ? replaces : ++m_last;
        shown << Shown{id,   replaces, title,
                       body, actions,  hints.value(QStringLiteral("desktop-entry")).toString()};
        return id;
    }

signals:
    void ActionInvoked(uint id, const QString& action);
    void NotificationClosed(uint id, uint reason);

private:
    uint m_last = 40;
};

/// org.freedesktop.portal.Background; remembers why it was asked.
class FakePortal : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Background")
public:
    QStringList reasons;
    bool autostart = false;

public slots:
    QDBusObjectPath RequestBackground(const QString&, const QVariantMap& options)
    {
        reasons << options.value(QStringLiteral("reason")).toString();
        autostart = options.value(QStringLiteral("autostart")).toBool();
        return QDBusObjectPath(QStringLiteral("/org/freedesktop/portal/desktop/request/1/1"));
    }
};

/// A Secret Service behind which the person never comes back.
class SilentSecrets : public QDBusVirtualObject {
public:
    QAtomicInt calls;

    QString introspect(const QString&) const override { return {}; }
    bool handleMessage(const QDBusMessage&, const QDBusConnection&) override
    {
        ++calls;
        return true; // and no answer
    }
};

} // namespace

class ServicesTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void cleanupTestCase();

    void notificationIsShownAndChosen();
    void notificationAboutTheSameReplaces();
    void closedNotificationIsForgotten();
    void markupIsText();
    void backgroundIsAskedForInASandbox();
    void nothingIsAskedElsewhere();
    void withoutABus();
    void silentKeyringIsGivenUp();

private:
    QDBusConnection bus() const { return QDBusConnection(QStringLiteral("ours")); }

    QProcess m_daemon;
    QThread m_desktop;
    FakeNotifications m_notifications;
    FakePortal m_portal;
    SilentSecrets m_secrets;
};

void ServicesTest::initTestCase()
{
    const QString daemon = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
    if (daemon.isEmpty()) {
        qInfo("dbus-daemon is not installed");
        std::exit(77);
    }
    m_daemon.start(daemon, {QStringLiteral("--session"), QStringLiteral("--nofork"),
                            QStringLiteral("--print-address")});
    QVERIFY(m_daemon.waitForStarted());
    QVERIFY(QTest::qWaitFor(
        [this] { return m_daemon.canReadLine() || m_daemon.waitForReadyRead(100); }));
    const QString address = QString::fromUtf8(m_daemon.readLine()).trimmed();
    QVERIFY(QDBusConnection::connectToBus(address, QStringLiteral("ours")).isConnected());
    auto desktop = QDBusConnection::connectToBus(address, QStringLiteral("desktop"));
    constexpr auto kAll = QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllSignals;
    QVERIFY(desktop.registerObject(QStringLiteral("/org/freedesktop/Notifications"),
                                   &m_notifications, kAll));
    QVERIFY(desktop.registerService(QStringLiteral("org.freedesktop.Notifications")));
    m_portal.moveToThread(&m_desktop); // it is waited for
    m_desktop.start();
    QVERIFY(
        desktop.registerObject(QStringLiteral("/org/freedesktop/portal/desktop"), &m_portal, kAll));
    QVERIFY(desktop.registerService(QStringLiteral("org.freedesktop.portal.Desktop")));
    QVERIFY(desktop.registerVirtualObject(QStringLiteral("/org/freedesktop/secrets"), &m_secrets,
                                          QDBusConnection::SubPath));
    QVERIFY(desktop.registerService(QStringLiteral("org.freedesktop.secrets")));
    qputenv("DBUS_SESSION_BUS_ADDRESS", address.toUtf8()); // where libsecret looks
}

void ServicesTest::cleanupTestCase()
{
    QDBusConnection::disconnectFromBus(QStringLiteral("ours"));
    QDBusConnection::disconnectFromBus(QStringLiteral("desktop"));
    m_desktop.quit();
    m_desktop.wait();
    m_daemon.terminate();
    m_daemon.waitForFinished();
}

void ServicesTest::notificationIsShownAndChosen()
{
    m_notifications.shown.clear();
    Notifier notifier(bus());
    QSignalSpy chosen(&notifier, &Notifier::chosen);
    notifier.notify(QStringLiteral("machine"), QStringLiteral("Debian 12"),
                    QStringLiteral("The installation is finished."));
    QTRY_COMPARE(m_notifications.shown.size(), 1);
    const auto& shown = m_notifications.shown[0];
    QCOMPARE(shown.title, QStringLiteral("Debian 12"));
    QCOMPARE(shown.body, QStringLiteral("The installation is finished."));
    QCOMPARE(shown.entry, QStringLiteral("org.vitrine.Vitrine"));
    QCOMPARE(shown.actions.value(0), QStringLiteral("default"));
    emit m_notifications.ActionInvoked(shown.id + 1, QStringLiteral("default")); // not ours
    emit m_notifications.ActionInvoked(shown.id, QStringLiteral("default"));
    QTRY_COMPARE(chosen.size(), 1);
    QCOMPARE(chosen[0][0].toString(), QStringLiteral("machine"));
}

void ServicesTest::notificationAboutTheSameReplaces()
{
    m_notifications.shown.clear();
    Notifier notifier(bus());
    QSignalSpy chosen(&notifier, &Notifier::chosen);
    notifier.notify(QStringLiteral("one"), QStringLiteral("One"), {});
    notifier.notify(QStringLiteral("two"), QStringLiteral("Two"), {});
    QTRY_COMPARE(m_notifications.shown.size(), 2);
    emit m_notifications.ActionInvoked(m_notifications.shown[1].id, QStringLiteral("default"));
    QTRY_COMPARE(chosen.size(), 1); // so that both answers have come
    notifier.notify(QStringLiteral("one"), QStringLiteral("One again"), {});
    QTRY_COMPARE(m_notifications.shown.size(), 3);
    QCOMPARE(m_notifications.shown[2].replaces, m_notifications.shown[0].id);
}

void ServicesTest::closedNotificationIsForgotten()
{
    m_notifications.shown.clear();
    Notifier notifier(bus());
    QSignalSpy chosen(&notifier, &Notifier::chosen);
    notifier.notify(QStringLiteral("one"), QStringLiteral("One"), {});
    notifier.notify(QStringLiteral("two"), QStringLiteral("Two"), {});
    QTRY_COMPARE(m_notifications.shown.size(), 2);
    emit m_notifications.NotificationClosed(m_notifications.shown[0].id, 2);
    emit m_notifications.ActionInvoked(m_notifications.shown[0].id, QStringLiteral("default"));
    emit m_notifications.ActionInvoked(m_notifications.shown[1].id, QStringLiteral("default"));
    QTRY_COMPARE(chosen.size(), 1);
    QCOMPARE(chosen[0][0].toString(), QStringLiteral("two"));
}

void ServicesTest::markupIsText()
{
    m_notifications.shown.clear();
    Notifier notifier(bus());
    notifier.notify(QStringLiteral("machine"), QStringLiteral("<b>"),
                    QStringLiteral("<a href=\"x\">look</a>"));
    QTRY_COMPARE(m_notifications.shown.size(), 1);
    QVERIFY(!m_notifications.shown[0].body.contains(QLatin1Char('<')));
}

void ServicesTest::backgroundIsAskedForInASandbox()
{
    m_portal.reasons.clear();
    const QString mark = QCoreApplication::applicationFilePath(); // any file that is there
    requestBackground(bus(), QStringLiteral("Virtual machines are running."), mark);
    QCOMPARE(m_portal.reasons, QStringList(QStringLiteral("Virtual machines are running.")));
    QVERIFY(!m_portal.autostart);
}

void ServicesTest::nothingIsAskedElsewhere()
{
    m_portal.reasons.clear();
    requestBackground(bus(), QStringLiteral("Because."), QStringLiteral("/nowhere/.flatpak-info"));
    QTest::qWait(20);
    QVERIFY(m_portal.reasons.isEmpty());
}

void ServicesTest::withoutABus()
{
    Notifier notifier{QDBusConnection(QString())};
    notifier.notify(QStringLiteral("machine"), QStringLiteral("Title"), QStringLiteral("Body"));
    requestBackground(QDBusConnection(QString()), QStringLiteral("Because."),
                      QCoreApplication::applicationFilePath());
}

void ServicesTest::silentKeyringIsGivenUp()
{
    Keyring keyring;
    QAtomicInt ended = 0;
    std::thread errand([&] {
        ended = !keyring.store({"id", "anna", "secret", "label"}) && !keyring.forget("id") ? 1 : -1;
    });
    QTRY_VERIFY_WITH_TIMEOUT(m_secrets.calls > 0, 30'000);
    QCOMPARE(int(ended), 0);
    keyring.giveUp();
    QTRY_VERIFY_WITH_TIMEOUT(ended != 0, 30'000); // its own patience is a minute
    errand.join();
    QCOMPARE(int(ended), 1);
}

QTEST_GUILESS_MAIN(ServicesTest)
#include "services_test.moc"
