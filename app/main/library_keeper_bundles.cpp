// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryKeeper and bundles: renaming, copying, moving, throwing away and taking back.
#include <QUuid>

#include "app/main/library_keeper.h"

namespace app::main {

using library::Bundle;
using library::Deleted;
using library::Job;
using library::Library;
using library::MachineConfig;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

} // namespace

std::optional<std::filesystem::path> LibraryKeeper::bundleOf(const QString& id) const
{
    const auto found = m_machines.constFind(id);
    if (found == m_machines.constEnd() || !found->shelf)
        return std::nullopt;
    return found->shelf->entry.bundle;
}

std::string LibraryKeeper::libraryKey(const QString& id) const
{
    const auto bundle = bundleOf(id);
    const bool broken = bundle && m_machines.constFind(id)->shelf->entry.config.id.empty();
    return broken ? bundle->string() : id.toStdString();
}

void LibraryKeeper::change(const QString& id, Change edit, std::function<void()> then)
{
    const auto path = bundleOf(id);
    if (!path)
        return;
    m_quick.run(
        this,
        [path = *path, edit = std::move(edit)]() -> Result<MachineConfig> {
            auto bundle = TRY(Bundle::open(path));
            TRY(bundle.change(edit));
            return bundle.config();
        },
        [this, id, then = std::move(then)](const Result<MachineConfig>& outcome) {
            take(id, outcome);
            if (outcome && then)
                then();
        });
}

/// What was written is known at once, before the shelf has looked again: whoever is told of a
/// change asks for it.
void LibraryKeeper::take(const QString& id, const Result<MachineConfig>& written)
{
    const auto found = m_machines.find(id);
    if (written && found != m_machines.end() && found->shelf)
        found->shelf->entry.config = *written;
    m_shelf.refresh();
    if (!written)
        warn(written.error(), id);
}

void LibraryKeeper::startJob(const QString& title, const QString& id, LibraryWork work,
                             const QString& done)
{
    const auto run = [this, place = m_surroundings.place, work = std::move(work), id,
                      done](Job& job) -> LibraryJobs::Finish {
        const Result<void> outcome = [&]() -> Result<void> {
            return work(TRY(place.open()), job);
        }();
        return [this, outcome, id, done] {
            m_shelf.refresh();
            warn(outcome, id);
            if (outcome && !done.isEmpty())
                emit notice(done, id);
        };
    };
    m_jobs.start(title, id, run);
}

void LibraryKeeper::rename(const QString& id, const QString& name)
{
    if (!bundleOf(id) || name.trimmed().isEmpty())
        return;
    m_quick.run(
        this,
        [place = m_surroundings.place, id = libraryKey(id),
         name = name.trimmed().toStdString()]() -> Result<void> {
            TRY(TRY(place.open()).rename(id, name));
            return {};
        },
        [this, id](const Result<void>& outcome) {
            m_shelf.refresh();
            warn(outcome, id);
        });
}

void LibraryKeeper::setGroups(const QString& id, const QStringList& groups)
{
    change(id, [groups](MachineConfig& config) -> Result<void> {
        config.groups.clear();
        for (const QString& group : groups)
            config.groups.push_back(group.toStdString());
        return {};
    });
}

void LibraryKeeper::clone(const QString& id)
{
    const auto known = machine(id);
    if (!known || !bundleOf(id))
        return;
    startJob(tr("Cloning %1").arg(known->name), id,
             [id = libraryKey(id), name = known->name.toStdString()](const Library& library,
                                                                     Job& job) -> Result<void> {
                 TRY(library.clone(id, library.freeName(name), job));
                 return {};
             });
}

void LibraryKeeper::remove(const QString& id)
{
    if (!bundleOf(id))
        return;
    m_quick.run(
        this,
        [place = m_surroundings.place, id = libraryKey(id)]() -> Result<Deleted> {
            return TRY(place.open()).remove(id);
        },
        [this, id](const Result<Deleted>& outcome) {
            m_shelf.refresh();
            if (!outcome) {
                emit notice(text(outcome.error().sentence()), id);
                return;
            }
            const QString ticket = QUuid::createUuid().toString(QUuid::Id128);
            m_trash.insert(ticket, *outcome);
            emit deleted(text(outcome->name), ticket);
        });
}

void LibraryKeeper::undoRemove(const QString& ticket)
{
    if (!m_trash.contains(ticket))
        return;
    m_quick.run(
        this,
        [place = m_surroundings.place, deleted = m_trash.take(ticket)]() -> Result<void> {
            return TRY(place.open()).restore(deleted);
        },
        [this](const Result<void>& outcome) {
            m_shelf.refresh();
            warn(outcome, {});
        });
}

void LibraryKeeper::exportTo(const QString& id, const QUrl& file)
{
    const auto known = machine(id);
    if (!known || !bundleOf(id))
        return;
    if (!file.isLocalFile()) {
        emit notice(tr("A machine can only be exported to a folder of this computer."), id);
        return;
    }
    startJob(
        tr("Exporting %1").arg(known->name), id,
        [id = libraryKey(id), path = file.toLocalFile().toStdString()](
            const Library& library, Job& job) { return library.exportTo(id, path, job); },
        tr("%1 has been exported to %2.").arg(known->name, file.fileName()));
}

void LibraryKeeper::moveTo(const QString& id, const QUrl& folder)
{
    const auto known = machine(id);
    if (!known || !bundleOf(id))
        return;
    if (!folder.isLocalFile()) {
        emit notice(tr("A machine can only be moved to a folder of this computer."), id);
        return;
    }
    startJob(tr("Moving %1").arg(known->name), id,
             [id = libraryKey(id), path = folder.toLocalFile().toStdString()](
                 const Library& library, Job& job) -> Result<void> {
                 TRY(library.moveTo(id, path, job));
                 return {};
             });
}

void LibraryKeeper::addFolder(const QUrl& folder)
{
    if (!folder.isLocalFile()) {
        emit notice(tr("Machines can only lie in folders of this computer."), {});
        return;
    }
    m_quick.run(
        this,
        [place = m_surroundings.place, path = folder.toLocalFile().toStdString()]()
            -> Result<void> { return TRY(place.open()).addFolder(path); },
        [this](const Result<void>& outcome) {
            m_shelf.refresh();
            warn(outcome, {});
        });
}

void LibraryKeeper::removeFolder(const QString& folder)
{
    m_quick.run(
        this,
        [place = m_surroundings.place, path = folder.toStdString()]() -> Result<void> {
            return TRY(place.open()).removeFolder(path);
        },
        [this](const Result<void>& outcome) {
            m_shelf.refresh();
            warn(outcome, {});
        });
}

} // namespace app::main
