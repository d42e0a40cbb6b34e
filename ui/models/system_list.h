// SPDX-License-Identifier: GPL-3.0-or-later
// SystemList: the operating systems a person can say a machine has.
#pragma once

#include <QAbstractListModel>
#include <QPointer>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"

namespace ui::models {

/// Found by what is typed: every word in the name; the controller knows them all. Roles: name,
/// logo. GUI thread; owned by DraftModel.
class SystemList : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("DraftModel makes it")
    Q_PROPERTY(QString search READ search WRITE setSearch NOTIFY searchChanged)
    Q_PROPERTY(bool loading READ loading NOTIFY countChanged)
    Q_PROPERTY(int count READ count NOTIFY countChanged)
public:
    enum Role { NameRole = Qt::UserRole + 1, LogoRole };

    using QAbstractListModel::QAbstractListModel;

    void setController(LibraryController* controller);
    QString search() const { return m_search; }
    void setSearch(const QString& search);
    /// The controller has not answered load() yet.
    bool loading() const { return m_loading; }
    int count() const { return static_cast<int>(m_shown.size()); }
    /// Of the database; empty when there is no such row.
    QString osId(int row) const { return m_systems.value(m_shown.value(row, -1)).osId; }

    /// Asks the controller, once.
    Q_INVOKABLE void load();

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void searchChanged();
    void countChanged();

private:
    void take(const QList<SystemName>& systems);
    void filter();

    QPointer<LibraryController> m_controller;
    QList<SystemName> m_systems;
    QList<qsizetype> m_shown; ///< rows of m_systems
    QString m_search;
    bool m_loading = false;
};

} // namespace ui::models
