// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/memory_keeper.h"

#include <algorithm>
#include <utility>

namespace vmm::machine {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kBusyNs = 2 * kSecond;
constexpr uint64_t kCalmNs = 5 * kSecond;
constexpr uint64_t kAlarmNs = 1 * kSecond;

} // namespace

MemoryKeeper::MemoryKeeper(TimerService& clock, HostMemorySource& host,
                           virtio::BalloonControl& balloon, uint64_t ram)
    : m_clock(clock),
      m_host(host),
      m_balloon(balloon),
      m_ram(ram),
      m_timer(clock.createTimer([this] { look(); }))
{}

void MemoryKeeper::start()
{
    MutexLock lock(m_mutex);
    if (std::exchange(m_started, true))
        return;
    m_policy = MemoryPolicy();
    m_timer->arm(m_clock.nowNs() + kBusyNs);
}

void MemoryKeeper::stop()
{
    MutexLock lock(m_mutex);
    m_started = false;
    m_timer->disarm();
}

void MemoryKeeper::alarm()
{
    MutexLock lock(m_mutex);
    if (m_started)
        m_timer->arm(std::max(m_clock.nowNs(), m_lookedNs + kAlarmNs));
}

MemoryFacts MemoryKeeper::facts()
{
    using virtio::BalloonStatistic;
    MemoryFacts facts{.nowNs = m_clock.nowNs(),
                      .host = m_host.read(),
                      .ram = m_ram,
                      .target = m_balloon.target(),
                      .actual = m_balloon.actual(),
                      .guest = {}};
    const virtio::BalloonStatistics said = m_balloon.statistics();
    // A driver that does not tell what is available tells what is free, which is less.
    const auto available = said[BalloonStatistic::Available].has_value()
                               ? said[BalloonStatistic::Available]
                               : said[BalloonStatistic::Free];
    if (said.round != 0 && available)
        facts.guest = GuestMemoryUse{.round = said.round,
                                     .available = std::min(*available, m_ram),
                                     .majorFaults = said[BalloonStatistic::MajorFaults].value_or(0),
                                     .swappedIn = said[BalloonStatistic::SwappedIn].value_or(0),
                                     .oomKills = said[BalloonStatistic::OomKills].value_or(0)};
    return facts;
}

void MemoryKeeper::look()
{
    MutexLock lock(m_mutex);
    if (!m_started)
        return;
    const MemoryFacts now = facts();
    const MemoryDecision decision = m_policy.decide(now);
    m_balloon.setTarget(decision.target);
    if (decision.wantStatistics)
        m_balloon.requestStatistics();
    m_lookedNs = now.nowNs;
    m_timer->arm(now.nowNs + (decision.wantStatistics ? kBusyNs : kCalmNs));
}

} // namespace vmm::machine
