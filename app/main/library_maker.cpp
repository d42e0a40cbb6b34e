// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_maker.h"

#include <algorithm>
#include <optional>

#include "app/import/appliance.h"
#include "app/import/disk_image.h"
#include "app/install/express_install.h"
#include "app/library/staging.h"

namespace app::main {

namespace fs = std::filesystem;
using library::Bundle;
using library::Job;
using library::MachineConfig;
using library::MachineEntry;
using library::NewDisk;
using library::Staging;
using ui::models::MachineDraft;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;

namespace {

/// What Library::create() gets, and the hidden folder its sources lie in.
struct Ingredients {
    MachineConfig config;
    std::vector<NewDisk> disks;
    std::optional<Staging> scratch;
};

bool isDisk(const DriveSpec& drive)
{
    return drive.kind == DriveKind::Disk;
}

/// One empty disk, or none for a machine that only tries.
void takeEmptyDisk(Ingredients& made, const MachineDraft& draft)
{
    auto& drives = made.config.hardware.drives;
    const auto first = std::find_if(drives.begin(), drives.end(), isDisk);
    DriveSpec disk = first == drives.end() ? DriveSpec{DriveKind::Disk, {}} : *first;
    std::erase_if(drives, isDisk);
    made.config.disposable = made.config.disposable || draft.tryLive;
    if (draft.tryLive || draft.diskBytes == 0)
        return;
    disk.path.clear();
    drives.push_back(disk);
    made.disks.push_back({draft.diskBytes, {}, false});
}

/// The first disk names the file to take over; the drives get what came out of it.
Result<fs::path> takeSource(Ingredients& made, DriveSpec& disk, const LibraryPlace& place)
{
    auto& drives = made.config.hardware.drives;
    const auto first = std::find_if(drives.begin(), drives.end(), isDisk);
    if (first == drives.end() || first->path.empty())
        return Error(ErrorCode::Invalid, "the file to make a machine of is not named");
    const fs::path source = first->path;
    disk = *first;
    disk.path.clear();
    std::erase_if(drives, isDisk);
    std::error_code failed;
    fs::create_directories(place.home, failed);
    made.scratch.emplace(TRY(Staging::make(place.home)));
    return source;
}

Result<void> takeImage(Ingredients& made, const MachineDraft& draft, const LibraryPlace& place,
                       Job& job)
{
    DriveSpec disk;
    const fs::path source = TRY(takeSource(made, disk, place));
    const auto facts = TRY(import::inspectImage(source));
    if (!facts.problem.empty())
        return Error(ErrorCode::Invalid, facts.problem);
    const fs::path raw = made.scratch->path() / "disk0.raw";
    TRY(import::convertImage(source, facts.format, raw, job));
    made.config.hardware.drives.push_back(disk);
    made.disks.push_back({std::max<uint64_t>(draft.diskBytes, facts.virtualBytes), raw, true});
    return {};
}

Result<void> takeAppliance(Ingredients& made, const LibraryPlace& place, Job& job)
{
    DriveSpec disk;
    const fs::path source = TRY(takeSource(made, disk, place));
    const auto appliance = TRY(import::readAppliance(source));
    const auto files = TRY(import::unpackAppliance(source, appliance, made.scratch->path(), job));
    disk.id.clear();
    for (size_t i = 0; i < files.size(); ++i) {
        made.config.hardware.drives.push_back(disk);
        made.disks.push_back({appliance.disks[i].capacityBytes, files[i], true});
    }
    return {};
}

} // namespace

Result<MachineEntry> makeMachine(const MachineDraft& draft, const LibraryPlace& place, Job& job)
{
    const auto library = TRY(place.open());
    Ingredients made{draft.config, {}, std::nullopt};
    made.config.install = {};
    if (draft.source == MachineDraft::Source::DiskImage)
        TRY(takeImage(made, draft, place, job));
    else if (draft.source == MachineDraft::Source::Appliance)
        TRY(takeAppliance(made, place, job));
    else
        takeEmptyDisk(made, draft);
    return library.create(made.config, made.disks, job);
}

Result<void> prepareInstall(const MachineDraft& draft, const fs::path& folder,
                            const os::OsDatabase* database, Job& job)
{
    const auto& drives = draft.config.hardware.drives;
    const auto medium = std::find_if(drives.begin(), drives.end(), [](const DriveSpec& drive) {
        return drive.kind == DriveKind::Cdrom && !drive.path.empty();
    });
    if (!database || medium == drives.end())
        return Error(ErrorCode::NotFound,
                     "nothing is known about installing this system unattended");
    const auto facts = TRY(database->identify(medium->path));
    const install::ExpressAnswers answers{
        draft.user.toStdString(),     draft.fullName.toStdString(),
        draft.password.toStdString(), {},
        draft.language.toStdString(), draft.keyboard.toStdString(),
        draft.timeZone.toStdString(), draft.productKey.toStdString()};
    auto bundle = TRY(Bundle::open(folder));
    const auto install =
        TRY(install::prepareExpress(*database, medium->path, facts, answers, folder, job));
    return bundle.change([&](MachineConfig& config) -> Result<void> {
        config.install = install;
        return {};
    });
}

} // namespace app::main
