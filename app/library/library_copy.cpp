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
#include "app/library/copy_plan.h"
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
    const CopyPlan plan = TRY(planCopy(original.bundle, config));
    Staging staging = TRY(Staging::make(original.bundle.path().parent_path()));
    TRY(writeAtomically(staging.path() / kConfigFile, TRY(copiedText(original.bundle, config))));
    TRY(copyAll(plan, staging.path(), job));
    return entryFor(TRY(staging.finish(config.name())));
}

Result<MachineEntry> Library::moveTo(const std::string& id, const fs::path& folder, Job& job) const
{
    const StillBundle still = TRY(holdStill(TRY(find(id)), true));
    const fs::path& from = still.bundle.path();
    const fs::path target = fs::absolute(folder).lexically_normal();
    if (target == from.parent_path())
        return heldEntry(from);
    if (target.string().starts_with(from.string() + "/") || target == from)
        return Error(ErrorCode::Invalid, "a machine cannot be moved into itself");
    TRY(ensureFolder(target));
    TRY(rememberFolder(m_settings, m_home, target)); // else nobody would find it there
    if (onOneFileSystem(from, target))
        return heldEntry(TRY(renameToName(from, target, still.bundle.config().name())));
    return heldEntry(TRY(moveAcross(still.bundle, target, job)));
}

} // namespace app::library
