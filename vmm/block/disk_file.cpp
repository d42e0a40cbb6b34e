// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, locking and measuring. The requests are in disk_file_io.cpp.
#include "vmm/block/disk_file.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vmm/base/bits.h"
#include "vmm/base/log.h"

namespace vmm::block {

namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 57; // 48 bits of sectors, what ATA can address
constexpr uint32_t kPage = 4096;

/// What a file of sysfs says, when it is a number.
std::optional<uint64_t> sysfsNumber(const std::string& path)
{
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 32> text{};
    if (!file.valid() || ::read(file.get(), text.data(), text.size() - 1) <= 0)
        return std::nullopt;
    return std::strtoull(text.data(), nullptr, 10);
}

/// A whole disk has its queue's limits below it, a partition beside it.
bool deviceDiscards(dev_t device)
{
    const std::string folder = fmt::format("/sys/dev/block/{}:{}", major(device), minor(device));
    for (const char* place : {"/queue", "/../queue"}) {
        if (const auto most = sysfsNumber(folder + place + "/discard_max_bytes"))
            return *most != 0;
    }
    return false;
}

} // namespace

Result<std::unique_ptr<DiskFile>> DiskFile::open(const std::string& path, OpenMode mode,
                                                 CacheMode cache, uint32_t blockSize)
{
    std::unique_ptr<DiskFile> file(new DiskFile(path, mode, cache, blockSize));
    TRY(file->openAndLock());
    TRY(file->measure());
    file->learnKind();
    // A file that does not block has io_uring give up where it should wait.
    ::fcntl(file->m_fd.get(), F_SETFL, ::fcntl(file->m_fd.get(), F_GETFL) & ~O_NONBLOCK);
    if (cache == CacheMode::Direct)
        file->openDirect();
    return file;
}

Result<void> DiskFile::openAndLock()
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
    if (writable)
        TRY(claimDevice());
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

/// Of a block device the kernel knows who else has it, whatever name they opened it by (open(2),
/// O_EXCL), and it opens a read-only one for writing all the same.
Result<void> DiskFile::claimDevice()
{
    struct stat info {};
    if (::fstat(m_fd.get(), &info) != 0 || !S_ISBLK(info.st_mode))
        return {};
    int readOnly = 0;
    if (::ioctl(m_fd.get(), BLKROGET, &readOnly) == 0 && readOnly != 0)
        return Error(ErrorCode::Permission,
                     fmt::format("{}: not writable: the device is read-only", m_path));
    m_claim = UniqueFd(::open(fmt::format("/proc/self/fd/{}", m_fd.get()).c_str(),
                              O_RDWR | O_EXCL | O_CLOEXEC | O_NONBLOCK));
    if (!m_claim.valid() && errno == EBUSY)
        return Error(ErrorCode::Busy,
                     fmt::format("{}: in use by this computer, mounted perhaps", m_path));
    if (!m_claim.valid())
        return Error::fromErrno(m_path, errno);
    return {};
}

/// The kernel takes down an io_uring, with what it knows of the file, when it has time: the next
/// machine shall not have to wait for that.
DiskFile::~DiskFile()
{
    struct flock lock {};
    lock.l_type = F_UNLCK;
    lock.l_whence = SEEK_SET;
    if (m_fd.valid())
        ::fcntl(m_fd.get(), F_OFD_SETLK, &lock);
}

/// True: the capacity is another than before.
Result<bool> DiskFile::measure()
{
    struct stat info {};
    if (::fstat(m_fd.get(), &info) != 0)
        return Error::fromErrno(m_path, errno);
    uint64_t bytes = 0;
    if (S_ISREG(info.st_mode)) {
        bytes = static_cast<uint64_t>(info.st_size);
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
    m_size.store(bytes, std::memory_order_release);
    const uint64_t sectors = alignUp(bytes, m_blockSize) / kSectorSize;
    return m_capacity.exchange(sectors, std::memory_order_acq_rel) != sectors;
}

/// What never changes: read by any thread from here on.
void DiskFile::learnKind()
{
    struct stat info {};
    if (::fstat(m_fd.get(), &info) != 0)
        return;
    m_blockDevice = S_ISBLK(info.st_mode);
    m_canDiscard = !readOnly() && (!m_blockDevice || deviceDiscards(info.st_rdev));
    uint32_t bytes = kPage; // what the page cache reads and writes
    if (m_blockDevice && ::ioctl(m_fd.get(), BLKPBSZGET, &bytes) != 0)
        bytes = kSectorSize;
    m_physicalBlock = std::bit_floor(std::clamp(bytes, kSectorSize, uint32_t{1} << 20));
}

/// A second description of the same file: the first one serves what is not aligned, and the kernel
/// keeps the two in step.
void DiskFile::openDirect()
{
    const int flags = (readOnly() ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_DIRECT;
    UniqueFd direct(::open(fmt::format("/proc/self/fd/{}", m_fd.get()).c_str(), flags));
    int number = direct.valid() ? 0 : errno;
    m_memoryAlign = m_offsetAlign = kPage; // enough everywhere, when nobody says
    if (number == 0 && m_blockDevice) {
        int logical = 0;
        if (::ioctl(m_fd.get(), BLKSSZGET, &logical) == 0 && logical > 0)
            m_memoryAlign = m_offsetAlign = static_cast<uint64_t>(logical);
    } else if (number == 0) {
        struct statx info {};
        const bool known = ::statx(m_fd.get(), "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) == 0 &&
                           (info.stx_mask & STATX_DIOALIGN) != 0;
        if (known && info.stx_dio_offset_align == 0)
            number = EINVAL;
        else if (known && info.stx_dio_mem_align != 0) {
            m_memoryAlign = info.stx_dio_mem_align;
            m_offsetAlign = info.stx_dio_offset_align;
        }
    }
    if (number == 0)
        m_direct = std::move(direct);
    else
        log(LogLevel::Warning, "vmm.block",
            fmt::format("{}: no direct access, using the page cache: {}", m_path,
                        std::strerror(number)));
}

bool DiskFile::aligned(uint64_t offset, std::span<const iovec> pieces) const
{
    uint64_t sizes = offset;
    uint64_t places = 0;
    for (const iovec& piece : pieces) {
        sizes |= piece.iov_len;
        places |= std::bit_cast<uintptr_t>(piece.iov_base);
    }
    return sizes % m_offsetAlign == 0 && places % m_memoryAlign == 0;
}

Result<bool> DiskFile::resize(std::optional<uint64_t> bytes)
{
    if (!bytes)
        return measure();
    if (m_blockDevice)
        return Error(ErrorCode::Unsupported,
                     fmt::format("{}: a block device has the size it has", m_path));
    if (readOnly())
        return Error(ErrorCode::Permission, fmt::format("{}: opened read-only", m_path));
    if (*bytes % kSectorSize != 0 || *bytes > kMaxBytes)
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: {} bytes is no size of a disk", m_path, *bytes));
    if (*bytes < size())
        return Error(
            ErrorCode::Invalid,
            fmt::format("{}: {} bytes is less than it has; data would be lost", m_path, *bytes));
    while (::ftruncate(m_fd.get(), static_cast<off_t>(*bytes)) != 0) {
        if (errno != EINTR)
            return Error::fromErrno(m_path, errno);
    }
    return measure();
}

Result<size_t> DiskFile::readAt(uint64_t offset, std::span<std::byte> to) const
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
