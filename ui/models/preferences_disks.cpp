// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/preferences_disks.h"

#include <QFileInfo>

#include "ui/models/quantity.h"

namespace ui::models {

void DiskList::show(const QList<DiskSummary>& disks)
{
    beginResetModel();
    m_disks = disks;
    endResetModel();
    emit countChanged();
}

quint64 DiskList::bytes(const QString& disk) const
{
    for (const DiskSummary& summary : m_disks) {
        if (summary.id == disk)
            return summary.bytes;
    }
    return 0;
}

int DiskList::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant DiskList::data(const QModelIndex& index, int role) const
{
    if (index.row() < 0 || index.row() >= m_disks.size())
        return {};
    const DiskSummary& disk = m_disks.at(index.row());
    switch (role) {
    case DiskRole:
        return disk.id;
    case FileRole:
        return QFileInfo(disk.file).fileName();
    case SizeRole:
        return disk.bytes == 0 ? tr("Size not known") : sizeText(disk.bytes);
    case OnHostRole:
        return tr("Takes %1 of this computer").arg(sizeText(disk.bytesOnHost));
    default:
        return {};
    }
}

QHash<int, QByteArray> DiskList::roleNames() const
{
    return {{DiskRole, "disk"}, {FileRole, "file"}, {SizeRole, "size"}, {OnHostRole, "onHost"}};
}

} // namespace ui::models
