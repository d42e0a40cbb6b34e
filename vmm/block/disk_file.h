// SPDX-License-Identifier: GPL-3.0-or-later
// The file or host block device under a disk: opened, locked and measured, with every request as
// plain system calls. What the engines share.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/uio.h>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/block/block_backend.h"

namespace vmm::block {

enum class OpenMode : uint8_t { ReadOnly, ReadWrite };

/// How writes reach the file: through the host's page cache, to be flushed; each one to stable
/// storage; or past the page cache, to be flushed all the same (drives have caches too).
enum class CacheMode : uint8_t { Writeback, Writethrough, Direct };

/// The bytes of one file, taken as they are: a raw image's format is never guessed from what a
/// guest may have written into it. Holds an open-file-description lock while it lives, exclusive
/// when writable and shared otherwise, so that no two processes write one disk; a block device to
/// be written must also be nobody else's: not mounted, no part of an array. Any thread.
class DiskFile {
public:
    /// Opens `path` (a regular file or a block device) and locks it. The size is rounded up to a
    /// multiple of `blockSize` (512 or 2048), the rest reading as zeros. Errors are a person's
    /// sentence: missing, not readable, a folder, empty, in use. A file system that cannot do
    /// without its page cache is used with it, and the log says so.
    static Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode,
                                                  CacheMode cache, uint32_t blockSize);
    ~DiskFile();

    /// Where requests are counted, null: nowhere; it outlives the file. Before the first request.
    void setCounts(IoCounts* counts) { m_counts = counts; }
    /// The engine was given `request`.
    void count(const IoRequest& request) const
    {
        if (m_counts != nullptr)
            m_counts->add(request);
    }

    const std::string& path() const { return m_path; }
    bool readOnly() const { return m_mode == OpenMode::ReadOnly; }
    bool writesThrough() const { return m_cache == CacheMode::Writethrough; }
    bool canDiscard() const { return m_canDiscard; }
    uint32_t physicalBlockSize() const { return m_physicalBlock; }
    /// Sectors of kSectorSize, and bytes of the file itself, before rounding.
    uint64_t capacity() const { return m_capacity.load(std::memory_order_acquire); }
    uint64_t size() const { return m_size.load(std::memory_order_acquire); }

    /// As BlockBackend::resize(); true: the capacity is another. One thread at a time.
    Result<bool> resize(std::optional<uint64_t> bytes);

    /// Carries a request out, waiting as long as it takes. Between two pieces it looks whether
    /// `generation` still is the request's and gives up with Cancelled when not.
    IoResult perform(const IoRequest& request, const std::atomic<uint64_t>& generation) const;
    /// As BlockBackend::readNow().
    std::optional<IoResult> readNow(const IoRequest& request) const;
    /// Reads synchronously, for probing before the machine runs: how many bytes there were, short
    /// only at the end of the file.
    Result<size_t> readAt(uint64_t offset, std::span<std::byte> to) const;

    /// For an engine that makes system calls of its own: which file serves such a piece of memory
    /// at this offset. Past the page cache when all is aligned as that needs, else through it.
    int fdFor(uint64_t offset, std::span<const iovec> pieces) const
    {
        return m_direct.valid() && aligned(offset, pieces) ? m_direct.get() : m_fd.get();
    }
    int bufferedFd() const { return m_fd.get(); }
    int directFd() const { return m_direct.get(); } ///< negative: none
    /// Do `length` bytes at `offset` lie inside capacity()?
    bool contains(uint64_t offset, uint64_t length) const
    {
        const uint64_t end = capacity() * kSectorSize;
        return offset <= end && length <= end - offset;
    }

private:
    DiskFile(std::string path, OpenMode mode, CacheMode cache, uint32_t blockSize)
        : m_path(std::move(path)), m_mode(mode), m_cache(cache), m_blockSize(blockSize)
    {}
    Result<void> openAndLock();
    Result<void> claimDevice();
    /// For what replaces the content: of a device somebody has claimed, only through the claim.
    int claimedFd() const { return m_claim.valid() ? m_claim.get() : m_fd.get(); }
    Result<bool> measure();
    void openDirect();
    void learnKind();
    bool aligned(uint64_t offset, std::span<const iovec> pieces) const;

    using Generation = const std::atomic<uint64_t>&;
    IoResult move(const IoRequest& request, Generation generation) const;
    IoResult discard(const IoRequest& request, Generation generation) const;
    IoResult zero(const IoRequest& request, Generation generation) const;
    IoResult writeZeros(Extent extent, const IoRequest& request, Generation generation) const;
    IoResult flush() const;
    IoResult ended(const IoRequest& request) const;
    IoResult failure(int number) const;

    const std::string m_path;
    const OpenMode m_mode;
    const CacheMode m_cache;
    const uint32_t m_blockSize;
    UniqueFd m_fd;     ///< with the lock; through the page cache
    UniqueFd m_claim;  ///< of a block device, O_EXCL; no io_uring keeps it open when this is gone
    UniqueFd m_direct; ///< past it, with CacheMode::Direct where that works
    IoCounts* m_counts = nullptr;
    bool m_blockDevice = false;
    bool m_canDiscard = false;
    uint32_t m_physicalBlock = kSectorSize;
    uint64_t m_memoryAlign = 1; ///< what m_direct asks of memory and of offsets and sizes
    uint64_t m_offsetAlign = 1;
    std::atomic<uint64_t> m_size{0};
    std::atomic<uint64_t> m_capacity{0};
};

} // namespace vmm::block
