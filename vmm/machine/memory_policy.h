// SPDX-License-Identifier: GPL-3.0-or-later
// When a guest gives memory back and when it gets it again: a decision from facts, nothing else.
//
//            host short ──► take, a step at a time, as long as the guest has some to spare
//   guest needs memory ──► give a large step back at once, and take none for a minute
//    host has plenty, for a while ──► give the rest back, step by step
#pragma once

#include <cstdint>
#include <optional>

namespace vmm::machine {

/// The computer's memory.
struct HostMemory {
    uint64_t total = 0;     ///< bytes
    uint64_t available = 0; ///< bytes; MemAvailable
    /// Share of the last ten seconds in which somebody waited for memory, in percent ("some avg10"
    /// of /proc/pressure/memory); 0 where the kernel does not tell.
    double stall = 0;
    bool alarmed = false; ///< the kernel said so since the last look
};

/// What the guest's driver said last. Its claims: they can only change what it keeps itself.
struct GuestMemoryUse {
    uint64_t round = 0; ///< of statistics, so that old ones are known
    uint64_t available = 0;
    uint64_t majorFaults = 0; ///< since the guest started, as the next two
    uint64_t swappedIn = 0;
    uint64_t oomKills = 0;
};

/// Everything the decision is made from. Sizes in bytes.
struct MemoryFacts {
    uint64_t nowNs = 0;
    HostMemory host;
    uint64_t ram = 0;    ///< the guest's
    uint64_t target = 0; ///< of the balloon
    uint64_t actual = 0;
    std::optional<GuestMemoryUse> guest{}; ///< none: it never said anything
};

/// What is to be done about it.
struct MemoryDecision {
    uint64_t target = 0;
    bool wantStatistics = false; ///< the next decision needs fresh ones
};

/// Decides, with a memory of its own for how long things have been so. One thread.
class MemoryPolicy {
public:
    /// What the guest keeps at least, whatever it claims; all of a small machine.
    static uint64_t leastRam(uint64_t ram);
    /// What stays available inside the guest beside what it uses.
    static uint64_t margin(uint64_t ram);

    MemoryDecision decide(const MemoryFacts& facts);

private:
    enum class HostState : uint8_t { Short, Middling, Easy };
    HostState hostState(const MemoryFacts& facts);
    bool fresh(const MemoryFacts& facts);
    bool guestNeedsMemory(const MemoryFacts& facts);
    uint64_t take(const MemoryFacts& facts) const;
    uint64_t giveBack(const MemoryFacts& facts, uint64_t step) const;

    std::optional<uint64_t> m_easySinceNs;
    uint64_t m_takeNotBeforeNs = 0;
    uint64_t m_giveNotBeforeNs = 0;
    std::optional<uint64_t> m_heardNs; ///< when the guest's numbers were new last
    std::optional<GuestMemoryUse> m_last;
};

} // namespace vmm::machine
