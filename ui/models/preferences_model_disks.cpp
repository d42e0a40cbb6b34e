// SPDX-License-Identifier: GPL-3.0-or-later
// PreferencesModel: memory given back, disks and media.
#include <QFileInfo>
#include <QStandardPaths>

#include "ui/models/preferences_model.h"
#include "ui/models/quantity.h"

namespace ui::models {

namespace {

using app::library::MachineConfig;
using vmm::spec::BalloonKind;

/// A disk's size as typed; disks have whole MiB.
std::optional<quint64> wholeMiB(const QString& size)
{
    auto bytes = sizeFrom(size, kGiB);
    if (bytes)
        *bytes = (*bytes + kMiB - 1) / kMiB * kMiB;
    return bytes;
}

QString text(const std::string& bytes)
{
    return QString::fromStdString(bytes);
}

QString fileName(const std::string& path)
{
    return QFileInfo(text(path)).fileName();
}

} // namespace

bool PreferencesModel::givesBack() const
{
    return m_config.hardware.balloon == BalloonKind::Auto;
}

void PreferencesModel::setGivesBack(bool givesBack)
{
    if (givesBack != this->givesBack())
        edit([givesBack](MachineConfig& config) {
            config.hardware.balloon = givesBack ? BalloonKind::Auto : BalloonKind::None;
        });
}

QString PreferencesModel::addDisk(const QString& size)
{
    const auto bytes = wholeMiB(size);
    if (!bytes || *bytes < kMiB)
        return tr("Type a size, such as %1").arg(sizeText(20 * kGiB));
    if (m_controller)
        m_controller->addDisk(m_machine, *bytes);
    return {};
}

QString PreferencesModel::growDisk(const QString& disk, const QString& size)
{
    const quint64 now = m_disks.bytes(disk);
    const auto bytes = wholeMiB(size);
    if (!bytes)
        return tr("Type a size, such as %1").arg(sizeText(now + 20 * kGiB));
    if (*bytes <= now)
        return tr("The disk has %1; it can only grow").arg(sizeText(now));
    if (m_controller)
        m_controller->growDisk(m_machine, disk, *bytes);
    return {};
}

void PreferencesModel::detachDisk(const QString& disk)
{
    if (m_controller)
        m_controller->detachDisk(m_machine, disk);
}

bool PreferencesModel::hasDrive() const
{
    return drive() != nullptr;
}

QString PreferencesModel::mediumName() const
{
    return drive() ? fileName(drive()->path) : QString();
}

QUrl PreferencesModel::mediumFolder() const
{
    const QString there = drive() ? QFileInfo(text(drive()->path)).path() : QString();
    const QString downloads = QStandardPaths::writableLocation(QStandardPaths::DownloadLocation);
    return QUrl::fromLocalFile(QFileInfo(there).isAbsolute() ? there : downloads);
}

void PreferencesModel::insertMedium(const QUrl& file)
{
    if (m_controller && file.isLocalFile())
        m_controller->insertMedium(m_machine, file);
}

void PreferencesModel::ejectMedium()
{
    if (m_controller)
        m_controller->ejectMedium(m_machine);
}

} // namespace ui::models
