// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryKeeper and configurations: written to the bundle, and told to the machine that runs.
#include <algorithm>
#include <cerrno>

#include <QFile>
#include <QSaveFile>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/library/config_document.h"
#include "app/main/library_keeper.h"
#include "vmm/base/unique_fd.h"

namespace app::main {

namespace fs = std::filesystem;
using library::Bundle;
using library::BundleLock;
using library::ConfigDocument;
using library::MachineConfig;
using ui::models::DiskSummary;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::UniqueFd;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;
using vmm::spec::NicKind;
using vmm::spec::NicSpec;

namespace {

constexpr size_t kLogShown = 256 << 10; // bytes
constexpr int kMaxDisks = 64;
constexpr quint64 kBlock = 512;

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

/// The first drive for media; null when there is none.
DriveSpec* cdromOf(MachineConfig& config)
{
    auto& drives = config.hardware.drives;
    const auto found = std::find_if(drives.begin(), drives.end(), [](const DriveSpec& drive) {
        return drive.kind == DriveKind::Cdrom;
    });
    return found == drives.end() ? nullptr : &*found;
}

NicSpec* natCardOf(MachineConfig& config)
{
    auto& nics = config.hardware.nics;
    const auto found = std::find_if(nics.begin(), nics.end(),
                                    [](const NicSpec& nic) { return nic.kind == NicKind::User; });
    return found == nics.end() ? nullptr : &*found;
}

/// The file of disk `id` in the bundle, or outside of it.
Result<fs::path> diskFile(const Bundle& bundle, const std::string& id)
{
    MachineConfig config = bundle.config();
    config.hardware.nameDevices();
    for (const DriveSpec& drive : config.hardware.drives)
        if (drive.id == id && drive.kind == DriveKind::Disk)
            return bundle.path() / drive.path; // an absolute path replaces the bundle's
    return Error(ErrorCode::NotFound, "this machine has no disk called " + id);
}

/// Makes `file` `bytes` long without losing anything; a shorter length is refused.
Result<void> growFile(const fs::path& file, quint64 bytes, int flags)
{
    const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
    struct stat facts = {};
    if (!fd.valid() || ::fstat(fd.get(), &facts) != 0)
        return Error::fromErrno(file.string(), errno);
    if (bytes < static_cast<quint64>(facts.st_size) || bytes % kBlock != 0)
        return Error(ErrorCode::Invalid, file.filename().string() + ": a disk can only grow");
    if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0 || ::fsync(fd.get()) != 0)
        return Error::fromErrno(file.string(), errno);
    return {};
}

/// A new file "diskN.raw" of `bytes`; its name.
Result<std::string> makeDiskFile(const fs::path& bundle, quint64 bytes)
{
    for (int i = 0; i < kMaxDisks; ++i) {
        const std::string name = "disk" + std::to_string(i) + ".raw";
        const Result<void> made = growFile(bundle / name, bytes, O_CREAT | O_EXCL);
        if (made)
            return name;
        if (!fs::exists(bundle / name))
            return made.error();
    }
    return Error(ErrorCode::Exhausted, "the machine's folder is full of disks");
}

Result<void> addDiskTo(const fs::path& path, quint64 bytes)
{
    auto bundle = TRY(Bundle::open(path));
    const std::string name = TRY(makeDiskFile(path, bytes));
    const Result<void> outcome = bundle.change([&](MachineConfig& config) -> Result<void> {
        const auto& drives = config.hardware.drives;
        const auto first = std::find_if(drives.begin(), drives.end(), [](const DriveSpec& drive) {
            return drive.kind == DriveKind::Disk;
        });
        DriveSpec drive{DriveKind::Disk, name};
        drive.bus = first == drives.end() ? vmm::spec::DriveBus::VirtioBlk : first->bus;
        config.hardware.drives.push_back(drive);
        config.hardware.nameDevices();
        return {};
    });
    if (!outcome)
        ::unlink((path / name).c_str()); // nobody knows it
    return outcome;
}

Result<void> growDiskOf(const fs::path& path, const std::string& disk, quint64 bytes)
{
    const auto lock = TRY(BundleLock::acquire(path));
    const auto bundle = TRY(Bundle::open(path));
    if (bundle.suspended())
        return Error(ErrorCode::Busy, "the machine is suspended; shut it down first, because what "
                                      "it remembers of this disk would be wrong");
    return growFile(TRY(diskFile(bundle, disk)), bytes, 0);
}

/// A bundle whose machine.toml is broken cannot be opened, and is mended all the same.
Result<void> replaceConfigText(const fs::path& path, const std::string& words)
{
    auto bundle = Bundle::open(path);
    if (bundle)
        return bundle->replaceText(words);
    TRY(ConfigDocument::parse(words, "machine.toml"));
    QSaveFile file(text((path / "machine.toml").string()));
    const auto size = static_cast<qint64>(words.size());
    if (!file.open(QIODevice::WriteOnly) || file.write(words.data(), size) != size ||
        !file.commit())
        return Error(ErrorCode::Io, "machine.toml: " + file.errorString().toStdString());
    return {};
}

} // namespace

std::optional<MachineConfig> LibraryKeeper::config(const QString& id) const
{
    const auto found = m_machines.constFind(id);
    if (found == m_machines.constEnd() || !found->shelf || !found->shelf->entry.problem.empty())
        return std::nullopt;
    return found->shelf->entry.config;
}

void LibraryKeeper::setConfig(const QString& id, const MachineConfig& wished)
{
    const auto before = config(id);
    if (!before)
        return;
    const auto then = [this, id, before, wished] {
        apply(id, *before, wished);
        if (wished.name() != before->name())
            rename(id, text(wished.name()));
    };
    change(
        id,
        [wished](MachineConfig& config) -> Result<void> {
            MachineConfig next = wished;
            next.id = config.id;
            next.hardware.name = config.hardware.name; // the folder follows it: rename()
            next.install = config.install;             // the machine's own process ends that
            config = next;
            return {};
        },
        then);
}

/// What the running machine takes over; the person hears of it when all is answered.
void LibraryKeeper::apply(const QString& id, const MachineConfig& before, const MachineConfig& now)
{
    const auto path = bundleOf(id);
    if (!path)
        return;
    const LivePlan plan = livePlan(before, now, *path);
    const bool suspended = machine(id).value_or(ui::models::MachineSummary()).state ==
                           ui::models::MachineState::Suspended;
    if (!m_guests.present(id)) {
        emit configApplied(id, suspended && (plan.atNextStart || !plan.calls.isEmpty()));
        return;
    }
    const auto applying = std::make_shared<Applying>(Applying{plan.calls.size(), plan.atNextStart});
    for (const LiveCall& call : plan.calls) {
        QVariantList arguments;
        for (const QString& argument : call.arguments)
            arguments << argument;
        m_guests.call(id, call.method, arguments,
                      [this, id, call, applying](const QDBusMessage& answer) {
                          --applying->open;
                          told(id, call.method, *applying, answer);
                      });
    }
    if (plan.calls.isEmpty())
        emit configApplied(id, plan.atNextStart);
}

void LibraryKeeper::told(const QString& id, const QString& method, Applying& applying,
                         const QDBusMessage& answer)
{
    if (answer.type() == QDBusMessage::ErrorMessage) {
        applying.later = true;
        // A disk the machine began with stays until its next start: nothing went wrong.
        if (m_guests.present(id) && method != QLatin1String("Detach"))
            emit notice(tr("Not in effect yet: %1").arg(answer.errorMessage()), id);
    }
    if (applying.open == 0)
        emit configApplied(id, applying.later);
}

QString LibraryKeeper::configText(const QString& id) const
{
    const auto path = bundleOf(id); // also of a broken one: this is how it is mended
    QFile file(path ? text((*path / "machine.toml").string()) : QString());
    constexpr qint64 kMaxConfig = 1 << 20;
    return path && file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.read(kMaxConfig))
                                                  : QString();
}

QString LibraryKeeper::configTextProblem(const QString&, const QString& words) const
{
    const auto document = ConfigDocument::parse(words.toStdString(), "machine.toml");
    return document ? QString() : text(document.error().sentence());
}

void LibraryKeeper::setConfigText(const QString& id, const QString& words)
{
    const auto path = bundleOf(id);
    if (!path)
        return;
    m_quick.run(
        this,
        [path = *path, words = words.toStdString()]() -> Result<MachineConfig> {
            TRY(replaceConfigText(path, words));
            return TRY(Bundle::open(path)).config();
        },
        [this, id, before = config(id)](const Result<MachineConfig>& outcome) {
            if (outcome)
                take(id, outcome);
            emit configTextChecked(id, outcome ? QString() : text(outcome.error().sentence()));
            if (outcome)
                apply(id, before.value_or(*outcome), *outcome);
        });
}

QList<DiskSummary> LibraryKeeper::disks(const QString& id) const
{
    const auto path = bundleOf(id);
    auto known = config(id);
    QList<DiskSummary> summaries;
    if (!path || !known)
        return summaries;
    known->hardware.nameDevices();
    for (const DriveSpec& drive : known->hardware.drives) {
        if (drive.kind != DriveKind::Disk)
            continue;
        struct stat facts = {};
        const fs::path file = *path / drive.path;
        const bool there = ::stat(file.c_str(), &facts) == 0;
        constexpr quint64 kStatBlock = 512; // of st_blocks, whatever the file system has
        summaries << DiskSummary{text(drive.id), text(file.string()),
                                 there ? static_cast<quint64>(facts.st_size) : 0,
                                 there ? static_cast<quint64>(facts.st_blocks) * kStatBlock : 0};
    }
    return summaries;
}

void LibraryKeeper::addDisk(const QString& id, quint64 bytes)
{
    const auto path = bundleOf(id);
    const auto before = config(id);
    if (!path || !before)
        return;
    m_quick.run(
        this,
        [path = *path, bytes]() -> Result<MachineConfig> {
            TRY(addDiskTo(path, bytes));
            return TRY(Bundle::open(path)).config();
        },
        [this, id, before = *before](const Result<MachineConfig>& outcome) {
            take(id, outcome);
            emit machineChanged(id);
            if (outcome)
                apply(id, before, *outcome);
        });
}

void LibraryKeeper::growDisk(const QString& id, const QString& disk, quint64 bytes)
{
    const auto path = bundleOf(id);
    if (!path)
        return;
    if (m_guests.present(id))
        return growLive(id, disk, bytes);
    m_quick.run(
        this,
        [path = *path, bytes, disk = disk.toStdString()] { return growDiskOf(path, disk, bytes); },
        [this, id](const Result<void>& outcome) {
            warn(outcome, id);
            emit machineChanged(id);
        });
}

/// The machine that has the disk makes it larger, so that the guest sees it.
void LibraryKeeper::growLive(const QString& id, const QString& disk, quint64 bytes)
{
    m_guests.call(
        id, QStringLiteral("ResizeDisk"), {disk, QString::number(bytes)},
        [this, id](const QDBusMessage& answer) {
            if (answer.type() == QDBusMessage::ErrorMessage)
                emit notice(
                    tr("This disk grows while the machine is off: %1").arg(answer.errorMessage()),
                    id);
            emit machineChanged(id);
        });
}

void LibraryKeeper::detachDisk(const QString& id, const QString& disk)
{
    const auto before = config(id);
    if (!before)
        return;
    auto now = *before;
    now.hardware.nameDevices();
    const auto gone = [disk = disk.toStdString()](const DriveSpec& drive) {
        return drive.kind == DriveKind::Disk && drive.id == disk;
    };
    std::erase_if(now.hardware.drives, gone);
    const auto edit = [gone](MachineConfig& config) -> Result<void> {
        config.hardware.nameDevices();
        if (std::erase_if(config.hardware.drives, gone) == 0)
            return Error(ErrorCode::NotFound, "this machine does not have the disk any more");
        return {};
    };
    change(id, edit, [this, id, before = *before, now] {
        emit machineChanged(id);
        apply(id, before, now);
    });
}

/// Into the drive now, and there at the next start.
void LibraryKeeper::setMedium(const QString& id, const QString& path)
{
    if (m_guests.present(id)) {
        if (path.isEmpty())
            tell(id, QStringLiteral("EjectMedium"));
        else
            tell(id, QStringLiteral("InsertMedium"), {path});
    }
    change(id, [path = path.toStdString()](MachineConfig& config) -> Result<void> {
        vmm::spec::ensureCdrom(config.hardware);
        DriveSpec* drive = cdromOf(config);
        if (!drive)
            return Error(ErrorCode::Exhausted, "this machine has no room for a drive for media");
        drive->path = path;
        return {};
    });
}

void LibraryKeeper::insertMedium(const QString& id, const QUrl& file)
{
    if (file.isLocalFile())
        return setMedium(id, file.toLocalFile());
    emit notice(tr("Only files of this computer can be put into a drive."), id);
}

void LibraryKeeper::ejectMedium(const QString& id)
{
    setMedium(id, {});
}

/// A running machine has the last word: the port may be taken.
void LibraryKeeper::changeForward(const QString& id, const QString& rule, bool wanted)
{
    const auto edit = [rule = rule.toStdString(), wanted](MachineConfig& config) -> Result<void> {
        NicSpec* nic = natCardOf(config);
        if (!nic)
            return Error(ErrorCode::NotFound, "this machine has no network card on NAT");
        std::erase(nic->forwards, rule);
        if (wanted)
            nic->forwards.push_back(rule);
        return {};
    };
    const auto keep = [this, id, edit] {
        change(id, edit, [this, id] { emit machineChanged(id); });
    };
    auto known = config(id);
    if (known)
        known->hardware.nameDevices();
    const NicSpec* nic = known ? natCardOf(*known) : nullptr;
    if (!nic || !m_guests.present(id))
        return keep();
    m_guests.call(id, wanted ? QStringLiteral("AddForward") : QStringLiteral("RemoveForward"),
                  {text(nic->id), rule}, [this, id, keep](const QDBusMessage& answer) {
                      if (answer.type() == QDBusMessage::ErrorMessage)
                          emit notice(answer.errorMessage(), id);
                      else
                          keep();
                  });
}

void LibraryKeeper::addForward(const QString& id, const QString& rule)
{
    changeForward(id, rule, true);
}

void LibraryKeeper::removeForward(const QString& id, const QString& rule)
{
    changeForward(id, rule, false);
}

void LibraryKeeper::askPorts(const QString& id)
{
    if (!m_guests.present(id))
        return;
    const QString firstOnNat;
    m_guests.call(
        id, QStringLiteral("ListeningPorts"), {firstOnNat}, [this, id](const QDBusMessage& answer) {
            const bool told = answer.type() == QDBusMessage::ReplyMessage;
            const QString lines = told ? answer.arguments().value(0).toString() : QString();
            emit portsTold(id, lines.split(QLatin1Char('\n'), Qt::SkipEmptyParts),
                           told ? QString() : answer.errorMessage());
        });
}

QString LibraryKeeper::logText(const QString& id) const
{
    const auto path = bundleOf(id);
    return path ? text(library::logTail(*path, kLogShown)) : QString();
}

} // namespace app::main
