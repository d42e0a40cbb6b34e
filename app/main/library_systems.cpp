// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_systems.h"

#include <algorithm>

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>
#include <QStandardPaths>

#include "app/os/logo.h"

namespace app::main {

using os::OsDatabase;
using os::OsFacts;
using ui::models::CatalogueEntry;
using ui::models::SystemName;

namespace {

constexpr qint64 kMaxCache = 1 << 20; // bytes; a name takes about 100
constexpr qsizetype kMaxName = 200;

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

} // namespace

/// Its thread only. Read once; where there is none, everything works without names.
const OsDatabase* LibrarySystems::Shared::database()
{
    if (!m_tried) {
        m_tried = true;
        if (auto loaded = OsDatabase::load())
            m_database = *std::move(loaded);
    }
    return m_database.get();
}

LibrarySystems::LibrarySystems(const QString& cache, QObject* parent)
    : QObject(parent), m_cache(cache)
{
    readCache();
}

LibrarySystems::~LibrarySystems() = default;

QString LibrarySystems::logoSource(const std::string& family, const std::string& distro)
{
    return QStringLiteral("qrc:/org/vitrine/icons/%1.svg").arg(text(os::logoName(family, distro)));
}

SystemLook LibrarySystems::lookOf(const OsFacts& facts)
{
    return {text(facts.name), logoSource(facts.family, facts.distro)};
}

SystemLook LibrarySystems::look(const QString& osId) const
{
    const auto found = m_looks.constFind(osId);
    return found == m_looks.constEnd() ? SystemLook{{}, logoSource({}, {})} : *found;
}

void LibrarySystems::resolve(const QStringList& osIds)
{
    QStringList unknown;
    for (const QString& id : osIds)
        if (!id.isEmpty() && !m_looks.contains(id) && !m_asked.contains(id))
            unknown << id;
    if (unknown.isEmpty())
        return;
    m_asked.unite(QSet<QString>(unknown.begin(), unknown.end()));
    ask(
        [unknown](const OsDatabase* database) {
            QHash<QString, SystemLook> looks;
            for (const QString& id : unknown)
                if (const auto facts = database ? database->find(id.toStdString()) : std::nullopt)
                    looks.insert(id, lookOf(*facts));
            return looks;
        },
        [this](const QHash<QString, SystemLook>& looks) {
            if (looks.isEmpty())
                return;
            m_looks.insert(looks);
            writeCache();
            emit resolved();
        });
}

/// Anybody may have written it; a wrong name is the worst it can bring.
void LibrarySystems::readCache()
{
    QFile file(m_cache);
    if (m_cache.isEmpty() || file.size() > kMaxCache || !file.open(QIODevice::ReadOnly))
        return;
    const QJsonObject names = QJsonDocument::fromJson(file.readAll()).object();
    for (auto entry = names.begin(); entry != names.end(); ++entry) {
        const QJsonArray look = entry->toArray();
        const QString logo = look.at(1).toString();
        if (logo.startsWith(QLatin1String("qrc:/org/vitrine/icons/")))
            m_looks.insert(entry.key(), {look.at(0).toString().left(kMaxName), logo});
    }
}

void LibrarySystems::writeCache() const
{
    if (m_cache.isEmpty() || !QDir().mkpath(QFileInfo(m_cache).path()))
        return;
    QJsonObject names;
    for (auto look = m_looks.begin(); look != m_looks.end(); ++look)
        names.insert(look.key(), QJsonArray{look->name, look->logo});
    QSaveFile file(m_cache); // a cache: when it cannot be written, the next start asks again
    if (file.open(QIODevice::WriteOnly)) {
        file.write(QJsonDocument(names).toJson(QJsonDocument::Compact));
        file.commit();
    }
}

QString systemsCache()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation) +
           QStringLiteral("/vitrine/systems.json");
}

QList<SystemName> systemsOf(const OsDatabase& database)
{
    std::vector<os::OsFacts> all = database.search({});
    std::stable_sort(all.begin(), all.end(), [](const os::OsFacts& a, const os::OsFacts& b) {
        return !a.endOfLife && b.endOfLife;
    });
    QList<SystemName> systems;
    for (const os::OsFacts& facts : all)
        systems.append({text(facts.id), text(facts.name), LibrarySystems::lookOf(facts).logo});
    return systems;
}

QList<CatalogueEntry> catalogueOf(const OsDatabase& database)
{
    QList<CatalogueEntry> entries;
    for (const os::OsDownload& download : database.downloads()) {
        CatalogueEntry entry;
        entry.osId = text(download.osId);
        entry.osName = text(download.osName);
        entry.variant = text(download.variant);
        entry.url = QUrl(text(download.url));
        entry.live = download.live;
        entry.installer = download.installer;
        if (const auto facts = database.find(download.osId)) {
            entry.osLogo = LibrarySystems::lookOf(*facts).logo;
            entry.vendor = text(facts->vendor);
            entry.endOfLife = facts->endOfLife;
            entry.released = QDate::fromString(text(facts->releaseDate), Qt::ISODate);
        }
        entries << entry;
    }
    return entries;
}

} // namespace app::main
