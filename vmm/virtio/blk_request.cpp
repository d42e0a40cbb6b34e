// SPDX-License-Identifier: GPL-3.0-or-later
// Requests of the block device. Virtio 1.2 section 5.2.6.
#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/core.h>

#include "vmm/base/check.h"
#include "vmm/base/log.h"
#include "vmm/virtio/blk.h"
#include "vmm/virtio/blk_limits.h"

namespace vmm::virtio {

using block::IoKind;
using block::IoStatus;
using block::kSectorSize;

bool Blk::inDisk(uint64_t sector, uint64_t sectors) const
{
    const uint64_t end = m_disk->capacity();
    return sector <= end && sectors <= end - sector;
}

/// `request` is the last of its line's free ones; it is taken from there, and goes to the disk with
/// this batch or is answered.
void Blk::begin(Request& request)
{
    Line& line = m_lines[request.queue];
    CHECK(line.free.back() == &request);
    line.free.pop_back();
    ++line.taken;
    if (request.chain.writableSize() == 0)
        return broken(Error(ErrorCode::Invalid, "a request without room for its status"));
    ChainCursor readable(request.chain.readable());
    BlkHeader header;
    if (!readable.read(header))
        return answer(request, BlkStatus::IoError);
    const uint64_t written = request.chain.writableSize() - 1;
    BlkStatus status = BlkStatus::Unsupported;
    switch (header.type) {
    case VIRTIO_BLK_T_IN: {
        ChainCursor writable(request.chain.writable());
        request.io.kind = IoKind::Read;
        status = prepareMove(request, header.sector, writable, written);
        break;
    }
    case VIRTIO_BLK_T_OUT:
        request.io.kind = IoKind::Write;
        status = prepareMove(request, header.sector, readable, readable.left());
        break;
    case VIRTIO_BLK_T_FLUSH:
        request.io.kind = IoKind::Flush;
        status = BlkStatus::Ok;
        break;
    case VIRTIO_BLK_T_GET_ID:
        return writeId(request);
    case VIRTIO_BLK_T_DISCARD:
    case VIRTIO_BLK_T_WRITE_ZEROES:
        status = prepareRanges(request, header.type, readable);
        break;
    default:
        break;
    }
    if (status != BlkStatus::Ok)
        return answer(request, status);
    ++m_inFlight;
    m_batch.push_back(&request.io);
}

BlkStatus Blk::prepareMove(Request& request, uint64_t sector, ChainCursor& data, uint64_t size)
{
    block::IoRequest& io = request.io;
    const bool writing = io.kind == IoKind::Write;
    if (size == 0 || size % kSectorSize != 0 || !inDisk(sector, size / kSectorSize) ||
        (writing && m_disk->readOnly()))
        return BlkStatus::IoError;
    io.offset = sector * kSectorSize;
    io.durability =
        writing && !caches() ? block::IoDurability::Stable : block::IoDurability::Cached;
    m_slices.clear();
    data.take(size, m_slices);
    io.segments.clear();
    for (const memory::GuestSlice& slice : m_slices)
        io.segments.emplace_back(slice);
    return BlkStatus::Ok;
}

BlkStatus Blk::prepareRanges(Request& request, uint32_t type, ChainCursor& ranges)
{
    const bool zeroes = type == VIRTIO_BLK_T_WRITE_ZEROES;
    if (!agreed(zeroes ? VIRTIO_BLK_F_WRITE_ZEROES : VIRTIO_BLK_F_DISCARD))
        return BlkStatus::Unsupported;
    const uint64_t count = ranges.left() / sizeof(BlkRange);
    if (ranges.left() % sizeof(BlkRange) != 0 || count == 0 ||
        count > (zeroes ? kMaxZeroRanges : kMaxDiscardRanges))
        return BlkStatus::IoError;
    block::IoRequest& io = request.io;
    io.kind = zeroes ? IoKind::WriteZeroes : IoKind::Discard;
    io.durability = caches() ? block::IoDurability::Cached : block::IoDurability::Stable;
    io.extents.clear();
    io.segments.clear();
    io.mayUnmap = zeroes;
    for (BlkRange range; ranges.read(range);) {
        // Section 5.2.6.2: flags that are not known, and discarding with UNMAP, are UNSUPP.
        if ((range.flags & ~(zeroes ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0U)) != 0)
            return BlkStatus::Unsupported;
        if (range.sectors > (zeroes ? kMaxZeroSectors : kMaxDiscardSectors) ||
            !inDisk(range.sector, range.sectors))
            return BlkStatus::IoError;
        // Space is given back when all of its ranges may be: one request, one wish.
        io.mayUnmap = io.mayUnmap && (range.flags & VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP) != 0;
        io.extents.push_back({range.sector * kSectorSize, uint64_t{range.sectors} * kSectorSize});
    }
    return BlkStatus::Ok;
}

/// Section 5.2.6.1: a text of up to 20 bytes, ended by a zero when shorter.
void Blk::writeId(Request& request)
{
    std::array<char, VIRTIO_BLK_ID_BYTES> id{};
    m_options.serial.copy(id.data(), id.size());
    const auto size =
        static_cast<size_t>(std::min<uint64_t>(id.size(), request.chain.writableSize() - 1));
    ChainCursor writable(request.chain.writable());
    writable.copyIn(std::as_bytes(std::span(id)).first(size));
    answer(request, BlkStatus::Ok, size);
}

// --- done ---

void Blk::done(Request& request, const block::IoResult& result)
{
    --m_inFlight;
    switch (result.status) {
    case IoStatus::Ok:
        // It began when the driver still had the cache on.
        if (request.io.kind == IoKind::Write &&
            request.io.durability == block::IoDurability::Cached && !caches()) {
            request.io.kind = IoKind::Flush;
            ++m_inFlight;
            m_batch.push_back(&request.io);
            return;
        }
        return answer(request, BlkStatus::Ok,
                      request.io.kind == IoKind::Read ? request.chain.writableSize() - 1 : 0);
    case IoStatus::Cancelled:
        if (m_stopped)
            return keep(request);
        break; // not by us: the disk goes away
    case IoStatus::NoSpace:
        if (m_options.whenFull == block::WhenFull::Pause && m_options.events != nullptr) {
            keep(request);
            return hostFull(result.sentence);
        }
        break;
    case IoStatus::Failed:
        break;
    }
    if (!std::exchange(m_toldFailure, true))
        log(LogLevel::Warning, "vmm.virtio",
            fmt::format("{}: the guest is told of an error: {}", facts().name, result.sentence));
    answer(request, BlkStatus::IoError);
}

/// The last writable byte is the status, whatever the descriptors before it are (section
/// 2.7.4.2). `written`: bytes before it, from the first on.
void Blk::answer(Request& request, BlkStatus status, uint64_t written)
{
    Line& line = m_lines[request.queue];
    const memory::GuestSlice& last = request.chain.writable().back();
    last.copyIn(last.size() - 1, std::as_bytes(std::span(&status, 1)));
    if (written + 1 == request.chain.writableSize())
        ++written;
    line.ring->push(request.chain.head(), static_cast<uint32_t>(written));
    line.pushed = true;
    --line.taken;
    line.free.push_back(&request);
}

/// To be done again at the next start, if the driver does not reset us before.
void Blk::keep(Request& request)
{
    Line& line = m_lines[request.queue];
    line.free.push_back(&request);
    if (m_stopped && m_stopReason == StopReason::Reset)
        --line.taken;
    else
        line.unfinished.push_back(request.chain.head());
}

void Blk::hostFull(const std::string& sentence)
{
    if (!m_stopped && !std::exchange(m_toldFull, true))
        m_options.events->storageFull(facts().name, sentence);
}

} // namespace vmm::virtio
