// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of the library, kept in step with the controller.
#include "ui/models/library_model.h"

#include <QCoreApplication>
#include <QLocale>

namespace ui::models {

namespace {

static_assert(static_cast<int>(MachineState::Off) == LibraryModel::Off);
static_assert(static_cast<int>(MachineState::Suspended) == LibraryModel::Suspended);
static_assert(static_cast<int>(MachineState::Failed) == LibraryModel::Failed);
static_assert(static_cast<int>(MachineState::Broken) == LibraryModel::Broken);

QString words(const char* text)
{
    return QCoreApplication::translate("ui::models::LibraryModel", text);
}

/// "4 GiB", "512 MiB", "12.5 GiB".
QString sizeText(quint64 bytes)
{
    if (bytes == 0)
        return {};
    const quint64 unit = bytes >= (1ULL << 30) ? 1ULL << 30 : 1ULL << 20;
    const int digits = bytes % unit == 0 || bytes / unit >= 100 ? 0 : 1;
    return QLocale().formattedDataSize(static_cast<qint64>(bytes), digits);
}

bool alive(MachineState state)
{
    return state == MachineState::Starting || state == MachineState::Running ||
           state == MachineState::Paused || state == MachineState::Stopping;
}

} // namespace

QString statusText(const MachineSummary& machine)
{
    switch (machine.state) {
    case MachineState::Off:
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Off"));
    case MachineState::Starting:
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Starting"));
    case MachineState::Running:
        if (machine.installing)
            return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Installing"));
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Running"));
    case MachineState::Paused:
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Paused"));
    case MachineState::Suspended:
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Suspended"));
    case MachineState::Stopping:
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Shutting down"));
    case MachineState::Failed:
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Stopped unexpectedly"));
    case MachineState::Broken:
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Cannot start"));
    }
    return {};
}

QString lastUsedText(const QDateTime& lastUsed, const QDateTime& now)
{
    if (!lastUsed.isValid())
        return {};
    const QLocale locale;
    const qint64 days = lastUsed.date().daysTo(now.date());
    const QString time = locale.toString(lastUsed.time(), QLocale::ShortFormat);
    if (days == 0)
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Today, %1")).arg(time);
    if (days == 1)
        return words(QT_TRANSLATE_NOOP("ui::models::LibraryModel", "Yesterday, %1")).arg(time);
    return locale.toString(lastUsed.date(), QLocale::ShortFormat);
}

LibraryModel::LibraryModel(LibraryController& controller, QObject* parent)
    : QAbstractListModel(parent), m_controller(controller), m_machines(controller.machines())
{
    for (const JobSummary& job : controller.jobs()) {
        if (!job.machine.isEmpty())
            m_jobs.insert(job.machine, job);
    }
    connect(&controller, &LibraryController::machineAdded, this, &LibraryModel::add);
    connect(&controller, &LibraryController::machineChanged, this, &LibraryModel::renew);
    connect(&controller, &LibraryController::thumbnailChanged, this, &LibraryModel::renewPicture);
    connect(&controller, &LibraryController::machineRemoved, this, &LibraryModel::remove);
    connect(&controller, &LibraryController::jobsChanged, this, &LibraryModel::takeJobs);
}

int LibraryModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_machines.size());
}

QVariant LibraryModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const MachineSummary& machine = m_machines[index.row()];
    switch (role) {
    case IdRole:
        return machine.id;
    case Qt::DisplayRole:
    case NameRole:
        return machine.name;
    case OsNameRole:
        return machine.osName;
    case OsLogoRole:
        return machine.osLogo;
    case StateRole:
        return static_cast<int>(machine.state);
    case StatusRole:
        return statusText(machine);
    case ProblemRole:
        return machine.problem;
    case GroupsRole:
        return machine.groups;
    case CpusRole:
        return machine.cpus;
    case MemoryRole:
        return sizeText(machine.memoryBytes);
    case DiskRole:
        return sizeText(machine.diskBytes);
    case LastUsedRole:
        return lastUsedText(machine.lastUsed, QDateTime::currentDateTime());
    case LastUsedTimeRole:
        return machine.lastUsed;
    case PictureRole:
        return machine.thumbnail;
    case AliveRole:
        return alive(machine.state);
    case InstallingRole:
        return machine.installing;
    case DisposableRole:
        return machine.disposable;
    default:
        return jobData(machine.id, role);
    }
}

QVariant LibraryModel::jobData(const QString& id, int role) const
{
    const JobSummary job = m_jobs.value(id);
    switch (role) {
    case JobRole:
        return job.id;
    case JobTitleRole:
        return job.title;
    case ProgressRole:
        return job.perMille < 0 ? -1.0 : job.perMille / 1000.0;
    default:
        return {};
    }
}

QHash<int, QByteArray> LibraryModel::roleNames() const
{
    return {{IdRole, "machineId"},
            {NameRole, "name"},
            {OsNameRole, "osName"},
            {OsLogoRole, "osLogo"},
            {StateRole, "runState"},
            {StatusRole, "status"},
            {ProblemRole, "problem"},
            {GroupsRole, "groups"},
            {CpusRole, "cpus"},
            {MemoryRole, "memory"},
            {DiskRole, "disk"},
            {LastUsedRole, "lastUsed"},
            {LastUsedTimeRole, "usedAt"},
            {PictureRole, "picture"},
            {AliveRole, "alive"},
            {InstallingRole, "installing"},
            {DisposableRole, "disposable"},
            {JobRole, "job"},
            {JobTitleRole, "jobTitle"},
            {ProgressRole, "progress"}};
}

int LibraryModel::rowOf(const QString& id) const
{
    for (int row = 0; row < rowCount(); ++row) {
        if (m_machines[row].id == id)
            return row;
    }
    return -1;
}

void LibraryModel::add(const QString& id)
{
    const auto machine = m_controller.machine(id);
    if (!machine)
        return;
    if (rowOf(id) >= 0) {
        renew(id);
        return;
    }
    beginInsertRows({}, rowCount(), rowCount());
    m_machines.append(*machine);
    endInsertRows();
}

void LibraryModel::renew(const QString& id)
{
    const int row = rowOf(id);
    const auto machine = m_controller.machine(id);
    if (row < 0 || !machine)
        return;
    m_machines[row] = *machine;
    emit dataChanged(index(row), index(row));
}

void LibraryModel::renewPicture(const QString& id)
{
    const int row = rowOf(id);
    const auto machine = m_controller.machine(id);
    if (row < 0 || !machine)
        return;
    m_machines[row].thumbnail = machine->thumbnail;
    emit dataChanged(index(row), index(row), {PictureRole});
}

void LibraryModel::remove(const QString& id)
{
    const int row = rowOf(id);
    if (row < 0)
        return;
    beginRemoveRows({}, row, row);
    m_machines.removeAt(row);
    endRemoveRows();
}

void LibraryModel::takeJobs()
{
    const QHash<QString, JobSummary> before = m_jobs;
    m_jobs.clear();
    for (const JobSummary& job : m_controller.jobs()) {
        if (!job.machine.isEmpty())
            m_jobs.insert(job.machine, job);
    }
    for (int row = 0; row < rowCount(); ++row) {
        const JobSummary old = before.value(m_machines[row].id);
        const JobSummary now = m_jobs.value(m_machines[row].id);
        if (old.id != now.id || old.perMille != now.perMille || old.title != now.title)
            emit dataChanged(index(row), index(row), {JobRole, JobTitleRole, ProgressRole});
    }
}

} // namespace ui::models
