// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_search.h"

#include <algorithm>

#include <QDBusAbstractAdaptor>
#include <QDBusArgument>
#include <QDBusMetaType>
#include <QVariantMap>

namespace app::main {

using ui::models::LibraryController;
using ui::models::MachineSummary;

/// krunner1's (sssida{sv}).
struct RunnerMatch {
    QString id;
    QString text;
    QString icon;
    int type = 0;
    double relevance = 0;
    QVariantMap properties;
};
using RunnerMatches = QList<RunnerMatch>;

/// krunner1's (sss): id, text, icon of an action; we offer none.
struct RunnerAction {
    QString id;
    QString text;
    QString icon;
};
using RunnerActions = QList<RunnerAction>;

QDBusArgument& operator<<(QDBusArgument& argument, const RunnerMatch& match)
{
    argument.beginStructure();
    argument << match.id << match.text << match.icon << match.type << match.relevance
             << match.properties;
    argument.endStructure();
    return argument;
}

const QDBusArgument& operator>>(const QDBusArgument& argument, RunnerMatch& match)
{
    argument.beginStructure();
    argument >> match.id >> match.text >> match.icon >> match.type >> match.relevance >>
        match.properties;
    argument.endStructure();
    return argument;
}

QDBusArgument& operator<<(QDBusArgument& argument, const RunnerAction& action)
{
    argument.beginStructure();
    argument << action.id << action.text << action.icon;
    argument.endStructure();
    return argument;
}

const QDBusArgument& operator>>(const QDBusArgument& argument, RunnerAction& action)
{
    argument.beginStructure();
    argument >> action.id >> action.text >> action.icon;
    argument.endStructure();
    return argument;
}

namespace {

const QString kGnomePath = QStringLiteral("/org/vitrine/Vitrine/SearchProvider");
const QString kKdePath = QStringLiteral("/org/vitrine/Vitrine/Runner");
const QString kIcon = QStringLiteral("org.vitrine.Vitrine");
constexpr qsizetype kMaxTerms = 16;
constexpr qsizetype kMaxFound = 50;
constexpr int kMatchType = 80; // Plasma::QueryMatch::PossibleMatch is 30, ExactMatch 100

bool holds(const MachineSummary& machine, const QString& term)
{
    return machine.name.contains(term, Qt::CaseInsensitive) ||
           machine.osName.contains(term, Qt::CaseInsensitive) ||
           machine.groups.join(QLatin1Char('\n')).contains(term, Qt::CaseInsensitive);
}

} // namespace

class GnomeSearch final : public QDBusAbstractAdaptor {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.gnome.Shell.SearchProvider2")
public:
    GnomeSearch(QObject* object, LibrarySearch& search)
        : QDBusAbstractAdaptor(object), m_search(search)
    {}

public slots:
    QStringList GetInitialResultSet(const QStringList& terms) { return m_search.find(terms); }
    QStringList GetSubsearchResultSet(const QStringList&, const QStringList& terms)
    {
        return m_search.find(terms);
    }
    QList<QVariantMap> GetResultMetas(const QStringList& ids)
    {
        QList<QVariantMap> metas;
        for (const QString& id : ids.mid(0, kMaxFound)) {
            const auto machine = m_search.library().machine(id);
            if (machine)
                metas << QVariantMap{{QStringLiteral("id"), id},
                                     {QStringLiteral("name"), machine->name},
                                     {QStringLiteral("description"), machine->osName},
                                     {QStringLiteral("gicon"), kIcon}};
        }
        return metas;
    }
    void ActivateResult(const QString& id, const QStringList&, uint)
    {
        m_search.library().open(id);
    }
    void LaunchSearch(const QStringList&, uint) { emit m_search.libraryWanted(); }

private:
    LibrarySearch& m_search;
};

class KdeSearch final : public QDBusAbstractAdaptor {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.kde.krunner1")
public:
    KdeSearch(QObject* object, LibrarySearch& search)
        : QDBusAbstractAdaptor(object), m_search(search)
    {}

public slots:
    app::main::RunnerActions Actions() { return {}; }
    app::main::RunnerMatches Match(const QString& query)
    {
        RunnerMatches matches;
        double relevance = 1;
        for (const QString& id : m_search.find(query.split(QLatin1Char(' '), Qt::SkipEmptyParts))) {
            const auto machine = m_search.library().machine(id);
            matches << RunnerMatch{id,        machine->name,
                                   kIcon,     kMatchType,
                                   relevance, {{QStringLiteral("subtext"), machine->osName}}};
            relevance *= 0.9;
        }
        return matches;
    }
    void Run(const QString& id, const QString&) { m_search.library().open(id); }

private:
    LibrarySearch& m_search;
};

LibrarySearch::LibrarySearch(LibraryController& library, QDBusConnection bus)
    : m_library(library), m_bus(std::move(bus))
{
    qDBusRegisterMetaType<QList<QVariantMap>>();
    qDBusRegisterMetaType<RunnerMatch>();
    qDBusRegisterMetaType<RunnerMatches>();
    qDBusRegisterMetaType<RunnerAction>();
    qDBusRegisterMetaType<RunnerActions>();
    new GnomeSearch(&m_gnome, *this); // theirs by QObject's rules
    new KdeSearch(&m_kde, *this);
    m_bus.registerObject(kGnomePath, &m_gnome);
    m_bus.registerObject(kKdePath, &m_kde);
}

LibrarySearch::~LibrarySearch()
{
    m_bus.unregisterObject(kGnomePath);
    m_bus.unregisterObject(kKdePath);
}

QStringList LibrarySearch::find(const QStringList& terms) const
{
    const QStringList wanted = terms.mid(0, kMaxTerms);
    if (wanted.isEmpty())
        return {};
    QStringList first;
    QStringList others;
    for (const MachineSummary& machine : m_library.machines()) {
        const bool found = std::all_of(wanted.begin(), wanted.end(),
                                       [&](const QString& term) { return holds(machine, term); });
        if (found)
            (machine.name.startsWith(wanted[0], Qt::CaseInsensitive) ? first : others)
                << machine.id;
    }
    return (first + others).mid(0, kMaxFound);
}

} // namespace app::main

#include "library_search.moc"
