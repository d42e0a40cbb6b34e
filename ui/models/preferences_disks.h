// SPDX-License-Identifier: GPL-3.0-or-later
// DiskList: the disks of a machine as rows.
#pragma once

#include <QAbstractListModel>
#include <QList>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"

namespace ui::models {

/// Roles: disk (the id), file, size ("40 GiB"), onHost ("3.1 GiB on this computer"). GUI thread;
/// owned by PreferencesModel.
class DiskList : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The preferences make it")
    Q_PROPERTY(int count READ count NOTIFY countChanged)
public:
    enum Role { DiskRole = Qt::UserRole + 1, FileRole, SizeRole, OnHostRole };

    using QAbstractListModel::QAbstractListModel;

    void show(const QList<DiskSummary>& disks);
    int count() const { return static_cast<int>(m_disks.size()); }
    /// What the disk's size is now; 0: there is none such.
    quint64 bytes(const QString& disk) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void countChanged();

private:
    QList<DiskSummary> m_disks;
};

} // namespace ui::models
