// SPDX-License-Identifier: GPL-3.0-or-later
// Machines as one file, out and in. What comes in may have been made by anybody: it reaches no file
// of the host but those it brought along.
#include <algorithm>
#include <fmt/core.h>
#include <system_error>

#include <unistd.h>

#include "app/library/archive_file.h"
#include "app/library/bundle_files.h"
#include "app/library/config_document.h"
#include "app/library/copy_plan.h"
#include "app/library/file_ops.h"
#include "app/library/library_p.h"
#include "app/library/staging.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::spec;

namespace {

/// Whether `path` is that of a file inside `bundle`.
bool isInside(const std::string& path, const fs::path& bundle)
{
    const fs::path normal = fs::path(path).lexically_normal();
    std::error_code failed;
    return !path.empty() && normal.is_relative() && *normal.begin() != ".." &&
           fs::symlink_status(bundle / normal, failed).type() == fs::file_type::regular;
}

/// A kernel is a file, or "FILE:/PATH" inside a disc image. Made absolute, a PATH that climbs would
/// take FILE with it: "disc.iso:/../../etc/shadow" is a file of the host.
bool isInsideOrNone(const std::string& path, const fs::path& bundle)
{
    const fs::path whole(path);
    return path.empty() || (std::find(whole.begin(), whole.end(), "..") == whole.end() &&
                            isInside(path.substr(0, path.find(":/")), bundle));
}

Result<void> confineDrives(MachineSpec& machine, const fs::path& bundle)
{
    for (DriveSpec& drive : machine.drives) {
        if (drive.path.empty() || isInside(drive.path, bundle))
            continue;
        if (drive.kind == DriveKind::Disk)
            return Error(ErrorCode::Invalid,
                         fmt::format("its disk {:.80} did not come with it", drive.path));
        drive.path.clear(); // an empty CD-ROM drive
    }
    return {};
}

/// Whoever may reach a forwarded port is for the person here to say.
bool isLocal(const std::string& rule)
{
    return rule.starts_with("tcp:127.0.0.1:") || rule.starts_with("udp:127.0.0.1:");
}

void confineNics(MachineSpec& machine)
{
    for (NicSpec& nic : machine.nics) {
        nic.capturePath.clear();
        nic.socketPath.clear();
        nic.tapInterface.clear();
        if (nic.kind == NicKind::Passt || nic.kind == NicKind::Tap)
            nic.kind = NicKind::User;
        std::erase_if(nic.forwards, [](const std::string& rule) { return !isLocal(rule); });
    }
}

/// Takes away everything that names the host: files beside its own, sockets, ports others reach.
Result<void> confine(MachineConfig& config, const fs::path& bundle)
{
    MachineSpec& machine = config.hardware;
    TRY(confineDrives(machine, bundle));
    confineNics(machine);
    machine.serial = SerialKind::None;
    machine.serialPath.clear();
    machine.debugconPath.clear();
    machine.consolePorts.clear();
    machine.vsock = {};
    machine.testDevices = false;
    if (machine.firmwarePath != "uefi" && !isInsideOrNone(machine.firmwarePath, bundle))
        machine.firmwarePath.clear();
    if (!isInsideOrNone(machine.kernelPath, bundle) || !isInsideOrNone(machine.initrdPath, bundle))
        machine.kernelPath = machine.initrdPath = machine.commandLine = {};
    const InstallConfig& install = config.install;
    if (!isInsideOrNone(install.kernel, bundle) || !isInsideOrNone(install.initrd, bundle) ||
        !isInsideOrNone(install.scriptDisc, bundle))
        config.install = {};
    return {};
}

/// A bundle's folder somewhere else: nothing is written there, it may be a read-only medium.
Result<void> copyFolder(const fs::path& from, const fs::path& to, Job& job)
{
    if (BundleLock::held(from))
        return Error(ErrorCode::Busy, from.stem().string() + " is running; shut it down first");
    std::error_code failed;
    if (fs::exists(fs::symlink_status(from / "suspended.state", failed)))
        return Error(ErrorCode::Busy,
                     from.stem().string() + " is suspended; go on with it and shut it down first");
    CopyPlan plan;
    for (const fs::path& file : TRY(filesOf(from)))
        plan.files.emplace_back(from / file, file);
    return copyAll(plan, to, job);
}

/// What a copy of a machine must not go on with.
void dropHistory(const fs::path& folder)
{
    for (const char* name : {"suspended.state", "resuming.state", "log.txt", kConfigBackup})
        ::unlink((folder / name).c_str());
}

} // namespace

Result<void> Library::exportTo(const std::string& id, const fs::path& file, Job& job) const
{
    const StillBundle still = TRY(holdStill(TRY(find(id)), false));
    const fs::path target = fs::absolute(file).lexically_normal();
    MachineConfig config = still.bundle.config();
    const CopyPlan plan = TRY(planCopy(still.bundle, config));
    const std::string text = TRY(copiedText(still.bundle, config));
    return writeArchive(plan, config.name() + std::string(Bundle::kSuffix), text, target, job);
}

Result<MachineEntry> Library::importFrom(const fs::path& file, Job& job) const
{
    Staging staging = TRY(Staging::make(m_home));
    std::error_code failed;
    if (fs::is_directory(file, failed))
        TRY(copyFolder(file, staging.path(), job));
    else
        TRY(readArchive(file, staging.path(), job));
    dropHistory(staging.path());
    const std::string shown = (file.filename() / kConfigFile).string();
    if (!fs::exists(staging.path() / kConfigFile, failed))
        return Error(ErrorCode::Invalid, fmt::format("{} is not a machine: there is no {} in it",
                                                     file.filename().string(), kConfigFile));
    ConfigDocument document = TRY(ConfigDocument::parse(
        TRY(readFile(staging.path() / kConfigFile, TomlText::kMaxBytes)), shown));
    MachineConfig config = document.config();
    if (auto confined = confine(config, staging.path()); !confined)
        return std::move(confined).error().within(file.filename().string());
    const std::vector<MachineEntry> others = machines();
    const bool taken = std::any_of(others.begin(), others.end(), [&](const MachineEntry& other) {
        return other.config.id == config.id;
    });
    if (config.id.empty() || taken)
        config.id = randomId();
    config.hardware.name = freeName(config.name());
    TRY(document.change(config));
    TRY(writeAtomically(staging.path() / kConfigFile, document.text()));
    return entryFor(TRY(staging.finish(config.name())));
}

} // namespace app::library
