// SPDX-License-Identifier: GPL-3.0-or-later
// DemoLibrary: a library of machines that only pretend, for `vitrine --demo`, tests and
// screenshots. Nothing is started, nothing is written.
#pragma once

#include <QMap>
#include <QTimer>

#include "ui/models/library_controller.h"

namespace ui::models {

/// Does as it is told after a moment. GUI thread.
class DemoLibrary : public LibraryController {
    Q_OBJECT
public:
    /// Which machines it has.
    enum class Shelf {
        Everyday, ///< every state, long names, a name written from right to left
        Empty,
        Many, ///< fifty
    };
    explicit DemoLibrary(Shelf shelf = Shelf::Everyday, QObject* parent = nullptr);
    ~DemoLibrary() override;

    /// How long a machine takes to start or stop, in milliseconds; 0: done before the call returns.
    void setPace(int milliseconds) { m_pace = milliseconds; }
    /// Whether running screens move and jobs go on by themselves. On at first.
    void setLively(bool lively);

    /// What setVisibleMachines() was told last.
    QStringList visibleMachines() const { return m_visible; }

    QList<MachineSummary> machines() const override { return m_machines; }
    std::optional<MachineSummary> machine(const QString& id) const override;
    QList<JobSummary> jobs() const override { return m_jobs; }
    void cancelJob(const QString& job) override;
    void setVisibleMachines(const QStringList& ids) override { m_visible = ids; }
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
    QStringList folders() const override { return m_folders; }
    void addFolder(const QUrl& folder) override;
    void removeFolder(const QString& folder) override;

    bool accepts(const QList<QUrl>& urls) const override;
    void offer(const QList<QUrl>& urls) override;
    MachineDraft emptyDraft() const override;
    void create(const MachineDraft& draft, bool start) override;
    void loadSystems() override;
    void withSystem(const MachineDraft& draft, const QString& osId) override;
    void loadCatalogue() override;

    std::optional<app::library::MachineConfig> config(const QString& id) const override;
    void setConfig(const QString& id, const app::library::MachineConfig& config) override;
    QString configText(const QString& id) const override;
    void setConfigText(const QString& id, const QString& text) override;
    QString configTextProblem(const QString& id, const QString& text) const override;
    QList<DiskSummary> disks(const QString& id) const override;
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

private:
    MachineSummary* find(const QString& id);
    void set(const QString& id, MachineState state);
    /// To `after` by way of `during`.
    void change(const QString& id, MachineState during, MachineState after);
    void addMachine(const MachineSummary& machine);
    QString addJob(const QString& title, const QString& machine, int perMille);
    QString freshId();
    void tick();
    void moveJobs();
    void movePictures();
    void tellLoad();
    void editHardware(const QString& id, const std::function<void(vmm::spec::MachineSpec&)>& edit);

    QList<MachineSummary> m_machines;
    QMap<QString, app::library::MachineConfig> m_configs;
    QMap<QString, MachineSummary> m_trash;
    QMap<QString, QString> m_texts;                    ///< configurations that were edited as text
    mutable QMap<QString, QList<DiskSummary>> m_disks; ///< of machines whose disks were looked at
    QStringList m_folders{QStringLiteral("/machines")};
    qint64 m_downloadBytes = 1468006400;
    QList<JobSummary> m_jobs;
    QStringList m_visible;
    QString m_watched;
    QTimer m_ticking;
    MachineLoad m_load;
    int m_pace = 900;
    int m_frame = 0;
    int m_lastId = 0;
};

} // namespace ui::models
