// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryFilter: the machines that match what the person looks for, in the order they like.
#pragma once

#include <QCollator>
#include <QSortFilterProxyModel>
#include <QStringList>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_model.h"

namespace ui::models {

/// Search as you type over name, operating system and groups; one group; three orders. GUI thread.
class LibraryFilter : public QSortFilterProxyModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The library makes it")
    /// Each word has to be somewhere in name, operating system or groups; case and accents do not
    /// count.
    Q_PROPERTY(QString search READ search WRITE setSearch NOTIFY searchChanged)
    /// Only machines of this group; empty: of every group.
    Q_PROPERTY(QString group READ group WRITE setGroup NOTIFY groupChanged)
    Q_PROPERTY(Order order READ order WRITE setOrder NOTIFY orderChanged)
    /// All groups there are, sorted.
    Q_PROPERTY(QStringList groups READ groups NOTIFY groupsChanged)
    /// "" for every machine, and the groups; and which of them `group` is.
    Q_PROPERTY(QStringList choices READ choices NOTIFY groupsChanged)
    Q_PROPERTY(int choice READ choice WRITE setChoice NOTIFY groupChanged)
    /// Machines shown, and machines there are.
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    Q_PROPERTY(int total READ total NOTIFY countChanged)
public:
    enum class Order {
        ByName,
        ByLastUse, ///< the latest first
        ByState,   ///< running ones first
    };
    Q_ENUM(Order)

    explicit LibraryFilter(LibraryModel& machines, QObject* parent = nullptr);

    QString search() const { return m_search; }
    void setSearch(const QString& search);
    QString group() const { return m_group; }
    void setGroup(const QString& group);
    Order order() const { return m_order; }
    void setOrder(Order order);
    QStringList groups() const { return m_groups; }
    QStringList choices() const { return QStringList{QString()} + m_groups; }
    int choice() const { return static_cast<int>(choices().indexOf(m_group)); }
    void setChoice(int choice) { setGroup(choices().value(choice)); }
    int count() const { return rowCount(); }
    int total() const { return m_machines.rowCount(); }

    /// Row of the machine, or -1 when it is not shown.
    Q_INVOKABLE int rowOf(const QString& id) const;
    /// Id of the machine in this row, or empty.
    Q_INVOKABLE QString idAt(int row) const;

signals:
    void searchChanged();
    void groupChanged();
    void orderChanged();
    void groupsChanged();
    void countChanged();

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    void takeGroups();
    int compareNames(const MachineSummary& left, const MachineSummary& right) const;

    LibraryModel& m_machines;
    QString m_search;
    QStringList m_words; // folded
    QString m_group;
    Order m_order = Order::ByName;
    QStringList m_groups;
    QCollator m_names; // "Machine 2" before "Machine 10"
};

} // namespace ui::models
