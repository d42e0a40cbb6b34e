// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/file_ops.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/check.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::UniqueFd;

namespace {

Result<void> writeAll(int fd, std::string_view content, const fs::path& file)
{
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return Error::fromErrno(file.string(), errno);
        content.remove_prefix(static_cast<size_t>(written));
    }
    return {};
}

/// An exclusive lock of one byte.
struct flock byteLock(int64_t byte)
{
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return lock;
}

Result<RegularFile> openRegular(const fs::path& file, int flags)
{
    RegularFile opened{UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)),
                       0};
    struct stat status = {};
    if (!opened.fd.valid() || ::fstat(opened.fd.get(), &status) != 0)
        return Error::fromErrno(file.string(), errno);
    if (!S_ISREG(status.st_mode))
        return Error(ErrorCode::Invalid, file.string() + ": not a file");
    opened.bytes = static_cast<uint64_t>(status.st_size);
    return opened;
}

} // namespace

Result<RegularFile> openRegular(const fs::path& file)
{
    return openRegular(file, 0);
}

Result<std::string> readFile(const fs::path& file, size_t most)
{
    const auto [fd, bytes] = TRY(openRegular(file, O_NOFOLLOW));
    if (bytes > most)
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: larger than {} KiB", file.string(), most >> 10));
    std::string content(most + 1, '\0');
    size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(fd.get(), content.data() + size, content.size() - size);
        if (got < 0 && errno != EINTR)
            return Error::fromErrno(file.string(), errno);
        if (got == 0)
            break;
        size += static_cast<size_t>(std::max<ssize_t>(got, 0));
    }
    content.resize(std::min(size, most));
    return content;
}

Result<void> writeAtomically(const fs::path& file, std::string_view content)
{
    constexpr mode_t kMode = 0600;
    const fs::path fresh = file.parent_path() / ("." + file.filename().string() + ".new");
    ::unlink(fresh.c_str()); // what a killed writer left
    const UniqueFd fd(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode));
    if (!fd.valid())
        return Error::fromErrno(fresh.string(), errno);
    auto written = writeAll(fd.get(), content, file);
    if (written && ::fsync(fd.get()) != 0)
        written = Error::fromErrno(file.string(), errno);
    if (written && ::rename(fresh.c_str(), file.c_str()) != 0)
        written = Error::fromErrno(file.string(), errno);
    if (!written) {
        ::unlink(fresh.c_str());
        return written;
    }
    return syncPath(file.parent_path());
}

Result<void> syncPath(const fs::path& path)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd.valid() || (::fsync(fd.get()) != 0 && errno != EINVAL))
        return Error::fromErrno(path.string(), errno);
    return {};
}

Result<void> syncTree(const fs::path& folder)
{
    std::error_code failed;
    for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed))
        if (entry->is_regular_file(failed) || entry->is_directory(failed))
            TRY(syncPath(entry->path()));
    if (failed)
        return Error::fromErrno(folder.string(), failed.value());
    return syncPath(folder);
}

Result<void> renameNew(const fs::path& from, const fs::path& to)
{
    int status = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
    if (status != 0 && (errno == EINVAL || errno == ENOSYS)) {
        std::error_code ignored; // a file system without the flag: look first
        errno = EEXIST;
        status =
            fs::exists(fs::symlink_status(to, ignored)) ? -1 : ::rename(from.c_str(), to.c_str());
    }
    if (status != 0 && (errno == EEXIST || errno == ENOTEMPTY))
        return Error(ErrorCode::Busy, to.string() + ": there is something of this name already");
    if (status != 0)
        return Error::fromErrno(from.string(), errno);
    TRY(syncPath(to.parent_path()));
    if (from.parent_path() != to.parent_path())
        TRY(syncPath(from.parent_path()));
    return {};
}

Result<void> removeTree(const fs::path& folder)
{
    std::error_code failed;
    fs::remove_all(folder, failed);
    if (failed)
        return Error::fromErrno(folder.string(), failed.value());
    return {};
}

Result<void> ensureFolder(const fs::path& folder)
{
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed)
        return Error::fromErrno(folder.string(), failed.value());
    return {};
}

uint64_t bytesBelow(const fs::path& folder)
{
    constexpr uint64_t kBlock = 512; // unit of st_blocks
    uint64_t bytes = 0;
    std::error_code failed;
    for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        struct stat status = {};
        if (::lstat(entry->path().c_str(), &status) == 0)
            bytes += static_cast<uint64_t>(status.st_blocks) * kBlock;
    }
    return bytes;
}

std::string randomId()
{
    uint8_t bytes[16] = {};
    CHECK(::getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
    std::string digits;
    for (const uint8_t byte : bytes)
        digits += fmt::format("{:02x}", byte);
    return digits;
}

Result<FileLock> FileLock::take(const fs::path& file, int64_t byte)
{
    UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!fd.valid())
        return Error::fromErrno(file.string(), errno);
    struct flock lock = byteLock(byte);
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) == 0)
        return FileLock(std::move(fd));
    if (errno != EAGAIN && errno != EACCES)
        return Error::fromErrno(file.string(), errno);
    return Error(ErrorCode::Busy, file.string() + ": another program holds it");
}

Result<FileLock> FileLock::wait(const fs::path& file, int64_t byte, int milliseconds)
{
    constexpr int kPause = 5;
    for (int waited = 0;; waited += kPause) {
        auto lock = take(file, byte);
        if (lock || lock.error().code() != ErrorCode::Busy || waited >= milliseconds)
            return lock;
        std::this_thread::sleep_for(std::chrono::milliseconds(kPause));
    }
}

bool FileLock::held(const fs::path& file, int64_t byte)
{
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct flock lock = byteLock(byte);
    return fd.valid() && ::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool FileLock::guards(const fs::path& file) const
{
    struct stat opened = {};
    struct stat named = {};
    return ::fstat(m_fd.get(), &opened) == 0 && ::stat(file.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

} // namespace app::library
