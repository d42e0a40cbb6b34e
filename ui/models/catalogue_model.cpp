// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/catalogue_model.h"

#include <algorithm>

#include <QHash>

namespace ui::models {

namespace {

QString kindOf(const CatalogueEntry& entry)
{
    if (entry.live && entry.installer)
        return CatalogueVariants::tr("Live system with installer");
    return entry.live ? CatalogueVariants::tr("Live system") : CatalogueVariants::tr("Installer");
}

/// "Installer, released in 2023"
QString noteOf(const QList<CatalogueEntry>& media)
{
    const CatalogueEntry& first = media.first();
    const QString kind = media.size() == 1 ? kindOf(first)
                                           : CatalogueModel::tr("%n images", nullptr,
                                                                static_cast<int>(media.size()));
    if (first.endOfLife)
        return CatalogueModel::tr("%1, no more updates").arg(kind);
    return first.released.isValid()
               ? CatalogueModel::tr("%1, released in %2").arg(kind).arg(first.released.year())
               : kind;
}

} // namespace

void CatalogueVariants::show(const QList<CatalogueEntry>& entries)
{
    beginResetModel();
    m_entries = entries;
    endResetModel();
    emit countChanged();
}

int CatalogueVariants::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant CatalogueVariants::data(const QModelIndex& index, int role) const
{
    if (index.row() < 0 || index.row() >= m_entries.size())
        return {};
    const CatalogueEntry& entry = m_entries.at(index.row());
    switch (role) {
    case TitleRole:
        return entry.variant.isEmpty() ? entry.osName : entry.variant;
    case KindRole:
        return kindOf(entry);
    case HostRole:
        return entry.url.host();
    default:
        return {};
    }
}

QHash<int, QByteArray> CatalogueVariants::roleNames() const
{
    return {{TitleRole, "title"}, {KindRole, "kindText"}, {HostRole, "host"}};
}

CatalogueModel::CatalogueModel(QObject* parent) : QAbstractListModel(parent) {}

void CatalogueModel::setController(LibraryController* controller)
{
    if (controller == m_controller)
        return;
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    if (controller)
        connect(controller, &LibraryController::catalogueLoaded, this, &CatalogueModel::take);
    emit controllerChanged();
}

void CatalogueModel::load()
{
    if (!m_controller || m_loading || !m_systems.isEmpty())
        return;
    m_loading = true;
    m_problem.clear();
    emit loadingChanged();
    m_controller->loadCatalogue();
}

void CatalogueModel::take(const QList<CatalogueEntry>& entries, const QString& problem)
{
    QHash<QString, qsizetype> rows;
    m_systems.clear();
    for (const CatalogueEntry& entry : entries) {
        const auto row = rows.constFind(entry.osId);
        if (row == rows.constEnd()) {
            rows.insert(entry.osId, m_systems.size());
            m_systems.append({{entry}, entry.osName + QLatin1Char(' ') + entry.vendor});
        } else {
            m_systems[*row].media.append(entry);
        }
        System& system = m_systems[rows.value(entry.osId)];
        system.words += QLatin1Char(' ') + entry.variant;
    }
    std::stable_sort(m_systems.begin(), m_systems.end(), [](const System& a, const System& b) {
        return !a.media.first().endOfLife && b.media.first().endOfLife;
    });
    m_loading = false;
    m_problem = problem;
    emit loadingChanged();
    filter();
}

void CatalogueModel::setSearch(const QString& search)
{
    if (search == m_search)
        return;
    m_search = search;
    emit searchChanged();
    filter();
}

void CatalogueModel::filter()
{
    const QStringList words = m_search.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    setCurrent(-1);
    beginResetModel();
    m_shown.clear();
    for (qsizetype row = 0; row < m_systems.size(); ++row) {
        const QString& text = m_systems.at(row).words;
        if (std::all_of(words.begin(), words.end(), [&text](const QString& word) {
                return text.contains(word, Qt::CaseInsensitive);
            }))
            m_shown.append(row);
    }
    endResetModel();
    emit countChanged();
}

const CatalogueModel::System* CatalogueModel::at(int row) const
{
    return row >= 0 && row < m_shown.size() ? &m_systems.at(m_shown.at(row)) : nullptr;
}

void CatalogueModel::setCurrent(int row)
{
    const System* system = at(row);
    if (!system)
        row = -1;
    if (row == m_current)
        return;
    m_current = row;
    m_variants.show(system ? system->media : QList<CatalogueEntry>());
    emit currentChanged();
}

QString CatalogueModel::currentName() const
{
    return at(m_current) ? at(m_current)->media.first().osName : QString();
}

void CatalogueModel::choose(int variant)
{
    const QUrl url = m_variants.url(variant);
    if (!m_controller || !url.isValid())
        return;
    const QString name = currentName();
    m_controller->offer({url});
    emit chosen(name);
}

int CatalogueModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant CatalogueModel::data(const QModelIndex& index, int role) const
{
    const System* system = at(index.row());
    if (!system)
        return {};
    const CatalogueEntry& first = system->media.first();
    switch (role) {
    case NameRole:
        return first.osName;
    case LogoRole:
        return first.osLogo;
    case VendorRole:
        return first.vendor;
    case NoteRole:
        return noteOf(system->media);
    case EndOfLifeRole:
        return first.endOfLife;
    default:
        return {};
    }
}

QHash<int, QByteArray> CatalogueModel::roleNames() const
{
    return {{NameRole, "name"},
            {LogoRole, "logo"},
            {VendorRole, "vendor"},
            {NoteRole, "note"},
            {EndOfLifeRole, "endOfLife"}};
}

} // namespace ui::models
