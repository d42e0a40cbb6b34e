// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/copy_plan.h"

#include <algorithm>
#include <fmt/core.h>
#include <set>
#include <system_error>

#include "app/library/bundle_files.h"
#include "app/library/config_document.h"
#include "app/library/file_ops.h"
#include "app/library/sparse_copy.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::spec;

namespace {

constexpr size_t kMaxFiles = 10000; // in a bundle that is copied

/// What is of the original alone: its history, and its picture.
bool ofOriginal(const fs::path& file)
{
    return file == "log.txt" || file == "resuming.state" || file == "thumbnail.png" ||
           file == kConfigFile || file == kConfigBackup;
}

/// A disk outside the bundle would be written by both machines: the clone gets a copy.
Result<void> takeOutsideDisks(const Bundle& original, MachineConfig& config, CopyPlan& plan)
{
    std::set<fs::path> names;
    for (const auto& [from, name] : plan.files)
        names.insert(name);
    for (DriveSpec& drive : config.hardware.drives) {
        const fs::path path(drive.path);
        if (drive.kind != DriveKind::Disk || drive.readOnly || path.is_relative())
            continue;
        std::error_code failed;
        if (!fs::is_regular_file(path, failed))
            return Error(ErrorCode::Unsupported, fmt::format("{} has a disk that is not a file: {}",
                                                             original.config().name(), drive.path));
        size_t number = 0;
        while (!names.insert(fmt::format("disk{}.raw", number)).second)
            ++number;
        drive.path = fmt::format("disk{}.raw", number);
        plan.files.emplace_back(path, drive.path);
    }
    return {};
}

} // namespace

Result<std::vector<fs::path>> filesOf(const fs::path& bundle)
{
    std::vector<fs::path> files;
    std::error_code failed;
    for (fs::recursive_directory_iterator entry(bundle, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        std::error_code unknown;
        const bool hidden = entry->path().filename().string().starts_with('.');
        if (!hidden && entry->symlink_status(unknown).type() == fs::file_type::regular)
            files.push_back(entry->path().lexically_relative(bundle));
        if (files.size() > kMaxFiles)
            return Error(ErrorCode::Invalid, bundle.filename().string() + " has too many files");
    }
    if (failed)
        return Error::fromErrno(bundle.string(), failed.value());
    return files;
}

Result<CopyPlan> planCopy(const Bundle& original, MachineConfig& config)
{
    CopyPlan plan;
    for (const fs::path& file : TRY(filesOf(original.path())))
        if (!ofOriginal(file))
            plan.files.emplace_back(original.path() / file, file);
    TRY(takeOutsideDisks(original, config, plan));
    return plan;
}

Result<void> copyAll(const CopyPlan& plan, const fs::path& to, Job& job)
{
    CopyProgress progress{job};
    for (const auto& [from, name] : plan.files)
        progress.total += dataBytes(from);
    TRY(job.step(0, std::max<uint64_t>(progress.total, 1)));
    for (const auto& [from, name] : plan.files) {
        TRY(ensureFolder((to / name).parent_path()));
        TRY(copySparse(from, to / name, progress));
    }
    return {};
}

Result<std::string> copiedText(const Bundle& original, const MachineConfig& config)
{
    ConfigDocument document =
        TRY(ConfigDocument::parse(TRY(original.text()), original.path().filename() / kConfigFile));
    TRY(document.change(config));
    return document.text();
}

} // namespace app::library
