// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryController: what the library's window asks of whoever keeps the machines. app implements
// it; `--demo` has its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QDate>
#include <QDateTime>
#include <QImage>
#include <QList>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

#include "app/library/machine_config.h"

namespace ui::models {

/// What a machine does, as the library shows it.
enum class MachineState {
    Off,
    Starting,
    Running,
    Paused,
    Suspended, ///< saved to its bundle
    Stopping,
    Failed, ///< its program ended unexpectedly: `problem` says why
    Broken, ///< its bundle cannot be used as it is: `problem` says why, with file and line
};

/// Counters of a running machine since it started; the pages make rates of them.
struct MachineLoad {
    qint64 at = 0; ///< milliseconds of a steady clock
    quint64 cpuNanoseconds = 0;
    quint64 memoryBytes = 0; ///< what it takes of the host's memory
    quint64 diskBytesRead = 0;
    quint64 diskBytesWritten = 0;
    quint64 netBytesReceived = 0;
    quint64 netBytesSent = 0;
};

/// One machine as a listing shows it. Plain data.
struct MachineSummary {
    QString id;
    QString name;
    QString osName; ///< "Debian 12"; empty when unknown
    QString osLogo; ///< source of an image, or empty
    MachineState state = MachineState::Off;
    QString problem;
    QStringList groups;
    int cpus = 0;
    quint64 memoryBytes = 0;
    quint64 diskBytes = 0; ///< what the bundle takes of the host's disk; 0 until known
    QDateTime lastUsed;
    QImage thumbnail; ///< the screen now, or as it was last; null when never seen
    bool installing = false;
    bool disposable = false;
};

/// Work that takes its time: an import, a clone, a download.
struct JobSummary {
    QString id;
    QString title;     ///< "Importing debian.qcow2"
    int perMille = -1; ///< -1: not known how far
    QString machine;   ///< the machine it is for, or empty
};

/// A disk of a machine, as its preferences show it. Plain data.
struct DiskSummary {
    QString id; ///< of its drive: "disk0"
    QString file;
    quint64 bytes = 0;       ///< its size as the guest sees it; 0: not known
    quint64 bytesOnHost = 0; ///< what it takes of the host's disk
};

/// A medium that can be downloaded. Plain data.
struct CatalogueEntry {
    QString osId;
    QString osName; ///< "Debian 12"
    QString osLogo; ///< source of an image, or empty
    QString vendor;
    QString variant; ///< "Netinst", "Workstation Live" or empty
    QUrl url;
    bool live = false;
    bool installer = true;
    bool endOfLife = false;
    QDate released; ///< null: not known
};

/// An operating system that can be chosen. Plain data.
struct SystemName {
    QString osId;
    QString name; ///< "Debian 12"
    QString logo; ///< source of an image, or empty
};

/// What Vitrine proposes for a file or address a person dropped, before a machine is made of it.
/// The sheet shows it and hands it back changed.
struct MachineDraft {
    enum class Source { Installer, LiveMedium, DiskImage, Appliance, Bundle, Empty };
    Source source = Source::Empty;
    int ticket = 0;     ///< the sheet's own mark, given back by withSystem()
    QString sourceName; ///< of the file, without its folder
    QString osName;     ///< as detected; empty when unknown
    QString osLogo;
    bool canBios = true; ///< firmware it starts from; with both the sheet offers a choice
    bool canUefi = false;
    bool canExpress = false;   ///< libosinfo knows how to install it unattended
    bool canTryLive = false;   ///< boots without being installed
    quint64 minimumMemory = 0; ///< libosinfo's; 0: unknown
    quint64 recommendedMemory = 0;
    quint64 hostMemory = 0;
    int hostCpus = 0;
    quint64 freeDiskBytes = 0; ///< where the disk will be
    quint64 diskBytes = 0;     ///< of the disk to make; 0: none
    bool tryLive = false;      ///< no disk, deleted when closed unless kept
    app::library::MachineConfig config;
    // Express install, when canExpress.
    bool express = false;
    QString user;
    QString fullName;
    QString password; ///< goes to the keyring, never into the bundle
    QString productKey;
    bool needsProductKey = false;
    QString language; ///< "de_DE"
    QString keyboard; ///< "de"
    QString timeZone; ///< "Europe/Berlin"
};

/// The library as its window sees it. GUI thread only; nothing here blocks: requests return at
/// once, what becomes of them arrives by the signals. Outlives the models that use it.
class LibraryController : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The application makes it")
public:
    using QObject::QObject;
    ~LibraryController() override;

    virtual QList<MachineSummary> machines() const = 0;
    virtual std::optional<MachineSummary> machine(const QString& id) const = 0;
    virtual QList<JobSummary> jobs() const = 0;
    virtual void cancelJob(const QString& job) = 0;

    /// Thumbnails are renewed only for machines somebody looks at.
    virtual void setVisibleMachines(const QStringList& ids) = 0;
    /// loadChanged() comes about once a second for these.
    virtual void setWatchedMachine(const QString& id) = 0;

    // What a machine can be told.
    /// Starts or resumes it, or brings its window to the front.
    virtual void open(const QString& id) = 0;
    virtual void pause(const QString& id) = 0;
    virtual void resume(const QString& id) = 0;
    virtual void restart(const QString& id) = 0;
    virtual void suspend(const QString& id) = 0;
    virtual void shutDown(const QString& id) = 0;
    virtual void forceOff(const QString& id) = 0;

    // What can be done with its bundle.
    virtual void rename(const QString& id, const QString& name) = 0;
    virtual void setGroups(const QString& id, const QStringList& groups) = 0;
    virtual void clone(const QString& id) = 0;
    /// Into the trash; deleted() follows with what undo() wants.
    virtual void remove(const QString& id) = 0;
    virtual void undoRemove(const QString& ticket) = 0;
    virtual void exportTo(const QString& id, const QUrl& file) = 0;
    virtual void moveTo(const QString& id, const QUrl& folder) = 0;
    /// The folders machines are looked for in, the default one first; foldersChanged() follows
    /// when the list changes. The default one stays.
    virtual QStringList folders() const = 0;
    virtual void addFolder(const QUrl& folder) = 0;
    virtual void removeFolder(const QString& folder) = 0;

    // From file to guest.
    /// Whether dropping `urls` makes sense: local files, or http(s).
    virtual bool accepts(const QList<QUrl>& urls) const = 0;
    /// Looks at each; draftReady() or notice() follows. Bundles are imported at once.
    virtual void offer(const QList<QUrl>& urls) = 0;
    /// A draft without a medium.
    virtual MachineDraft emptyDraft() const = 0;
    /// All systems there are to choose from; systemsLoaded() follows.
    virtual void loadSystems() = 0;
    /// `draft` with the system `osId`, as the person says, and what that needs; systemFilledIn()
    /// follows.
    virtual void withSystem(const MachineDraft& draft, const QString& osId) = 0;
    /// Makes the machine; it appears in machines(), and starts when `start`.
    virtual void create(const MachineDraft& draft, bool start) = 0;

    /// Reads the catalogue of systems, away from the GUI thread; catalogueLoaded() follows.
    virtual void loadCatalogue() = 0;

    // Preferences.
    virtual std::optional<app::library::MachineConfig> config(const QString& id) const = 0;
    /// Writes the configuration, and changes what a running machine can change; the rest is for its
    /// next start, which configApplied() tells.
    virtual void setConfig(const QString& id, const app::library::MachineConfig& config) = 0;
    virtual QString configText(const QString& id) const = 0;
    /// Checked first; configTextChecked() tells what is wrong (with the line), or that it was
    /// written.
    virtual void setConfigText(const QString& id, const QString& text) = 0;
    /// What is wrong with `text` as a configuration of `id`, with the line; empty: nothing. Writes
    /// nothing; some milliseconds at most.
    virtual QString configTextProblem(const QString& id, const QString& text) const = 0;
    virtual QList<DiskSummary> disks(const QString& id) const = 0;
    /// A new empty disk in the bundle; a running machine gets it now where it has a slot for it
    /// (configApplied() tells). machineChanged() follows, as for the two below.
    virtual void addDisk(const QString& id, quint64 bytes) = 0;
    /// Disks only grow: what is on them stays. While the machine runs, only virtio and SCSI disks.
    virtual void growDisk(const QString& id, const QString& disk, quint64 bytes) = 0;
    /// Takes the disk out of the machine, now if it was attached while it ran, else from its next
    /// start; its file stays.
    virtual void detachDisk(const QString& id, const QString& disk) = 0;
    virtual void insertMedium(const QString& id, const QUrl& file) = 0;
    virtual void ejectMedium(const QString& id) = 0;
    /// Forwards of the first card on NAT, as rules ("tcp:127.0.0.1:2222-:22"), now and from now on.
    virtual void addForward(const QString& id, const QString& rule) = 0;
    virtual void removeForward(const QString& id, const QString& rule) = 0;
    /// Has the guest of a running machine asked which ports it listens on, behind that card;
    /// portsTold() follows some seconds later.
    virtual void askPorts(const QString& id) = 0;
    virtual QString logText(const QString& id) const = 0;

    // What downloads leave behind.
    virtual QString downloadFolder() const = 0;
    /// Bytes in that folder, as last counted; downloadsChanged() follows when the number changes.
    virtual qint64 downloadBytes() const = 0;
    virtual void emptyDownloads() = 0;

signals:
    void machineAdded(const QString& id);
    void machineChanged(const QString& id);
    void machineRemoved(const QString& id);
    void thumbnailChanged(const QString& id);
    void loadChanged(const QString& id, const ui::models::MachineLoad& load);
    void jobsChanged();
    /// Newest first within a family; `problem` says why it is empty.
    void catalogueLoaded(const QList<ui::models::CatalogueEntry>& entries, const QString& problem);
    /// As org.vitrine.Machine1's ListeningPorts: "10.0.2.15:22 ssh"; or why nobody can tell.
    void portsTold(const QString& id, const QStringList& ports, const QString& problem);
    void foldersChanged();
    void downloadsChanged();
    void draftReady(const ui::models::MachineDraft& draft);
    /// Families by name, newest first within one, those without updates at the end.
    void systemsLoaded(const QList<ui::models::SystemName>& systems);
    void systemFilledIn(const ui::models::MachineDraft& draft);
    /// A machine went to the trash; `ticket` brings it back.
    void deleted(const QString& name, const QString& ticket);
    void configApplied(const QString& id, bool atNextStart);
    void configTextChecked(const QString& id, const QString& problem);
    /// One sentence for the person; about machine `id`, or empty.
    void notice(const QString& sentence, const QString& id);
};

} // namespace ui::models
