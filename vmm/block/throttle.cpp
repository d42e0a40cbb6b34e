// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/throttle.h"

#include <algorithm>

namespace vmm::block {

namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kBurstsASecond = 10; // when nothing is said about bursts

/// How long `amount` takes; years at most.
uint64_t timeOf(uint64_t amount, uint64_t perSecond)
{
    const uint64_t seconds = std::min<uint64_t>(amount / perSecond, uint64_t{1} << 30);
    // The rest is less than a second: no more digits than a double has are lost.
    const auto rest = static_cast<double>(amount % perSecond) / static_cast<double>(perSecond);
    return seconds * kSecondNs + static_cast<uint64_t>(rest * static_cast<double>(kSecondNs));
}

} // namespace

void RateAccount::setRate(const Rate& rate)
{
    m_rate = rate;
    m_earnedAt = 0;
    if (rate.perSecond == 0)
        return;
    const uint64_t burstNs =
        rate.burst != 0 ? timeOf(rate.burst, rate.perSecond) : kSecondNs / kBurstsASecond;
    const uint64_t oneNs = timeOf(1, rate.perSecond);
    m_aheadNs = burstNs > oneNs ? burstNs - oneNs : 0; // a burst is one at least
}

uint64_t RateAccount::passesAt(uint64_t nowNs) const
{
    if (m_rate.perSecond == 0 || m_earnedAt <= nowNs + m_aheadNs)
        return nowNs;
    return m_earnedAt - m_aheadNs;
}

void RateAccount::charge(uint64_t amount, uint64_t nowNs)
{
    if (m_rate.perSecond != 0)
        m_earnedAt = std::max(m_earnedAt, nowNs) + timeOf(amount, m_rate.perSecond);
}

ThrottledDisk::ThrottledDisk(std::unique_ptr<BlockBackend> disk, EventLoop& loop,
                             TimerService& timers)
    : m_loop(loop), m_timers(timers), m_disk(std::move(disk))
{}

Result<std::unique_ptr<ThrottledDisk>> ThrottledDisk::create(std::unique_ptr<BlockBackend> disk,
                                                             EventLoop& loop, TimerService& timers)
{
    std::unique_ptr<ThrottledDisk> throttled(new ThrottledDisk(std::move(disk), loop, timers));
    ThrottledDisk* self = throttled.get();
    self->m_wake = TRY(EventFd::create());
    TRY(loop.watch(self->m_wake->fd(), [self] { self->woken(); }));
    self->m_timer = timers.createTimer([self] { self->m_wake->signal(); });
    return throttled;
}

ThrottledDisk::~ThrottledDisk()
{
    m_timer.reset();
    if (!m_wake)
        return;
    m_loop.remove(m_wake->fd());
    cancel();
    runCancelled();
}

void ThrottledDisk::woken()
{
    m_wake->drain();
    runCancelled();
    pump();
}

void ThrottledDisk::setLimits(const ThrottleLimits& limits)
{
    const auto set = [](RateAccount& account, const Rate& rate) {
        account.setRate(rate);
        return rate.perSecond != 0;
    };
    bool any = set(m_bytes, limits.total.bytes);
    any |= set(m_operations, limits.total.operations);
    any |= set(m_lanes[0].bytes, limits.read.bytes);
    any |= set(m_lanes[0].operations, limits.read.operations);
    any |= set(m_lanes[1].bytes, limits.write.bytes);
    any |= set(m_lanes[1].operations, limits.write.operations);
    m_limited = any;
    pump();
}

void ThrottledDisk::setListener(BlockListener* listener)
{
    m_listener = listener;
    m_disk->setListener(listener);
}

std::optional<IoResult> ThrottledDisk::readNow(const IoRequest& request)
{
    return m_limited ? std::nullopt : m_disk->readNow(request);
}

void ThrottledDisk::submit(std::span<IoRequest* const> requests)
{
    if (!m_limited && m_held == 0)
        return m_disk->submit(requests);
    for (IoRequest* request : requests) {
        if (request->kind == IoKind::Flush) {
            m_disk->submit(std::span(&request, 1));
            continue;
        }
        laneOf(*request).waiting.push(*request);
        ++m_held;
    }
    pump();
}

uint64_t ThrottledDisk::passesAt(const Lane& lane, uint64_t nowNs) const
{
    return std::max({m_bytes.passesAt(nowNs), m_operations.passesAt(nowNs),
                     lane.bytes.passesAt(nowNs), lane.operations.passesAt(nowNs)});
}

/// Lets through what may go now, a read and a write in turn, and sets the timer for the next.
void ThrottledDisk::pump()
{
    const uint64_t now = m_timers.nowNs();
    constexpr uint64_t never = ~uint64_t{0};
    uint64_t next = never;
    for (bool moved = !m_paused; moved;) {
        moved = false;
        next = never;
        for (Lane& lane : m_lanes) {
            if (lane.waiting.empty())
                continue;
            const uint64_t at = passesAt(lane, now);
            if (at > now) {
                next = std::min(next, at);
                continue;
            }
            IoRequest* request = &lane.waiting.pop();
            --m_held;
            moved = true;
            const bool moves = request->kind == IoKind::Read || request->kind == IoKind::Write;
            const uint64_t bytes = moves ? request->size() : 0;
            for (RateAccount* account : {&m_bytes, &lane.bytes})
                account->charge(bytes, now);
            for (RateAccount* account : {&m_operations, &lane.operations})
                account->charge(1, now);
            m_batch.push_back(request);
        }
    }
    if (!m_batch.empty())
        m_disk->submit(m_batch);
    m_batch.clear();
    if (next != never)
        m_timer->arm(next);
}

void ThrottledDisk::cancel()
{
    bool any = false;
    for (Lane& lane : m_lanes) {
        for (; !lane.waiting.empty(); any = true)
            m_cancelled.push(lane.waiting.pop());
    }
    m_held = 0;
    if (any)
        m_wake->signal();
    m_disk->cancel();
}

void ThrottledDisk::runCancelled()
{
    const bool any = !m_cancelled.empty();
    while (!m_cancelled.empty())
        m_cancelled.pop().done({IoStatus::Cancelled, {}});
    if (any && m_listener != nullptr)
        m_listener->completed();
}

void ThrottledDisk::pause()
{
    m_paused = true;
    m_disk->pause();
}

void ThrottledDisk::resume()
{
    m_paused = false;
    m_disk->resume();
    pump();
}

} // namespace vmm::block
