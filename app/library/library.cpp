// SPDX-License-Identifier: GPL-3.0-or-later
// Folders, listing, finding; rename, trash.
#include "app/library/library.h"

#include <algorithm>
#include <ctime>
#include <fmt/core.h>
#include <set>
#include <system_error>

#include <sys/stat.h>

#include "app/library/bundle_files.h"
#include "app/library/file_ops.h"
#include "app/library/library_p.h"
#include "app/library/staging.h"
#include "app/library/toml_text.h"
#include "app/library/trash.h"
#include "app/library/trash_notes.h"
#include "app/library/user_folders.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

constexpr const char* kFoldersKey = "folders";
constexpr size_t kMaxFolders = 64;

int64_t changedAt(const fs::path& file)
{
    struct stat status = {};
    return ::stat(file.c_str(), &status) == 0 ? static_cast<int64_t>(status.st_mtime) : 0;
}

Result<TomlText> readSettings(const fs::path& file)
{
    auto text = readFile(file, TomlText::kMaxBytes);
    if (!text && text.error().code() != ErrorCode::NotFound)
        return std::move(text).error();
    return TomlText::parse(text ? *text : std::string(), file.string());
}

std::vector<std::string> addedFolders(const TomlText& settings)
{
    const TomlEntry* entry = settings.sections().front().find(kFoldersKey);
    const auto* folders =
        entry == nullptr ? nullptr : std::get_if<std::vector<std::string>>(&entry->value);
    return folders == nullptr ? std::vector<std::string>() : *folders;
}

/// Holds the settings' lock while `edit` changes the list.
Result<void> changeFolders(const fs::path& file,
                           const std::function<Result<void>(std::vector<std::string>&)>& edit)
{
    constexpr int kPatience = 5000; // milliseconds
    TRY(ensureFolder(file.parent_path()));
    const fs::path lockFile = file.parent_path() / ("." + file.filename().string() + ".lock");
    const FileLock lock = TRY(FileLock::wait(lockFile, 0, kPatience));
    TomlText settings = TRY(readSettings(file));
    std::vector<std::string> folders = addedFolders(settings);
    TRY(edit(folders));
    TRY(settings.set(0, kFoldersKey, folders));
    return writeAtomically(file, settings.text());
}

std::string plainPath(const fs::path& folder)
{
    std::error_code failed;
    fs::path path = fs::absolute(folder, failed).lexically_normal();
    return path.has_filename() ? path.string() : path.parent_path().string();
}

/// A link for each machine in the trash, named by its id.
fs::path notesOf(const fs::path& settings)
{
    return settings.parent_path() / "trashed";
}

/// Bundles in `folder`; leftovers of programs that died are dealt with on the way.
std::vector<fs::path> bundlesIn(const fs::path& folder)
{
    std::vector<fs::path> bundles;
    std::error_code failed;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const fs::path& path = entry->path();
        std::error_code unknown;
        if (!entry->is_directory(unknown))
            continue;
        if (Staging::isStaging(path))
            Staging::removeDead(path);
        else if (path.extension() == Bundle::kSuffix && !path.filename().string().starts_with('.'))
            bundles.push_back(path);
    }
    for (const fs::path& bundle : bundles)
        finishMove(bundle);
    return bundles;
}

/// A live medium's machine whose program died before it could delete it. One that is about to start
/// is younger; one with a disk of its own may hold something, and stays.
bool isForgotten(const fs::path& bundle, int64_t now)
{
    constexpr int64_t kYoung = 600; // seconds
    const auto opened = Bundle::open(bundle);
    if (!opened || !opened->config().disposable || opened->suspended())
        return false;
    const auto& drives = opened->config().hardware.drives;
    const bool disk = std::any_of(drives.begin(), drives.end(), [](const auto& drive) {
        return drive.kind == vmm::spec::DriveKind::Disk;
    });
    return !disk && changedAt(bundle / kConfigFile) + kYoung < now;
}

void removeForgotten(const fs::path& folder)
{
    const int64_t now = std::time(nullptr);
    for (const fs::path& bundle : bundlesIn(folder))
        if (isForgotten(bundle, now))
            if (const auto lock = BundleLock::acquire(bundle))
                (void)Staging::discard(bundle); // tried again next time
}

/// A copy somebody made by hand has the id of its original; only one of them can be used.
void refuseTwins(std::vector<MachineEntry>& entries)
{
    std::set<std::string> ids;
    std::sort(entries.begin(), entries.end(), [](const MachineEntry& a, const MachineEntry& b) {
        return std::pair(a.config.name(), a.bundle) < std::pair(b.config.name(), b.bundle);
    });
    for (MachineEntry& entry : entries)
        if (entry.problem.empty() && !ids.insert(entry.config.id).second)
            entry.problem =
                fmt::format("{} is a copy of another machine; remove the line \"id\" from its "
                            "machine.toml to use it beside that one",
                            entry.bundle.filename().string());
}

} // namespace

Result<void> rememberFolder(const fs::path& settings, const fs::path& home, const fs::path& folder)
{
    const std::string path = plainPath(folder);
    std::error_code failed;
    if (!fs::is_directory(path, failed))
        return Error(ErrorCode::NotFound, path + " is not a folder");
    if (path == home)
        return {};
    return changeFolders(settings, [&](std::vector<std::string>& all) -> Result<void> {
        if (std::find(all.begin(), all.end(), path) != all.end())
            return {};
        if (all.size() + 1 >= kMaxFolders)
            return Error(ErrorCode::Exhausted, "there are too many folders in the library");
        all.push_back(path);
        return {};
    });
}

MachineEntry entryFor(const fs::path& bundle)
{
    MachineEntry entry;
    entry.bundle = bundle;
    entry.config.hardware.name = bundle.stem().string();
    entry.running = BundleLock::held(bundle);
    const auto opened = Bundle::open(bundle);
    if (!opened) {
        entry.problem = opened.error().sentence();
        return entry;
    }
    entry.config = opened->config();
    entry.suspended = opened->suspended();
    entry.lastUsed = std::max({changedAt(opened->statePath()), changedAt(opened->thumbnailPath()),
                               changedAt(opened->logPath())});
    return entry;
}

MachineEntry heldEntry(const fs::path& bundle)
{
    MachineEntry entry = entryFor(bundle);
    entry.running = false;
    return entry;
}

Result<StillBundle> holdStill(const MachineEntry& entry, bool suspendedToo)
{
    if (!entry.problem.empty())
        return Error(ErrorCode::Invalid, entry.problem);
    auto lock = BundleLock::acquire(entry.bundle);
    if (!lock && lock.error().code() == ErrorCode::Busy)
        return Error(ErrorCode::Busy,
                     fmt::format("{} is running; shut it down first", entry.config.name()));
    BundleLock held = TRY(std::move(lock));
    Bundle bundle = TRY(Bundle::open(entry.bundle));
    if (bundle.suspended() && !suspendedToo)
        return Error(ErrorCode::Busy,
                     fmt::format("{} is suspended; go on with it and shut it down first",
                                 entry.config.name()));
    return StillBundle{std::move(bundle), std::move(held)};
}

fs::path Library::defaultHome()
{
    return userFolder(UserFolder::Data) / "vitrine" / "machines";
}

fs::path Library::defaultSettings()
{
    return userFolder(UserFolder::Config) / "vitrine" / "library.toml";
}

Result<Library> Library::open(fs::path home, fs::path settings)
{
    TRY(ensureFolder(home));
    removeForgotten(home);
    return Library(plainPath(home), plainPath(settings));
}

std::vector<fs::path> Library::folders() const
{
    std::vector<fs::path> all{m_home};
    if (const auto settings = readSettings(m_settings))
        for (const std::string& folder : addedFolders(*settings))
            if (folder.starts_with('/') && all.size() < kMaxFolders &&
                std::find(all.begin(), all.end(), folder) == all.end())
                all.emplace_back(folder);
    return all;
}

Result<void> Library::checkSettings() const
{
    static_cast<void>(TRY(readSettings(m_settings)));
    return {};
}

Result<void> Library::addFolder(const fs::path& folder)
{
    return rememberFolder(m_settings, m_home, folder);
}

Result<void> Library::removeFolder(const fs::path& folder)
{
    const std::string path = plainPath(folder);
    if (path == m_home)
        return Error(ErrorCode::Invalid, "the first folder of the library stays");
    return changeFolders(m_settings, [&](std::vector<std::string>& all) -> Result<void> {
        if (std::erase(all, path) == 0)
            return Error(ErrorCode::NotFound, path + " is not a folder of the library");
        return {};
    });
}

std::vector<MachineEntry> Library::machines() const
{
    std::set<fs::path> bundles; // one folder may be reached by two names
    for (const fs::path& folder : folders())
        for (const fs::path& bundle : bundlesIn(folder)) {
            std::error_code failed;
            const fs::path real = fs::canonical(bundle, failed);
            if (!failed)
                bundles.insert(real);
        }
    std::vector<MachineEntry> entries;
    for (const fs::path& bundle : bundles)
        entries.push_back(entryFor(bundle));
    refuseTwins(entries);
    return entries;
}

Result<MachineEntry> Library::find(const std::string& idOrName) const
{
    std::vector<MachineEntry> named;
    for (MachineEntry& entry : machines()) {
        if (!entry.config.id.empty() && entry.config.id == idOrName && entry.problem.empty())
            return std::move(entry);
        if (entry.bundle == idOrName)
            return std::move(entry);
        if (entry.config.name() == idOrName)
            named.push_back(std::move(entry));
    }
    if (named.empty())
        return Error(ErrorCode::NotFound, fmt::format("there is no machine {}", idOrName));
    if (named.size() > 1)
        return Error(ErrorCode::Invalid,
                     fmt::format("several machines are called {}; use the id", idOrName));
    return std::move(named.front());
}

std::string Library::freeName(const std::string& wish) const
{
    std::set<std::string> taken;
    for (const MachineEntry& entry : machines())
        taken.insert(entry.config.name());
    std::string name = wish;
    for (int number = 2; taken.contains(name); ++number)
        name = fmt::format("{} ({})", wish, number);
    return name;
}

Result<MachineEntry> Library::rename(const std::string& id, const std::string& name) const
{
    const MachineEntry entry = TRY(find(id));
    if (!entry.problem.empty())
        return Error(ErrorCode::Invalid, entry.problem);
    for (const MachineEntry& other : machines())
        if (other.config.name() == name && other.bundle != entry.bundle)
            return Error(ErrorCode::Busy, fmt::format("there is a machine {} already", name));
    const auto still = holdStill(entry, true); // else the folder keeps its name
    Bundle bundle = TRY(Bundle::open(entry.bundle));
    TRY(bundle.change([&](MachineConfig& config) -> Result<void> {
        config.hardware.name = name;
        return {};
    }));
    if (!still)
        return entryFor(entry.bundle);
    return heldEntry(TRY(renameToName(entry.bundle, entry.bundle.parent_path(), name)));
}

Result<Deleted> Library::remove(const std::string& id) const
{
    const MachineEntry entry = TRY(find(id));
    auto lock = BundleLock::acquire(entry.bundle);
    if (!lock && lock.error().code() == ErrorCode::Busy)
        return Error(ErrorCode::Busy,
                     fmt::format("{} is running; shut it down first", entry.config.name()));
    const BundleLock held = TRY(std::move(lock));
    auto trashed = moveToTrash(entry.bundle);
    if (!trashed)
        return std::move(trashed).error().within(
            fmt::format("{} cannot be moved to the trash", entry.config.name()));
    noteTrashed(notesOf(m_settings), entry.config.id, *trashed);
    return Deleted{entry.config.name(), entry.bundle, *trashed};
}

std::vector<std::string> Library::gone() const
{
    std::vector<std::string> ids = leftTrash(notesOf(m_settings));
    if (ids.empty())
        return ids;
    std::set<std::string> here;
    for (const MachineEntry& entry : machines())
        here.insert(entry.config.id);
    for (const std::string& id : ids)
        if (here.contains(id))
            settle(id); // taken back
    std::erase_if(ids, [&](const std::string& id) { return here.contains(id); });
    return ids;
}

void Library::settle(const std::string& id) const
{
    forgetNote(notesOf(m_settings), id);
}

Result<void> Library::restore(const Deleted& deleted) const
{
    std::error_code failed;
    if (!fs::is_directory(deleted.trashed, failed))
        return Error(ErrorCode::NotFound,
                     fmt::format("{} is no longer in the trash", deleted.name));
    const std::vector<MachineEntry> others = machines();
    const std::string name = freeName(deleted.name);
    auto bundle = Bundle::open(deleted.trashed);
    if (bundle) { // a broken one comes back as it is
        const bool twin = std::any_of(others.begin(), others.end(), [&](const MachineEntry& other) {
            return other.config.id == bundle->config().id;
        });
        if (twin)
            return Error(ErrorCode::Busy,
                         fmt::format("{} is in the library already", deleted.name));
        TRY(bundle->change([&](MachineConfig& config) -> Result<void> {
            config.hardware.name = name;
            return {};
        }));
    }
    TRY(ensureFolder(deleted.from.parent_path()));
    TRY(renameToName(deleted.trashed, deleted.from.parent_path(), name));
    forgetTrashed(deleted.trashed);
    return {};
}

} // namespace app::library
