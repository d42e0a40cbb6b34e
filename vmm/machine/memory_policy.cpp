// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/memory_policy.h"

#include <algorithm>

namespace vmm::machine {

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kSecond = 1'000'000'000;

// The host. Between short and easy nothing changes: that gap keeps a host at its limit from moving
// memory to and fro.
constexpr double kStallShort = 10;       // percent of the time
constexpr double kStallEasy = 1;         //
constexpr uint64_t kShortAvailable = 20; // less than a 20th of all memory
constexpr uint64_t kEasyAvailable = 6;   // more than a sixth
constexpr uint64_t kEasyForNs = 30 * kSecond;

constexpr uint64_t kOldNs = 15 * kSecond;      // numbers older than that say nothing
constexpr uint64_t kGoneNs = 60 * kSecond;     // and a driver that silent is no more
constexpr uint64_t kRestNs = 60 * kSecond;     // after the guest needed memory
constexpr uint64_t kGivePauseNs = 5 * kSecond; // between steps back
constexpr uint64_t kMajorFaultsASecond = 100;
constexpr uint64_t kSwapInASecond = kMiB / 4;
constexpr uint64_t kLeastStep = 64 * kMiB;

/// Near enough for the driver to have done what it was asked.
uint64_t tolerance(uint64_t ram)
{
    return std::max(ram / 128, kMiB);
}

uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

} // namespace

uint64_t MemoryPolicy::leastRam(uint64_t ram)
{
    return std::min(ram, std::max(ram / 4, 256 * kMiB));
}

uint64_t MemoryPolicy::margin(uint64_t ram)
{
    return std::min(ram / 4, std::max(ram / 8, 128 * kMiB));
}

MemoryPolicy::HostState MemoryPolicy::hostState(const MemoryFacts& facts)
{
    const HostMemory& host = facts.host;
    const bool shortNow =
        host.alarmed || host.stall >= kStallShort || host.available < host.total / kShortAvailable;
    const bool easyNow =
        !shortNow && host.stall < kStallEasy && host.available > host.total / kEasyAvailable;
    if (!easyNow)
        m_easySinceNs.reset();
    else if (!m_easySinceNs)
        m_easySinceNs = facts.nowNs;
    if (shortNow)
        return HostState::Short;
    return easyNow && facts.nowNs - *m_easySinceNs >= kEasyForNs ? HostState::Easy
                                                                 : HostState::Middling;
}

/// Has the guest said something lately?
bool MemoryPolicy::fresh(const MemoryFacts& facts)
{
    if (facts.guest && (!m_last || facts.guest->round != m_last->round))
        return true;
    return m_last && facts.guest && facts.nowNs - *m_heardNs < kOldNs;
}

/// Little is left, or less than the margin and the guest is seen to suffer. Rates are between the
/// last two rounds of numbers.
bool MemoryPolicy::guestNeedsMemory(const MemoryFacts& facts)
{
    const GuestMemoryUse& now = *facts.guest;
    bool suffers = false;
    if (m_last && now.round > m_last->round && facts.nowNs > *m_heardNs) {
        const auto rate = [&](uint64_t fresh, uint64_t old) {
            return static_cast<double>(minus(fresh, old)) * static_cast<double>(kSecond) /
                   static_cast<double>(facts.nowNs - *m_heardNs);
        };
        suffers = rate(now.majorFaults, m_last->majorFaults) >= kMajorFaultsASecond ||
                  rate(now.swappedIn, m_last->swappedIn) >= kSwapInASecond ||
                  now.oomKills > m_last->oomKills;
    }
    if (!m_last || now.round != m_last->round) {
        m_last = now;
        m_heardNs = facts.nowNs;
    }
    const uint64_t enough = margin(facts.ram);
    return now.available < enough / 2 || (suffers && now.available < enough);
}

/// A step more, out of what the guest can spare; none while the driver is still at the last one.
uint64_t MemoryPolicy::take(const MemoryFacts& facts) const
{
    if (facts.actual + tolerance(facts.ram) < facts.target)
        return facts.target;
    const uint64_t spare = minus(facts.guest->available, margin(facts.ram));
    const uint64_t step = std::min(spare, std::max(facts.ram / 16, kLeastStep));
    const uint64_t most = facts.ram - leastRam(facts.ram);
    const uint64_t wanted = std::min(facts.actual + step, most) / kMiB * kMiB;
    return std::max(wanted, facts.target);
}

uint64_t MemoryPolicy::giveBack(const MemoryFacts& facts, uint64_t step) const
{
    return minus(std::min(facts.target, facts.actual), step) / kMiB * kMiB;
}

MemoryDecision MemoryPolicy::decide(const MemoryFacts& facts)
{
    if (!m_heardNs)
        m_heardNs = facts.nowNs; // a machine restored a moment ago is given time to say something
    const HostState host = hostState(facts);
    const bool ask = host == HostState::Short || facts.target > 0;
    if (!fresh(facts)) {
        // Without a driver that talks nobody knows what the guest needs.
        const bool gone = facts.nowNs - *m_heardNs >= kGoneNs;
        return {gone ? 0 : facts.target, ask};
    }
    if (guestNeedsMemory(facts)) {
        m_takeNotBeforeNs = facts.nowNs + kRestNs;
        const uint64_t missing = minus(margin(facts.ram), facts.guest->available);
        return {giveBack(facts, std::max(missing, facts.ram / 8)), ask};
    }
    if (host == HostState::Short && facts.nowNs >= m_takeNotBeforeNs)
        return {take(facts), true};
    if (host == HostState::Easy && facts.target > 0 && facts.nowNs >= m_giveNotBeforeNs) {
        const uint64_t step = facts.ram / 8;
        m_giveNotBeforeNs = facts.nowNs + kGivePauseNs;
        // The step itself must not make the host short.
        if (minus(facts.host.available, step) > facts.host.total / kEasyAvailable)
            return {minus(facts.target, step) / kMiB * kMiB, true};
    }
    return {facts.target, ask};
}

} // namespace vmm::machine
