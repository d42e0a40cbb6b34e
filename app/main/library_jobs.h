// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryJobs: what takes its time, with progress, and can be given up.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include <QList>
#include <QObject>
#include <QString>

#include "app/library/job.h"
#include "app/main/library_errands.h"
#include "ui/models/library_controller.h"

namespace app::main {

/// Runs jobs on threads of their own, and lists others' (downloads) beside them. GUI thread. The
/// destructor cancels everything and waits.
class LibraryJobs : public QObject {
    Q_OBJECT
public:
    explicit LibraryJobs(QObject* parent = nullptr);
    ~LibraryJobs() override;

    /// What is to be done once the work is over, on the GUI thread.
    using Finish = std::function<void()>;
    /// Runs on a thread of its own; calls job.step() often.
    using Work = std::function<Finish(library::Job& job)>;

    /// Starts `work`, shown as `title`; the job's id. `machine` may be empty.
    QString start(const QString& title, const QString& machine, Work work);

    /// Lists a job that goes on elsewhere; cancel() calls `giveUp`.
    QString add(const QString& title, const QString& machine, std::function<void()> giveUp);
    /// `perMille` -1: not known.
    void setProgress(const QString& id, int perMille);
    void remove(const QString& id);

    QList<ui::models::JobSummary> list() const;
    bool empty() const { return m_jobs.empty(); }
    /// Whether a job is about `machine`.
    bool about(const QString& machine) const;
    void cancel(const QString& id);

signals:
    void changed();

private:
    struct Entry {
        ui::models::JobSummary summary;
        std::function<void()> giveUp;
    };
    std::map<QString, Entry> m_jobs;
    quint64 m_last = 0;
    Errands m_errands{3}; // last: its threads are waited for first
};

} // namespace app::main
