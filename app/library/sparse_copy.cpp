// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/sparse_copy.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/library/file_ops.h"
#include "vmm/base/unique_fd.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::UniqueFd;

namespace {

constexpr size_t kChunk = size_t{4} << 20; // between two looks at the job

/// Copies through memory, for file systems that copy_file_range(2) cannot join.
Result<size_t> copyThrough(int from, int to, uint64_t offset, size_t size)
{
    std::vector<char> buffer(std::min(size, size_t{1} << 20));
    const ssize_t got = ::pread(from, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got < 0)
        return Error::fromErrno("not readable", errno);
    for (ssize_t put = 0; put < got;) {
        const ssize_t step = ::pwrite(to, buffer.data() + put, static_cast<size_t>(got - put),
                                      static_cast<off_t>(offset) + put);
        if (step < 0 && errno != EINTR)
            return Error::fromErrno("not writable", errno);
        put += std::max<ssize_t>(step, 0);
    }
    return static_cast<size_t>(got);
}

Result<size_t> copyStep(int from, int to, uint64_t offset, size_t size)
{
    auto source = static_cast<off64_t>(offset);
    auto target = source;
    const ssize_t copied = ::copy_file_range(from, &source, to, &target, size, 0);
    if (copied > 0)
        return static_cast<size_t>(copied);
    return copyThrough(from, to, offset, size);
}

Result<void> copyRun(int from, int to, uint64_t begin, uint64_t end, CopyProgress& progress)
{
    while (begin < end) {
        const size_t size = static_cast<size_t>(std::min<uint64_t>(end - begin, kChunk));
        const size_t copied = TRY(copyStep(from, to, begin, size));
        if (copied == 0)
            return {}; // the file became shorter meanwhile
        begin += copied;
        TRY(progress.advance(copied));
    }
    return {};
}

Result<void> copyData(int from, int to, uint64_t size, CopyProgress& progress)
{
    if (::ftruncate(to, static_cast<off_t>(size)) != 0)
        return Error::fromErrno("not writable", errno);
    return forEachData(from, [&](uint64_t begin, uint64_t end) {
        return copyRun(from, to, begin, end, progress);
    });
}

/// A suspended machine tells by the time of its disks whether they were changed. Where a file
/// system does not do it, the copy is good all the same.
void keepTimes(int from, int to)
{
    struct stat status = {};
    if (::fstat(from, &status) != 0)
        return;
    const struct timespec times[] = {status.st_atim, status.st_mtim};
    static_cast<void>(::futimens(to, times));
}

} // namespace

Result<void> CopyProgress::advance(uint64_t bytes)
{
    done += bytes;
    return job.step(done, total);
}

Result<void> forEachData(int fd, const std::function<Result<void>(uint64_t, uint64_t)>& each)
{
    struct stat status = {};
    if (::fstat(fd, &status) != 0)
        return Error::fromErrno("not readable", errno);
    for (off_t at = 0; at < status.st_size;) {
        off_t begin = ::lseek(fd, at, SEEK_DATA);
        if (begin < 0 && errno == ENXIO)
            return {}; // a hole up to the end
        if (begin < 0)
            begin = at; // a file system that knows no holes
        off_t end = ::lseek(fd, begin, SEEK_HOLE);
        if (end <= begin || end > status.st_size)
            end = status.st_size;
        TRY(each(static_cast<uint64_t>(begin), static_cast<uint64_t>(end)));
        at = end;
    }
    return {};
}

uint64_t dataBytes(const fs::path& file)
{
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    uint64_t bytes = 0;
    if (fd.valid())
        (void)forEachData(fd.get(), [&](uint64_t begin, uint64_t end) -> Result<void> {
            bytes += end - begin;
            return {};
        });
    return bytes;
}

Result<void> copySparse(const fs::path& from, const fs::path& to, CopyProgress& progress)
{
    const auto [source, bytes] = TRY(openRegular(from));
    const UniqueFd target(::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!target.valid())
        return Error::fromErrno(to.string(), errno);
    auto copied = ::ioctl(target.get(), FICLONE, source.get()) == 0
                      ? progress.advance(dataBytes(from))
                      : copyData(source.get(), target.get(), bytes, progress);
    if (!copied && copied.error().code() != ErrorCode::Cancelled)
        return std::move(copied).error().within(from.filename().string());
    keepTimes(source.get(), target.get());
    return copied;
}

} // namespace app::library
