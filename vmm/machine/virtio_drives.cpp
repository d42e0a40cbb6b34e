// SPDX-License-Identifier: GPL-3.0-or-later
// Disks and CD-ROM drives: virtio-blk functions, and units of the SCSI host.
#include "vmm/machine/virtio_set.h"

#include <algorithm>
#include <fmt/core.h>

#include "vmm/block/open_image.h"

namespace vmm::machine {

namespace {

constexpr uint8_t kFirstDisk = 0x0a;
constexpr uint8_t kLastDisk = 0x16;
constexpr pci::PciBdf kScsi{0, 0x1b, 0};
constexpr uint32_t kMostQueues = 16; ///< of a disk; more vCPUs share
constexpr unsigned kMostTargets = 256;

block::CacheMode cacheOf(spec::DriveCache cache)
{
    switch (cache) {
    case spec::DriveCache::Writethrough:
        return block::CacheMode::Writethrough;
    case spec::DriveCache::Direct:
        return block::CacheMode::Direct;
    case spec::DriveCache::Writeback:
        break;
    }
    return block::CacheMode::Writeback;
}

block::WhenFull whenFullOf(const spec::DriveSpec& drive)
{
    return drive.whenFull == spec::WhenFull::Report ? block::WhenFull::Report
                                                    : block::WhenFull::Pause;
}

/// A burst of a tenth of a second lets a guest that does little at a time have what it may.
block::ThrottleLimits limitsOf(const spec::DriveLimits& limits)
{
    block::ThrottleLimits made;
    made.total.bytes = {limits.bytesPerSecond, limits.bytesPerSecond / 10};
    made.total.operations = {limits.operationsPerSecond, limits.operationsPerSecond / 10};
    return made;
}

const std::string& serialOf(const spec::DriveSpec& drive)
{
    return drive.serial.empty() ? drive.id : drive.serial;
}

} // namespace

Result<std::unique_ptr<block::ThrottledDisk>> VirtioSet::openDisk(const spec::DriveSpec& drive,
                                                                  EventLoop& loop)
{
    block::DiskOptions options;
    options.mode = drive.readOnly ? block::OpenMode::ReadOnly : block::OpenMode::ReadWrite;
    options.cache = cacheOf(drive.cache);
    options.loop = &loop;
    options.counts = &m_place.disks;
    auto disk = TRY(block::ThrottledDisk::create(TRY(block::openDisk(drive.path, options)), loop,
                                                 m_place.clock));
    loop.runAndWait([&] { disk->setLimits(limitsOf(drive.limits)); });
    return disk;
}

Result<void> VirtioSet::addDrives()
{
    for (spec::DriveSpec& drive : m_spec.drives) {
        if (drive.bus == spec::DriveBus::VirtioBlk)
            TRY(addBlk(drive));
        else if (drive.bus == spec::DriveBus::VirtioScsi)
            TRY(addToScsi(drive));
    }
    return {};
}

Result<pci::PciBdf> VirtioSet::placeOfDisk() const
{
    const auto before = std::count_if(m_functions.begin(), m_functions.end(), [](const auto& f) {
        return f->disk != nullptr && f->slot == nullptr;
    });
    if (before > kLastDisk - kFirstDisk)
        return Error(ErrorCode::Exhausted,
                     fmt::format("a machine takes at most {} disks on virtio; use bus=scsi",
                                 kLastDisk - kFirstDisk + 1));
    return pci::PciBdf{0, static_cast<uint8_t>(kFirstDisk + before), 0};
}

Result<void> VirtioSet::addBlk(const spec::DriveSpec& drive)
{
    const pci::PciBdf bdf = drive.slot != 0 ? pci::PciBdf{} : TRY(placeOfDisk());
    auto function = std::make_unique<Function>();
    function->id = drive.id;
    function->loop = TRY(EventLoop::create(drive.id.c_str()));
    auto disk = TRY(openDisk(drive, *function->loop));
    function->throttle = disk.get();
    virtio::BlkOptions options;
    options.name = drive.id;
    options.serial = serialOf(drive);
    options.queues = static_cast<uint16_t>(std::min(m_spec.cpus, kMostQueues));
    options.whenFull = whenFullOf(drive);
    options.events = this;
    auto device =
        std::make_unique<virtio::Blk>(*function->loop, std::move(disk), std::move(options));
    function->disk = device.get();
    return place(std::move(function), std::move(device), bdf, drive.slot);
}

/// The host with its first drive.
Result<void> VirtioSet::makeScsi()
{
    if (m_scsi != nullptr)
        return {};
    auto function = std::make_unique<Function>();
    function->loop = TRY(EventLoop::create("scsi"));
    virtio::ScsiOptions options;
    options.name = "scsi";
    options.requestQueues = std::min(m_spec.cpus, kMostQueues);
    options.storage = this;
    options.trayMoved = [this](uint8_t) { m_place.host.runOnControl([this] { tellMedia(); }); };
    auto device = std::make_unique<virtio::Scsi>(*function->loop, std::move(options));
    m_scsi = device.get();
    m_scsiLoop = function->loop.get();
    return place(std::move(function), std::move(device), kScsi);
}

Result<void> VirtioSet::addToScsi(spec::DriveSpec& drive)
{
    TRY(makeScsi());
    if (drive.slot == 0)
        drive.slot = TRY(freeTarget());
    ScsiDrive unit{drive.id, static_cast<uint8_t>(drive.slot - 1)};
    if (drive.kind == spec::DriveKind::Disk) {
        auto disk = TRY(openDisk(drive, *m_scsiLoop));
        unit.throttle = disk.get();
        TRY(m_scsi->attachDisk(unit.target,
                               std::make_unique<scsi::Disk>(std::move(disk), serialOf(drive)),
                               whenFullOf(drive)));
    } else {
        std::unique_ptr<block::BlockBackend> medium;
        if (!drive.path.empty())
            medium = TRY(block::openCdrom(drive.path, nullptr, m_scsiLoop, &m_place.disks));
        TRY(m_scsi->attachCdrom(unit.target,
                                std::make_unique<scsi::Cdrom>(std::move(medium), serialOf(drive),
                                                              scsi::PhysicalInterface::Scsi)));
        unit.cdrom = true;
    }
    m_units.push_back(std::move(unit));
    return {};
}

/// From 1, as descriptions count.
Result<uint32_t> VirtioSet::freeTarget() const
{
    for (unsigned target = 0; target < kMostTargets; ++target)
        if (std::none_of(m_spec.drives.begin(), m_spec.drives.end(), [target](const auto& drive) {
                return drive.bus == spec::DriveBus::VirtioScsi && drive.slot == target + 1;
            }))
            return target + 1;
    return Error(ErrorCode::Exhausted, "the SCSI controller has no room for another drive");
}

std::vector<firmware::BootDrive> VirtioSet::bootDrives() const
{
    std::vector<firmware::BootDrive> all;
    unsigned ahci = 0;
    unsigned disk = kFirstDisk;
    for (const spec::DriveSpec& drive : m_spec.drives) {
        if (drive.bus == spec::DriveBus::Ahci)
            all.push_back({drive.kind, firmware::ahciDrivePath(ahci++)});
        else if (drive.bus == spec::DriveBus::VirtioScsi)
            all.push_back({drive.kind, firmware::scsiDrivePath(kScsi.device, drive.slot - 1)});
        else if (drive.slot == 0) // firmware does not boot from slots
            all.push_back({drive.kind, firmware::virtioDiskPath(disk++)});
    }
    return all;
}

VirtioSet::ScsiDrive* VirtioSet::findUnit(const std::string& id)
{
    const auto unit = std::find_if(m_units.begin(), m_units.end(),
                                   [&id](const ScsiDrive& drive) { return drive.id == id; });
    return unit == m_units.end() ? nullptr : &*unit;
}

const VirtioSet::ScsiDrive* VirtioSet::firstCdrom() const
{
    const auto unit = std::find_if(m_units.begin(), m_units.end(),
                                   [](const ScsiDrive& drive) { return drive.cdrom; });
    return unit == m_units.end() ? nullptr : &*unit;
}

Result<void> VirtioSet::insertMedium(const std::string& path)
{
    return m_scsi->insertMedium(firstCdrom()->target,
                                TRY(block::openCdrom(path, nullptr, m_scsiLoop, &m_place.disks)));
}

Result<void> VirtioSet::ejectMedium()
{
    return m_scsi->ejectMedium(firstCdrom()->target, scsi::EjectMode::Force);
}

std::string VirtioSet::medium() const
{
    return m_scsi->mediumPath(firstCdrom()->target);
}

Result<std::string> VirtioSet::apply(const AttachDrive& change)
{
    spec::MachineSpec wanted = m_spec;
    wanted.drives.push_back(change.drive);
    spec::DriveSpec& drive = wanted.drives.back();
    if (drive.bus == spec::DriveBus::Ahci)
        drive.bus = spec::DriveBus::VirtioBlk; // nobody said where to
    drive.slot = drive.bus == spec::DriveBus::VirtioBlk ? TRY(freeSlot()) : 0;
    wanted.nameDevices();
    TRY(wanted.check());
    if (drive.bus == spec::DriveBus::VirtioScsi && m_scsi == nullptr)
        return Error(ErrorCode::Unsupported, "the machine was started without a SCSI controller");
    if (drive.bus == spec::DriveBus::VirtioScsi)
        TRY(addToScsi(drive));
    else
        TRY(addBlk(drive));
    std::string id = drive.id;
    m_spec = std::move(wanted);
    if (m_running)
        resume();
    return id;
}

Result<VirtioSet::Disk> VirtioSet::findDisk(const std::string& id)
{
    if (const ScsiDrive* unit = findUnit(id); unit != nullptr && !unit->cdrom)
        return Disk{*unit->throttle, *m_scsiLoop, unit->target};
    const Function* function = TRY(find(id));
    if (function->disk == nullptr)
        return Error(ErrorCode::Invalid, fmt::format("{} is not a virtio disk", id));
    return Disk{*function->throttle, *function->loop, std::nullopt};
}

/// Answers how many bytes it has now.
Result<std::string> VirtioSet::apply(const ResizeDrive& change)
{
    const auto bytes = change.bytes == 0 ? std::nullopt : std::optional(change.bytes);
    const Disk disk = TRY(findDisk(change.id));
    Result<void> result;
    if (disk.target)
        result = m_scsi->resize(*disk.target, bytes);
    else
        disk.loop.runAndWait([&] { result = disk.throttle.resize(bytes); });
    TRY(result);
    return fmt::format("{}", disk.throttle.capacity() * block::kSectorSize);
}

Result<std::string> VirtioSet::apply(const LimitDrive& change)
{
    const Disk disk = TRY(findDisk(change.id));
    disk.loop.runAndWait([&] { disk.throttle.setLimits(limitsOf(change.limits)); });
    for (spec::DriveSpec& drive : m_spec.drives)
        if (drive.id == change.id)
            drive.limits = change.limits;
    return std::string();
}

void VirtioSet::detachUnit(const ScsiDrive& unit, const HardwareCompletion& done)
{
    const std::string id = unit.id;
    const auto gone = m_scsi->detach(unit.target, [this, id, done] {
        m_place.host.runOnControl([this, id, done] {
            std::erase_if(m_units, [&id](const ScsiDrive& drive) { return drive.id == id; });
            std::erase_if(m_spec.drives, [&id](const auto& drive) { return drive.id == id; });
            done(std::string());
        });
    });
    if (!gone)
        done(gone.error());
}

void VirtioSet::tellMedia()
{
    if (m_mediaListener)
        m_mediaListener();
}

/// On the disk's loop.
void VirtioSet::storageFull(const std::string& device, const std::string& sentence)
{
    m_place.host.requestPause(fmt::format(
        "{} is out of space ({}): make room, then let the machine go on", device, sentence));
}

} // namespace vmm::machine
