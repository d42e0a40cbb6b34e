// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_jobs.h"

namespace app::main {

using ui::models::JobSummary;

LibraryJobs::LibraryJobs(QObject* parent) : QObject(parent) {}

LibraryJobs::~LibraryJobs()
{
    for (const auto& [id, entry] : m_jobs)
        if (entry.giveUp)
            entry.giveUp();
}

QString LibraryJobs::start(const QString& title, const QString& machine, Work work)
{
    const QString id = add(title, machine, {});
    const auto progress = [this, id](int perMille) {
        QMetaObject::invokeMethod(
            this, [this, id, perMille] { setProgress(id, perMille); }, Qt::QueuedConnection);
    };
    auto job = std::make_shared<library::Job>(progress);
    m_jobs.at(id).giveUp = [job] { job->cancel(); };
    m_errands.run(
        this, [job, work = std::move(work)] { return work(*job); },
        [this, id](const Finish& finish) {
            remove(id);
            if (finish)
                finish();
        });
    return id;
}

QString LibraryJobs::add(const QString& title, const QString& machine, std::function<void()> giveUp)
{
    // Padded, so that the map keeps the order in which they were started.
    const QString id = QStringLiteral("job%1").arg(++m_last, 8, 10, QLatin1Char('0'));
    m_jobs.emplace(id, Entry{JobSummary{id, title, -1, machine}, std::move(giveUp)});
    emit changed();
    return id;
}

void LibraryJobs::setProgress(const QString& id, int perMille)
{
    const auto found = m_jobs.find(id);
    if (found == m_jobs.end() || found->second.summary.perMille == perMille)
        return;
    found->second.summary.perMille = perMille;
    emit changed();
}

void LibraryJobs::remove(const QString& id)
{
    if (m_jobs.erase(id) > 0)
        emit changed();
}

QList<JobSummary> LibraryJobs::list() const
{
    QList<JobSummary> summaries;
    for (const auto& [id, entry] : m_jobs)
        summaries << entry.summary;
    return summaries;
}

bool LibraryJobs::about(const QString& machine) const
{
    for (const auto& [id, entry] : m_jobs)
        if (entry.summary.machine == machine)
            return true;
    return false;
}

void LibraryJobs::cancel(const QString& id)
{
    const auto found = m_jobs.find(id);
    if (found != m_jobs.end() && found->second.giveUp)
        found->second.giveUp();
}

} // namespace app::main
