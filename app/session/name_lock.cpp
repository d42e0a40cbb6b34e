// SPDX-License-Identifier: GPL-3.0-or-later
// Lock files of running machines: open file description locks (fcntl(2) F_OFD_SETLK; unlike
// flock(2) they can be asked about without taking them), with the file removed by its holder.
#include "app/session/name_lock.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::UniqueFd;

namespace {

constexpr const char* kSuffix = ".lock";
constexpr int kAttempts = 100; // others may remove file or folder between our steps

/// Makes the folder, private to this person; refuses one somebody else prepared (it may lie in
/// /tmp).
Result<void> ensureDirectory(const std::string& directory)
{
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return Error::fromErrno(directory, errno);
    struct stat status = {};
    if (::lstat(directory.c_str(), &status) != 0)
        return errno == ENOENT ? Result<void>{} : Error::fromErrno(directory, errno);
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid())
        return Error(ErrorCode::Permission, directory + " belongs to somebody else");
    return {};
}

/// True when `fd` is still the file at `path`: its last holder has not removed it meanwhile.
bool isCurrent(const UniqueFd& fd, const std::string& path)
{
    struct stat opened = {};
    struct stat named = {};
    return ::fstat(fd.get(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/// A lock on the whole file.
struct flock wholeFile(short type)
{
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// Whether somebody holds the lock of the file at `path`.
bool isHeld(const std::string& path)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct flock lock = wholeFile(F_WRLCK);
    return fd.valid() && ::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/// Takes the lock of the open file, or says why not.
Result<void> takeLock(const UniqueFd& fd, const std::string& name, const std::string& path)
{
    struct flock lock = wholeFile(F_WRLCK);
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) == 0)
        return {};
    if (errno != EAGAIN && errno != EACCES)
        return Error::fromErrno(path, errno);
    return Error(ErrorCode::Busy, "a machine named " + name +
                                      " is already running; choose another name with --name");
}

} // namespace

std::string NameLock::defaultDirectory()
{
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/')
        return std::string(runtime) + "/vitrine";
    return fmt::format("/tmp/vitrine-{}", ::geteuid());
}

Result<NameLock> NameLock::acquire(const std::string& name, const std::string& directory)
{
    if (name.empty() || name.find('/') != std::string::npos)
        return Error(ErrorCode::Invalid, "a machine's name may not have a slash in it");
    const std::string path = directory + "/" + name + kSuffix;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        TRY(ensureDirectory(directory));
        UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!fd.valid() && errno == ENOENT)
            continue; // the folder went away: its last machine ended just now
        if (!fd.valid())
            return Error::fromErrno(path, errno);
        TRY(takeLock(fd, name, path));
        if (isCurrent(fd, path))
            return NameLock(std::move(fd), path, directory);
    }
    return Error(ErrorCode::Busy, path + ": could not be locked");
}

NameLock& NameLock::operator=(NameLock&& other) noexcept
{
    if (this != &other) {
        release();
        m_fd = std::move(other.m_fd);
        m_path = std::move(other.m_path);
        m_directory = std::move(other.m_directory);
    }
    return *this;
}

void NameLock::release()
{
    if (!m_fd.valid())
        return;
    ::unlink(m_path.c_str()); // while we hold it: whoever opened it meanwhile sees isCurrent() fail
    m_fd.reset();
    ::rmdir(m_directory.c_str()); // fails, as it should, while other machines run
}

std::vector<std::string> NameLock::held(const std::string& directory)
{
    std::vector<std::string> names;
    std::error_code failed;
    for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const std::filesystem::path& path = entry->path();
        if (path.extension() != kSuffix)
            continue;
        if (isHeld(path.string()))
            names.push_back(path.stem().string());
    }
    return names;
}

} // namespace app::session
