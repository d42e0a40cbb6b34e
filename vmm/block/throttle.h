// SPDX-License-Identifier: GPL-3.0-or-later
// How fast a disk may be: bytes and operations a second, in front of any BlockBackend on a loop.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/clock.h"
#include "vmm/base/event_loop.h"
#include "vmm/base/unique_fd.h"
#include "vmm/block/block_backend.h"
#include "vmm/block/io_workers.h"

namespace vmm::block {

/// So much a second on average, and `burst` at once after a time of rest. 0 a second: no limit;
/// burst 0: what a tenth of a second gives.
struct Rate {
    uint64_t perSecond = 0;
    uint64_t burst = 0;
};

/// Of reads, writes and both together; all that are set hold. Reads and writes count their bytes,
/// discards and zeroes are writes of no bytes, flushes are free.
struct ThrottleLimits {
    struct Pair {
        Rate bytes = {};
        Rate operations = {};
    };
    Pair total = {}, read = {}, write = {};
};

/// One rate's account: the time at which all that was let through has been earned. A request is let
/// through while the account is within its burst, however large it is, and the next ones wait for
/// it: the average is exact, and nothing is too large to ever pass.
class RateAccount {
public:
    void setRate(const Rate& rate);
    /// Guest time from which on a request passes; at most `nowNs`: now.
    uint64_t passesAt(uint64_t nowNs) const;
    void charge(uint64_t amount, uint64_t nowNs);

private:
    Rate m_rate;
    uint64_t m_earnedAt = 0;
    uint64_t m_aheadNs = 0; ///< how far before that a request passes: the burst but for its last
};

/// Lets requests through to another backend as fast as they may be, reads and writes each in their
/// order. Threads as a backend on a loop; the timer's thread only wakes the loop.
class ThrottledDisk final : public BlockBackend {
public:
    /// `disk` completes on `loop`, which outlives it, as do the timers (guest time).
    static Result<std::unique_ptr<ThrottledDisk>> create(std::unique_ptr<BlockBackend> disk,
                                                         EventLoop& loop, TimerService& timers);
    ~ThrottledDisk() override;

    /// From now on. On the loop.
    void setLimits(const ThrottleLimits& limits);
    /// Requests that wait. On the loop.
    size_t held() const { return m_held; }

    uint64_t capacity() const override { return m_disk->capacity(); }
    bool readOnly() const override { return m_disk->readOnly(); }
    bool canDiscard() const override { return m_disk->canDiscard(); }
    bool volatileCache() const override { return m_disk->volatileCache(); }
    uint32_t physicalBlockSize() const override { return m_disk->physicalBlockSize(); }
    const std::string& path() const override { return m_disk->path(); }
    void setListener(BlockListener* listener) override;
    Result<void> resize(std::optional<uint64_t> bytes) override { return m_disk->resize(bytes); }
    std::optional<IoResult> readNow(const IoRequest& request) override;
    using BlockBackend::submit;
    void submit(std::span<IoRequest* const> requests) override;
    void poll() override { m_disk->poll(); }
    void cancel() override;
    void pause() override;
    void resume() override;

private:
    /// A direction: what it may, and who waits.
    struct Lane {
        RateAccount bytes, operations;
        RequestLine waiting;
    };
    ThrottledDisk(std::unique_ptr<BlockBackend> disk, EventLoop& loop, TimerService& timers);
    Lane& laneOf(const IoRequest& request) { return m_lanes[request.kind == IoKind::Read ? 0 : 1]; }
    uint64_t passesAt(const Lane& lane, uint64_t nowNs) const;
    void pump();
    void runCancelled();
    void woken();

    EventLoop& m_loop;
    TimerService& m_timers;
    BlockListener* m_listener = nullptr;
    bool m_limited = false;
    bool m_paused = false;
    size_t m_held = 0;
    RateAccount m_bytes, m_operations; ///< of both directions
    std::array<Lane, 2> m_lanes;
    RequestLine m_cancelled; ///< their completions are to be run
    std::vector<IoRequest*> m_batch;
    std::optional<EventFd> m_wake; ///< time has come, or something is in m_cancelled
    std::unique_ptr<BlockBackend> m_disk;
    std::unique_ptr<Timer> m_timer;
};

} // namespace vmm::block
