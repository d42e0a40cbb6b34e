// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of the jobs, kept in step with the controller.
#include "ui/models/job_model.h"

#include <algorithm>

#include <QLocale>

namespace ui::models {

JobModel::JobModel(LibraryController& controller, QObject* parent)
    : QAbstractListModel(parent), m_controller(controller), m_jobs(controller.jobs())
{
    connect(&controller, &LibraryController::jobsChanged, this, &JobModel::take);
}

int JobModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_jobs.size());
}

QVariant JobModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const JobSummary& job = m_jobs[index.row()];
    switch (role) {
    case IdRole:
        return job.id;
    case TitleRole:
        return job.title;
    case ProgressRole:
        return job.perMille < 0 ? -1.0 : job.perMille / 1000.0;
    case PercentRole:
        return job.perMille < 0 ? QString() : tr("%1 %").arg(QLocale().toString(job.perMille / 10));
    default:
        return {};
    }
}

QHash<int, QByteArray> JobModel::roleNames() const
{
    return {{IdRole, "jobId"},
            {TitleRole, "title"},
            {ProgressRole, "progress"},
            {PercentRole, "percent"}};
}

double JobModel::progress() const
{
    double sum = 0;
    for (const JobSummary& job : m_jobs) {
        if (job.perMille < 0)
            return -1;
        sum += job.perMille / 1000.0;
    }
    return m_jobs.isEmpty() ? 0 : sum / static_cast<double>(m_jobs.size());
}

void JobModel::cancel(const QString& job)
{
    m_controller.cancelJob(job);
}

int JobModel::rowOf(const QString& job) const
{
    const auto found = std::ranges::find(m_jobs, job, &JobSummary::id);
    return found == m_jobs.end() ? -1 : static_cast<int>(found - m_jobs.begin());
}

void JobModel::dropMissing(const QList<JobSummary>& now)
{
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (std::ranges::find(now, m_jobs[row].id, &JobSummary::id) != now.end())
            continue;
        beginRemoveRows({}, row, row);
        m_jobs.removeAt(row);
        endRemoveRows();
    }
}

void JobModel::take()
{
    const int before = rowCount();
    const QList<JobSummary> now = m_controller.jobs();
    dropMissing(now);
    for (const JobSummary& job : now) {
        const int row = rowOf(job.id);
        if (row < 0) {
            beginInsertRows({}, rowCount(), rowCount());
            m_jobs.append(job);
            endInsertRows();
        } else if (m_jobs[row].perMille != job.perMille || m_jobs[row].title != job.title) {
            m_jobs[row] = job;
            emit dataChanged(index(row), index(row));
        }
    }
    if (before != rowCount())
        emit countChanged();
    emit progressChanged();
}

} // namespace ui::models
