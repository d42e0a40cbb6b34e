// SPDX-License-Identifier: GPL-3.0-or-later
// The memory balloon: takes memory from the guest for the host, and hears of what is free. Virtio
// 1.2 section 5.5.
//
//   setTarget() ─► num_pages ─► driver ─► inflate queue ─► pages punched out of guest RAM
//                                     └─► reporting queue (free pages, any time) ─┘
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <span>
#include <vector>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/state/state.h"
#include "vmm/virtio/balloon_regs.h"
#include "vmm/virtio/device.h"

namespace vmm::virtio {

/// What a driver tells of its memory (section 5.5.6.4; from OomKills on: Linux 6.12). Bytes or
/// events since it started; the numbers are the tags.
enum class BalloonStatistic : uint16_t {
    SwappedIn,
    SwappedOut,
    MajorFaults,
    MinorFaults,
    Free,
    Total,
    Available, ///< for new programs, without swapping
    Caches,
    HugePages,
    HugePageFailures,
    OomKills,
    AllocationStalls,
    ScannedInBackground,
    ScannedDirectly,
    ReclaimedInBackground,
    ReclaimedDirectly
};
inline constexpr size_t kBalloonStatistics = 16;

/// The last statistics that came. The guest's claims: use them only for its own good.
struct BalloonStatistics {
    uint64_t round = 0; ///< how often some came since the driver started; 0: never
    std::array<std::optional<uint64_t>, kBalloonStatistics> values;
    std::optional<uint64_t> operator[](BalloonStatistic which) const
    {
        return values[static_cast<size_t>(which)];
    }
};

/// What the device did since it was made.
struct BalloonCounters {
    uint64_t inflated = 0;   ///< bytes the driver put into the balloon
    uint64_t deflated = 0;   ///< bytes it took out again
    uint64_t reported = 0;   ///< bytes it said are free
    uint64_t givenBack = 0;  ///< bytes punched out of guest RAM, for either
    uint64_t refused = 0;    ///< bytes that are no RAM
    uint64_t failed = 0;     ///< bytes the host did not take
    uint64_t statistics = 0; ///< how often statistics came
};

/// State the transport does not know. Left out: statistics, which come again.
struct BalloonState {
    static constexpr state::Tag kTag{"virtio-balloon", 1, 1};
    uint32_t target = 0; ///< pages, as the next two
    uint32_t actual = 0;
    uint32_t poisonValue = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("target", target).field("actual", actual).field("poison", poisonValue);
    }
};

/// What the machine does with a balloon. Any thread.
class BalloonControl {
public:
    virtual ~BalloonControl() = default;
    /// Asks the driver for that much of its memory, in whole pages and at most all RAM. The driver
    /// does as it likes, and in its own time. Stays over resets.
    virtual void setTarget(uint64_t bytes) = 0;
    virtual uint64_t target() const = 0;
    /// Bytes in the balloon, says the driver; at most all RAM.
    virtual uint64_t actual() const = 0;
    /// Asks the driver for new statistics; nothing happens while it has not answered the last time.
    virtual void requestStatistics() = 0;
    virtual BalloonStatistics statistics() const = 0;
};

/// The balloon. Pages are punched out before the request is used, so that a driver may reuse pages
/// without asking (section 5.5.6.2); they come back as zeros when the guest touches them. Requests
/// are worked off in turns of about a millisecond.
///
/// Threads as Device says; the target, statistics and counters any thread.
class Balloon final : public Device, public BalloonControl, public state::Participant {
public:
    static constexpr uint16_t kQueueSize = 128;
    /// What a turn works off at most: 2 GiB at once would keep the loop for half a second.
    static constexpr uint64_t kBytesATurn = uint64_t{4} << 20;
    static constexpr size_t kPagesATurn = 256; ///< of the inflate queue, which may lie anywhere

    /// `memory` outlives the device.
    Balloon(EventLoop& loop, std::string name, memory::GuestMemory& memory);

    void setTarget(uint64_t bytes) override;
    uint64_t target() const override;
    uint64_t actual() const override;
    void requestStatistics() override;
    BalloonStatistics statistics() const override;
    BalloonCounters counters() const;

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
    enum class Role : uint8_t { Inflate, Deflate, Statistics, Report, None };
    /// A request that takes more than one turn.
    struct Request {
        bool active = false;
        DescriptorChain chain;
        ChainCursor rest{{}};
    };
    struct Counts {
        std::atomic<uint64_t> inflated{0};
        std::atomic<uint64_t> deflated{0};
        std::atomic<uint64_t> reported{0};
        std::atomic<uint64_t> givenBack{0};
        std::atomic<uint64_t> refused{0};
        std::atomic<uint64_t> failed{0};
    };
    static constexpr size_t kQueues = 5;

    Role roleOf(unsigned index) const;
    bool next(unsigned index);
    bool finish(unsigned index);
    bool endTurn(unsigned index);
    bool inflate(unsigned index);
    bool deflate(unsigned index);
    bool report(unsigned index);
    void giveBackPages(std::span<uint32_t> pages);
    void giveBack(const memory::GuestSlice& slice);
    bool takeStatistics(unsigned index);
    void returnStatistics();
    uint32_t ramPages() const;

    memory::GuestMemory& m_memory;
    GuestLog m_log{"vmm.virtio.balloon"};
    Counts m_counts;
    mutable Mutex m_mutex;
    BalloonConfig m_config GUARDED_BY(m_mutex);
    BalloonStatistics m_statistics GUARDED_BY(m_mutex);
    uint64_t m_statisticsTaken GUARDED_BY(m_mutex) = 0;
    // The loop's thread only:
    DeviceHost* m_host = nullptr; ///< while started
    uint64_t m_features = 0;
    std::array<Queue*, kQueues> m_queues{};
    std::array<Request, kQueues> m_requests;
    std::vector<memory::GuestSlice> m_pieces;
};

} // namespace vmm::virtio
