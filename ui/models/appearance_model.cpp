// SPDX-License-Identifier: GPL-3.0-or-later
// Palette and settings portal (xdg-desktop-portal, Settings version 1). Qt 6.4 has no colour scheme
// of its own.
#include "ui/models/appearance_model.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QEvent>
#include <QFontInfo>
#include <QGuiApplication>
#include <QPalette>

namespace ui::models {

namespace {

const QString kService = QStringLiteral("org.freedesktop.portal.Desktop");
const QString kPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString kInterface = QStringLiteral("org.freedesktop.portal.Settings");
const QString kAppearance = QStringLiteral("org.freedesktop.appearance");
const QString kGnome = QStringLiteral("org.gnome.desktop.interface");

/// Version 1 of the portal wraps the value in a variant once more.
QVariant unwrapped(QVariant value)
{
    for (int depth = 0; depth < 3 && value.canConvert<QDBusVariant>(); ++depth)
        value = value.value<QDBusVariant>().variant();
    return value;
}

} // namespace

bool wantsDark(const AppearanceFacts& facts)
{
    if (facts.colorScheme == 1U)
        return true;
    if (facts.colorScheme == 2U)
        return false;
    return facts.window.lightnessF() < facts.text.lightnessF();
}

bool wantsHighContrast(const AppearanceFacts& facts)
{
    if (facts.contrast == 1U)
        return true;
    // Themes made for contrast, and only they, put pure white on pure black.
    return facts.window.lightness() == 0 && facts.text.lightness() == 255;
}

bool wantsReducedMotion(const AppearanceFacts& facts)
{
    return facts.animations == false;
}

AppearanceModel::AppearanceModel(QObject* parent) : QObject(parent)
{
    qGuiApp->installEventFilter(this);
    takePalette();
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return;
    bus.connect(kService, kPath, kInterface, QStringLiteral("SettingChanged"), this,
                SLOT(settingChanged(QString, QString, QDBusVariant)));
    ask(kAppearance, QStringLiteral("color-scheme"));
    ask(kAppearance, QStringLiteral("contrast"));
    ask(kGnome, QStringLiteral("enable-animations"));
}

void AppearanceModel::ask(const QString& area, const QString& key)
{
    QDBusMessage call =
        QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
    call.setArguments({area, key});
    auto* watcher =
        new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, area, key, watcher] {
        const QDBusPendingReply<QDBusVariant> reply = *watcher;
        watcher->deleteLater();
        if (!reply.isError())
            settingChanged(area, key, reply.value());
    });
}

void AppearanceModel::settingChanged(const QString& area, const QString& key,
                                     const QDBusVariant& value)
{
    const QVariant plain = unwrapped(value.variant());
    AppearanceFacts facts = m_facts;
    if (area == kAppearance && key == QLatin1String("color-scheme"))
        facts.colorScheme = plain.toUInt();
    else if (area == kAppearance && key == QLatin1String("contrast"))
        facts.contrast = plain.toUInt();
    else if (area == kGnome && key == QLatin1String("enable-animations"))
        facts.animations = plain.toBool();
    update(facts);
}

bool AppearanceModel::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == qGuiApp && (event->type() == QEvent::ApplicationPaletteChange ||
                               event->type() == QEvent::ApplicationFontChange))
        takePalette();
    return false;
}

void AppearanceModel::takePalette()
{
    AppearanceFacts facts = m_facts;
    facts.window = QGuiApplication::palette().color(QPalette::Window);
    facts.text = QGuiApplication::palette().color(QPalette::WindowText);
    facts.fontPixelSize = QFontInfo(QGuiApplication::font()).pixelSize();
    update(facts);
}

void AppearanceModel::update(const AppearanceFacts& facts)
{
    if (facts == m_facts)
        return;
    m_facts = facts;
    emit changed();
}

} // namespace ui::models
