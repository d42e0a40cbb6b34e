// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_offer.h"

#include <algorithm>

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QStorageInfo>
#include <QThread>
#include <unistd.h>

#include "app/import/appliance.h"
#include "app/import/disk_image.h"
#include "app/install/express_install.h"
#include "app/main/library_systems.h"

namespace app::main {

using os::MediumFacts;
using os::OsDatabase;
using os::OsFacts;
using ui::models::MachineDraft;
using vmm::spec::BootOrder;
using vmm::spec::DriveBus;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;

namespace {

constexpr quint64 kMebibyte = quint64{1} << 20;
constexpr quint64 kGibibyte = quint64{1} << 30;
constexpr quint64 kUsualDisk = 32 * kGibibyte; // sparse: it takes what is written
constexpr quint64 kUsualMemory = 2 * kGibibyte;
constexpr quint64 kLeastMemory = 256 * kMebibyte;
constexpr int kUsualCpus = 2;
constexpr qint64 kVolumeIdAt = 16 * 2048 + 1; // ECMA-119 section 8.1.2, of the first descriptor
constexpr qint64 kBootSignatureAt = 510;

/// Sentences of this file.
QString tr(const char* words)
{
    return QCoreApplication::translate("app::main::LibraryOffer", words);
}

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

Offered unusable(const QString& problem)
{
    return {Offered::Kind::Unusable, {}, problem};
}

QByteArray bytesAt(const QString& path, qint64 offset, qint64 count)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) && file.seek(offset) ? file.read(count) : QByteArray();
}

bool isDisc(const QString& path)
{
    return bytesAt(path, kVolumeIdAt, 5) == "CD001";
}

/// Any file could be a raw disk; one that says nothing of itself must at least be called so.
bool looksLikeRawDisk(const QFileInfo& file)
{
    static const QStringList kEndings = {QStringLiteral("img"), QStringLiteral("raw"),
                                         QStringLiteral("dd"), QStringLiteral("hdd")};
    return kEndings.contains(file.suffix().toLower()) ||
           bytesAt(file.filePath(), kBootSignatureAt, 2) == QByteArray("\x55\xaa", 2);
}

void addDrive(MachineDraft& draft, DriveKind kind, const QString& path, DriveBus bus)
{
    DriveSpec drive{kind, path.toStdString()};
    drive.bus = bus;
    draft.config.hardware.drives.push_back(drive);
}

/// A machine that starts from `path` and has an empty disk. The disk comes first in the boot order:
/// while it is empty the firmware goes on to the medium, afterwards it starts what was installed.
Offered discDraft(const QFileInfo& file, const MediumFacts& medium, const OsFacts* facts,
                  const HostMeans& means)
{
    MachineDraft draft = plainDraft(means);
    draft.config.hardware.drives.clear();
    draft.source = medium.live && !medium.installer ? MachineDraft::Source::LiveMedium
                                                    : MachineDraft::Source::Installer;
    draft.sourceName = file.fileName();
    draft.canTryLive = medium.live;
    draft.tryLive = draft.source == MachineDraft::Source::LiveMedium;
    draft.osName = text(medium.osName);
    draft.config.hardware.name =
        medium.osName.empty() ? file.completeBaseName().toStdString() : medium.osName;
    draft.config.hardware.boot = BootOrder::Disk;
    addDrive(draft, DriveKind::Cdrom, file.absoluteFilePath(), DriveBus::Ahci);
    addDrive(draft, DriveKind::Disk, {}, DriveBus::Ahci);
    if (facts)
        recommend(draft, *facts, means);
    return {Offered::Kind::Draft, draft, {}};
}

Offered lookAtDisc(const QFileInfo& file, const MediumFacts& medium, const OsDatabase* database,
                   const HostMeans& means)
{
    const std::string& architecture = medium.architecture;
    if (!architecture.empty() && architecture != "x86_64" && architecture != "i686" &&
        architecture != "i386" && architecture != "all")
        return unusable(tr("%1 is for %2 processors; Vitrine runs systems for x86-64.")
                            .arg(file.fileName(), text(architecture)));
    const auto facts =
        database && !medium.osId.empty() ? database->find(medium.osId) : std::nullopt;
    Offered offered = discDraft(file, medium, facts ? &*facts : nullptr, means);
    offered.draft.canExpress = medium.canExpress;
    if (medium.canExpress && database)
        offered.draft.needsProductKey =
            install::expressSupport(*database, medium.osId).needsProductKey;
    return offered;
}

Offered lookAtAppliance(const QFileInfo& file, const HostMeans& means)
{
    const auto appliance = import::readAppliance(file.filePath().toStdString());
    if (!appliance)
        return unusable(text(appliance.error().sentence()));
    MachineDraft draft = plainDraft(means);
    auto& hardware = draft.config.hardware;
    draft.source = MachineDraft::Source::Appliance;
    draft.sourceName = file.fileName();
    hardware.name =
        appliance->name.empty() ? file.completeBaseName().toStdString() : appliance->name;
    if (appliance->memoryBytes >= vmm::spec::MachineSpec::kMinMemory)
        hardware.memoryBytes = std::min<quint64>(appliance->memoryBytes, means.memoryBytes / 2) /
                               kMebibyte * kMebibyte;
    if (appliance->cpus > 0)
        hardware.cpus = std::min(appliance->cpus, static_cast<uint32_t>(means.cpus));
    if (appliance->uefi)
        hardware.firmwarePath = "uefi";
    hardware.nics.resize(std::min<size_t>(appliance->nics, vmm::spec::MachineSpec::kMaxNics));
    hardware.boot = BootOrder::Disk;
    draft.diskBytes = 0;
    for (const auto& disk : appliance->disks)
        draft.diskBytes += disk.capacityBytes;
    hardware.drives.clear();
    addDrive(draft, DriveKind::Disk, file.absoluteFilePath(), DriveBus::Ahci);
    return {Offered::Kind::Draft, draft, {}};
}

Offered lookAtImage(const QFileInfo& file, const HostMeans& means)
{
    const auto facts = import::inspectImage(file.filePath().toStdString());
    if (!facts)
        return unusable(text(facts.error().sentence()));
    if (!facts->problem.empty())
        return unusable(text(facts->problem));
    if (facts->format == "raw" && !facts->packed && !looksLikeRawDisk(file))
        return unusable(
            tr("%1 is neither a disc nor a disk image nor a machine that Vitrine knows.")
                .arg(file.fileName()));
    MachineDraft draft = plainDraft(means);
    draft.source = MachineDraft::Source::DiskImage;
    draft.sourceName = file.fileName();
    draft.diskBytes = facts->virtualBytes;
    draft.config.hardware.name = file.completeBaseName().toStdString();
    draft.config.hardware.boot = BootOrder::Disk;
    draft.config.hardware.drives.clear();
    addDrive(draft, DriveKind::Disk, file.absoluteFilePath(), DriveBus::Ahci);
    return {Offered::Kind::Draft, draft, {}};
}

} // namespace

HostMeans hostMeans(const std::filesystem::path& home)
{
    std::filesystem::path existing = home;
    std::error_code failed;
    while (existing.has_relative_path() && !std::filesystem::exists(existing, failed))
        existing = existing.parent_path();
    const auto pages = static_cast<quint64>(::sysconf(_SC_PHYS_PAGES));
    const auto page = static_cast<quint64>(::sysconf(_SC_PAGESIZE));
    const QStorageInfo storage(text(existing.string()));
    return {pages * page, std::max(1, QThread::idealThreadCount()),
            static_cast<quint64>(std::max<qint64>(0, storage.bytesAvailable()))};
}

MachineDraft plainDraft(const HostMeans& means)
{
    MachineDraft draft;
    draft.hostMemory = means.memoryBytes;
    draft.hostCpus = means.cpus;
    draft.freeDiskBytes = means.freeDiskBytes;
    draft.diskBytes = kUsualDisk;
    draft.canUefi = true;
    draft.osLogo = LibrarySystems::logoSource({}, {});
    auto& hardware = draft.config.hardware;
    hardware.name = tr("New machine").toStdString();
    hardware.cpus = static_cast<uint32_t>(std::min(kUsualCpus, means.cpus));
    hardware.memoryBytes = std::max(kLeastMemory, std::min(kUsualMemory, means.memoryBytes / 2) /
                                                      kMebibyte * kMebibyte);
    addDrive(draft, DriveKind::Disk, {}, DriveBus::VirtioBlk);
    return draft;
}

void recommend(MachineDraft& draft, const OsFacts& facts, const HostMeans& means)
{
    auto& hardware = draft.config.hardware;
    draft.config.os = facts.id;
    if (draft.osName.isEmpty())
        draft.osName = text(facts.name);
    draft.osLogo = LibrarySystems::logoSource(facts.family, facts.distro);
    draft.minimumMemory = facts.minimum.memoryBytes;
    draft.recommendedMemory = facts.recommended.memoryBytes;
    draft.canBios = facts.firmwareBios || !facts.firmwareUefi;
    draft.canUefi = facts.firmwareUefi;
    if (!draft.canBios)
        hardware.firmwarePath = "uefi";
    const quint64 wanted =
        std::max<quint64>(facts.recommended.memoryBytes, facts.minimum.memoryBytes);
    if (wanted > 0)
        hardware.memoryBytes =
            std::max(kLeastMemory, std::min(wanted, means.memoryBytes / 2) / kMebibyte * kMebibyte);
    if (facts.recommended.cpus > 0)
        hardware.cpus = std::min(facts.recommended.cpus, static_cast<uint32_t>(means.cpus));
    draft.diskBytes = facts.recommended.diskBytes > 0
                          ? std::max<quint64>(facts.recommended.diskBytes, facts.minimum.diskBytes)
                          : std::max<quint64>(kUsualDisk, facts.minimum.diskBytes);
    draft.diskBytes = (draft.diskBytes + kMebibyte - 1) / kMebibyte * kMebibyte;
    for (DriveSpec& drive : hardware.drives)
        if (drive.kind == DriveKind::Disk)
            drive.bus = facts.virtioBlock ? DriveBus::VirtioBlk : DriveBus::Ahci;
}

Offered lookAt(const QString& path, const OsDatabase* database, const HostMeans& means)
{
    const QFileInfo file(path);
    if (!file.exists())
        return unusable(tr("%1 is not there any more.").arg(file.fileName()));
    if (file.isDir())
        return QFileInfo::exists(path + QStringLiteral("/machine.toml"))
                   ? Offered{Offered::Kind::Bundle, {}, {}}
                   : unusable(tr("%1 is a folder, but not one of a machine.").arg(file.fileName()));
    if (!file.isReadable())
        return unusable(tr("%1 may not be read.").arg(file.fileName()));
    const QString name = file.fileName().toLower();
    if (name.endsWith(QLatin1String(".vitrine.tar.zst")))
        return {Offered::Kind::Bundle, {}, {}};
    if (name.endsWith(QLatin1String(".ova")) || name.endsWith(QLatin1String(".ovf")))
        return lookAtAppliance(file, means);
    if (database)
        if (const auto medium = database->identify(path.toStdString()))
            return lookAtDisc(file, *medium, database, means);
    return isDisc(path) ? discDraft(file, {}, nullptr, means) : lookAtImage(file, means);
}

} // namespace app::main
