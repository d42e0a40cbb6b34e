// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_shelf.h"

#include <chrono>
#include <utility>

#include <QFileInfo>
#include <QSet>

namespace app::main {

using library::Bundle;
using library::MachineEntry;

namespace {

constexpr int kSettleMilliseconds = 60; // one save makes several events

QString pathOf(const std::filesystem::path& path)
{
    return QString::fromStdString(path.string());
}

qint64 timeOf(const std::filesystem::path& path)
{
    const QFileInfo file(pathOf(path));
    return file.exists() ? file.lastModified().toMSecsSinceEpoch() : 0;
}

ShelfMachine shelfMachine(const MachineEntry& entry)
{
    ShelfMachine machine{entry};
    machine.configTime = timeOf(entry.bundle / "machine.toml");
    const auto bundle = Bundle::open(entry.bundle);
    if (!bundle)
        return machine;
    machine.diskBytes = bundle->bytesOnDisk();
    machine.pictureTime = timeOf(bundle->thumbnailPath());
    return machine;
}

} // namespace

LibraryShelf::LibraryShelf(LibraryPlace place, QObject* parent)
    : QObject(parent), m_place(std::move(place))
{
    m_soon.setSingleShot(true);
    m_soon.setInterval(kSettleMilliseconds);
    connect(&m_soon, &QTimer::timeout, this, &LibraryShelf::lookNow);
    connect(&m_watcher, &QFileSystemWatcher::directoryChanged, this, &LibraryShelf::refresh);
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, &LibraryShelf::refresh);
    lookNow();
}

LibraryShelf::~LibraryShelf() = default;

void LibraryShelf::refresh()
{
    if (!m_soon.isActive())
        m_soon.start();
}

void LibraryShelf::lookNow()
{
    m_again = m_looking;
    if (m_looking)
        return;
    m_looking = true;
    m_errands.run(
        this, [place = m_place, ids = knownIds()] { return look(place, ids); },
        [this](Listing listing) { take(std::move(listing)); });
}

/// By path. A bundle that is broken while we look on is still the machine it was.
QHash<QString, QString> LibraryShelf::knownIds() const
{
    QHash<QString, QString> ids;
    for (auto machine = m_machines.begin(); machine != m_machines.end(); ++machine)
        ids.insert(pathOf(machine->entry.bundle), machine.key());
    return ids;
}

/// Another thread.
LibraryShelf::Listing LibraryShelf::look(const LibraryPlace& place,
                                         const QHash<QString, QString>& ids)
{
    Listing listing;
    const auto opened = place.open();
    if (!opened) {
        listing.problem = QString::fromStdString(opened.error().sentence());
        return listing;
    }
    if (const auto readable = opened->checkSettings(); !readable)
        listing.settings = QString::fromStdString(readable.error().sentence());
    for (const auto& folder : opened->folders())
        listing.folders << pathOf(folder);
    for (const MachineEntry& entry : opened->machines()) {
        const QString path = pathOf(entry.bundle);
        const QString id = entry.config.id.empty() ? ids.value(path, path)
                                                   : QString::fromStdString(entry.config.id);
        if (listing.machines.contains(id)) {
            MachineEntry twin = entry; // a copied folder: both have the id, so only one may start
            twin.problem = entry.bundle.filename().string() +
                           " is a copy of another machine; import it instead of copying its folder";
            listing.machines.insert(path, shelfMachine(twin));
        } else {
            listing.machines.insert(id, shelfMachine(entry));
        }
    }
    return listing;
}

void LibraryShelf::take(Listing listing)
{
    m_looking = false;
    if (listing.problem.isEmpty()) {
        m_machines = std::move(listing.machines);
        m_folders = std::move(listing.folders);
        watch();
        emit listed();
        if (std::exchange(m_told, listing.settings) != listing.settings && !m_told.isEmpty())
            emit failed(m_told);
    } else {
        emit failed(listing.problem);
    }
    if (m_again)
        refresh();
}

/// Folders tell of files that come, go and are replaced; machine.toml itself of an edit in place.
void LibraryShelf::watch()
{
    QSet<QString> wanted(m_folders.begin(), m_folders.end());
    for (const ShelfMachine& machine : m_machines) {
        wanted.insert(pathOf(machine.entry.bundle));
        wanted.insert(pathOf(machine.entry.bundle / "machine.toml"));
    }
    const QStringList now = m_watcher.directories() + m_watcher.files();
    const QSet<QString> watched(now.begin(), now.end());
    const QStringList gone = (watched - wanted).values();
    if (!gone.isEmpty())
        m_watcher.removePaths(gone);
    QStringList fresh;
    for (const QString& path : wanted - watched)
        if (QFileInfo::exists(path))
            fresh << path;
    if (!fresh.isEmpty())
        m_watcher.addPaths(fresh);
}

} // namespace app::main
