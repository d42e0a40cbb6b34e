// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/system_list.h"

#include <algorithm>

namespace ui::models {

void SystemList::setController(LibraryController* controller)
{
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    if (controller)
        connect(controller, &LibraryController::systemsLoaded, this, &SystemList::take);
}

void SystemList::load()
{
    if (!m_controller || m_loading || !m_systems.isEmpty())
        return;
    m_loading = true;
    emit countChanged();
    m_controller->loadSystems();
}

void SystemList::take(const QList<SystemName>& systems)
{
    m_systems = systems;
    m_loading = false;
    filter();
}

void SystemList::setSearch(const QString& search)
{
    if (search == m_search)
        return;
    m_search = search;
    emit searchChanged();
    filter();
}

void SystemList::filter()
{
    const QStringList words = m_search.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    beginResetModel();
    m_shown.clear();
    for (qsizetype row = 0; row < m_systems.size(); ++row) {
        const QString& name = m_systems.at(row).name;
        if (std::all_of(words.begin(), words.end(), [&name](const QString& word) {
                return name.contains(word, Qt::CaseInsensitive);
            }))
            m_shown.append(row);
    }
    endResetModel();
    emit countChanged();
}

int SystemList::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant SystemList::data(const QModelIndex& index, int role) const
{
    if (index.row() < 0 || index.row() >= m_shown.size())
        return {};
    const SystemName& system = m_systems.at(m_shown.at(index.row()));
    switch (role) {
    case NameRole:
        return system.name;
    case LogoRole:
        return system.logo;
    default:
        return {};
    }
}

QHash<int, QByteArray> SystemList::roleNames() const
{
    return {{NameRole, "name"}, {LogoRole, "logo"}};
}

} // namespace ui::models
