// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/io_ring.h"

#include <cerrno>
#include <sys/uio.h>

#include "vmm/base/check.h"

namespace vmm::block {

namespace {

constexpr size_t kMostPieces = 1024;               // of one request: the kernel's UIO_MAXIOV
constexpr uint64_t kMostBytes = uint64_t{1} << 30; // below what one system call moves at once
constexpr unsigned kKernelWorkers = 32;            // its threads for what cannot be done without
constexpr int kBuffered = 0;                       // the files it knows, by number
constexpr int kDirect = 1;

} // namespace

Result<std::unique_ptr<IoRing>> IoRing::create(const DiskFile& file)
{
    std::unique_ptr<IoRing> ring(new IoRing(file));
    TRY(ring->setUp());
    return ring;
}

Result<void> IoRing::setUp()
{
    // Completions are looked for when we are in the kernel anyway, without an interrupt of ours;
    // kernels before 5.19 do not know how.
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_COOP_TASKRUN;
    int result = io_uring_queue_init_params(kEntries, &m_ring, &parameters);
    if (result == -EINVAL) {
        parameters = {};
        result = io_uring_queue_init_params(kEntries, &m_ring, &parameters);
    }
    if (result != 0)
        return Error::fromErrno("io_uring", -result);
    m_valid = true;
    constexpr unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE;
    if ((parameters.features & needed) != needed)
        return Error(ErrorCode::Unsupported, "io_uring: the kernel is too old");
    const std::array files{m_file.bufferedFd(), m_file.directFd()};
    result = io_uring_register_files(&m_ring, files.data(), m_file.directFd() < 0 ? 1 : 2);
    if (result != 0)
        return Error::fromErrno("io_uring", -result);
    std::array<unsigned, 2> workers{kKernelWorkers, 0};
    io_uring_register_iowq_max_workers(&m_ring, workers.data()); // since 5.15; a wish
    return {};
}

IoRing::~IoRing()
{
    CHECK(m_inFlight == 0);
    if (m_valid)
        io_uring_queue_exit(&m_ring);
}

/// Is it one of the plain cases?
bool IoRing::takes(const IoRequest& request) const
{
    const bool moves = request.kind == IoKind::Read || request.kind == IoKind::Write;
    if (request.kind != IoKind::Read && m_file.readOnly())
        return false;
    if (!moves)
        return request.kind == IoKind::Flush;
    const size_t count = request.segments.size();
    const uint64_t size = request.size();
    return count != 0 && count <= kMostPieces && size != 0 && size <= kMostBytes &&
           m_file.contains(request.offset, size);
}

bool IoRing::begin(IoRequest& request)
{
    if (!takes(request))
        return false;
    const size_t count = request.segments.size();
    if (count > m_pieces.size() - m_usedPieces && !submit())
        return false;
    io_uring_sqe* entry = io_uring_get_sqe(&m_ring);
    if (entry == nullptr)
        return false;
    if (request.kind == IoKind::Flush) {
        io_uring_prep_fsync(entry, kBuffered, IORING_FSYNC_DATASYNC);
    } else {
        const auto pieces = std::span(m_pieces).subspan(m_usedPieces, count);
        for (size_t i = 0; i < count; ++i)
            pieces[i] = {request.segments[i].ioPointer(), request.segments[i].size()};
        m_usedPieces += count;
        prepareMove(*entry, request, pieces);
    }
    entry->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(entry, std::bit_cast<uintptr_t>(&request));
    ++m_inFlight;
    return true;
}

void IoRing::prepareMove(io_uring_sqe& entry, const IoRequest& request,
                         std::span<const iovec> pieces)
{
    const bool direct = m_file.fdFor(request.offset, pieces) == m_file.directFd();
    const int file = direct ? kDirect : kBuffered;
    const auto count = static_cast<unsigned>(pieces.size());
    const bool one = count == 1;
    const auto length = static_cast<unsigned>(pieces[0].iov_len);
    if (request.kind == IoKind::Read) {
        if (one)
            io_uring_prep_read(&entry, file, pieces[0].iov_base, length, request.offset);
        else
            io_uring_prep_readv(&entry, file, pieces.data(), count, request.offset);
        return;
    }
    if (one)
        io_uring_prep_write(&entry, file, pieces[0].iov_base, length, request.offset);
    else
        io_uring_prep_writev(&entry, file, pieces.data(), count, request.offset);
    if (request.durability == IoDurability::Stable || m_file.writesThrough())
        entry.rw_flags = RWF_DSYNC;
}

bool IoRing::submit()
{
    while (io_uring_sq_ready(&m_ring) != 0) {
        const int result = io_uring_submit(&m_ring);
        if (result < 0 && result != -EINTR)
            return false; // no memory, most likely
    }
    m_usedPieces = 0;
    return true;
}

void IoRing::cancelAll()
{
    if (m_inFlight == 0)
        return;
    // Kernels before 5.19 know no such request; what is in flight then ends by itself.
    if (io_uring_sqe* entry = io_uring_get_sqe(&m_ring)) {
        io_uring_prep_cancel(entry, nullptr, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
        io_uring_sqe_set_data64(entry, 0);
    }
    submit();
}

void IoRing::wait()
{
    CHECK(m_inFlight != 0);
    submit();
    io_uring_cqe* entry = nullptr;
    while (io_uring_wait_cqe(&m_ring, &entry) == -EINTR) {
    }
}

} // namespace vmm::block
