// SPDX-License-Identifier: GPL-3.0-or-later
// The caches of translations and when they are emptied (SDM volume 3 sections 4.10.1 to 4.10.4).
#include "vmm/soft/translations.h"

#include <algorithm>

#include "vmm/soft/core_internal.h"

namespace vmm::soft {

namespace {

constexpr uint64_t kPageMask = ~uint64_t{4095};
constexpr uint64_t kGigabyte = uint64_t{1} << 30;

/// Is the page tagged so the one at `linear`? INVLPG drops the whole page, and a large one may be
/// entered row by row: everything large of the same gigabyte goes.
bool belongs(uint64_t tag, uint64_t linear)
{
    const uint64_t reach = (tag & TlbEntry::kLarge) != 0 ? kGigabyte : 4096;
    return ((tag ^ linear) & ~(reach - 1)) == 0;
}

} // namespace

void Core::Translations::mark(Marks& marks, size_t at, uint64_t linear, uint64_t facts)
{
    ((facts & TlbEntry::kGlobal) != 0 ? marks.global : marks.local).add(at);
    if ((facts & TlbEntry::kLarge) == 0)
        return;
    marks.large.add(at);
    m_largeAreas.add(hashed(linear / kGigabyte));
}

TlbEntry& Core::Translations::enter(unsigned context, uint64_t linear, uint64_t facts)
{
    TlbEntry& entry = at(context, linear);
    forget(entry);
    entry.readTag = (linear & kPageMask) | facts;
    mark(m_dataMarks[context], row(linear), linear, facts);
    return entry;
}

Core::Translations::CodeEntry& Core::Translations::enterCode(uint64_t linear, uint64_t facts)
{
    CodeEntry& entry = codeAt(linear);
    entry.tag = (linear & kPageMask) | facts;
    mark(m_codeMarks, (linear >> 12) % kCodeRows, linear, facts);
    return entry;
}

void Core::Translations::flush(bool globalToo)
{
    // A row may be marked for what it held before: the tag decides.
    for (unsigned context = 0; context < kContexts; ++context) {
        Marks& marks = m_dataMarks[context];
        const auto drop = [&](size_t row) {
            TlbEntry& entry = m_data[context][row];
            if (globalToo || (entry.readTag & TlbEntry::kGlobal) == 0)
                forget(entry);
        };
        marks.local.forEach(drop);
        marks.local.clear();
        if (globalToo) {
            marks.global.forEach(drop);
            marks.global.clear();
            marks.large.clear();
        }
    }
    const auto dropCode = [&](size_t row) {
        if (globalToo || (m_code[row].tag & TlbEntry::kGlobal) == 0)
            m_code[row].tag = TlbEntry::kNone;
    };
    m_codeMarks.local.forEach(dropCode);
    m_codeMarks.local.clear();
    if (globalToo) {
        m_codeMarks.global.forEach(dropCode);
        m_codeMarks.global.clear();
        m_codeMarks.large.clear();
        m_largeAreas.clear();
    }
}

void Core::Translations::flushWritable()
{
    for (const unsigned context : {kSupervisor, kSupervisorAc}) {
        const auto drop = [&](size_t row) { forgetWriting(m_data[context][row]); };
        m_dataMarks[context].local.forEach(drop);
        m_dataMarks[context].global.forEach(drop);
    }
}

bool Core::Translations::flushPage(uint64_t linear)
{
    const bool large = m_largeAreas.contains(hashed(linear / kGigabyte));
    for (unsigned context = 0; context < kContexts; ++context) {
        const auto drop = [&](size_t row) {
            TlbEntry& entry = m_data[context][row];
            if (belongs(entry.readTag, linear))
                forget(entry);
        };
        if (large)
            m_dataMarks[context].large.forEach(drop);
        drop(row(linear));
    }
    const auto dropCode = [&](size_t row) {
        if (belongs(m_code[row].tag, linear))
            m_code[row].tag = TlbEntry::kNone;
    };
    if (large)
        m_codeMarks.large.forEach(dropCode);
    dropCode((linear >> 12) % kCodeRows);
    return large || m_blockPages.contains(hashed(linear >> 12));
}

void Core::Translations::startEpoch(uint32_t epoch)
{
    m_epoch = epoch;
    m_blockPages.clear(); // a page's first block of an epoch is always looked up
}

// --- the address spaces of a core ---

uint16_t Core::pcid() const
{
    return (sys.cr4 & cr::k4Pcide) != 0 ? static_cast<uint16_t>(sys.cr3 & 0xfff) : 0;
}

/// Has `spaces` for so many PCIDs, the least recently used goes.
void Core::selectSpace(uint16_t pcid)
{
    auto& spaces = m_internal->spaces;
    const auto free = [](const auto& space) { return space == nullptr; };
    auto found = std::find_if(spaces.begin(), spaces.end(), [pcid](const auto& space) {
        return space != nullptr && space->pcid == pcid;
    });
    if (found == spaces.end()) {
        found = std::find_if(spaces.begin(), spaces.end(), free);
        if (found == spaces.end()) {
            found = std::min_element(
                spaces.begin(), spaces.end(),
                [](const auto& one, const auto& other) { return one->lastUse < other->lastUse; });
            (*found)->flush(true);
        } else {
            *found = std::make_unique<Translations>();
        }
        (*found)->pcid = pcid;
        (*found)->startEpoch(++m_internal->lastEpoch);
    }
    (*found)->lastUse = ++m_internal->uses;
    m_internal->space = found->get();
    m_epoch = m_internal->space->epoch();
    selectRows();
}

/// What handlers index for themselves.
void Core::selectRows()
{
    m_tlb = m_checksAlignment ? m_internal->nothing.data()
                              : m_internal->space->rows(m_internal->context);
    m_systemTlb = m_internal->space->rows(Translations::kSupervisor);
}

void Core::startEpoch(Translations& space)
{
    space.startEpoch(++m_internal->lastEpoch);
    m_epoch = m_internal->space->epoch();
}

void Core::flushTlb(bool globalToo)
{
    if (!globalToo) {
        m_internal->space->flush(false);
        return startEpoch(*m_internal->space);
    }
    for (const auto& space : m_internal->spaces) {
        if (space != nullptr) {
            space->flush(true);
            startEpoch(*space);
        }
    }
    selectSpace(pcid());
}

void Core::flushAllButGlobal()
{
    for (const auto& space : m_internal->spaces) {
        if (space != nullptr) {
            space->flush(false);
            startEpoch(*space);
        }
    }
}

void Core::flushPage(uint64_t linear)
{
    // Global ones go from every address space, and it does no harm if others go with them.
    for (const auto& space : m_internal->spaces)
        if (space != nullptr && space->flushPage(linear))
            startEpoch(*space);
}

void Core::flushWritable()
{
    for (const auto& space : m_internal->spaces)
        if (space != nullptr)
            space->flushWritable();
}

void Core::flushSpace(uint16_t pcid)
{
    for (const auto& space : m_internal->spaces) {
        if (space != nullptr && space->pcid == pcid) {
            space->flush(false);
            startEpoch(*space);
        }
    }
}

void Core::enterSpace(bool keep)
{
    selectSpace(pcid());
    if (!keep)
        flushTlb(false);
}

} // namespace vmm::soft
