// SPDX-License-Identifier: GPL-3.0-or-later
// LibrarySystems: libosinfo's database, read when it is first needed, on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <QHash>
#include <QObject>
#include <QSet>
#include <QString>
#include <QStringList>

#include "app/main/library_errands.h"
#include "app/os/os_database.h"
#include "ui/models/library_controller.h"

namespace app::main {

/// How a system is shown.
struct SystemLook {
    QString name;
    QString logo; ///< source of an image
};

/// GUI thread; the database lives on its own thread, where all that asks it runs, one after the
/// other. What was resolved once is remembered, in memory and in a small file of the cache, so that
/// the names of a person's machines do not cost reading the database at each start.
class LibrarySystems : public QObject {
    Q_OBJECT
public:
    /// `cache`: the file of names; empty: none.
    explicit LibrarySystems(const QString& cache, QObject* parent = nullptr);
    ~LibrarySystems() override;

    /// The look of `osId` when it is known by now; else of something unknown.
    SystemLook look(const QString& osId) const;
    /// Makes sure the looks of `osIds` are known; resolved() follows when some were not.
    void resolve(const QStringList& osIds);

    /// work(database or null) on the database's thread, then done(result) here.
    template <class Work, class Done>
    void ask(Work work, Done done)
    {
        m_errands.run(
            this, [shared = m_shared, work = std::move(work)] { return work(shared->database()); },
            std::move(done));
    }

    static SystemLook lookOf(const os::OsFacts& facts);
    static QString logoSource(const std::string& family, const std::string& distro);

signals:
    void resolved();

private:
    /// What the database's thread has.
    class Shared {
    public:
        const os::OsDatabase* database();

    private:
        std::unique_ptr<os::OsDatabase> m_database;
        bool m_tried = false;
    };
    void readCache();
    void writeCache() const;

    const QString m_cache;
    QHash<QString, SystemLook> m_looks;
    QSet<QString> m_asked;
    std::shared_ptr<Shared> m_shared = std::make_shared<Shared>();
    Errands m_errands{1}; // last: its thread is waited for first
};

/// Where the file of names usually is ($XDG_CACHE_HOME/vitrine/systems.json).
QString systemsCache();

/// All there are, families by name and newest first within one, those without updates at the end.
/// Any thread.
QList<ui::models::SystemName> systemsOf(const os::OsDatabase& database);

/// What can be downloaded, as the window lists it. Any thread.
QList<ui::models::CatalogueEntry> catalogueOf(const os::OsDatabase& database);

} // namespace app::main
