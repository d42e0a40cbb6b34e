// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryKeeper and files people drop: looked at, downloaded, imported, made into machines.
#include <algorithm>

#include <QFileInfo>
#include <QUuid>

#include "app/main/library_keeper.h"
#include "app/main/library_offer.h"
#include "app/making/maker.h"

namespace app::main {

using download::Download;
using library::Job;
using library::Library;
using library::MachineEntry;
using os::OsDatabase;
using ui::models::CatalogueEntry;
using ui::models::MachineDraft;
using ui::models::SystemName;
using vmm::Result;

namespace {

constexpr qsizetype kMaxOffered = 32; // files of one drop

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

bool isWeb(const QUrl& url)
{
    return (url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https")) &&
           !url.host().isEmpty();
}

Result<MachineEntry> makeMachine(const MachineDraft& draft, const LibraryPlace& place, Job& job)
{
    const auto library = TRY(place.open());
    return making::makeMachine(draftOf(draft), library, job);
}

/// The sum an address carries, as in "https://example.org/x.iso#sha256=...", which is never sent;
/// empty: none.
QString sumOf(const QUrl& url)
{
    const QString prefix = QStringLiteral("sha256=");
    const QString fragment = url.fragment();
    return fragment.startsWith(prefix) ? fragment.mid(prefix.size()) : QString();
}

} // namespace

bool LibraryKeeper::accepts(const QList<QUrl>& urls) const
{
    return !urls.isEmpty() && std::all_of(urls.begin(), urls.end(), [](const QUrl& url) {
        return url.isLocalFile() || isWeb(url);
    });
}

void LibraryKeeper::offer(const QList<QUrl>& urls)
{
    for (const QUrl& url : urls.mid(0, kMaxOffered)) {
        if (url.isLocalFile())
            offerFile(url.toLocalFile());
        else if (isWeb(url))
            download(url);
        else
            emit notice(tr("%1 is neither a file of this computer nor an address Vitrine can "
                           "download from.")
                            .arg(url.toDisplayString()),
                        {});
    }
}

void LibraryKeeper::offerFile(const QString& path)
{
    const QString job = m_jobs.add(tr("Looking at %1").arg(QFileInfo(path).fileName()), {}, {});
    m_systems.ask(
        [path, home = m_surroundings.place.home](const OsDatabase* database) {
            return lookAt(path, database, making::hostMeans(home));
        },
        [this, path, job](Offered offered) {
            m_jobs.remove(job);
            if (offered.kind == Offered::Kind::Unusable)
                emit notice(offered.problem, {});
            else if (offered.kind == Offered::Kind::Bundle)
                importBundle(path);
            else
                emit draftReady(named(std::move(offered.draft)));
        });
}

/// With a name no machine has, among those we know; Library::create() has the last word.
MachineDraft LibraryKeeper::named(MachineDraft draft) const
{
    const auto taken = [this](const QString& name) {
        return std::any_of(m_machines.begin(), m_machines.end(),
                           [&](const Machine& machine) { return machine.shown.name == name; });
    };
    const QString wish = text(draft.config.name());
    QString name = wish;
    for (int i = 2; taken(name); ++i)
        name = QStringLiteral("%1 (%2)").arg(wish).arg(i);
    draft.config.hardware.name = name.toStdString();
    return draft;
}

MachineDraft LibraryKeeper::emptyDraft() const
{
    return named(emptySheet(making::hostMeans(m_surroundings.place.home)));
}

void LibraryKeeper::importBundle(const QString& path)
{
    startJob(tr("Importing %1").arg(QFileInfo(path).fileName()), {},
             [path = path.toStdString()](const Library& library, Job& job) -> Result<void> {
                 TRY(library.importFrom(path, job));
                 return {};
             });
}

void LibraryKeeper::loadSystems()
{
    m_systems.ask(
        [](const OsDatabase* database) {
            return database ? systemsOf(*database) : QList<SystemName>();
        },
        [this](const QList<SystemName>& systems) { emit systemsLoaded(systems); });
}

void LibraryKeeper::withSystem(const MachineDraft& draft, const QString& osId)
{
    m_systems.ask(
        [draft, osId, home = m_surroundings.place.home](const OsDatabase* database) {
            return database ? sheetWithSystem(draft, *database, osId, making::hostMeans(home))
                            : draft;
        },
        [this](const MachineDraft& filled) { emit systemFilledIn(filled); });
}

void LibraryKeeper::loadCatalogue()
{
    m_systems.ask(
        [](const OsDatabase* database) {
            return database ? catalogueOf(*database) : QList<CatalogueEntry>();
        },
        [this](const QList<CatalogueEntry>& entries) {
            emit catalogueLoaded(entries,
                                 entries.isEmpty()
                                     ? tr("The catalogue of systems is not installed; the package "
                                          "osinfo-db has it.")
                                     : QString());
        });
}

// --- Making ---

void LibraryKeeper::create(const MachineDraft& wished, bool start)
{
    MachineDraft draft = wished;
    const QString id = QUuid::createUuid().toString(QUuid::Id128);
    draft.config.id = id.toStdString();
    Machine& machine = m_machines[id];
    machine.plannedName = text(draft.config.name());
    machine.plannedOs = text(draft.config.os);
    machine.shown = summarize(id, machine);
    emit machineAdded(id);
    const QString title = draft.sourceName.isEmpty() ? tr("Making %1").arg(machine.plannedName)
                                                     : tr("Importing %1").arg(draft.sourceName);
    m_jobs.start(title, id, [this, id, draft, start, place = m_surroundings.place](Job& job) {
        auto entry = std::make_shared<Result<MachineEntry>>(makeMachine(draft, place, job));
        return [this, id, draft, start, entry] { madeMachine(id, draft, *entry, start); };
    });
}

void LibraryKeeper::madeMachine(const QString& id, const MachineDraft& draft,
                                const Result<MachineEntry>& entry, bool start)
{
    m_shelf.refresh();
    if (!entry) {
        forget(id);
        if (entry.error().code() != vmm::ErrorCode::Cancelled)
            emit notice(text(entry.error().sentence()), {});
        return;
    }
    m_machines[id].shelf = ShelfMachine{*entry};
    m_machines[id].unlisted = 1; // a look that began before it was made
    update(id);
    if (draft.express)
        return prepare(id, draft, start);
    if (start)
        launch(id);
}

/// Without the script nothing is started: the person would meet questions they have answered.
void LibraryKeeper::prepare(const QString& id, const MachineDraft& draft, bool start)
{
    const auto preparation = std::make_shared<Preparation>();
    preparation->id = id;
    preparation->draft = draft;
    preparation->start = start;
    preparation->shown =
        m_jobs.add(tr("Preparing the installation of %1").arg(draft.osName), id, [preparation] {
            preparation->job.cancel();
            if (preparation->drivers)
                preparation->drivers->cancel();
        });
    keepPassword(id, draft);
    m_systems.ask(
        [os = draft.config.os](const OsDatabase* database) {
            return database ? os::driversFor(*database, os) : std::vector<os::DriverSet>();
        },
        [this, preparation](const std::vector<os::DriverSet>& sets) {
            fetchDrivers(preparation, sets);
        });
}

/// A system without its drivers is better than none: it can get them when it is installed.
void LibraryKeeper::fetchDrivers(const std::shared_ptr<Preparation>& preparation,
                                 const std::vector<os::DriverSet>& sets)
{
    if (sets.empty() || preparation->job.cancelled())
        return writeScripts(preparation, {});
    auto* const fetch = new DriverFetch(*m_downloader, wantedDrivers(sets), this);
    preparation->drivers = fetch;
    connect(fetch, &DriverFetch::progress, this, [this, preparation](int perMille) {
        m_jobs.setProgress(preparation->shown, perMille);
    });
    connect(fetch, &DriverFetch::finished, this,
            [this, fetch, preparation](const std::vector<install::DriverFile>& files) {
                fetch->deleteLater();
                countDownloads();
                writeScripts(preparation, files);
            });
    connect(fetch, &DriverFetch::failed, this, [this, fetch, preparation](const QString& sentence) {
        fetch->deleteLater();
        countDownloads();
        if (!preparation->job.cancelled())
            emit notice(tr("%1 is installed without drivers for its network card: %2")
                            .arg(preparation->draft.osName, sentence),
                        preparation->id);
        writeScripts(preparation, {});
    });
    fetch->start();
}

void LibraryKeeper::writeScripts(const std::shared_ptr<Preparation>& preparation,
                                 const std::vector<install::DriverFile>& drivers)
{
    const QString id = preparation->id;
    const auto known = m_machines.constFind(id);
    if (known == m_machines.constEnd() || !known->shelf) // removed meanwhile
        return m_jobs.remove(preparation->shown);
    m_systems.ask(
        [preparation, drivers, bundle = known->shelf->entry.bundle](const OsDatabase* database) {
            making::Draft draft = draftOf(preparation->draft);
            draft.drivers = drivers;
            return making::prepareInstall(draft, bundle, database, preparation->job);
        },
        [this, id, preparation](const Result<void>& outcome) {
            m_jobs.remove(preparation->shown);
            m_shelf.refresh();
            warn(outcome, id);
            if (outcome && preparation->start && bundleOf(id))
                launch(id);
        });
}

void LibraryKeeper::keepPassword(const QString& id, const MachineDraft& draft)
{
    if (draft.password.isEmpty())
        return;
    const services::GuestPassword password{
        id.toStdString(), draft.user.toStdString(), draft.password.toStdString(),
        tr("Password of %1 on %2").arg(draft.user, text(draft.config.name())).toStdString()};
    ++m_keeping;
    m_keyring.run(
        this, [this, password] { return m_passwords.store(password); },
        [this, id](const Result<void>& outcome) {
            if (!outcome)
                emit notice(tr("The password could not be kept in the keyring, so remember it: %1")
                                .arg(text(outcome.error().sentence())),
                            id);
            --m_keeping;
            if (!busy())
                emit idle();
        });
}

void LibraryKeeper::forgetPasswords()
{
    m_keyring.run(
        this,
        [this, place = m_surroundings.place]() -> Result<void> {
            const Library library = TRY(place.open());
            for (const std::string& id : library.gone())
                if (TRY(m_passwords.forget(id)))
                    library.settle(id);
            return {};
        },
        [](const Result<void>&) {}); // what is left now is left for the next time
}

// --- Downloads ---

void LibraryKeeper::download(const QUrl& url)
{
    if (m_downloads.contains(url))
        return;
    const std::shared_ptr<Download> download =
        m_downloader->get(url.adjusted(QUrl::RemoveFragment), sumOf(url));
    m_downloads.insert(url, download);
    if (!m_downloader->notice().isEmpty())
        emit notice(m_downloader->notice(), {});
    const QString name = url.fileName().isEmpty() ? url.host() : url.fileName();
    const QString job = m_jobs.add(tr("Downloading %1").arg(name), {}, [this, url] {
        if (const auto found = m_downloads.value(url))
            found->cancel();
    });
    connect(download.get(), &Download::progress, this, [this, job](qint64 received, qint64 total) {
        constexpr qint64 kWhole = 1000;
        m_jobs.setProgress(job, total > 0 ? static_cast<int>(received * kWhole / total) : -1);
    });
    connect(download.get(), &Download::finished, this, [this, url, job, name](const QString& path) {
        endDownload(url, job);
        m_notifier.notify(url.toString(), name, tr("The download is finished."));
        offerFile(path);
    });
    connect(download.get(), &Download::failed, this, [this, url, job](const QString& sentence) {
        endDownload(url, job);
        emit notice(sentence, {});
    });
}

/// The download is what calls us, so it lives a little longer.
void LibraryKeeper::endDownload(const QUrl& url, const QString& job)
{
    m_jobs.remove(job);
    const std::shared_ptr<Download> download = m_downloads.take(url);
    QMetaObject::invokeMethod(
        this, [download] {}, Qt::QueuedConnection);
    countDownloads();
}

QString LibraryKeeper::downloadFolder() const
{
    return m_downloader->folder();
}

void LibraryKeeper::emptyDownloads()
{
    m_downloader->emptyCache();
    countDownloads();
}

void LibraryKeeper::countDownloads()
{
    const qint64 now = m_downloader->bytesInCache();
    if (std::exchange(m_downloadBytes, now) != now)
        emit downloadsChanged();
}

} // namespace app::main
