// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/making/maker.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "app/import/appliance.h"
#include "app/import/disk_image.h"
#include "app/install/answers.h"
#include "app/library/staging.h"

namespace app::making {

namespace fs = std::filesystem;
using library::Bundle;
using library::Job;
using library::Library;
using library::MachineConfig;
using library::MachineEntry;
using library::NewDisk;
using library::Staging;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;

namespace {

/// What Library::create() gets, and the hidden folder its sources lie in.
class Ingredients {
public:
    Ingredients(const Draft& draft, const Library& library)
        : m_config(draft.config), m_bus(draft.diskBus), m_home(library.folders().front())
    {
        m_config.install = {};
        m_config.disposable = m_config.disposable || draft.tryLive;
    }

    Result<void> addImage(const DraftDisk& wish, Job& job)
    {
        const auto facts = TRY(import::inspectImage(wish.source));
        if (!facts.problem.empty())
            return Error(ErrorCode::Invalid, facts.problem);
        const fs::path raw = TRY(scratch()) / fmt::format("image{}.raw", m_disks.size());
        TRY(import::convertImage(wish.source, facts.format, raw, job));
        addDisk({std::max(wish.bytes, facts.virtualBytes), raw, true});
        return {};
    }

    Result<void> addAppliance(const fs::path& source, Job& job)
    {
        const auto appliance = TRY(import::readAppliance(source));
        const auto files = TRY(import::unpackAppliance(source, appliance, TRY(scratch()), job));
        for (size_t i = 0; i < files.size(); ++i)
            addDisk({appliance.disks[i].capacityBytes, files[i], true});
        return {};
    }

    void addDisk(NewDisk disk)
    {
        DriveSpec drive{DriveKind::Disk, {}};
        drive.bus = m_bus;
        m_config.hardware.drives.push_back(std::move(drive));
        m_disks.push_back(std::move(disk));
    }

    const MachineConfig& config() const { return m_config; }
    const std::vector<NewDisk>& disks() const { return m_disks; }

private:
    Result<fs::path> scratch()
    {
        if (!m_scratch) {
            std::error_code failed;
            fs::create_directories(m_home, failed);
            m_scratch.emplace(TRY(Staging::make(m_home)));
        }
        return m_scratch->path();
    }

    MachineConfig m_config;
    vmm::spec::DriveBus m_bus;
    fs::path m_home;
    std::vector<NewDisk> m_disks;
    std::optional<Staging> m_scratch;
};

} // namespace

Result<MachineEntry> makeMachine(const Draft& draft, const Library& library, Job& job)
{
    Ingredients made(draft, library);
    for (const DraftDisk& disk : draft.disks) {
        if (disk.source.empty() && !draft.tryLive && disk.bytes > 0)
            made.addDisk({disk.bytes, {}, false});
        else if (!disk.source.empty() && disk.source == draft.file &&
                 draft.source == Draft::Source::Appliance)
            TRY(made.addAppliance(disk.source, job));
        else if (!disk.source.empty())
            TRY(made.addImage(disk, job));
    }
    return library.create(made.config(), made.disks(), job);
}

Result<void> prepareInstall(const Draft& draft, const fs::path& folder,
                            const os::OsDatabase* database, Job& job)
{
    if (database == nullptr || draft.file.empty())
        return Error(ErrorCode::NotFound,
                     "nothing is known about installing this system unattended");
    const auto facts = TRY(database->identify(draft.file));
    auto bundle = TRY(Bundle::open(folder));
    install::ExpressAnswers answers = draft.answers;
    if (answers.hostName.empty())
        answers.hostName = install::hostNameOf(draft.config.name());
    const auto install = TRY(
        install::prepareExpress(*database, draft.file, facts, answers, draft.drivers, folder, job));
    return bundle.change([&](MachineConfig& config) -> Result<void> {
        config.install = install;
        return {};
    });
}

} // namespace app::making
