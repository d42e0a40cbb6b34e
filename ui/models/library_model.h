// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryModel: the machines of the library as rows.
#pragma once

#include <QAbstractListModel>
#include <QHash>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"

namespace ui::models {

/// One row per machine, in the order they came; LibraryFilter sorts. Keeps a copy of each summary
/// and renews it when the controller says so. GUI thread. The controller outlives it.
class LibraryModel : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The library makes it")
public:
    /// As MachineState, for QML.
    enum State { Off, Starting, Running, Paused, Suspended, Stopping, Failed, Broken };
    Q_ENUM(State)
    /// Names in QML are those of roleNames().
    enum Role {
        IdRole = Qt::UserRole + 1,
        NameRole,
        OsNameRole,  ///< "Debian 12"; empty when unknown
        OsLogoRole,  ///< source of an image, or empty
        StateRole,   ///< State
        StatusRole,  ///< the state in the person's language: "Running"
        ProblemRole, ///< a sentence, when Failed or Broken
        GroupsRole,
        CpusRole,
        MemoryRole,   ///< "4 GiB"
        DiskRole,     ///< "12 GiB"; empty until known
        LastUsedRole, ///< "Today, 14:02"
        LastUsedTimeRole,
        PictureRole, ///< QImage
        AliveRole,   ///< there is a process: Starting to Stopping, but not Suspended
        InstallingRole,
        DisposableRole,
        JobRole,      ///< id of the job that works for the machine, or empty
        JobTitleRole, ///< its title
        ProgressRole, ///< of that job: 0 to 1, -1 when not known
    };
    Q_ENUM(Role)

    explicit LibraryModel(LibraryController& controller, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

    /// Row of the machine, or -1.
    int rowOf(const QString& id) const;
    const MachineSummary& at(int row) const { return m_machines[row]; }

private:
    void add(const QString& id);
    void renew(const QString& id);
    void renewPicture(const QString& id);
    void remove(const QString& id);
    void takeJobs();
    QVariant jobData(const QString& id, int role) const;

    LibraryController& m_controller;
    QList<MachineSummary> m_machines;
    QHash<QString, JobSummary> m_jobs; // by machine
};

/// What `machine` does, in the person's language.
QString statusText(const MachineSummary& machine);
/// When it was used last, as one says it `now`; empty for never.
QString lastUsedText(const QDateTime& lastUsed, const QDateTime& now);

} // namespace ui::models
