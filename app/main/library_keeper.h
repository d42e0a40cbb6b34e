// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryKeeper: the real library behind the window.
//
//   disk (LibraryShelf) --+
//   bus (LibraryGuests) --+--> LibraryKeeper --signals--> ui/models
//   children (Launcher) --+        |
//   jobs (LibraryJobs)  --+        +--> app/services
#pragma once

#include <optional>
#include <string>

#include <QDBusConnection>
#include <QElapsedTimer>
#include <QMap>
#include <QPointer>
#include <QSet>
#include <QTimer>

#include "app/download/downloader.h"
#include "app/library/library.h"
#include "app/main/library_drivers.h"
#include "app/main/library_errands.h"
#include "app/main/library_guests.h"
#include "app/main/library_jobs.h"
#include "app/main/library_launcher.h"
#include "app/main/library_live.h"
#include "app/main/library_shelf.h"
#include "app/main/library_systems.h"
#include "app/services/keyring.h"
#include "app/services/notifier.h"
#include "app/services/sleep_inhibitor.h"
#include "ui/models/library_controller.h"

namespace app::main {

/// Where a library lives and whom it talks to; a test has its own of everything.
struct LibrarySurroundings {
    LibraryPlace place;
    std::string program = "/proc/self/exe"; ///< what runs a machine
    QDBusConnection bus = QDBusConnection(QString());
    std::function<QDBusConnection()> systemBus; ///< asked when it is first needed; none: none
    QString systems;                            ///< file with names of systems; empty: none
    QString downloads;                          ///< folder of downloads; empty: the usual one
};

/// Puts together what the disk, the bus and the children say, and does what the window asks. GUI
/// thread; files are read and written on others, except for a configuration or a log's end, which
/// are small.
class LibraryKeeper final : public ui::models::LibraryController {
    Q_OBJECT
public:
    explicit LibraryKeeper(const LibrarySurroundings& surroundings, QObject* parent = nullptr);
    ~LibraryKeeper() override;

    QList<ui::models::MachineSummary> machines() const override;
    std::optional<ui::models::MachineSummary> machine(const QString& id) const override;
    QList<ui::models::JobSummary> jobs() const override { return m_jobs.list(); }
    void cancelJob(const QString& job) override { m_jobs.cancel(job); }
    void setVisibleMachines(const QStringList& ids) override;
    void setWatchedMachine(const QString& id) override;

    void open(const QString& id) override;
    void pause(const QString& id) override;
    void resume(const QString& id) override;
    void restart(const QString& id) override;
    void suspend(const QString& id) override;
    void shutDown(const QString& id) override;
    void forceOff(const QString& id) override;

    void rename(const QString& id, const QString& name) override;
    void setGroups(const QString& id, const QStringList& groups) override;
    void clone(const QString& id) override;
    void remove(const QString& id) override;
    void undoRemove(const QString& ticket) override;
    void exportTo(const QString& id, const QUrl& file) override;
    void moveTo(const QString& id, const QUrl& folder) override;
    QStringList folders() const override { return m_shelf.folders(); }
    void addFolder(const QUrl& folder) override;
    void removeFolder(const QString& folder) override;

    bool accepts(const QList<QUrl>& urls) const override;
    void offer(const QList<QUrl>& urls) override;
    ui::models::MachineDraft emptyDraft() const override;
    void create(const ui::models::MachineDraft& draft, bool start) override;
    void loadSystems() override;
    void withSystem(const ui::models::MachineDraft& draft, const QString& osId) override;
    void loadCatalogue() override;

    std::optional<library::MachineConfig> config(const QString& id) const override;
    void setConfig(const QString& id, const library::MachineConfig& config) override;
    QString configText(const QString& id) const override;
    void setConfigText(const QString& id, const QString& text) override;
    QString configTextProblem(const QString& id, const QString& text) const override;
    QList<ui::models::DiskSummary> disks(const QString& id) const override;
    void addDisk(const QString& id, quint64 bytes) override;
    void growDisk(const QString& id, const QString& disk, quint64 bytes) override;
    void detachDisk(const QString& id, const QString& disk) override;
    void insertMedium(const QString& id, const QUrl& file) override;
    void ejectMedium(const QString& id) override;
    void addForward(const QString& id, const QString& rule) override;
    void removeForward(const QString& id, const QString& rule) override;
    void askPorts(const QString& id) override;
    QString logText(const QString& id) const override;

    QString downloadFolder() const override;
    qint64 downloadBytes() const override { return m_downloadBytes; }
    void emptyDownloads() override;

    /// Whether leaving now would break something off.
    bool busy() const { return !m_jobs.empty() || m_keeping > 0; }
    /// Machines that go on when the library leaves.
    bool anyRunning() const;

signals:
    /// Nothing is under way any more.
    void idle();
    /// The person asked for the window, by a notification.
    void windowWanted();

private:
    /// All that is known of one machine.
    struct Machine {
        std::optional<ShelfMachine> shelf; ///< none while it is being made
        QString plannedName;               ///< while it is being made
        QString plannedOs;
        QString trouble;        ///< why its process ended; empty: it did not, or well
        bool seenOnBus = false; ///< the child's name has been there
        int unlisted = 0;       ///< looks at the disk that may miss it: it was just made
        bool judge = false;     ///< left the bus without a word; the next look at the disk decides
        qint64 pictureTime = 0; ///< of the file `shown.thumbnail` is
        ui::models::MachineSummary shown;
    };
    /// What a running machine is being told of one change.
    struct Applying {
        qsizetype open = 0; ///< calls without an answer
        bool later = false; ///< something is left for the next start
    };
    using Change = std::function<vmm::Result<void>(library::MachineConfig&)>;
    /// An installation without questions on its way: drivers, then scripts.
    struct Preparation {
        QString id;
        ui::models::MachineDraft draft;
        bool start = false;
        QString shown; ///< the job's id in the list
        library::Job job;
        QPointer<DriverFetch> drivers;
    };

    // The list.
    void takeListing();
    void judgeVanished(const QString& id, Machine& machine);
    /// Whether it is shown otherwise now, which machineChanged() has told.
    bool update(const QString& id);
    void forget(const QString& id);
    ui::models::MachineSummary summarize(const QString& id, const Machine& machine) const;
    ui::models::MachineState stateOf(const QString& id, const Machine& machine) const;
    void resolveSystems();
    void warn(const vmm::Result<void>& outcome, const QString& id);
    void take(const QString& id, const vmm::Result<library::MachineConfig>& written);

    // Running machines.
    void guestVanished(const QString& id, bool told);
    void childEnded(const QString& id, int status, const QString& words);
    void fail(const QString& id, const QString& trouble);
    static QString troubleOf(int status, const QString& last);
    void launch(const QString& id);
    void tell(const QString& id, const QString& method, const QVariantList& arguments = {});
    void loadPictures();
    void renewThumbnails();
    void takeThumbnail(const QString& id, const QDBusMessage& answer);
    void showPicture(const QString& id, const QImage& picture);
    void askLoad();
    void updateTimers();
    void updateInhibitor();
    void installed(const QString& id);

    // Bundles.
    std::optional<std::filesystem::path> bundleOf(const QString& id) const;
    /// What Library finds it by: a broken one has only its path.
    std::string libraryKey(const QString& id) const;
    /// Changes machine.toml on a worker; `then` on success.
    void change(const QString& id, Change edit, std::function<void()> then = {});
    /// From the configuration before to the one now.
    void apply(const QString& id, const library::MachineConfig& before,
               const library::MachineConfig& now);
    void told(const QString& id, const QString& method, Applying& applying,
              const QDBusMessage& answer);
    void growLive(const QString& id, const QString& disk, quint64 bytes);
    void setMedium(const QString& id, const QString& path);
    void changeForward(const QString& id, const QString& rule, bool wanted);
    using LibraryWork =
        std::function<vmm::Result<void>(const library::Library& library, library::Job& job)>;
    void startJob(const QString& title, const QString& id, LibraryWork work,
                  const QString& done = {});

    // Offers.
    void offerFile(const QString& path);
    ui::models::MachineDraft named(ui::models::MachineDraft draft) const;
    void importBundle(const QString& path);
    void madeMachine(const QString& id, const ui::models::MachineDraft& draft,
                     const vmm::Result<library::MachineEntry>& entry, bool start);
    void prepare(const QString& id, const ui::models::MachineDraft& draft, bool start);
    void fetchDrivers(const std::shared_ptr<Preparation>& preparation,
                      const std::vector<os::DriverSet>& sets);
    void writeScripts(const std::shared_ptr<Preparation>& preparation,
                      const std::vector<install::DriverFile>& drivers);
    void keepPassword(const QString& id, const ui::models::MachineDraft& draft);
    /// Those of machines that are gone for good leave the keyring.
    void forgetPasswords();
    void download(const QUrl& url);
    void endDownload(const QUrl& url, const QString& job);
    void countDownloads();

    LibrarySurroundings m_surroundings;
    QMap<QString, Machine> m_machines;
    QSet<QString> m_visible;
    QString m_watched;
    QSet<QString> m_thumbnailsAsked;
    QMap<QString, library::Deleted> m_trash;
    QElapsedTimer m_clock;
    QTimer m_thumbnailTimer;
    QTimer m_loadTimer;
    QStringList m_foldersTold;
    qint64 m_downloadBytes = 0;
    bool m_loadAsked = false;
    bool m_listed = false; // once
    int m_keeping = 0;     // passwords on their way into the keyring
    LibraryShelf m_shelf;
    LibraryGuests m_guests;
    LibraryLauncher m_launcher;
    LibrarySystems m_systems;
    const std::unique_ptr<download::Downloader> m_downloader;
    QMap<QUrl, std::shared_ptr<download::Download>> m_downloads;
    services::Notifier m_notifier;
    services::SleepInhibitor m_inhibitor;
    services::Keyring m_passwords;
    Errands m_quick{1};    // changes of a bundle, in their order
    Errands m_pictures{1}; // thumbnails
    Errands m_keyring{1};  // which may ask the person
    LibraryJobs m_jobs;    // last: their threads are waited for first
};

} // namespace app::main
