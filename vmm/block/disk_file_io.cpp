// SPDX-License-Identifier: GPL-3.0-or-later
// Requests as plain system calls, one piece after the other.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/block/disk_file.h"

namespace vmm::block {

namespace {

constexpr size_t kPieceSegments = 256;             // segments a system call takes at most
constexpr size_t kPieceBytes = size_t{1} << 20;    // bytes between two looks at cancellation
constexpr size_t kNowBytes = size_t{128} << 10;    // copied on the caller's thread at most
constexpr uint64_t kZeroPiece = uint64_t{1} << 30; // given to the file system at once
constexpr std::array<std::byte, size_t{64} << 10> kZeros{};

using Vectors = std::array<iovec, kPieceSegments>;

/// Where a request stands in its segments.
struct Cursor {
    const std::vector<Segment>& segments;
    size_t index = 0;
    size_t within = 0;

    /// The next piece of work as iovecs; their number.
    size_t fill(Vectors& vectors) const
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

size_t totalOf(std::span<const iovec> vectors)
{
    size_t total = 0;
    for (const iovec& vector : vectors)
        total += vector.iov_len;
    return total;
}

/// What lies past the end of the file reads as zeros.
void zeroAll(std::span<const iovec> vectors)
{
    for (const iovec& vector : vectors)
        std::memset(vector.iov_base, 0, vector.iov_len);
}

void markDirty(const IoRequest& request)
{
    for (const Segment& segment : request.segments)
        segment.markDirty();
}

bool cancelled(const IoRequest& request, const std::atomic<uint64_t>& generation)
{
    return request.queued.generation != generation.load(std::memory_order_acquire);
}

/// The file system or device has no such operation, or not for ranges like this one.
bool cannot(int number)
{
    return number == EOPNOTSUPP || number == ENODEV || number == EINVAL || number == ENOTTY;
}

/// fallocate() that goes on after signals; 0 or an errno value.
int allocate(int fd, int mode, Extent extent)
{
    for (;;) {
        if (::fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(extent.offset),
                        static_cast<off_t>(extent.length)) == 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

int discardRange(int fd, bool blockDevice, Extent extent)
{
    if (!blockDevice)
        return allocate(fd, FALLOC_FL_PUNCH_HOLE, extent);
    std::array<uint64_t, 2> range{extent.offset, extent.length};
    return ::ioctl(fd, BLKDISCARD, range.data()) == 0 ? 0 : errno;
}

} // namespace

IoResult DiskFile::failure(int number) const
{
    const bool full = number == ENOSPC || number == EDQUOT;
    return {full ? IoStatus::NoSpace : IoStatus::Failed,
            fmt::format("{}: {}", m_path, std::strerror(number))};
}

IoResult DiskFile::perform(const IoRequest& request, Generation generation) const
{
    if (cancelled(request, generation))
        return {IoStatus::Cancelled, {}};
    switch (request.kind) {
    case IoKind::Read:
    case IoKind::Write:
        return move(request, generation);
    case IoKind::Discard:
        return discard(request, generation);
    case IoKind::WriteZeroes:
        return zero(request, generation);
    case IoKind::Flush:
        return flush();
    }
    return {IoStatus::Failed, "unknown request"};
}

IoResult DiskFile::move(const IoRequest& request, Generation generation) const
{
    const bool reading = request.kind == IoKind::Read;
    if (!reading && readOnly())
        return failure(EROFS);
    uint64_t offset = request.offset;
    Cursor cursor{request.segments};
    Vectors vectors;
    while (const size_t count = cursor.fill(vectors)) {
        if (cancelled(request, generation))
            return {IoStatus::Cancelled, {}};
        const std::span<const iovec> piece = std::span(vectors).first(count);
        const size_t wanted = totalOf(piece);
        if (!contains(offset, wanted))
            return failure(EINVAL);
        const int fd = fdFor(offset, piece);
        const ssize_t moved =
            reading
                ? ::preadv(fd, piece.data(), static_cast<int>(count), static_cast<off_t>(offset))
                : ::pwritev(fd, piece.data(), static_cast<int>(count), static_cast<off_t>(offset));
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0)
            return failure(errno);
        auto done = static_cast<size_t>(moved);
        if (done == 0) {
            if (!reading)
                return failure(ENOSPC);
            zeroAll(piece);
            done = wanted;
        }
        offset += done;
        cursor.advance(done);
    }
    if (!reading)
        return ended(request);
    markDirty(request);
    return {};
}

/// A change of the file is done but for what its durability asks.
IoResult DiskFile::ended(const IoRequest& request) const
{
    const bool stable = request.durability == IoDurability::Stable || writesThrough();
    return stable ? flush() : IoResult{};
}

IoResult DiskFile::discard(const IoRequest& request, Generation generation) const
{
    for (const Extent& extent : request.extents) {
        if (cancelled(request, generation))
            return {IoStatus::Cancelled, {}};
        if (extent.length == 0)
            continue;
        if (readOnly() || !contains(extent.offset, extent.length))
            return failure(EINVAL);
        // Discarding is advice: a file system that cannot keeps the bytes.
        const int number = discardRange(claimedFd(), m_blockDevice, extent);
        if (number != 0 && !cannot(number))
            return failure(number);
    }
    return {};
}

/// In pieces, because a file system may take long for a large one.
IoResult DiskFile::zero(const IoRequest& request, Generation generation) const
{
    for (const Extent& extent : request.extents) {
        if (readOnly() || !contains(extent.offset, extent.length))
            return failure(EINVAL);
        for (uint64_t done = 0; done < extent.length;) {
            if (cancelled(request, generation))
                return {IoStatus::Cancelled, {}};
            const Extent piece{extent.offset + done, std::min(kZeroPiece, extent.length - done)};
            int number = EOPNOTSUPP;
            if (request.mayUnmap)
                number = allocate(claimedFd(), FALLOC_FL_PUNCH_HOLE, piece);
            if (cannot(number))
                number = allocate(claimedFd(), FALLOC_FL_ZERO_RANGE, piece);
            if (cannot(number)) {
                if (IoResult result = writeZeros(piece, request, generation);
                    result.status != IoStatus::Ok)
                    return result;
            } else if (number != 0) {
                return failure(number);
            }
            done += piece.length;
        }
    }
    return ended(request);
}

IoResult DiskFile::writeZeros(Extent extent, const IoRequest& request, Generation generation) const
{
    constexpr size_t kCount = kPieceBytes / kZeros.size();
    std::array<iovec, kCount> vectors;
    while (extent.length != 0) {
        if (cancelled(request, generation))
            return {IoStatus::Cancelled, {}};
        size_t count = 0;
        for (uint64_t left = extent.length; left != 0 && count < kCount; ++count) {
            const auto size = static_cast<size_t>(std::min<uint64_t>(left, kZeros.size()));
            vectors[count] = {const_cast<std::byte*>(kZeros.data()), size}; // only read from
            left -= size;
        }
        const ssize_t moved = ::pwritev(m_fd.get(), vectors.data(), static_cast<int>(count),
                                        static_cast<off_t>(extent.offset));
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved <= 0)
            return failure(moved < 0 ? errno : ENOSPC);
        extent.offset += static_cast<uint64_t>(moved);
        extent.length -= static_cast<uint64_t>(moved);
    }
    return {};
}

IoResult DiskFile::flush() const
{
    if (!readOnly() && ::fdatasync(m_fd.get()) != 0)
        return failure(errno);
    return {};
}

/// OPTIMIZATION: firmware and boot loaders poll for one small read after the other; a hand-over to
/// the io thread and back costs them more than the read. RWF_NOWAIT never waits for the disk.
std::optional<IoResult> DiskFile::readNow(const IoRequest& request) const
{
    Vectors vectors;
    const Cursor cursor{request.segments};
    if (request.kind != IoKind::Read || request.segments.size() > kPieceSegments)
        return std::nullopt;
    const size_t pieces = cursor.fill(vectors);
    const uint64_t wanted = request.size();
    if (wanted == 0 || wanted > kNowBytes || request.offset > size() ||
        wanted > size() - request.offset)
        return std::nullopt;
    const ssize_t got = ::preadv2(m_fd.get(), vectors.data(), static_cast<int>(pieces),
                                  static_cast<off_t>(request.offset), RWF_NOWAIT);
    if (got < 0 || static_cast<uint64_t>(got) != wanted)
        return std::nullopt;
    markDirty(request);
    count(request);
    return IoResult{};
}

} // namespace vmm::block
