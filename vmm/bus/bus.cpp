// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/bus.h"

#include <algorithm>
#include <fmt/core.h>
#include <functional>
#include <thread>

#include "vmm/base/check.h"

namespace vmm::bus {

namespace detail {

ReaderGate::Section::Section(ReaderGate& gate)
{
    static const thread_local size_t stripe =
        std::hash<std::thread::id>{}(std::this_thread::get_id()) % kStripes;
    const unsigned phase = gate.m_phase.load(std::memory_order_acquire) & 1;
    m_count = &gate.m_stripes[stripe].count[phase];
    m_count->fetch_add(1, std::memory_order_seq_cst);
}

ReaderGate::Section::~Section()
{
    m_count->fetch_sub(1, std::memory_order_release);
}

void ReaderGate::waitForReaders()
{
    // Twice: a reader may have read the phase before the first flip and counted after it.
    for (int round = 0; round < 2; ++round) {
        const unsigned old = m_phase.fetch_add(1, std::memory_order_seq_cst) & 1;
        for (Stripe& stripe : m_stripes)
            while (stripe.count[old].load(std::memory_order_seq_cst) != 0)
                std::this_thread::yield(); // a reader was preempted within a look-up of nanoseconds
    }
}

template <class Handler>
Result<uint64_t> Table<Handler>::add(std::string name, Entry<Handler> entry)
{
    CHECK(entry.size > 0 && entry.base + (entry.size - 1) >= entry.base);
    MutexLock lock(m_mutex);
    auto entries = std::make_unique<Entries>(*m_table.load());
    const auto at =
        std::upper_bound(entries->begin(), entries->end(), entry.base,
                         [](uint64_t base, const Keyed& keyed) { return base < keyed.entry.base; });
    const bool hitsNext = at != entries->end() && at->entry.base - entry.base < entry.size;
    const bool hitsPrevious = at != entries->begin() &&
                              entry.base - std::prev(at)->entry.base < std::prev(at)->entry.size;
    if (hitsNext || hitsPrevious)
        return Error(ErrorCode::Busy,
                     fmt::format("{} at {:#x} overlaps another device", name, entry.base));
    // A range that comes and goes under one name (a PCI BAR) counts on in its old counters: bounded
    // memory.
    const auto known = std::find_if(m_counters.begin(), m_counters.end(),
                                    [&](const auto& counters) { return counters->name == name; });
    if (known != m_counters.end()) {
        entry.counters = known->get();
    } else {
        m_counters.push_back(std::make_unique<AccessCounters>());
        m_counters.back()->name = std::move(name);
        entry.counters = m_counters.back().get();
    }
    const uint64_t id = m_nextId++;
    entries->insert(at, Keyed{id, entry});
    swapLocked(std::move(entries));
    return id;
}

template <class Handler>
void Table<Handler>::remove(uint64_t id)
{
    MutexLock lock(m_mutex);
    auto entries = std::make_unique<Entries>(*m_table.load());
    std::erase_if(*entries, [id](const Keyed& keyed) { return keyed.id == id; });
    swapLocked(std::move(entries));
}

template <class Handler>
void Table<Handler>::swapLocked(std::unique_ptr<Entries> entries)
{
    const std::unique_ptr<Entries> old(m_table.exchange(entries.release()));
    m_gate.waitForReaders();
}

template <class Handler>
Entry<Handler> Table<Handler>::find(uint64_t address)
{
    const ReaderGate::Section section(m_gate);
    const Entries& entries = *m_table.load(std::memory_order_seq_cst);
    const auto next = std::upper_bound(
        entries.begin(), entries.end(), address,
        [](uint64_t value, const Keyed& keyed) { return value < keyed.entry.base; });
    if (next != entries.begin()) {
        const Entry<Handler>& entry = std::prev(next)->entry;
        if (address - entry.base < entry.size)
            return entry;
    }
    Entry<Handler> gap;
    gap.base = address;
    gap.size = next == entries.end() ? 0 : next->entry.base - address;
    return gap;
}

template <class Handler>
std::vector<const AccessCounters*> Table<Handler>::counters() const
{
    MutexLock lock(m_mutex);
    std::vector<const AccessCounters*> all;
    for (const auto& counters : m_counters)
        all.push_back(counters.get());
    return all;
}

template class Table<PioHandler>;
template class Table<MmioHandler>;

namespace {

template <class Handler>
class TableRegistration final : public Registration {
public:
    TableRegistration(Table<Handler>& table, uint64_t id) : m_table(table), m_id(id) {}
    ~TableRegistration() override { m_table.remove(m_id); }

private:
    Table<Handler>& m_table;
    uint64_t m_id;
};

/// The largest power-of-two width up to `limit` for `left` bytes.
unsigned pieceWidth(uint64_t left, unsigned limit)
{
    unsigned width = limit;
    while (width > left)
        width /= 2;
    return width;
}

} // namespace

/// Calls `access(entry, address, width, done)` for each piece of [address, address + size).
template <class Handler, class Access>
void forEachPiece(Table<Handler>& table, uint64_t address, unsigned size, Access access)
{
    for (unsigned done = 0; done < size;) {
        const uint64_t at = address + done;
        const Entry<Handler> entry = table.find(at);
        uint64_t left = size - done;
        if (entry.handler != nullptr)
            left = std::min(left, entry.size - (at - entry.base));
        else if (entry.size != 0)
            left = std::min(left, entry.size);
        const unsigned width = pieceWidth(left, entry.handler != nullptr ? entry.maxWidth : 8);
        access(entry, at, width, done);
        done += width;
    }
}

} // namespace detail

Result<std::unique_ptr<Registration>> PioBus::map(std::string name, memory::GuestPort port,
                                                  uint32_t size, PioHandler& handler,
                                                  unsigned maxWidth)
{
    CHECK(port.value() + size <= 0x10000 && (maxWidth == 1 || maxWidth == 2 || maxWidth == 4));
    const uint64_t id =
        TRY(m_table.add(std::move(name), {port.value(), size, maxWidth, &handler, nullptr}));
    return std::make_unique<detail::TableRegistration<PioHandler>>(m_table, id);
}

uint32_t PioBus::read(memory::GuestPort port, unsigned size)
{
    uint64_t value = 0;
    detail::forEachPiece(m_table, port.value(), size,
                         [&](const auto& entry, uint64_t at, unsigned width, unsigned done) {
                             uint64_t part = widthMask(width);
                             if (entry.handler != nullptr) {
                                 entry.counters->reads.fetch_add(1, std::memory_order_relaxed);
                                 part &= entry.handler->readPort(
                                     static_cast<uint16_t>(at - entry.base), width);
                             }
                             value |= part << (done * 8);
                         });
    return static_cast<uint32_t>(value);
}

void PioBus::write(memory::GuestPort port, uint32_t value, unsigned size)
{
    detail::forEachPiece(m_table, port.value(), size,
                         [&](const auto& entry, uint64_t at, unsigned width, unsigned done) {
                             if (entry.handler == nullptr)
                                 return;
                             entry.counters->writes.fetch_add(1, std::memory_order_relaxed);
                             const uint64_t part = (value >> (done * 8)) & widthMask(width);
                             entry.handler->writePort(static_cast<uint16_t>(at - entry.base),
                                                      static_cast<uint32_t>(part), width);
                         });
}

Result<std::unique_ptr<Registration>> MmioBus::map(std::string name, memory::GuestPhys base,
                                                   uint64_t size, MmioHandler& handler,
                                                   unsigned maxWidth)
{
    CHECK(maxWidth == 1 || maxWidth == 2 || maxWidth == 4 || maxWidth == 8);
    const uint64_t id =
        TRY(m_table.add(std::move(name), {base.value(), size, maxWidth, &handler, nullptr}));
    return std::make_unique<detail::TableRegistration<MmioHandler>>(m_table, id);
}

uint64_t MmioBus::read(memory::GuestPhys address, unsigned size)
{
    uint64_t value = 0;
    detail::forEachPiece(m_table, address.value(), size,
                         [&](const auto& entry, uint64_t at, unsigned width, unsigned done) {
                             uint64_t part = widthMask(width);
                             if (entry.handler != nullptr) {
                                 entry.counters->reads.fetch_add(1, std::memory_order_relaxed);
                                 part &= entry.handler->readMmio(at - entry.base, width);
                             }
                             value |= part << (done * 8);
                         });
    return value;
}

void MmioBus::write(memory::GuestPhys address, uint64_t value, unsigned size)
{
    detail::forEachPiece(m_table, address.value(), size,
                         [&](const auto& entry, uint64_t at, unsigned width, unsigned done) {
                             if (entry.handler == nullptr)
                                 return;
                             entry.counters->writes.fetch_add(1, std::memory_order_relaxed);
                             entry.handler->writeMmio(
                                 at - entry.base, (value >> (done * 8)) & widthMask(width), width);
                         });
}

} // namespace vmm::bus
