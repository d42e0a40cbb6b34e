// SPDX-License-Identifier: GPL-3.0-or-later
// Search, groups and order of the library.
#include "ui/models/library_filter.h"

#include <algorithm>

#include <QLocale>

namespace ui::models {

namespace {

/// Without case and accents: what a person types who is in a hurry.
QString folded(const QString& text)
{
    QString plain;
    for (const QChar letter : text.normalized(QString::NormalizationForm_KD)) {
        if (!letter.isMark())
            plain += letter;
    }
    return plain.toCaseFolded();
}

/// What is in use comes first.
int rank(MachineState state)
{
    switch (state) {
    case MachineState::Failed:
    case MachineState::Broken:
        return 0;
    case MachineState::Running:
    case MachineState::Starting:
    case MachineState::Stopping:
        return 1;
    case MachineState::Paused:
        return 2;
    case MachineState::Suspended:
        return 3;
    case MachineState::Off:
        return 4;
    }
    return 4;
}

/// The person's own; the C locale knows no numbers inside names.
QLocale sortingLocale()
{
    const QLocale own;
    return own.language() == QLocale::C ? QLocale(QLocale::English) : own;
}

} // namespace

LibraryFilter::LibraryFilter(LibraryModel& machines, QObject* parent)
    : QSortFilterProxyModel(parent), m_machines(machines), m_names(sortingLocale())
{
    m_names.setNumericMode(true);
    m_names.setCaseSensitivity(Qt::CaseInsensitive);
    connect(this, &QAbstractItemModel::rowsInserted, this, &LibraryFilter::countChanged);
    connect(this, &QAbstractItemModel::rowsRemoved, this, &LibraryFilter::countChanged);
    connect(&machines, &QAbstractItemModel::rowsInserted, this, &LibraryFilter::takeGroups);
    connect(&machines, &QAbstractItemModel::rowsRemoved, this, &LibraryFilter::takeGroups);
    connect(&machines, &QAbstractItemModel::dataChanged, this,
            [this](const QModelIndex&, const QModelIndex&, const QList<int>& roles) {
                if (roles.isEmpty())
                    takeGroups();
            });
    setSourceModel(&machines);
    sort(0);
    takeGroups();
}

void LibraryFilter::setSearch(const QString& search)
{
    if (search == m_search)
        return;
    m_search = search;
    m_words = folded(search).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
    emit searchChanged();
    emit countChanged();
}

void LibraryFilter::setGroup(const QString& group)
{
    if (group == m_group)
        return;
    m_group = group;
    invalidateFilter();
    emit groupChanged();
    emit countChanged();
}

void LibraryFilter::setOrder(Order order)
{
    if (order == m_order)
        return;
    m_order = order;
    invalidate();
    emit orderChanged();
}

int LibraryFilter::rowOf(const QString& id) const
{
    return mapFromSource(m_machines.index(m_machines.rowOf(id))).row();
}

QString LibraryFilter::idAt(int row) const
{
    return index(row, 0).data(LibraryModel::IdRole).toString();
}

bool LibraryFilter::filterAcceptsRow(int row, const QModelIndex&) const
{
    const MachineSummary& machine = m_machines.at(row);
    if (!m_group.isEmpty() && !machine.groups.contains(m_group))
        return false;
    if (m_words.isEmpty())
        return true;
    const QString text = folded(machine.name + QLatin1Char('\n') + machine.osName +
                                QLatin1Char('\n') + machine.groups.join(QLatin1Char('\n')));
    return std::ranges::all_of(m_words, [&](const QString& word) { return text.contains(word); });
}

bool LibraryFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const
{
    const MachineSummary& first = m_machines.at(left.row());
    const MachineSummary& second = m_machines.at(right.row());
    if (m_order == Order::ByState && rank(first.state) != rank(second.state))
        return rank(first.state) < rank(second.state);
    if (m_order == Order::ByLastUse && first.lastUsed != second.lastUsed)
        return first.lastUsed > second.lastUsed;
    return compareNames(first, second) < 0;
}

int LibraryFilter::compareNames(const MachineSummary& left, const MachineSummary& right) const
{
    const int order = m_names.compare(left.name, right.name);
    return order != 0 ? order : left.id.compare(right.id);
}

void LibraryFilter::takeGroups()
{
    QStringList groups;
    for (int row = 0; row < m_machines.rowCount(); ++row)
        groups += m_machines.at(row).groups;
    groups.removeDuplicates();
    groups.sort(Qt::CaseInsensitive);
    emit countChanged(); // of all machines
    if (groups == m_groups)
        return;
    m_groups = groups;
    emit groupsChanged();
    if (!m_groups.contains(m_group))
        setGroup({});
}

} // namespace ui::models
