// SPDX-License-Identifier: GPL-3.0-or-later
// Address translation: 32-bit, PAE and 4-level paging (SDM volume 3 chapter 4), and the TLBs.
#include <atomic>

#include "vmm/soft/core_internal.h"

namespace vmm::soft {

namespace {

namespace pte {
constexpr uint64_t kPresent = 1 << 0;
constexpr uint64_t kWritable = 1 << 1;
constexpr uint64_t kUser = 1 << 2;
constexpr uint64_t kAccessed = 1 << 5;
constexpr uint64_t kDirty = 1 << 6;
constexpr uint64_t kLarge = 1 << 7;
constexpr uint64_t kGlobal = 1 << 8;
constexpr uint64_t kNoExecute = uint64_t{1} << 63;
constexpr uint64_t kAddress = ((uint64_t{1} << kPhysicalBits) - 1) & ~uint64_t{0xfff};
constexpr uint64_t kReservedAbove =
    ((uint64_t{1} << 52) - 1) & ~((uint64_t{1} << kPhysicalBits) - 1);
} // namespace pte

/// One table of a walk: how it is indexed and what a large page there covers.
struct Level {
    unsigned shift;
    bool mayBeLarge;
};

/// Page-table entries as the walker reads and updates them. Entries outside RAM read as not
/// present: no real system keeps tables in device memory.
class Entries {
public:
    Entries(const PhysicalPage& page, uint64_t physical, bool wide)
        : m_at(page.host == nullptr ? nullptr : page.host + (physical & 0xfff)),
          m_writable(page.writable),
          m_page(page),
          m_offset(physical & 0xfff),
          m_wide(wide)
    {}
    uint64_t read() const
    {
        if (m_at == nullptr)
            return 0;
        if (m_wide)
            return std::atomic_ref(*reinterpret_cast<uint64_t*>(m_at))
                .load(std::memory_order_acquire);
        return std::atomic_ref(*reinterpret_cast<uint32_t*>(m_at)).load(std::memory_order_acquire);
    }
    /// Sets bits of an entry that still reads `old`; false when somebody changed it meanwhile.
    bool set(uint64_t old, uint64_t bits) const
    {
        if (!m_writable)
            return true; // tables in ROM keep their bits
        if (!exchange(old, old | bits))
            return false;
        // Only now: who takes the log or decodes the bytes meanwhile sees the old entry.
        m_page.info->dirty.store(1, std::memory_order_release);
        if (m_page.info->codeMask.load(std::memory_order_relaxed) != 0)
            m_page.info->written(m_offset, m_wide ? 8 : 4);
        return true;
    }

private:
    bool exchange(uint64_t old, uint64_t changed) const
    {
        if (m_wide)
            return std::atomic_ref(*reinterpret_cast<uint64_t*>(m_at))
                .compare_exchange_strong(old, changed);
        auto narrow = static_cast<uint32_t>(old);
        return std::atomic_ref(*reinterpret_cast<uint32_t*>(m_at))
            .compare_exchange_strong(narrow, static_cast<uint32_t>(changed));
    }

    std::byte* m_at;
    bool m_writable;
    PhysicalPage m_page;
    uint64_t m_offset;
    bool m_wide;
};

} // namespace

/// Everything a walk finds out before rights are judged.
struct Walk {
    bool present = false;
    bool reserved = false;
    bool writable = true;
    bool user = true;
    bool executable = true;
    bool global = false;
    bool dirty = false;
    bool large = false;
    uint64_t physical = 0;
    unsigned depth = 0;
    std::array<uint64_t, 4> entryAt{};
    std::array<uint64_t, 4> entry{};
};

namespace {

/// Bits of an entry that must be clear.
uint64_t reservedBits(const SystemRegisters& sys, bool wide, bool large, unsigned shift)
{
    if (!wide)
        return large ? uint64_t{1} << 21 : 0;
    uint64_t bits = pte::kReservedAbove;
    if ((sys.efer & cr::kEferNxe) == 0)
        bits |= pte::kNoExecute;
    if ((sys.efer & cr::kEferLma) == 0)
        bits |= uint64_t{0x7ff} << 52;
    if (large)
        bits |= ((uint64_t{1} << shift) - 1) & ~uint64_t{0x1fff};
    return bits;
}

uint64_t largeAddress(uint64_t entry, bool wide, unsigned shift)
{
    if (!wide) // PSE-36: bits 20:13 are address bits 39:32
        return (entry & 0xffc0'0000) | ((entry >> 13 & 0xff) << 32);
    return entry & pte::kAddress & ~((uint64_t{1} << shift) - 1);
}

} // namespace

bool Core::walk(uint64_t linear, Walk& walk)
{
    static constexpr std::array<Level, 4> kLong = {
        {{39, false}, {30, true}, {21, true}, {12, false}}};
    static constexpr std::array<Level, 2> kLegacy = {{{22, true}, {12, false}}};
    const bool wide = (sys.cr4 & cr::k4Pae) != 0;
    const unsigned indexBits = wide ? 9 : 10;
    const Level* level = wide ? kLong.data() : kLegacy.data();
    const Level* end = wide ? kLong.data() + kLong.size() : kLegacy.data() + kLegacy.size();
    uint64_t table = sys.cr3 & (wide ? pte::kAddress : 0xffff'f000);
    if (wide && !longActive()) {
        const uint64_t pdpte = m_internal->pdptes[linear >> 30 & 3];
        if ((pdpte & pte::kPresent) == 0)
            return false;
        table = pdpte & pte::kAddress;
        level += 2;
    }
    for (; level != end; ++level) {
        const uint64_t index = linear >> level->shift & ((uint64_t{1} << indexBits) - 1);
        const uint64_t at = table + index * (wide ? 8 : 4);
        const uint64_t entry = Entries(m_internal->page(m_environment.map, at), at, wide).read();
        walk.entryAt[walk.depth] = at;
        walk.entry[walk.depth++] = entry;
        if ((entry & pte::kPresent) == 0)
            return false;
        const bool large =
            level->mayBeLarge && (entry & pte::kLarge) != 0 && (wide || (sys.cr4 & cr::k4Pse) != 0);
        const uint64_t mustBeClear =
            reservedBits(sys, wide, large, level->shift) | (level->shift == 39 ? pte::kLarge : 0);
        if ((entry & mustBeClear) != 0) {
            walk.reserved = true;
            return false;
        }
        walk.writable = walk.writable && (entry & pte::kWritable) != 0;
        walk.user = walk.user && (entry & pte::kUser) != 0;
        walk.executable = walk.executable && !(wide && (entry & pte::kNoExecute) != 0);
        if (!large && level->shift != 12) {
            table = entry & (wide ? pte::kAddress : 0xffff'f000);
            continue;
        }
        walk.present = true;
        walk.large = large;
        walk.dirty = (entry & pte::kDirty) != 0;
        walk.global = (entry & pte::kGlobal) != 0 && (sys.cr4 & cr::k4Pge) != 0;
        const uint64_t within = linear & ((uint64_t{1} << level->shift) - 1);
        walk.physical = (large ? largeAddress(entry, wide, level->shift)
                               : entry & (wide ? pte::kAddress : 0xffff'f000)) |
                        within;
        return true;
    }
    return false;
}

/// Sets A in each entry of the walk and, for a write, D in the last. False: an entry changed
/// meanwhile, walk again.
bool Core::markWalk(const Walk& walk, bool write)
{
    const bool wide = (sys.cr4 & cr::k4Pae) != 0;
    for (unsigned i = 0; i < walk.depth; ++i) {
        const uint64_t wanted = pte::kAccessed | (write && i + 1 == walk.depth ? pte::kDirty : 0);
        if ((walk.entry[i] & wanted) == wanted)
            continue;
        const uint64_t at = walk.entryAt[i];
        if (!Entries(m_internal->page(m_environment.map, at), at, wide).set(walk.entry[i], wanted))
            return false;
    }
    return true;
}

bool Core::rightsAllow(const Walk& walk, Access access, bool user) const
{
    if (user && !walk.user)
        return false;
    if (access == Access::Execute) {
        const bool smep = (sys.cr4 & cr::k4Smep) != 0 && !user && walk.user;
        return walk.executable && !smep;
    }
    if (!user && walk.user && (sys.cr4 & cr::k4Smap) != 0 && !m_smapOverride)
        return false;
    if (access == Access::Write && !walk.writable)
        return !user && (sys.cr0 & cr::k0Wp) == 0;
    return true;
}

bool Core::translate(uint64_t linear, Access access, bool user, Translation& result, bool quiet)
{
    if ((sys.cr0 & cr::k0Pg) == 0) {
        result = {linear & 0xffff'ffff, true, false, false};
        return true;
    }
    for (;;) {
        Walk walked;
        const bool present = walk(linear, walked);
        if (!present || !rightsAllow(walked, access, user)) {
            if (quiet)
                return false;
            const bool nx = (sys.efer & cr::kEferNxe) != 0 && (sys.cr4 & cr::k4Pae) != 0;
            const bool fetch = access == Access::Execute && (nx || (sys.cr4 & cr::k4Smep) != 0);
            return notePageFault(linear, (present || walked.reserved ? page_fault::kPresent : 0) |
                                             (walked.reserved ? page_fault::kReserved : 0) |
                                             (access == Access::Write ? page_fault::kWrite : 0) |
                                             (user ? page_fault::kUser : 0) |
                                             (fetch ? page_fault::kFetch : 0));
        }
        const bool write = access == Access::Write;
        if (!markWalk(walked, write))
            continue;
        const bool writableNow =
            rightsAllow(walked, Access::Write, user) && (walked.dirty || write);
        result = {walked.physical, writableNow, walked.global, walked.large};
        return true;
    }
}

bool Core::translateForDebugger(uint64_t linear, uint64_t& physical)
{
    if ((sys.cr0 & cr::k0Pg) == 0) {
        physical = linear;
        return true;
    }
    Walk walked;
    if (!walk(linear, walked))
        return false;
    physical = walked.physical;
    return true;
}

/// SDM volume 3 section 4.4.1: the four PDPTEs are registers, loaded with CR3.
bool Core::loadPdptes()
{
    const bool used = (sys.cr0 & cr::k0Pg) != 0 && (sys.cr4 & cr::k4Pae) != 0 && !longActive();
    if (!used)
        return true;
    std::array<uint64_t, 4> fresh{};
    for (unsigned i = 0; i < fresh.size(); ++i) {
        const uint64_t at = (sys.cr3 & 0xffff'ffe0) + uint64_t{i} * 8;
        fresh[i] = Entries(m_internal->page(m_environment.map, at), at, true).read();
        constexpr uint64_t kReserved = 0x1e6 | ~(pte::kAddress | 0xfff);
        if ((fresh[i] & pte::kPresent) != 0 && (fresh[i] & kReserved) != 0)
            return note(Vector::Gp, 0);
    }
    m_internal->pdptes = fresh;
    return true;
}

bool Core::translateCode(uint64_t linear, uint64_t& physical, PhysicalPage& page)
{
    if (longActive() && !canonical(linear))
        return note(Vector::Gp, 0);
    auto* entry = &m_internal->space->codeAt(linear);
    const bool user = cpl() == 3;
    if (((entry->tag ^ linear) & ~uint64_t{4095}) != 0 || entry->user != user) {
        Translation found;
        if (!translate(linear, Access::Execute, user, found))
            return refuseFetch();
        entry = &m_internal->space->enterCode(linear, tagFacts(found));
        entry->user = user;
        entry->physical = found.physical & ~uint64_t{4095};
        entry->page = m_internal->page(m_environment.map, found.physical);
    }
    m_internal->space->noteCode(linear);
    physical = entry->physical | (linear & 4095);
    page = entry->page;
    return true;
}

} // namespace vmm::soft
