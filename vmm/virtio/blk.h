// SPDX-License-Identifier: GPL-3.0-or-later
// The block device. Virtio 1.2 section 5.2.
//
//   queue ─► Request (one of a pool) ─► disk, a batch at once ─► done ─► queue, one interrupt a
//   batch
//                └─ answered at once: errors, GET_ID      └─ the host is full, or a pause came
//                first:
//                                                            its head is kept, and read anew at
//                                                            start
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "vmm/block/block_backend.h"
#include "vmm/block/storage_events.h"
#include "vmm/state/state.h"
#include "vmm/virtio/blk_regs.h"
#include "vmm/virtio/device.h"

namespace vmm::virtio {

/// State of the device itself: what the transport does not know.
struct BlkState {
    static constexpr state::Tag kTag{"virtio-blk", 1, 1};
    struct QueueSlot {
        std::vector<uint16_t> unfinished; ///< heads taken from the queue, to be done again
        template <class A>
        void visit(A& a)
        {
            a.field("unfinished", unfinished);
        }
    };
    bool writeback = true;
    std::vector<QueueSlot> queues;
    template <class A>
    void visit(A& a)
    {
        a.field("writeback", writeback).field("queues", queues);
    }
};

/// What the board gives a block device.
struct BlkOptions {
    std::string name = {};
    std::string serial = {}; ///< the first VIRTIO_BLK_ID_BYTES count
    uint16_t queues = 1;
    uint16_t queueSize = 256;
    block::WhenFull whenFull = block::WhenFull::Report;
    block::StorageEvents* events = nullptr; ///< for WhenFull::Pause; outlives the device
};

/// A disk. Threads as Device says; state while it does not run. Its memory is bounded by its
/// queues, and nothing is allocated for a request once as many segments were seen before.
class Blk final : public Device, public state::Participant, private block::BlockListener {
public:
    static constexpr uint16_t kMostQueues = 64;

    /// `disk` completes on `loop`.
    Blk(EventLoop& loop, std::unique_ptr<block::BlockBackend> disk, BlkOptions options);
    ~Blk() override;

    /// To resize or throttle it. On the loop.
    block::BlockBackend& disk() { return *m_disk; }

    void readConfig(uint32_t offset, std::span<std::byte> to) override;
    void writeConfig(uint32_t offset, std::span<const std::byte> from) override;
    void start(const Activation& activation) override;
    bool handleQueue(unsigned index) override;
    void stop(StopReason reason, std::function<void()> stopped) override;
    void reset() override;

    std::string stateName() const override { return facts().name + " device"; }
    state::Record saveState() const override;
    Result<void> loadState(const state::Record& record) override;

private:
    struct Request {
        unsigned queue = 0;
        DescriptorChain chain;
        block::IoRequest io;
    };
    /// A queue and the requests that were taken from it.
    struct Line {
        Queue* ring = nullptr;
        std::vector<std::unique_ptr<Request>> pool; ///< as many as the ring has descriptors
        std::vector<Request*> free;
        size_t taken = 0; ///< and not pushed: at the disk or unfinished
        bool pushed = false;
        std::vector<uint16_t> unfinished;
    };

    static uint64_t featuresOf(const block::BlockBackend& disk, const BlkOptions& options);
    void fill(Line& line, unsigned index);
    void redo(Line& line);
    bool take(Line& line, Request& request);
    void begin(Request& request);
    BlkStatus prepareMove(Request& request, uint64_t sector, ChainCursor& data, uint64_t size);
    BlkStatus prepareRanges(Request& request, uint32_t type, ChainCursor& ranges);
    void writeId(Request& request);
    void submitBatch();
    void done(Request& request, const block::IoResult& result);
    void answer(Request& request, BlkStatus status, uint64_t written = 0);
    void keep(Request& request);
    void hostFull(const std::string& sentence);
    void publish();
    void flushForWritethrough();
    void finishStop();
    void broken(const Error& error);

    bool inDisk(uint64_t sector, uint64_t sectors) const;
    bool caches() const;
    bool agreed(uint64_t feature) const { return (m_agreed & feature) != 0; }

    void completed() override;
    void capacityChanged() override;

    const BlkOptions m_options;
    std::atomic<bool> m_writeback; ///< the driver's wish, from vCPU threads

    DeviceHost* m_host = nullptr; ///< while it runs
    uint64_t m_agreed = 0;        ///< features
    bool m_broken = false;        ///< until the driver resets us
    bool m_toldFull = false;
    bool m_toldFailure = false; ///< once is enough for the log
    bool m_resized = false;     ///< while it did not run
    size_t m_inFlight = 0;      ///< at the disk
    StopReason m_stopReason = StopReason::Pause;
    std::function<void()> m_stopped; ///< while it stops
    std::vector<Line> m_lines;
    std::vector<block::IoRequest*> m_batch;
    std::vector<memory::GuestSlice> m_slices;
    block::IoRequest m_flush; ///< our own, when the driver turns the cache off
    bool m_flushing = false;
    const std::unique_ptr<block::BlockBackend> m_disk; ///< last: ends its completions first
};

} // namespace vmm::virtio
