// SPDX-License-Identifier: GPL-3.0-or-later
// The pretended machines and what they do.
#include "ui/models/demo_library.h"

#include <algorithm>

#include <QFileInfo>
#include <QLocale>

#include "ui/models/demo_library_screens.h"

namespace ui::models {

namespace {

constexpr quint64 kMiB = 1ULL << 20;
constexpr quint64 kGiB = 1ULL << 30;
constexpr int kTick = 700;          // milliseconds
constexpr quint64 kHostMemory = 16; // GiB

/// One line of the shelf.
struct Exhibit {
    const char* name;
    const char* os;
    MachineState state;
    std::optional<DemoScreen> screen;
    quint64 memory; ///< MiB
    int hours;      ///< since it was used; negative: never
    const char* group;
};

const Exhibit kExhibits[] = {
    {"Debian workbench", "Debian 12", MachineState::Running, DemoScreen::Meadow, 4096, 0, "Work"},
    {"Kernel builds", "Debian 12", MachineState::Running, DemoScreen::Terminal, 8192, 0, "Work"},
    {"Windows 11", "Microsoft Windows 11", MachineState::Suspended, DemoScreen::Dunes, 8192, 20,
     "Work"},
    {"Fedora Silverblue", "Fedora 39", MachineState::Paused, DemoScreen::Night, 4096, 2, "Testing"},
    {"Ubuntu 24.04", "Ubuntu 24.04", MachineState::Running, DemoScreen::Installer, 4096, 0, ""},
    {"Metrics", "Alpine Linux 3.19", MachineState::Failed, DemoScreen::Chart, 512, 5, "Home"},
    {"FreeBSD router", "FreeBSD 14.0", MachineState::Off, DemoScreen::Terminal, 1024, 100, "Home"},
    {"Screen reader tests in three keyboard layouts", "openSUSE Leap 15.5", MachineState::Off,
     std::nullopt, 2048, 300, "Testing"},
    {"\u0645\u062e\u062a\u0628\u0631 \u0627\u0644\u0634\u0628\u0643\u0627\u062a", "Arch Linux",
     MachineState::Off, DemoScreen::Night, 2048, 500, "Testing"},
    {"Haiku", "Haiku R1", MachineState::Starting, std::nullopt, 1024, 0, ""},
    {"Empty machine", "", MachineState::Off, std::nullopt, 2048, -1, ""},
    {"Imported appliance", "Debian 11", MachineState::Off, std::nullopt, 2048, -1, ""},
};

DemoScreen screenOf(const MachineSummary& machine)
{
    for (const Exhibit& exhibit : kExhibits) {
        if (machine.name == QString::fromUtf8(exhibit.name) && exhibit.screen)
            return *exhibit.screen;
    }
    return DemoScreen::Meadow;
}

QString logoOf(const QString& os)
{
    for (const char* name : {"debian", "fedora", "ubuntu", "windows", "opensuse", "arch", "bsd"}) {
        if (os.contains(QLatin1String(name), Qt::CaseInsensitive))
            return QStringLiteral("qrc:/org/vitrine/icons/os-%1.svg").arg(QLatin1String(name));
    }
    return {};
}

MachineSummary summaryOf(const Exhibit& exhibit)
{
    MachineSummary machine;
    machine.name = QString::fromUtf8(exhibit.name);
    machine.osName = QString::fromUtf8(exhibit.os);
    machine.osLogo = logoOf(machine.osName);
    machine.state = exhibit.state;
    if (*exhibit.group != '\0')
        machine.groups = {QString::fromUtf8(exhibit.group)};
    machine.cpus = exhibit.memory >= 4096 ? 4 : 2;
    machine.memoryBytes = exhibit.memory * kMiB;
    machine.diskBytes = exhibit.hours < 0 ? 0 : exhibit.memory * 3 * kMiB + 300 * kMiB;
    if (exhibit.hours >= 0)
        machine.lastUsed = QDateTime::currentDateTime().addSecs(-3600LL * exhibit.hours);
    if (exhibit.screen)
        machine.thumbnail = demoScreen(*exhibit.screen, 0);
    machine.installing = exhibit.screen == DemoScreen::Installer;
    if (exhibit.state == MachineState::Failed)
        machine.problem = QStringLiteral(
            "Its program ended unexpectedly: the host ran out of memory. The disk is intact");
    return machine;
}

app::library::MachineConfig configOf(const MachineSummary& machine)
{
    app::library::MachineConfig config;
    config.id = machine.id.toStdString();
    config.hardware.name = machine.name.toStdString();
    config.hardware.memoryBytes = machine.memoryBytes;
    config.hardware.cpus = static_cast<uint32_t>(machine.cpus);
    config.hardware.drives.push_back(
        {vmm::spec::DriveKind::Disk, "disk0.raw", vmm::spec::DriveBus::VirtioBlk});
    config.hardware.drives.push_back({vmm::spec::DriveKind::Cdrom, ""});
    vmm::spec::NicSpec nic;
    nic.forwards = {"tcp:127.0.0.1:2222-:22"};
    config.hardware.nics.push_back(nic);
    config.hardware.nameDevices();
    for (const QString& group : machine.groups)
        config.groups.push_back(group.toStdString());
    return config;
}

} // namespace

DemoLibrary::DemoLibrary(Shelf shelf, QObject* parent) : LibraryController(parent)
{
    if (shelf == Shelf::Everyday) {
        for (const Exhibit& exhibit : kExhibits)
            addMachine(summaryOf(exhibit));
        addJob(QStringLiteral("Downloading Fedora 39 Workstation"), {}, 430);
        addJob(QStringLiteral("Importing appliance.ova"), m_machines.last().id, 120);
    }
    for (int number = 1; shelf == Shelf::Many && number <= 50; ++number) {
        Exhibit exhibit = kExhibits[number % 7];
        exhibit.state = number <= 3 ? MachineState::Running : MachineState::Off;
        MachineSummary machine = summaryOf(exhibit);
        machine.name = QStringLiteral("Machine %1").arg(number);
        addMachine(machine);
    }
    connect(&m_ticking, &QTimer::timeout, this, &DemoLibrary::tick);
    setLively(shelf != Shelf::Empty);
}

DemoLibrary::~DemoLibrary() = default;

void DemoLibrary::setLively(bool lively)
{
    if (lively)
        m_ticking.start(kTick);
    else
        m_ticking.stop();
}

QString DemoLibrary::freshId()
{
    return QStringLiteral("%1").arg(++m_lastId, int{app::library::MachineConfig::kIdDigits}, 16,
                                    QLatin1Char('0'));
}

MachineSummary* DemoLibrary::find(const QString& id)
{
    const auto found = std::ranges::find(m_machines, id, &MachineSummary::id);
    return found == m_machines.end() ? nullptr : &*found;
}

std::optional<MachineSummary> DemoLibrary::machine(const QString& id) const
{
    const auto found = std::ranges::find(m_machines, id, &MachineSummary::id);
    return found == m_machines.end() ? std::nullopt : std::optional(*found);
}

void DemoLibrary::addMachine(const MachineSummary& machine)
{
    MachineSummary added = machine;
    if (added.id.isEmpty())
        added.id = freshId();
    m_machines.append(added);
    if (!m_configs.contains(added.id))
        m_configs.insert(added.id, configOf(added));
    emit machineAdded(added.id);
}

void DemoLibrary::set(const QString& id, MachineState state)
{
    MachineSummary* machine = find(id);
    if (!machine || machine->state == state)
        return;
    machine->state = state;
    machine->problem.clear();
    if (state == MachineState::Running) {
        machine->lastUsed = QDateTime::currentDateTime();
        if (machine->thumbnail.isNull())
            machine->thumbnail = demoScreen(screenOf(*machine), m_frame);
    }
    emit machineChanged(id);
}

void DemoLibrary::change(const QString& id, MachineState during, MachineState after)
{
    if (m_pace == 0) {
        set(id, after);
        return;
    }
    set(id, during);
    QTimer::singleShot(m_pace, this, [this, id, during, after] {
        const auto now = machine(id);
        if (now && now->state == during)
            set(id, after);
    });
}

void DemoLibrary::open(const QString& id)
{
    const auto now = machine(id);
    if (now && now->state == MachineState::Paused)
        set(id, MachineState::Running);
    else if (now && now->state != MachineState::Running)
        change(id, MachineState::Starting, MachineState::Running);
}

void DemoLibrary::pause(const QString& id)
{
    set(id, MachineState::Paused);
}

void DemoLibrary::resume(const QString& id)
{
    set(id, MachineState::Running);
}

void DemoLibrary::restart(const QString& id)
{
    change(id, MachineState::Starting, MachineState::Running);
}

void DemoLibrary::suspend(const QString& id)
{
    change(id, MachineState::Stopping, MachineState::Suspended);
}

void DemoLibrary::shutDown(const QString& id)
{
    change(id, MachineState::Stopping, MachineState::Off);
}

void DemoLibrary::forceOff(const QString& id)
{
    set(id, MachineState::Off);
}

void DemoLibrary::rename(const QString& id, const QString& name)
{
    if (MachineSummary* machine = find(id)) {
        machine->name = name;
        m_configs[id].hardware.name = name.toStdString();
        emit machineChanged(id);
    }
}

void DemoLibrary::setGroups(const QString& id, const QStringList& groups)
{
    if (MachineSummary* machine = find(id)) {
        machine->groups = groups;
        emit machineChanged(id);
    }
}

void DemoLibrary::clone(const QString& id)
{
    auto copy = machine(id);
    if (!copy)
        return;
    copy->id.clear();
    copy->name = tr("%1 (2)").arg(copy->name);
    copy->state = MachineState::Off;
    addMachine(*copy);
    addJob(tr("Cloning %1").arg(copy->name), m_machines.last().id, 0);
}

void DemoLibrary::remove(const QString& id)
{
    const auto gone = machine(id);
    if (!gone)
        return;
    m_trash.insert(id, *gone);
    m_machines.removeIf([&](const MachineSummary& machine) { return machine.id == id; });
    emit machineRemoved(id);
    emit deleted(gone->name, id);
}

void DemoLibrary::undoRemove(const QString& ticket)
{
    if (m_trash.contains(ticket))
        addMachine(m_trash.take(ticket));
}

void DemoLibrary::exportTo(const QString& id, const QUrl& file)
{
    addJob(tr("Exporting %1").arg(file.fileName()), id, 0);
}

void DemoLibrary::moveTo(const QString& id, const QUrl& folder)
{
    addJob(tr("Moving to %1").arg(folder.fileName()), id, 0);
}

bool DemoLibrary::accepts(const QList<QUrl>& urls) const
{
    return std::ranges::any_of(urls, [](const QUrl& url) {
        return url.isLocalFile() || url.scheme().startsWith(QLatin1String("http"));
    });
}

void DemoLibrary::offer(const QList<QUrl>& urls)
{
    for (const QUrl& url : urls) {
        MachineDraft draft = emptyDraft();
        draft.source = MachineDraft::Source::Installer;
        draft.sourceName = url.fileName();
        draft.osName = QStringLiteral("Debian 12");
        draft.canExpress = true;
        draft.canTryLive = true;
        draft.minimumMemory = 512 * kMiB;
        draft.recommendedMemory = 2 * kGiB;
        draft.config.os = "http://debian.org/debian/12";
        draft.config.hardware.name = "Debian 12";
        draft.user = QStringLiteral("ada");
        draft.fullName = QStringLiteral("Ada");
        emit draftReady(draft);
    }
}

MachineDraft DemoLibrary::emptyDraft() const
{
    MachineDraft draft;
    draft.hostMemory = kHostMemory * kGiB;
    draft.hostCpus = 8;
    draft.freeDiskBytes = 200 * kGiB;
    draft.diskBytes = 20 * kGiB;
    draft.language = QStringLiteral("en_GB");
    draft.keyboard = QStringLiteral("gb");
    draft.timeZone = QStringLiteral("Europe/Berlin");
    draft.config.hardware.name = tr("New machine").toStdString();
    return draft;
}

void DemoLibrary::create(const MachineDraft& draft, bool start)
{
    MachineSummary machine;
    machine.id = freshId();
    machine.name = QString::fromStdString(draft.config.name());
    machine.osName = draft.osName;
    machine.cpus = static_cast<int>(draft.config.hardware.cpus);
    machine.memoryBytes = draft.config.hardware.memoryBytes;
    machine.disposable = draft.tryLive;
    machine.installing = draft.express;
    m_configs.insert(machine.id, draft.config);
    addMachine(machine);
    if (start)
        open(machine.id);
}

std::optional<app::library::MachineConfig> DemoLibrary::config(const QString& id) const
{
    return m_configs.contains(id) ? std::optional(m_configs[id]) : std::nullopt;
}

void DemoLibrary::setConfig(const QString& id, const app::library::MachineConfig& config)
{
    const MachineSummary* now = find(id);
    if (!now)
        return;
    m_configs[id] = config;
    const bool later = now->state == MachineState::Running || now->state == MachineState::Suspended;
    rename(id, QString::fromStdString(config.name()));
    emit configApplied(id, later);
}

} // namespace ui::models
