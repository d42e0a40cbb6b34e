// SPDX-License-Identifier: GPL-3.0-or-later
// What core.cpp, memory.cpp, paging.cpp and blocks.cpp share and nobody else sees. Room-internal.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/soft/core.h"
#include "vmm/soft/translations.h"

namespace vmm::soft {

/// Bits of a page fault's error code (SDM volume 3 section 4.7).
namespace page_fault {
inline constexpr uint32_t kPresent = 1 << 0;
inline constexpr uint32_t kWrite = 1 << 1;
inline constexpr uint32_t kUser = 1 << 2;
inline constexpr uint32_t kReserved = 1 << 3;
inline constexpr uint32_t kFetch = 1 << 4;
} // namespace page_fault

/// Physical address bits of every CPU model.
inline constexpr unsigned kPhysicalBits = 40;

/// TLBs and other things of Core that handlers have no business with.
struct Core::Internal {
    struct KnownPage {
        uint64_t address = ~uint64_t{0};
        PhysicalPage page;
    };

    /// One for each of the PCIDs used last, as many as Linux uses and some.
    std::array<std::unique_ptr<Translations>, 8> spaces;
    Translations* space = nullptr; ///< of the current PCID
    uint64_t uses = 0;             ///< how often `space` was chosen
    uint32_t lastEpoch = 0;
    Translations::Context context = Translations::kSupervisor;
    Tlb nothing; ///< has no entry, ever: what handlers index while alignment is checked
    std::array<KnownPage, 256> known; ///< answers of PhysicalMap::find, for one version of it
    std::array<PhysicalStretch, 2> stretches; ///< large ones, likewise
    uint64_t mapVersion = 0;
    std::array<uint64_t, 4> pdptes{};
    static constexpr uint64_t kNowhere = ~uint64_t{0};
    cpu::DebugRequest debug;
    cpu::DebugHit hit;
    bool stopped = false;       ///< `hit` waits for run() to return
    uint64_t passAt = kNowhere; ///< linear address whose breakpoint is passed the next time

    /// What one of DR0-DR3 watches.
    struct GuestPoint {
        /// As DR7.R/W numbers them.
        enum Condition : uint8_t { Execute, Write, Port, ReadWrite };
        uint64_t first = 0;
        uint64_t size = 0; ///< 0: nothing
        Condition condition = Execute;
        bool enabled = false;
        bool operator==(const GuestPoint&) const = default;
        bool meets(uint64_t at, uint64_t bytes) const
        {
            return at - first < size || (size != 0 && first - at < bytes);
        }
    };
    std::array<GuestPoint, 4> guest;
    bool guestCode = false;   ///< an instruction breakpoint is enabled
    bool guestData = false;   ///< a data breakpoint is
    uint8_t hits = 0;         ///< bits for DR6 of the instruction that runs
    uint8_t traps = 0;        ///< of ended ones: a #DB waits for the next boundary
    bool behindMovSs = false; ///< the instruction that runs meets no breakpoint

    /// Bits of DR6 for an access under one of `conditions` (bit numbers). All registers that match,
    /// enabled or not, as long as one of them is (SDM volume 3 section 17.2.3).
    uint8_t met(unsigned conditions, uint64_t at, uint64_t bytes) const;

    /// The page at a physical address; looked up at most once per version of the map, main memory
    /// as a whole.
    PhysicalPage page(PhysicalMap& map, uint64_t physical)
    {
        for (const PhysicalStretch& stretch : stretches)
            if (stretch.contains(physical))
                return stretch.page(physical);
        KnownPage& entry = known[(physical >> 12) % known.size()];
        if (entry.address != (physical & ~uint64_t{4095}))
            find(map, physical, entry);
        return entry.page;
    }
    void find(PhysicalMap& map, uint64_t physical, KnownPage& entry)
    {
        constexpr uint64_t kMain = 1 << 20;
        const PhysicalStretch found = map.stretch(physical);
        entry = {physical & ~uint64_t{4095},
                 found.host != nullptr ? found.page(physical) : PhysicalPage{}};
        if (found.host != nullptr && found.size >= kMain) {
            stretches[1] = stretches[0];
            stretches[0] = found;
        }
    }
    void forgetMap()
    {
        stretches = {};
        known = {};
    }
};

} // namespace vmm::soft
