// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/preferences_app.h"

#include <QKeySequence>
#include <QSettings>
#include <QStandardPaths>

#include "ui/models/quantity.h"

namespace ui::models {

namespace {

const char kKeysName[] = "keyboard/kept";
constexpr int kMostKeys = 32;

QString defaultSettings()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
           QStringLiteral("/vitrine/vitrine.ini");
}

bool isModifier(int key)
{
    return key == Qt::Key_Control || key == Qt::Key_Shift || key == Qt::Key_Alt ||
           key == Qt::Key_Meta || key == Qt::Key_AltGr || key == Qt::Key_Super_L ||
           key == Qt::Key_Super_R || key == Qt::Key_unknown || key == 0;
}

} // namespace

AppPreferencesModel::AppPreferencesModel(QObject* parent, const QString& settings)
    : QObject(parent), m_settings(settings.isEmpty() ? defaultSettings() : settings)
{
    const QSettings file(m_settings, QSettings::IniFormat);
    m_hostKeys = file.value(QLatin1String(kKeysName)).toStringList().mid(0, kMostKeys);
}

void AppPreferencesModel::setController(LibraryController* controller)
{
    if (controller == m_controller)
        return;
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    if (controller) {
        connect(controller, &LibraryController::foldersChanged, this,
                &AppPreferencesModel::foldersChanged);
        connect(controller, &LibraryController::downloadsChanged, this,
                &AppPreferencesModel::downloadsChanged);
    }
    emit controllerChanged();
    emit foldersChanged();
    emit downloadsChanged();
}

QStringList AppPreferencesModel::folders() const
{
    return m_controller ? m_controller->folders() : QStringList();
}

QString AppPreferencesModel::downloadFolder() const
{
    return m_controller ? m_controller->downloadFolder() : QString();
}

bool AppPreferencesModel::hasDownloads() const
{
    return m_controller && m_controller->downloadBytes() > 0;
}

QString AppPreferencesModel::downloadText() const
{
    return hasDownloads() ? sizeText(static_cast<quint64>(m_controller->downloadBytes()))
                          : tr("Nothing is kept");
}

void AppPreferencesModel::addFolder(const QUrl& folder)
{
    if (m_controller && folder.isLocalFile())
        m_controller->addFolder(folder);
}

void AppPreferencesModel::removeFolder(const QString& folder)
{
    if (m_controller)
        m_controller->removeFolder(folder);
}

void AppPreferencesModel::emptyDownloads()
{
    if (m_controller)
        m_controller->emptyDownloads();
}

QString AppPreferencesModel::keysText(int key, int modifiers)
{
    if (isModifier(key))
        return {};
    return QKeySequence(QKeyCombination::fromCombined(key | modifiers))
        .toString(QKeySequence::PortableText);
}

QString AppPreferencesModel::addHostKey(const QString& keys)
{
    const QKeySequence sequence(keys, QKeySequence::PortableText);
    if (sequence.count() != 1 || isModifier(sequence[0].key()))
        return tr("Press a key together with Ctrl, Alt or the Super key");
    if (!(sequence[0].keyboardModifiers() &
          (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)))
        return tr("A key alone belongs to the machine; hold Ctrl, Alt or the Super key as well");
    const QString text = sequence.toString(QKeySequence::PortableText);
    if (m_hostKeys.contains(text))
        return tr("%1 is in the list already").arg(text);
    if (m_hostKeys.size() >= kMostKeys)
        return tr("The list holds at most %1 combinations").arg(kMostKeys);
    m_hostKeys.append(text);
    writeKeys();
    return {};
}

void AppPreferencesModel::removeHostKey(const QString& keys)
{
    if (m_hostKeys.removeOne(keys))
        writeKeys();
}

void AppPreferencesModel::writeKeys()
{
    QSettings file(m_settings, QSettings::IniFormat);
    file.setValue(QLatin1String(kKeysName), m_hostKeys);
    emit hostKeysChanged();
}

} // namespace ui::models
