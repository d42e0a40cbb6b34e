// SPDX-License-Identifier: GPL-3.0-or-later
// Trash 1.0: the home trash for what lies on its file system, else $topdir/.Trash/$uid or
// $topdir/.Trash-$uid ("Trash directories"); info files are made before the file is moved, and
// reserve its name ("Contents of a trash directory").
#include "app/library/trash.h"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/library/file_ops.h"
#include "app/library/user_folders.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

constexpr const char* kInfoSuffix = ".trashinfo";

/// A trash, and what paths in it are relative to (empty: they are absolute).
struct Trash {
    fs::path folder;
    fs::path top;
};

Result<struct stat> statusOf(const fs::path& path)
{
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0)
        return Error::fromErrno(path.string(), errno);
    return status;
}

/// The folder furthest up that is on the same file system.
Result<fs::path> topOf(const fs::path& path)
{
    const dev_t device = TRY(statusOf(path)).st_dev;
    fs::path top = path.parent_path();
    while (top != top.root_path() && TRY(statusOf(top.parent_path())).st_dev == device)
        top = top.parent_path();
    return top;
}

/// Makes the folder for this person alone; refuses a link, or one of somebody else.
Result<void> ensurePrivate(const fs::path& folder)
{
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return Error::fromErrno(folder.string(), errno);
    const struct stat status = TRY(statusOf(folder));
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid())
        return Error(ErrorCode::Permission, folder.string() + " is not a folder of yours");
    return {};
}

/// The trash at the top of a file system. An administrator's .Trash counts only with the sticky
/// bit, and when it is no link.
Result<Trash> topTrash(const fs::path& path)
{
    const fs::path top = TRY(topOf(path));
    const std::string user = std::to_string(::geteuid());
    const auto shared = statusOf(top / ".Trash");
    if (shared && S_ISDIR(shared->st_mode) && (shared->st_mode & S_ISVTX) != 0 &&
        ensurePrivate(top / ".Trash" / user))
        return Trash{top / ".Trash" / user, top};
    TRY(ensurePrivate(top / (".Trash-" + user)));
    return Trash{top / (".Trash-" + user), top};
}

Result<Trash> trashFor(const fs::path& path)
{
    const fs::path home = userFolder(UserFolder::Data) / "Trash";
    if (ensureFolder(home) && TRY(statusOf(path)).st_dev == TRY(statusOf(home)).st_dev)
        return Trash{home, {}};
    return topTrash(path);
}

/// As in the path of a URL (RFC 2396 section 2).
std::string percentEncoded(const std::string& path)
{
    std::string encoded;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') ||
                           std::string_view("-_.~/").find(c) != std::string_view::npos;
        if (plain)
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
    return encoded;
}

std::string infoFor(const Trash& trash, const fs::path& path)
{
    const std::time_t now = std::time(nullptr);
    std::tm local = {};
    ::localtime_r(&now, &local);
    char date[32] = {};
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
    const fs::path shown = trash.top.empty() ? path : path.lexically_relative(trash.top);
    return fmt::format("[Trash Info]\nPath={}\nDeletionDate={}\n", percentEncoded(shown.string()),
                       date);
}

/// Reserves a name in the trash by its info file; the name.
Result<std::string> reserve(const Trash& trash, const fs::path& path)
{
    constexpr int kMost = 10000;
    const std::string stem = path.stem().string();
    const std::string extension = path.extension().string();
    for (int number = 1; number < kMost; ++number) {
        const std::string name =
            number == 1 ? stem + extension : fmt::format("{} ({}){}", stem, number, extension);
        const fs::path info = trash.folder / "info" / (name + kInfoSuffix);
        const vmm::UniqueFd fd(::open(info.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!fd.valid() && errno == EEXIST)
            continue;
        if (!fd.valid())
            return Error::fromErrno(info.string(), errno);
        const std::string text = infoFor(trash, path);
        if (::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
            ::fsync(fd.get()) == 0)
            return name;
        const Error failed = Error::fromErrno(info.string(), errno);
        ::unlink(info.c_str());
        return failed;
    }
    return Error(ErrorCode::Exhausted, trash.folder.string() + ": no name is left");
}

Result<fs::path> moveInto(const Trash& trash, const fs::path& path)
{
    TRY(ensureFolder(trash.folder / "info"));
    TRY(ensureFolder(trash.folder / "files"));
    for (;;) {
        const fs::path trashed = trash.folder / "files" / TRY(reserve(trash, path));
        auto moved = renameNew(path, trashed);
        if (moved)
            return trashed;
        if (moved.error().code() == ErrorCode::Busy)
            continue; // a file without its info has the name: that info reserves it now
        forgetTrashed(trashed);
        return std::move(moved).error();
    }
}

} // namespace

Result<fs::path> moveToTrash(const fs::path& path)
{
    const Trash trash = TRY(trashFor(path));
    auto moved = moveInto(trash, path);
    if (moved || !trash.top.empty())
        return moved;
    // One device number, and yet two file systems to rename(2): bind mounts.
    auto elsewhere = topTrash(path);
    return elsewhere ? moveInto(*elsewhere, path) : std::move(moved);
}

void forgetTrashed(const fs::path& trashed)
{
    const fs::path info =
        trashed.parent_path().parent_path() / "info" / (trashed.filename().string() + kInfoSuffix);
    ::unlink(info.c_str());
}

} // namespace app::library
