// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/choice_list.h"

#include <utility>

namespace ui::models {

void ChoiceList::show(QList<Choice> choices, const QString& code)
{
    beginResetModel();
    m_choices = std::move(choices);
    m_current = m_choices.isEmpty() ? -1 : 0;
    for (int row = 0; row < m_choices.size(); ++row) {
        if (m_choices.at(row).code == code)
            m_current = row;
    }
    endResetModel();
    emit currentChanged();
}

void ChoiceList::setCurrent(int row)
{
    if (row == m_current || row < 0 || row >= m_choices.size())
        return;
    m_current = row;
    emit currentChanged();
}

int ChoiceList::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_choices.size());
}

QVariant ChoiceList::data(const QModelIndex& index, int role) const
{
    if (index.row() < 0 || index.row() >= m_choices.size())
        return {};
    if (role == TextRole || role == Qt::DisplayRole)
        return m_choices.at(index.row()).text;
    return {};
}

QHash<int, QByteArray> ChoiceList::roleNames() const
{
    return {{TextRole, "text"}};
}

} // namespace ui::models
