// SPDX-License-Identifier: GPL-3.0-or-later
// What an executor remembers of page tables. Intel SDM volume 3 section 4.10. Room-internal.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "vmm/soft/core.h"

namespace vmm::soft {

/// Numbers below 4096 as a set that is cheap to go through and to empty: flushes look at what was
/// entered, not at whole tables.
class RowSet {
public:
    static constexpr size_t kRows = 4096;
    void add(size_t row)
    {
        m_words[row / 64] |= uint64_t{1} << row % 64;
        m_used |= uint64_t{1} << row / 64;
    }
    bool contains(size_t row) const { return (m_words[row / 64] >> row % 64 & 1) != 0; }
    template <class Function>
    void forEach(Function function) const
    {
        for (uint64_t used = m_used; used != 0; used &= used - 1) {
            const auto word = static_cast<size_t>(std::countr_zero(used));
            for (uint64_t bits = m_words[word]; bits != 0; bits &= bits - 1)
                function(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
        }
    }
    void clear()
    {
        for (uint64_t used = m_used; used != 0; used &= used - 1)
            m_words[static_cast<size_t>(std::countr_zero(used))] = 0;
        m_used = 0;
    }

private:
    uint64_t m_used = 0; ///< words that are not 0
    std::array<uint64_t, kRows / 64> m_words{};
};

/// The translations of one address space, that is of one PCID. The executor's thread only.
class Core::Translations {
public:
    /// Which data TLB a privilege uses: rights differ, so translations do.
    enum Context : unsigned { kUser, kSupervisor, kSupervisorAc, kContexts };

    /// A page that code was fetched from.
    struct CodeEntry {
        uint64_t tag = TlbEntry::kNone; ///< linear page, | facts as in TlbEntry
        bool user = false;
        uint64_t physical = 0;
        PhysicalPage page;
    };

    /// The rows a handler indexes for itself.
    TlbEntry* rows(unsigned context) { return m_data[context].data(); }
    TlbEntry& at(unsigned context, uint64_t linear) { return m_data[context][row(linear)]; }
    CodeEntry& codeAt(uint64_t linear) { return m_code[(linear >> 12) % kCodeRows]; }
    /// The empty entry in which the caller puts a translation with these facts.
    TlbEntry& enter(unsigned context, uint64_t linear, uint64_t facts);
    /// The same for code.
    CodeEntry& enterCode(uint64_t linear, uint64_t facts);
    /// Blocks at `linear` may be bound to this address space from now on.
    void noteCode(uint64_t linear) { m_blockPages.add(hashed(linear >> 12)); }

    /// Forgets all, or all but global ones. Blocks must be looked up anew.
    void flush(bool globalToo);
    /// Forgets what the supervisor may write; it may go on reading.
    void flushWritable();
    /// Forgets one page. True: blocks may be bound to it.
    bool flushPage(uint64_t linear);
    /// Lets blocks be bound anew in the translation epoch `epoch`.
    void startEpoch(uint32_t epoch);
    uint32_t epoch() const { return m_epoch; }

    uint16_t pcid = 0;
    uint64_t lastUse = 0;

private:
    static constexpr size_t kCodeRows = 256;
    static_assert(std::tuple_size_v<Tlb> <= RowSet::kRows);
    struct Marks {
        RowSet local, global;
        RowSet large; ///< of both kinds
    };
    static size_t row(uint64_t linear) { return (linear >> 12) & kTlbMask; }
    static size_t hashed(uint64_t number) { return number * 0x9e37'79b9'7f4a'7c15 >> 52; }
    void mark(Marks& marks, size_t at, uint64_t linear, uint64_t facts);

    std::array<Tlb, kContexts> m_data;
    std::array<CodeEntry, kCodeRows> m_code;
    std::array<Marks, kContexts> m_dataMarks;
    Marks m_codeMarks;
    RowSet m_blockPages; ///< hashes of pages with blocks of this epoch
    RowSet m_largeAreas; ///< hashes of gigabytes with large pages in them
    uint32_t m_epoch = 1;
};

/// Writing goes the slow way next time. The page may have been written since the log was taken.
inline void forgetWriting(TlbEntry& entry)
{
    if ((entry.writeTag & TlbEntry::kLogged) != 0)
        entry.info->dirty.store(1, std::memory_order_release);
    entry.writeTag = TlbEntry::kNone;
}

/// Drops a translation.
inline void forget(TlbEntry& entry)
{
    forgetWriting(entry);
    entry = {};
}

/// Facts of a translation as low bits of a tag.
inline uint64_t tagFacts(const Core::Translation& found)
{
    return (found.global ? TlbEntry::kGlobal : 0) | (found.large ? TlbEntry::kLarge : 0);
}

} // namespace vmm::soft
