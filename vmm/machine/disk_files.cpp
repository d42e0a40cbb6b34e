// SPDX-License-Identifier: GPL-3.0-or-later
// Length and time of last change stand for a disk's contents: reading gigabytes would make each
// start wait. Not the inode: a machine that was moved to another file system keeps its disks.
#include "vmm/machine/disk_files.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <sys/stat.h>

#include "vmm/state/state_file.h"

namespace vmm::machine {

namespace {

constexpr const char* kSpecName = "machine"; // as in machine_state.cpp

std::optional<DiskFileState> lookAt(const spec::DriveSpec& drive)
{
    struct stat status = {};
    if (drive.kind != spec::DriveKind::Disk || ::stat(drive.path.c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode))
        return std::nullopt;
    return DiskFileState{drive.id, static_cast<uint64_t>(status.st_size), status.st_mtim.tv_sec,
                         static_cast<uint32_t>(status.st_mtim.tv_nsec)};
}

/// Archives and simple file systems keep whole seconds.
bool sameTime(const DiskFileState& then, const DiskFileState& now)
{
    return then.changedSeconds == now.changedSeconds &&
           (then.changedNanoseconds == now.changedNanoseconds || now.changedNanoseconds == 0);
}

Result<void> compare(const DiskFilesState& saved, const spec::MachineSpec& spec)
{
    for (const spec::DriveSpec& drive : spec.drives) {
        const auto then = std::find_if(saved.files.begin(), saved.files.end(),
                                       [&](const auto& file) { return file.disk == drive.id; });
        const auto now = lookAt(drive);
        if (then == saved.files.end() || !now) // one that is missing is found out when it is opened
            continue;
        if (then->bytes != now->bytes || !sameTime(*then, *now))
            return Error(
                ErrorCode::Invalid,
                fmt::format("its disk {} was changed in the meantime, and going on could destroy "
                            "what is on it",
                            std::filesystem::path(drive.path).filename().string()));
    }
    return {};
}

/// Takes the two records at the beginning, and stops the reading then.
struct Beginning {
    std::optional<spec::MachineSpec> spec;
    std::optional<DiskFilesState> files;
    bool seen = false;

    Result<void> record(const state::NamedRecord& named)
    {
        if (!spec) {
            spec = TRY(state::load<spec::MachineSpec>(named.record));
            return named.participant == kSpecName ? Result<void>() : stop();
        }
        if (named.participant == DiskFilesState::kName)
            files = TRY(state::load<DiskFilesState>(named.record));
        return stop();
    }
    Result<void> stop()
    {
        seen = true;
        return Error(ErrorCode::Cancelled, "enough was read");
    }
};

} // namespace

DiskFilesState diskFilesOf(const spec::MachineSpec& spec)
{
    DiskFilesState state;
    for (const spec::DriveSpec& drive : spec.drives)
        if (const auto file = lookAt(drive))
            state.files.push_back(*file);
    return state;
}

Result<void> checkDiskFiles(const std::string& path,
                            const std::function<void(spec::MachineSpec&)>& adjust)
{
    Beginning beginning;
    auto read = state::readFile(
        path, [&](const state::NamedRecord& named) { return beginning.record(named); },
        [&](uint64_t, std::span<const std::byte>) { return beginning.stop(); });
    if (!read && !beginning.seen)
        return read;
    if (!beginning.spec || !beginning.files)
        return {};
    adjust(*beginning.spec);
    return compare(*beginning.files, *beginning.spec);
}

} // namespace vmm::machine
