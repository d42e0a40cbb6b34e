// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/raw_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <system_error>
#include <unistd.h>

#include "vmm/base/bits.h"
#include "vmm/base/log.h"

namespace vmm::block {

namespace {

constexpr size_t kPieceSegments = 256;            // segments a system call takes at most
constexpr size_t kPieceBytes = size_t{1} << 20;   // bytes between two looks at cancellation
constexpr size_t kNowBytes = size_t{128} << 10;   // copied on the caller's thread at most
constexpr uint64_t kMaxBytes = uint64_t{1} << 57; // 48 bits of sectors, what ATA can address

IoResult failure(const std::string& path, int number)
{
    const bool full = number == ENOSPC || number == EDQUOT;
    return {full ? IoStatus::NoSpace : IoStatus::Failed,
            fmt::format("{}: {}", path, std::strerror(number))};
}

/// Where a request stands in its segments.
struct Cursor {
    const std::vector<Segment>& segments;
    size_t index = 0;
    size_t within = 0;

    /// The next piece of work as iovecs; their number.
    size_t fill(std::array<iovec, kPieceSegments>& vectors) const
    {
        size_t count = 0;
        size_t bytes = 0;
        size_t skip = within;
        for (size_t i = index; i < segments.size() && count < kPieceSegments && bytes < kPieceBytes;
             ++i, skip = 0) {
            const size_t size = std::min(segments[i].size() - skip, kPieceBytes - bytes);
            if (size == 0)
                continue;
            vectors[count++] = {segments[i].ioPointer() + skip, size};
            bytes += size;
        }
        return count;
    }
    void advance(size_t bytes)
    {
        while (index < segments.size() && bytes >= segments[index].size() - within) {
            bytes -= segments[index].size() - within;
            ++index;
            within = 0;
        }
        within += bytes;
    }
};

size_t totalOf(const std::array<iovec, kPieceSegments>& vectors, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; ++i)
        total += vectors[i].iov_len;
    return total;
}

/// What lies past the end of the file reads as zeros.
void zeroFrom(const std::array<iovec, kPieceSegments>& vectors, size_t count, size_t have)
{
    for (size_t i = 0; i < count; ++i) {
        const size_t keep = std::min(have, vectors[i].iov_len);
        std::memset(static_cast<std::byte*>(vectors[i].iov_base) + keep, 0,
                    vectors[i].iov_len - keep);
        have -= keep;
    }
}

} // namespace

Result<std::unique_ptr<RawFile>> RawFile::open(const std::string& path, OpenMode mode,
                                               uint32_t blockSize)
{
    std::unique_ptr<RawFile> file(new RawFile(path, mode));
    TRY(file->openAndLock());
    TRY(file->measure(blockSize));
    TRY(file->startThread());
    return file;
}

Result<void> RawFile::openAndLock()
{
    const bool writable = m_mode == OpenMode::ReadWrite;
    // Not blocking: opening a named pipe must not wait for its other end.
    m_fd =
        UniqueFd(::open(m_path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK));
    if (!m_fd.valid()) {
        const int number = errno;
        if (number == EISDIR)
            return Error(ErrorCode::Invalid, fmt::format("{}: a folder, not an image", m_path));
        if (number == EROFS || (number == EACCES && ::access(m_path.c_str(), R_OK) == 0))
            return Error(ErrorCode::Permission,
                         fmt::format("{}: not writable: {}", m_path, std::strerror(number)));
        return Error::fromErrno(m_path, number);
    }
    struct flock lock {};
    lock.l_type = writable ? F_WRLCK : F_RDLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(m_fd.get(), F_OFD_SETLK, &lock) == 0)
        return {};
    if (errno == EAGAIN || errno == EACCES)
        return Error(ErrorCode::Busy, fmt::format("{}: in use by another machine", m_path));
    log(LogLevel::Warning, "vmm.block",
        fmt::format("{}: this file system has no locks: {}", m_path, std::strerror(errno)));
    return {};
}

Result<void> RawFile::measure(uint32_t blockSize)
{
    struct stat info {};
    if (::fstat(m_fd.get(), &info) != 0)
        return Error::fromErrno(m_path, errno);
    uint64_t bytes = 0;
    if (S_ISREG(info.st_mode)) {
        bytes = static_cast<uint64_t>(info.st_size);
        m_canDiscard = m_mode == OpenMode::ReadWrite;
    } else if (S_ISBLK(info.st_mode)) {
        if (::ioctl(m_fd.get(), BLKGETSIZE64, &bytes) != 0)
            return Error::fromErrno(m_path, errno);
        // Optical drives and card readers without a medium report 0 and fall out below.
    } else if (S_ISDIR(info.st_mode)) {
        return Error(ErrorCode::Invalid, fmt::format("{}: a folder, not an image", m_path));
    } else {
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: neither a file nor a block device", m_path));
    }
    if (bytes == 0)
        return Error(ErrorCode::Invalid, fmt::format("{}: empty", m_path));
    if (bytes > kMaxBytes)
        return Error(ErrorCode::Invalid, fmt::format("{}: too large for a disk", m_path));
    m_size = bytes;
    m_capacity = alignUp(bytes, blockSize) / kSectorSize;
    return {};
}

Result<void> RawFile::startThread()
{
    try {
        m_thread = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
        return Error::fromErrno(fmt::format("{}: io thread", m_path), error.code().value());
    }
    pthread_setname_np(m_thread.native_handle(), "disk-io");
    return {};
}

RawFile::~RawFile()
{
    cancel();
    {
        MutexLock lock(m_mutex);
        m_stop = true;
    }
    m_changed.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

/// OPTIMIZATION: firmware and boot loaders poll for one small read after the other; a hand-over to
/// the io thread and back costs them more than the read. RWF_NOWAIT never waits for the disk.
std::optional<IoResult> RawFile::readNow(const IoRequest& request)
{
    std::array<iovec, kPieceSegments> vectors;
    const Cursor cursor{request.segments};
    if (request.kind != IoKind::Read || request.segments.size() > kPieceSegments)
        return std::nullopt;
    const size_t count = cursor.fill(vectors);
    size_t wanted = 0;
    for (const Segment& segment : request.segments)
        wanted += segment.size();
    if (wanted == 0 || wanted > kNowBytes || request.offset > m_size ||
        wanted > m_size - request.offset)
        return std::nullopt;
    const ssize_t got = ::preadv2(m_fd.get(), vectors.data(), static_cast<int>(count),
                                  static_cast<off_t>(request.offset), RWF_NOWAIT);
    if (got < 0 || static_cast<size_t>(got) != wanted)
        return std::nullopt;
    for (const Segment& segment : request.segments)
        segment.markDirty();
    return IoResult{};
}

void RawFile::submit(std::span<IoRequest* const> requests)
{
    {
        MutexLock lock(m_mutex);
        for (IoRequest* request : requests) {
            request->queued.generation = m_generation.load(std::memory_order_acquire);
            m_queue.push_back(request);
        }
    }
    m_changed.notify_all();
}

void RawFile::cancel()
{
    MutexLock lock(m_mutex);
    m_generation.fetch_add(1, std::memory_order_acq_rel);
}

void RawFile::pause()
{
    MutexLock lock(m_mutex);
    m_paused = true;
    lock.wait(m_changed,
              [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) { return !m_busy; });
}

void RawFile::resume()
{
    {
        MutexLock lock(m_mutex);
        m_paused = false;
    }
    m_changed.notify_all();
}

void RawFile::run()
{
    MutexLock lock(m_mutex);
    for (;;) {
        lock.wait(m_changed, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            return m_stop || (!m_queue.empty() && !m_paused);
        });
        if (m_queue.empty())
            return; // only when stopping: every completion has run
        IoRequest* request = m_queue.front();
        m_queue.pop_front();
        m_busy = true;
        lock.unlock();
        request->done(perform(*request));
        if (m_listener != nullptr)
            m_listener->completed();
        lock.lock();
        m_busy = false;
        m_changed.notify_all();
    }
}

IoResult RawFile::perform(const IoRequest& request)
{
    if (cancelled(request))
        return {IoStatus::Cancelled, {}};
    switch (request.kind) {
    case IoKind::Read:
    case IoKind::Write:
        return move(request);
    case IoKind::Discard:
    case IoKind::WriteZeroes:
        return discard(request);
    case IoKind::Flush:
        return flush();
    }
    return {IoStatus::Failed, "unknown request"};
}

IoResult RawFile::move(const IoRequest& request)
{
    const bool reading = request.kind == IoKind::Read;
    if (!reading && readOnly())
        return failure(m_path, EROFS);
    uint64_t offset = request.offset;
    Cursor cursor{request.segments};
    std::array<iovec, kPieceSegments> vectors;
    while (const size_t count = cursor.fill(vectors)) {
        if (cancelled(request))
            return {IoStatus::Cancelled, {}};
        const size_t wanted = totalOf(vectors, count);
        if (offset > m_capacity * kSectorSize || wanted > m_capacity * kSectorSize - offset)
            return failure(m_path, EINVAL);
        const auto fileOffset = static_cast<off_t>(offset);
        const ssize_t moved =
            reading ? ::preadv(m_fd.get(), vectors.data(), static_cast<int>(count), fileOffset)
                    : ::pwritev(m_fd.get(), vectors.data(), static_cast<int>(count), fileOffset);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0)
            return failure(m_path, errno);
        auto done = static_cast<size_t>(moved);
        if (done == 0) {
            if (!reading)
                return failure(m_path, ENOSPC);
            zeroFrom(vectors, count, 0);
            done = wanted;
        }
        offset += done;
        cursor.advance(done);
    }
    if (reading) {
        for (const Segment& segment : request.segments)
            segment.markDirty();
        return {};
    }
    return request.durability == IoDurability::Stable ? flush() : IoResult{};
}

IoResult RawFile::discard(const IoRequest& request)
{
    for (const Extent& extent : request.extents) {
        if (cancelled(request))
            return {IoStatus::Cancelled, {}};
        if (extent.length == 0)
            continue;
        const uint64_t end = m_capacity * kSectorSize;
        if (readOnly() || extent.offset > end || extent.length > end - extent.offset)
            return failure(m_path, EINVAL);
        const int result =
            ::fallocate(m_fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        static_cast<off_t>(extent.offset), static_cast<off_t>(extent.length));
        // Discarding is advice: a file system that cannot keeps the bytes.
        if (result != 0 && errno != EOPNOTSUPP && errno != EINTR && errno != ENODEV)
            return failure(m_path, errno);
    }
    return {};
}

IoResult RawFile::flush()
{
    if (!readOnly() && ::fdatasync(m_fd.get()) != 0)
        return failure(m_path, errno);
    return {};
}

Result<void> RawFile::resize(std::optional<uint64_t>)
{
    return Error(ErrorCode::Unsupported, m_path);
}

Result<size_t> RawFile::readAt(uint64_t offset, std::span<std::byte> to) const
{
    size_t have = 0;
    while (have < to.size()) {
        const ssize_t got = ::pread(m_fd.get(), to.data() + have, to.size() - have,
                                    static_cast<off_t>(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return Error::fromErrno(m_path, errno);
        if (got == 0)
            break;
        have += static_cast<size_t>(got);
    }
    return have;
}

} // namespace vmm::block
