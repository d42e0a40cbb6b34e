// SPDX-License-Identifier: GPL-3.0-or-later
// Clones, and moves to another folder.
#include <algorithm>
#include <cerrno>
#include <fmt/core.h>
#include <optional>
#include <set>
#include <system_error>

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
using namespace vmm::spec;

namespace {

constexpr size_t kMaxFiles = 10000; // in a bundle that is copied

/// Every file of the bundle that a copy has too, relative to it: not locks, nor what a killed
/// writer left.
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

/// What is copied, and as what.
struct CopyPlan {
    std::vector<std::pair<fs::path, fs::path>> files; ///< from (absolute), to (in the new bundle)
};

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

/// What is of the original alone: its history, and its picture.
bool ofOriginal(const fs::path& file)
{
    return file == "log.txt" || file == "thumbnail.png" || file == kConfigFile ||
           file == kConfigBackup;
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

Result<CopyPlan> planClone(const Bundle& original, MachineConfig& config)
{
    CopyPlan plan;
    for (const fs::path& file : TRY(filesOf(original.path())))
        if (!ofOriginal(file))
            plan.files.emplace_back(original.path() / file, file);
    TRY(takeOutsideDisks(original, config, plan));
    return plan;
}

/// Keeps what a person wrote into the original's machine.toml.
Result<std::string> clonedText(const Bundle& original, const MachineConfig& config)
{
    ConfigDocument document =
        TRY(ConfigDocument::parse(TRY(original.text()), original.path().filename() / kConfigFile));
    TRY(document.change(config));
    return document.text();
}

bool onOneFileSystem(const fs::path& one, const fs::path& other)
{
    struct stat a = {};
    struct stat b = {};
    return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev;
}

/// The note in a moved copy: what the original's own note must say, and where the original is.
struct MoveNote {
    std::string token;
    fs::path original;
};

std::optional<MoveNote> readNote(const fs::path& bundle)
{
    constexpr size_t kMaxNote = 8192;
    const auto text = readFile(bundle / kMovedFrom, kMaxNote);
    if (!text || text->size() <= MachineConfig::kIdDigits)
        return std::nullopt;
    return MoveNote{text->substr(0, MachineConfig::kIdDigits),
                    text->substr(MachineConfig::kIdDigits)};
}

/// Whether the original says itself that it went to this copy: nobody else's note can make us
/// delete a machine.
bool agrees(const MoveNote& note)
{
    const auto token = readFile(note.original / kMovingTo, MachineConfig::kIdDigits);
    return token && *token == note.token;
}

/// Copies the bundle into `folder`, and then removes the original. Notes in both say so, so that a
/// machine is never there twice for longer than till somebody looks.
Result<fs::path> moveAcross(const Bundle& original, const fs::path& folder, Job& job)
{
    CopyPlan plan;
    for (const fs::path& file : TRY(filesOf(original.path())))
        plan.files.emplace_back(original.path() / file, file);
    Staging staging = TRY(Staging::make(folder));
    TRY(copyAll(plan, staging.path(), job));
    const std::string token = randomId();
    TRY(writeAtomically(staging.path() / kMovedFrom, token + original.path().string()));
    TRY(writeAtomically(original.path() / kMovingTo, token));
    const fs::path bundle = TRY(staging.finish(original.config().name()));
    TRY(Staging::discard(original.path()));
    ::unlink((bundle / kMovedFrom).c_str());
    return bundle;
}

} // namespace

void finishMove(const fs::path& bundle)
{
    const auto note = readNote(bundle);
    if (!note || BundleLock::held(bundle))
        return;
    if (agrees(*note)) {
        const auto lock = BundleLock::acquire(note->original);
        if (!lock || !Staging::discard(note->original))
            return; // tried again next time
    }
    ::unlink((bundle / kMovedFrom).c_str());
}

Result<MachineEntry> Library::clone(const std::string& id, const std::string& name, Job& job) const
{
    const StillBundle original = TRY(holdStill(TRY(find(id)), false));
    MachineConfig config = original.bundle.config();
    config.id = randomId();
    config.hardware.name = freeName(name.empty() ? config.name() : name);
    for (NicSpec& nic : config.hardware.nics)
        nic.mac = randomMac();
    const CopyPlan plan = TRY(planClone(original.bundle, config));
    Staging staging = TRY(Staging::make(original.bundle.path().parent_path()));
    TRY(writeAtomically(staging.path() / kConfigFile, TRY(clonedText(original.bundle, config))));
    TRY(copyAll(plan, staging.path(), job));
    return entryFor(TRY(staging.finish(config.name())));
}

Result<MachineEntry> Library::moveTo(const std::string& id, const fs::path& folder, Job& job) const
{
    const StillBundle still = TRY(holdStill(TRY(find(id)), false));
    const fs::path& from = still.bundle.path();
    const fs::path target = fs::absolute(folder).lexically_normal();
    if (target == from.parent_path())
        return entryFor(from);
    if (target.string().starts_with(from.string() + "/") || target == from)
        return Error(ErrorCode::Invalid, "a machine cannot be moved into itself");
    TRY(ensureFolder(target));
    if (onOneFileSystem(from, target))
        return entryFor(TRY(renameToName(from, target, still.bundle.config().name())));
    return entryFor(TRY(moveAcross(still.bundle, target, job)));
}

} // namespace app::library
