// SPDX-License-Identifier: GPL-3.0-or-later
// The list: what each machine is, by the disk, the bus and the children.
#include "app/main/library_keeper.h"

namespace app::main {

using ui::models::MachineState;
using ui::models::MachineSummary;

namespace {

constexpr int kThumbnailMilliseconds = 700;
constexpr int kLoadMilliseconds = 1000;

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

/// Whether both are shown alike; thumbnails have a signal of their own.
bool shownAlike(const MachineSummary& a, const MachineSummary& b)
{
    return a.name == b.name && a.osName == b.osName && a.osLogo == b.osLogo && a.state == b.state &&
           a.problem == b.problem && a.groups == b.groups && a.cpus == b.cpus &&
           a.memoryBytes == b.memoryBytes && a.diskBytes == b.diskBytes &&
           a.lastUsed == b.lastUsed && a.installing == b.installing && a.disposable == b.disposable;
}

/// What the running machine says of itself (vmm::console::runStateName and MACHINE's own words).
MachineState stateOfWord(const QString& word)
{
    if (word == QLatin1String("paused") || word == QLatin1String("suspended"))
        return MachineState::Paused; // "suspended": the guest's own sleep; its memory is still here
    if (word == QLatin1String("stopped"))
        return MachineState::Stopping;
    return word.isEmpty() ? MachineState::Starting : MachineState::Running;
}

} // namespace

LibraryKeeper::LibraryKeeper(const LibrarySurroundings& surroundings, QObject* parent)
    : LibraryController(parent),
      m_surroundings(surroundings),
      m_shelf(surroundings.place),
      m_guests(surroundings.bus),
      m_launcher(surroundings.program),
      m_systems(surroundings.systems),
      m_downloader(surroundings.downloads.isEmpty()
                       ? std::make_unique<download::Downloader>()
                       : std::make_unique<download::Downloader>(surroundings.downloads)),
      m_notifier(surroundings.bus),
      m_inhibitor(surroundings.systemBus)
{
    m_clock.start();
    m_downloadBytes = m_downloader->bytesInCache();
    m_thumbnailTimer.setInterval(kThumbnailMilliseconds);
    m_loadTimer.setInterval(kLoadMilliseconds);
    connect(&m_thumbnailTimer, &QTimer::timeout, this, &LibraryKeeper::renewThumbnails);
    connect(&m_loadTimer, &QTimer::timeout, this, &LibraryKeeper::askLoad);
    connect(&m_shelf, &LibraryShelf::listed, this, &LibraryKeeper::takeListing);
    connect(&m_shelf, &LibraryShelf::failed, this,
            [this](const QString& sentence) { emit notice(sentence, {}); });
    connect(&m_systems, &LibrarySystems::resolved, this, [this] {
        for (const QString& id : m_machines.keys())
            update(id);
    });
    connect(&m_guests, &LibraryGuests::appeared, this, [this](const QString& id) {
        if (const auto found = m_machines.find(id); found != m_machines.end())
            found->seenOnBus = true;
        update(id);
    });
    connect(&m_guests, &LibraryGuests::changed, this, &LibraryKeeper::update);
    connect(&m_guests, &LibraryGuests::vanished, this, &LibraryKeeper::guestVanished);
    connect(&m_guests, &LibraryGuests::message, this,
            [this](const QString& id, const QString& sentence) {
                if (m_machines.contains(id))
                    emit notice(sentence, id);
            });
    connect(&m_guests, &LibraryGuests::installed, this, &LibraryKeeper::installed);
    connect(&m_launcher, &LibraryLauncher::ended, this, &LibraryKeeper::childEnded);
    connect(&m_jobs, &LibraryJobs::changed, this, [this] {
        emit jobsChanged();
        if (!busy())
            emit idle();
    });
    connect(&m_notifier, &services::Notifier::chosen, this, [this](const QString& subject) {
        emit windowWanted();
        if (m_guests.present(subject))
            open(subject);
    });
}

LibraryKeeper::~LibraryKeeper()
{
    m_passwords.giveUp(); // its errand is waited for, and the keyring may wait for the person
}

QList<MachineSummary> LibraryKeeper::machines() const
{
    QList<MachineSummary> summaries;
    for (const Machine& machine : m_machines)
        summaries << machine.shown;
    return summaries;
}

std::optional<MachineSummary> LibraryKeeper::machine(const QString& id) const
{
    const auto found = m_machines.constFind(id);
    return found == m_machines.constEnd() ? std::nullopt : std::optional(found->shown);
}

bool LibraryKeeper::anyRunning() const
{
    for (const QString& id : m_guests.ids())
        if (m_machines.contains(id))
            return true;
    return false;
}

void LibraryKeeper::takeListing()
{
    const auto& shelf = m_shelf.machines();
    for (const QString& id : m_machines.keys())
        if (m_machines[id].shelf && !shelf.contains(id) && m_machines[id].unlisted-- <= 0)
            forget(id);
    for (auto entry = shelf.begin(); entry != shelf.end(); ++entry) {
        Machine& machine = m_machines[entry.key()];
        const bool fresh = !machine.shelf && machine.plannedName.isEmpty();
        const bool edited = machine.shelf && machine.shelf->configTime != entry->configTime;
        machine.shelf = *entry;
        machine.unlisted = 0;
        machine.seenOnBus = machine.seenOnBus || m_guests.present(entry.key());
        judgeVanished(entry.key(), machine);
        if (fresh) {
            machine.shown = summarize(entry.key(), machine);
            emit machineAdded(entry.key());
        } else if (!update(entry.key()) && edited) {
            emit machineChanged(entry.key()); // in what only its preferences show
        }
    }
    if (!std::exchange(m_listed, true))
        forgetPasswords();
    resolveSystems();
    loadPictures();
    updateTimers();
    if (std::exchange(m_foldersTold, m_shelf.folders()) != m_shelf.folders())
        emit foldersChanged();
}

/// A machine somebody else started left the bus without a word. Its bundle tells whether it was
/// suspended; anything else was an accident.
void LibraryKeeper::judgeVanished(const QString& id, Machine& machine)
{
    if (!std::exchange(machine.judge, false) || m_guests.present(id) || m_launcher.running(id) ||
        machine.shelf->entry.suspended)
        return;
    fail(id, troubleOf(0, text(library::lastLogTrouble(machine.shelf->entry.bundle))));
}

void LibraryKeeper::forget(const QString& id)
{
    m_machines.remove(id);
    emit machineRemoved(id);
}

bool LibraryKeeper::update(const QString& id)
{
    const auto found = m_machines.find(id);
    if (found == m_machines.end())
        return false;
    const MachineSummary now = summarize(id, *found);
    const bool alike = shownAlike(now, found->shown);
    found->shown = now;
    if (!alike)
        emit machineChanged(id);
    updateTimers();
    updateInhibitor();
    return !alike;
}

MachineSummary LibraryKeeper::summarize(const QString& id, const Machine& machine) const
{
    MachineSummary summary;
    summary.id = id;
    summary.thumbnail = machine.shown.thumbnail;
    summary.state = stateOf(id, machine);
    summary.installing = m_guests.installing(id);
    if (!machine.shelf) {
        summary.name = machine.plannedName;
        const SystemLook look = m_systems.look(machine.plannedOs);
        summary.osName = look.name;
        summary.osLogo = look.logo;
        return summary;
    }
    const auto& config = machine.shelf->entry.config;
    const SystemLook look = m_systems.look(text(config.os));
    summary.name = text(config.name());
    summary.osName = look.name;
    summary.osLogo = look.logo;
    for (const std::string& group : config.groups)
        summary.groups << text(group);
    summary.cpus = static_cast<int>(config.hardware.cpus);
    summary.memoryBytes = config.hardware.memoryBytes;
    summary.diskBytes = machine.shelf->diskBytes;
    summary.disposable = config.disposable;
    if (machine.shelf->entry.lastUsed > 0)
        summary.lastUsed = QDateTime::fromSecsSinceEpoch(machine.shelf->entry.lastUsed);
    if (summary.state == MachineState::Failed)
        summary.problem = machine.trouble;
    else if (summary.state == MachineState::Broken)
        summary.problem = text(machine.shelf->entry.problem);
    return summary;
}

MachineState LibraryKeeper::stateOf(const QString& id, const Machine& machine) const
{
    if (m_guests.present(id))
        return stateOfWord(m_guests.word(id));
    if (m_launcher.running(id)) {
        if (!m_guests.connected())
            return MachineState::Running; // all that can be known without a bus
        return machine.seenOnBus ? MachineState::Stopping : MachineState::Starting;
    }
    if (!machine.shelf)
        return MachineState::Off;
    if (!machine.shelf->entry.problem.empty())
        return MachineState::Broken;
    if (!machine.trouble.isEmpty())
        return MachineState::Failed;
    if (machine.shelf->entry.running)
        return MachineState::Running;
    return machine.shelf->entry.suspended ? MachineState::Suspended : MachineState::Off;
}

void LibraryKeeper::resolveSystems()
{
    QStringList systems;
    for (const Machine& machine : m_machines)
        if (machine.shelf && !machine.shelf->entry.config.os.empty())
            systems << text(machine.shelf->entry.config.os);
    m_systems.resolve(systems);
}

void LibraryKeeper::warn(const vmm::Result<void>& outcome, const QString& id)
{
    if (!outcome && outcome.error().code() != vmm::ErrorCode::Cancelled)
        emit notice(text(outcome.error().sentence()), id);
}

} // namespace app::main
