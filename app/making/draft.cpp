// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/making/draft.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <thread>

#include <fmt/core.h>
#include <unistd.h>

#include "app/import/appliance.h"
#include "app/import/disk_image.h"
#include "vmm/base/bits.h"

namespace app::making {

namespace fs = std::filesystem;
using os::MediumFacts;
using os::OsDatabase;
using os::OsFacts;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::spec::BootOrder;
using vmm::spec::DriveBus;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;
using vmm::spec::MachineSpec;

namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kGibibyte = uint64_t{1} << 30;
constexpr uint64_t kUsualDisk = 32 * kGibibyte; // sparse: it takes what is written
constexpr uint64_t kUsualMemory = 2 * kGibibyte;
constexpr uint64_t kLeastMemory = 256 * kMebibyte;
constexpr uint32_t kUsualCpus = 2;
constexpr std::streamoff kVolumeIdAt = 16 * 2048 + 1; // ECMA-119 section 8.1.2, first descriptor
constexpr std::streamoff kBootSignatureAt = 510;

std::string bytesAt(const fs::path& path, std::streamoff offset, size_t count)
{
    std::ifstream file(path, std::ios::binary);
    std::string bytes(count, '\0');
    file.seekg(offset);
    file.read(bytes.data(), static_cast<std::streamsize>(count));
    return file ? bytes : std::string();
}

std::string lower(std::string text)
{
    for (char& c : text)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

bool endsWith(const fs::path& file, std::string_view ending)
{
    return lower(file.filename().string()).ends_with(ending);
}

bool isDisc(const fs::path& file)
{
    return bytesAt(file, kVolumeIdAt, 5) == "CD001";
}

/// Any file could be a raw disk; one that says nothing of itself must at least be called so.
bool looksLikeRawDisk(const fs::path& file)
{
    for (const char* ending : {".img", ".raw", ".dd", ".hdd"})
        if (endsWith(file, ending))
            return true;
    return bytesAt(file, kBootSignatureAt, 2) == "\x55\xaa";
}

/// At most half of the host's memory.
uint64_t fitting(uint64_t wanted, const HostMeans& means)
{
    return std::max(kLeastMemory,
                    vmm::alignDown(std::min(wanted, means.memoryBytes / 2), kMebibyte));
}

/// A machine that starts from `file` and has an empty disk. The disk comes first in the boot order:
/// while it is empty the firmware goes on to the medium, afterwards it starts what was installed.
Draft discDraft(const fs::path& file, const MediumFacts& medium, const HostMeans& means)
{
    Draft draft = plainDraft(means);
    draft.source =
        medium.live && !medium.installer ? Draft::Source::LiveMedium : Draft::Source::Installer;
    draft.file = file;
    // What nobody knows may well be a live system.
    draft.canTryLive = medium.live || medium.osId.empty();
    draft.tryLive = draft.source == Draft::Source::LiveMedium;
    draft.osName = medium.osName;
    draft.diskBus = DriveBus::Ahci;
    draft.config.hardware.name = medium.osName.empty() ? file.stem().string() : medium.osName;
    draft.config.hardware.boot = BootOrder::Disk;
    draft.config.hardware.drives.push_back({DriveKind::Cdrom, file.string()});
    return draft;
}

bool runsHere(const std::string& architecture)
{
    constexpr std::array<std::string_view, 5> kOurs = {"", "x86_64", "i686", "i386", "all"};
    return std::find(kOurs.begin(), kOurs.end(), architecture) != kOurs.end();
}

Result<Draft> draftForDisc(const fs::path& file, const MediumFacts& medium,
                           const OsDatabase* database, const HostMeans& means)
{
    if (!runsHere(medium.architecture))
        return Error(ErrorCode::Unsupported,
                     fmt::format("{} is for {} processors; Vitrine runs systems for x86-64",
                                 file.filename().string(), medium.architecture));
    Draft draft = discDraft(file, medium, means);
    if (database == nullptr || medium.osId.empty())
        return draft;
    if (const auto facts = database->find(medium.osId))
        recommend(draft, *facts);
    draft.canExpress = medium.canExpress;
    if (medium.canExpress)
        draft.needsProductKey = install::expressSupport(*database, medium.osId).needsProductKey;
    return draft;
}

Result<Draft> draftForAppliance(const fs::path& file, const HostMeans& means)
{
    const auto appliance = TRY(import::readAppliance(file));
    Draft draft = plainDraft(means);
    auto& hardware = draft.config.hardware;
    draft.source = Draft::Source::Appliance;
    draft.file = file;
    draft.diskBus = DriveBus::Ahci;
    hardware.name = appliance.name.empty() ? file.stem().string() : appliance.name;
    if (appliance.memoryBytes >= MachineSpec::kMinMemory)
        hardware.memoryBytes = fitting(appliance.memoryBytes, means);
    if (appliance.cpus > 0)
        hardware.cpus = std::min(appliance.cpus, means.cpus);
    if (appliance.uefi)
        hardware.firmwarePath = "uefi";
    hardware.nics.resize(std::min<size_t>(appliance.nics, MachineSpec::kMaxNics));
    hardware.boot = BootOrder::Disk;
    draft.disks.assign(1, {0, file});
    for (const auto& disk : appliance.disks)
        draft.disks[0].bytes += disk.capacityBytes;
    return draft;
}

Result<Draft> draftForImage(const fs::path& file, const HostMeans& means)
{
    const auto facts = TRY(import::inspectImage(file));
    if (!facts.problem.empty())
        return Error(ErrorCode::Invalid, facts.problem);
    if (facts.format == "raw" && !facts.packed && !looksLikeRawDisk(file))
        return Error(ErrorCode::Invalid,
                     fmt::format("{} is neither a disc nor a disk image nor a machine that "
                                 "Vitrine knows",
                                 file.filename().string()));
    Draft draft = plainDraft(means);
    draft.source = Draft::Source::DiskImage;
    draft.file = file;
    draft.diskBus = DriveBus::Ahci;
    draft.disks.assign(1, {facts.virtualBytes, file});
    draft.config.hardware.name = file.stem().string();
    draft.config.hardware.boot = BootOrder::Disk;
    return draft;
}

} // namespace

HostMeans hostMeans(const fs::path& home)
{
    fs::path existing = home;
    std::error_code failed;
    while (existing.has_relative_path() && !fs::exists(existing, failed))
        existing = existing.parent_path();
    const auto space = fs::space(existing, failed);
    const auto pages = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES));
    const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    return {pages * page, std::max(1U, std::thread::hardware_concurrency()),
            failed ? 0 : space.available};
}

Draft plainDraft(const HostMeans& means)
{
    Draft draft;
    draft.host = means;
    draft.disks.push_back({kUsualDisk, {}});
    auto& hardware = draft.config.hardware;
    hardware.name = "New machine";
    hardware.drives.clear();
    hardware.cpus = std::min(kUsualCpus, means.cpus);
    hardware.memoryBytes = fitting(kUsualMemory, means);
    return draft;
}

void recommend(Draft& draft, const OsFacts& facts)
{
    auto& hardware = draft.config.hardware;
    draft.config.os = facts.id;
    if (draft.osName.empty())
        draft.osName = facts.name;
    draft.osFamily = facts.family;
    draft.osDistro = facts.distro;
    draft.minimumMemory = facts.minimum.memoryBytes;
    draft.recommendedMemory = facts.recommended.memoryBytes;
    draft.canBios = facts.firmwareBios || !facts.firmwareUefi;
    draft.canUefi = facts.firmwareUefi;
    if (!draft.canBios)
        hardware.firmwarePath = "uefi";
    if (const auto wanted = std::max(facts.recommended.memoryBytes, facts.minimum.memoryBytes))
        hardware.memoryBytes = fitting(wanted, draft.host);
    if (facts.recommended.cpus > 0)
        hardware.cpus = std::min(facts.recommended.cpus, draft.host.cpus);
    draft.diskBus = facts.virtioBlock ? DriveBus::VirtioBlk : DriveBus::Ahci;
    const uint64_t disk =
        facts.recommended.diskBytes > 0 ? facts.recommended.diskBytes : kUsualDisk;
    for (DraftDisk& empty : draft.disks)
        if (empty.source.empty())
            empty.bytes = vmm::alignUp(std::max(disk, facts.minimum.diskBytes), kMebibyte);
}

bool isMachine(const fs::path& file)
{
    std::error_code failed;
    return fs::is_directory(file, failed) ? fs::is_regular_file(file / "machine.toml", failed)
                                          : endsWith(file, ".vitrine.tar.zst");
}

Result<Draft> draftFor(const fs::path& file, const OsDatabase* database, const HostMeans& means)
{
    std::error_code failed;
    const auto kind = fs::status(file, failed).type();
    if (kind == fs::file_type::not_found)
        return Error(ErrorCode::NotFound, fmt::format("{} is not there", file.string()));
    if (isMachine(file))
        return Error(ErrorCode::Invalid,
                     fmt::format("{} is a machine already; it can be imported", file.string()));
    if (kind != fs::file_type::regular && kind != fs::file_type::unknown &&
        kind != fs::file_type::none)
        return Error(ErrorCode::Invalid,
                     fmt::format("{} is not a file a machine can be made of", file.string()));
    if (::access(file.c_str(), R_OK) != 0)
        return Error::fromErrno(file.string(), errno);
    if (endsWith(file, ".ova") || endsWith(file, ".ovf"))
        return draftForAppliance(file, means);
    if (database != nullptr)
        if (const auto medium = database->identify(file))
            return draftForDisc(file, *medium, database, means);
    return isDisc(file) ? discDraft(file, {}, means) : draftForImage(file, means);
}

} // namespace app::making
