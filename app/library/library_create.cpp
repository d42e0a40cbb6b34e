// SPDX-License-Identifier: GPL-3.0-or-later
// New machines: built in hiding, and there in one step.
#include <algorithm>
#include <cerrno>
#include <fmt/core.h>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/library/bundle_files.h"
#include "app/library/config_document.h"
#include "app/library/file_ops.h"
#include "app/library/library_p.h"
#include "app/library/sparse_copy.h"
#include "app/library/staging.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::UniqueFd;
using namespace vmm::spec;

namespace {

constexpr uint64_t kMaxDisk = uint64_t{64} << 40;

/// Gives the disks without a file their files' names, in order.
Result<std::vector<std::string>> nameDisks(MachineConfig& config, size_t count)
{
    std::vector<std::string> names;
    for (DriveSpec& drive : config.hardware.drives) {
        if (drive.kind != DriveKind::Disk || !drive.path.empty())
            continue;
        drive.path = fmt::format("disk{}.raw", names.size());
        names.push_back(drive.path);
    }
    if (names.size() != count)
        return Error(ErrorCode::Invalid,
                     fmt::format("{} disks are described, and {} to be made", names.size(), count));
    return names;
}

Result<void> growTo(const fs::path& file, uint64_t bytes)
{
    const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    struct stat status = {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
        return Error::fromErrno(file.string(), errno);
    if (static_cast<uint64_t>(status.st_size) < bytes &&
        ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
        return Error::fromErrno(file.string(), errno);
    return {};
}

Result<void> makeDisk(const NewDisk& disk, const fs::path& file, CopyProgress& progress)
{
    if (disk.bytes > kMaxDisk)
        return Error(ErrorCode::Invalid, "a disk has at most 64 TiB");
    if (disk.source.empty())
        return growTo(file, disk.bytes);
    // A second name for the source: it keeps its own until all is ready.
    std::error_code failed;
    const bool plain = fs::symlink_status(disk.source, failed).type() == fs::file_type::regular;
    if (!disk.moveSource || !plain || ::link(disk.source.c_str(), file.c_str()) != 0)
        TRY(copySparse(disk.source, file, progress));
    return growTo(file, disk.bytes);
}

void completeConfig(MachineConfig& config)
{
    if (config.id.empty())
        config.id = randomId();
    if (config.hardware.kernelPath.empty())
        ensureCdrom(config.hardware);
    for (NicSpec& nic : config.hardware.nics)
        if (nic.mac.empty())
            nic.mac = randomMac();
    config.hardware.nameDevices();
}

Result<void> makeDisks(const std::vector<NewDisk>& disks, const std::vector<std::string>& names,
                       const fs::path& folder, Job& job)
{
    CopyProgress progress{job};
    for (const NewDisk& disk : disks)
        progress.total += disk.source.empty() ? 0 : dataBytes(disk.source);
    TRY(job.step(0, std::max<uint64_t>(progress.total, 1)));
    for (size_t i = 0; i < disks.size(); ++i)
        TRY(makeDisk(disks[i], folder / names[i], progress));
    return {};
}

/// Whether disk and source are one file with two names, not a copy.
bool isLinked(const NewDisk& disk, const fs::path& file)
{
    std::error_code failed;
    return disk.moveSource && !disk.source.empty() && fs::equivalent(disk.source, file, failed);
}

/// Makes a bundle of it. What was taken over loses its old name first, so that nobody writes into a
/// machine's disk by that; when no bundle comes of it, it has it back.
Result<fs::path> finishWithDisks(Staging& staging, const std::string& name,
                                 const std::vector<NewDisk>& disks,
                                 const std::vector<std::string>& names)
{
    TRY(syncTree(staging.path()));
    std::vector<size_t> taken;
    for (size_t i = 0; i < disks.size(); ++i)
        if (isLinked(disks[i], staging.path() / names[i]) && ::unlink(disks[i].source.c_str()) == 0)
            taken.push_back(i);
    auto bundle = staging.finish(name);
    for (const size_t i : taken)
        if (!bundle && ::link((staging.path() / names[i]).c_str(), disks[i].source.c_str()) != 0)
            return Error::fromErrno(disks[i].source.string(), errno);
    for (const NewDisk& disk : disks)
        if (bundle && disk.moveSource && !disk.source.empty())
            ::unlink(disk.source.c_str());
    return bundle;
}

} // namespace

std::string randomMac()
{
    const std::string digits = randomId();
    return fmt::format("52:54:00:{}:{}:{}", digits.substr(0, 2), digits.substr(2, 2),
                       digits.substr(4, 2));
}

Result<MachineEntry> Library::create(MachineConfig config, const std::vector<NewDisk>& disks,
                                     Job& job) const
{
    const std::vector<std::string> names = TRY(nameDisks(config, disks.size()));
    completeConfig(config);
    for (const MachineEntry& other : machines())
        if (other.config.id == config.id)
            return Error(ErrorCode::Busy, "there is a machine with this id already");
    config.hardware.name = freeName(config.name());
    const ConfigDocument document = TRY(ConfigDocument::make(config, kConfigFile));
    Staging staging = TRY(Staging::make(m_home));
    TRY(writeAtomically(staging.path() / kConfigFile, document.text()));
    TRY(makeDisks(disks, names, staging.path(), job));
    return entryFor(TRY(finishWithDisks(staging, config.name(), disks, names)));
}

} // namespace app::library
