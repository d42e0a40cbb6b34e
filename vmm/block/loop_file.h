// SPDX-License-Identifier: GPL-3.0-or-later
// A raw disk image, ISO file or host block device as a BlockBackend on an EventLoop: io_uring for
// what it is good at, threads for the rest, or threads for all where the host has no io_uring.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/base/mutex.h"
#include "vmm/base/unique_fd.h"
#include "vmm/block/block_backend.h"
#include "vmm/block/disk_file.h"
#include "vmm/block/io_ring.h"
#include "vmm/block/io_workers.h"

namespace vmm::block {

/// Everything on the loop's thread, but for the constants, capacity() and the destructor. Any
/// number of requests may be submitted; IoRing::kEntries of them are in the kernel at once.
///
///   submit() ─► ring ─► the whole size? ─► done
///          └► workers ◄─ no: at the end of the file, misaligned, an error, ...
///                └─► eventfd ─► done
class LoopFile final : public BlockBackend {
public:
    /// `loop` outlives it. Without `useRing`, or where the host does not allow io_uring (one log
    /// line says so), threads do everything.
    static Result<std::unique_ptr<LoopFile>> create(std::unique_ptr<DiskFile> file, EventLoop& loop,
                                                    bool useRing);
    ~LoopFile() override;

    bool usesRing() const { return m_ring != nullptr; }
    uint64_t capacity() const override { return m_file->capacity(); }
    bool readOnly() const override { return m_file->readOnly(); }
    bool canDiscard() const override { return m_file->canDiscard(); }
    bool volatileCache() const override { return !m_file->writesThrough(); }
    uint32_t physicalBlockSize() const override { return m_file->physicalBlockSize(); }
    const std::string& path() const override { return m_file->path(); }
    void setListener(BlockListener* listener) override { m_listener = listener; }
    Result<void> resize(std::optional<uint64_t> bytes) override;

    std::optional<IoResult> readNow(const IoRequest& request) override
    {
        return m_file->readNow(request);
    }
    using BlockBackend::submit;
    void submit(std::span<IoRequest* const> requests) override;
    void poll() override;
    void cancel() override;
    void pause() override;
    void resume() override;

private:
    LoopFile(std::unique_ptr<DiskFile> file, EventLoop& loop)
        : m_file(std::move(file)), m_loop(loop)
    {}
    Result<void> setUp(bool useRing);
    void start(IoRequest& request);
    void startPending();
    void kick();
    void reap();
    void ringEnded(IoRequest& request, int result);
    void finishLater(IoRequest& request, IoStatus status);
    void workerFinished(IoRequest& request);
    void deliver();

    const std::unique_ptr<DiskFile> m_file;
    EventLoop& m_loop;
    BlockListener* m_listener = nullptr;
    std::unique_ptr<IoRing> m_ring; ///< null: threads only
    uint64_t m_generation = 0;      ///< counts cancel(), for what is in the ring
    bool m_paused = false;
    bool m_closing = false;
    RequestLine m_pending;                ///< not begun: paused, or the ring is full
    std::vector<IoRequest*> m_forWorkers; ///< begun, to be handed over at the end of a batch
    std::optional<EventFd> m_wake; ///< something in m_finished, or kick() must be tried again
    Mutex m_mutex;
    RequestLine m_finished GUARDED_BY(m_mutex); ///< their completions are to be run
    std::unique_ptr<IoWorkers> m_workers;
};

} // namespace vmm::block
