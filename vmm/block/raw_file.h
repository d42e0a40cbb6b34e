// SPDX-License-Identifier: GPL-3.0-or-later
// A raw disk image, ISO file or host block device as a BlockBackend: one io thread, pread and
// pwrite.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/block/block_backend.h"

namespace vmm::block {

enum class OpenMode : uint8_t { ReadOnly, ReadWrite };

/// The bytes of one file, taken as they are: a raw image's format is never guessed from what a
/// guest may have written into it. Holds an open-file-description lock while it lives, exclusive
/// when writable and shared otherwise, so that no two processes write one disk. Threads as
/// BlockBackend.
class RawFile final : public BlockBackend {
public:
    /// Opens `path` (a regular file or a block device) and locks it. The size is rounded up to a
    /// multiple of `blockSize` (512 or 2048), the rest reading as zeros. Errors are a person's
    /// sentence: missing, not readable, a folder, empty, in use.
    static Result<std::unique_ptr<RawFile>> open(const std::string& path, OpenMode mode,
                                                 uint32_t blockSize = kSectorSize);
    ~RawFile() override;

    uint64_t capacity() const override { return m_capacity; }
    bool readOnly() const override { return m_mode == OpenMode::ReadOnly; }
    bool canDiscard() const override { return m_canDiscard; }
    bool volatileCache() const override { return true; }
    uint32_t physicalBlockSize() const override { return kSectorSize; }
    void setListener(BlockListener* listener) override { m_listener = listener; }
    Result<void> resize(std::optional<uint64_t> bytes) override;
    const std::string& path() const override { return m_path; }
    /// Bytes of the file itself, before rounding.
    uint64_t size() const { return m_size; }

    std::optional<IoResult> readNow(const IoRequest& request) override;
    using BlockBackend::submit;
    void submit(std::span<IoRequest* const> requests) override;
    void cancel() override;
    void pause() override;
    void resume() override;

    /// Reads synchronously, for probing before the machine runs: how many bytes there were, short
    /// only at the end of the file.
    Result<size_t> readAt(uint64_t offset, std::span<std::byte> to) const;

private:
    RawFile(std::string path, OpenMode mode) : m_path(std::move(path)), m_mode(mode) {}
    Result<void> openAndLock();
    Result<void> measure(uint32_t blockSize);
    Result<void> startThread();
    void run();
    IoResult perform(const IoRequest& request);
    IoResult move(const IoRequest& request);
    IoResult discard(const IoRequest& request);
    IoResult flush();
    bool cancelled(const IoRequest& request) const
    {
        return request.queued.generation != m_generation.load(std::memory_order_acquire);
    }

    const std::string m_path;
    const OpenMode m_mode;
    BlockListener* m_listener = nullptr;
    UniqueFd m_fd;
    uint64_t m_size = 0;
    std::atomic<uint64_t> m_capacity{0};
    bool m_canDiscard = false;

    std::atomic<uint64_t> m_generation{0}; // counts cancel(); a request of an older one is dead
    Mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<IoRequest*> m_queue GUARDED_BY(m_mutex);
    bool m_busy GUARDED_BY(m_mutex) = false;
    bool m_paused GUARDED_BY(m_mutex) = false;
    bool m_stop GUARDED_BY(m_mutex) = false;
    std::thread m_thread;
};

} // namespace vmm::block
