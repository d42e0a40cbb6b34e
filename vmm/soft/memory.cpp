// SPDX-License-Identifier: GPL-3.0-or-later
// Memory accesses beyond the TLB's fast path: filling it, crossing pages, devices.
#include <algorithm>

#include "vmm/base/mutex.h"
#include "vmm/soft/core_internal.h"

namespace vmm::soft {

namespace {

constexpr uint64_t kPageMask = ~uint64_t{4095};
constexpr uint64_t kApicEnabled = 1 << 11;
constexpr uint64_t kApicExtended = 1 << 10;

/// Bytes of [linear, +size) that lie in its first page.
unsigned firstPart(uint64_t linear, unsigned size)
{
    return static_cast<unsigned>(std::min<uint64_t>(size, 4096 - (linear & 4095)));
}

} // namespace

/// One page reached for an access: host memory, or a physical address for the bus.
struct Reached {
    std::byte* host = nullptr; ///< of the accessed byte
    PageInfo* info = nullptr;
    uint64_t physical = 0;
    bool rom = false; ///< host is for reading only: writes go to the bus
};

bool Core::linearLegacy(uint8_t segment, uint64_t offset, unsigned size, Access access,
                        uint64_t& linear)
{
    const cpu::Segment& seg = regs.segment[segment];
    const Vector vector = segment == kSs ? Vector::Ss : Vector::Gp;
    if (protectedMode() && !v8086()) {
        constexpr uint8_t kCode = 8;
        constexpr uint8_t kReadableOrWritable = 2;
        if (seg.unusable || !seg.present)
            return note(vector, 0);
        const bool code = (seg.type & kCode) != 0;
        const bool bit = (seg.type & kReadableOrWritable) != 0;
        if (access == Access::Write ? code || !bit : access == Access::Read && code && !bit)
            return note(vector, 0);
    }
    constexpr uint8_t kCodeOrUp = 12;
    constexpr uint8_t kExpandDown = 4;
    const uint64_t last = offset + size - 1;
    if ((seg.type & kCodeOrUp) == kExpandDown && seg.s) {
        const uint64_t top = seg.db ? 0xffff'ffff : 0xffff;
        if (offset <= seg.limit || last > top)
            return note(vector, 0);
    } else if (last > seg.limit) {
        return note(vector, 0);
    }
    linear = (seg.base + offset) & 0xffff'ffff;
    return true;
}

bool Core::fill(uint64_t linear, Access access, unsigned context, Reached& reached)
{
    Translation found;
    const bool override = m_smapOverride;
    m_smapOverride = context == Translations::kSupervisorAc;
    const bool translated = translate(linear, access, context == Translations::kUser, found);
    m_smapOverride = override;
    if (!translated)
        return false;
    const PhysicalPage page = m_internal->page(m_environment.map, found.physical);
    const bool apic = m_environment.apic != nullptr && apicAt(found.physical);
    reached.physical = found.physical;
    reached.host = apic || page.host == nullptr ? nullptr : page.host + (linear & 4095);
    reached.info = page.info;
    reached.rom = !page.writable;
    if (reached.host == nullptr || watched(linear))
        return true;
    TlbEntry& entry = m_internal->space->enter(context, linear, tagFacts(found));
    entry.addend = reinterpret_cast<uint64_t>(page.host) - (linear & kPageMask);
    entry.info = page.info;
    const bool mayWrite =
        found.writable && page.writable && (!page.logged || access == Access::Write);
    entry.writeTag =
        !mayWrite ? TlbEntry::kNone : (linear & kPageMask) | (page.logged ? TlbEntry::kLogged : 0);
    if (page.logged && access == Access::Write)
        page.info->dirty.store(1, std::memory_order_release);
    return true;
}

bool Core::reach(uint64_t linear, Access access, unsigned context, Reached& reached)
{
    if (longActive() && !canonical(linear))
        return note(Vector::Gp, 0);
    const TlbEntry& entry = m_internal->space->at(context, linear);
    const uint64_t tag = access == Access::Write ? entry.writeTag : entry.readTag;
    if ((linear ^ tag) >= 4096)
        return fill(linear, access, context, reached);
    reached.host = reinterpret_cast<std::byte*>(linear + entry.addend);
    reached.info = entry.info;
    reached.rom = false; // only asked for after a write tag hit
    return true;
}

bool Core::apicAt(uint64_t physical) const
{
    const uint64_t base = m_environment.apic->base();
    return (base & (kApicEnabled | kApicExtended)) == kApicEnabled &&
           ((base ^ physical) & kPageMask & ((uint64_t{1} << kPhysicalBits) - 1)) == 0;
}

uint64_t Core::deviceRead(uint64_t physical, unsigned size)
{
    settleMxcsr();
    if (m_environment.counters != nullptr)
        m_environment.counters->add(cpu::ExitKind::Mmio);
    if (m_environment.apic != nullptr && apicAt(physical)) {
        const auto offset = static_cast<uint32_t>(physical & 0xff0);
        return m_environment.apic->read(offset) >> ((physical & 3) * 8);
    }
    return m_environment.mmio.read(memory::GuestPhys(physical), size);
}

void Core::deviceWrite(uint64_t physical, uint64_t value, unsigned size)
{
    settleMxcsr();
    if (m_environment.counters != nullptr)
        m_environment.counters->add(cpu::ExitKind::Mmio);
    if (m_environment.apic != nullptr && apicAt(physical)) {
        if ((physical & 0xf) == 0)
            m_environment.apic->write(static_cast<uint32_t>(physical & 0xff0),
                                      static_cast<uint32_t>(value));
        raiseAttention(kRecheck); // priorities may have changed
        return;
    }
    m_environment.mmio.write(memory::GuestPhys(physical), value, size);
    if (m_environment.map.version() != m_internal->mapVersion)
        refreshMap();
}

void Core::refreshMap()
{
    m_internal->mapVersion = m_environment.map.version();
    m_internal->forgetMap();
    flushTlb(true);
    if (m_running != nullptr) {
        m_blocks->stopRunning();
        raiseAttention(kRecheck); // a transfer of the running instruction takes no link
    }
}

namespace {

/// Cuts a device access into pieces of 1, 2, 4 or 8 bytes, at natural borders.
template <class Piece>
void forPieces(uint64_t physical, unsigned size, Piece piece)
{
    for (unsigned done = 0; done < size;) {
        unsigned width = 8;
        while (width > size - done || ((physical + done) & (width - 1)) != 0)
            width /= 2;
        if (done == 0 && (size == 2 || size == 4 || size == 8))
            width = size; // one access stays one access
        piece(physical + done, done, width);
        done += width;
    }
}

} // namespace

bool Core::transfer(uint64_t linear, std::byte* data, unsigned size, Access access,
                    unsigned context)
{
    const uint64_t mask = longActive() ? ~uint64_t{0} : 0xffff'ffff;
    const unsigned first = firstPart(linear, size);
    std::array<Reached, 2> parts;
    if (!reach(linear, access, context, parts[0]))
        return false;
    if (first < size && !reach((linear + first) & mask, access, context, parts[1]))
        return false;
    for (unsigned i = 0; i < (first < size ? 2U : 1U); ++i) {
        const unsigned length = i == 0 ? first : size - first;
        std::byte* bytes = data + (i == 0 ? 0 : first);
        if (access == Access::Write)
            writePart(parts[i], (linear + (i == 0 ? 0 : first)) & mask, bytes, length);
        else
            readPart(parts[i], bytes, length);
    }
    if (m_watching) [[unlikely]]
        noteWatched(linear, size, access);
    return true;
}

void Core::readPart(const Reached& part, std::byte* to, unsigned size)
{
    if (part.host != nullptr) {
        copyGuest(to, part.host, size);
        return;
    }
    forPieces(part.physical, size, [&](uint64_t physical, unsigned at, unsigned width) {
        const uint64_t value = deviceRead(physical, width);
        std::memcpy(to + at, &value, width);
    });
}

void Core::writePart(const Reached& part, uint64_t linear, const std::byte* from, unsigned size)
{
    if (part.host != nullptr && !part.rom) {
        copyGuest(part.host, from, size);
        if (part.info->codeMask.load(std::memory_order_relaxed) != 0)
            codeWritten(*part.info, linear, size);
        return;
    }
    forPieces(part.physical, size, [&](uint64_t physical, unsigned at, unsigned width) {
        uint64_t value = 0;
        std::memcpy(&value, from + at, width);
        deviceWrite(physical, value, width);
    });
}

/// Copies of 2, 4 and 8 bytes are one access for the other vCPUs, as memcpy does not promise.
void Core::copyGuest(std::byte* to, const std::byte* from, unsigned size)
{
    switch (size) {
    case 2:
        return static_cast<void>(std::memcpy(to, from, 2));
    case 4:
        return static_cast<void>(std::memcpy(to, from, 4));
    case 8:
        return static_cast<void>(std::memcpy(to, from, 8));
    default:
        std::memcpy(to, from, size);
    }
}

bool Core::loadSlow(uint64_t linear, void* to, unsigned size, uint8_t segment, unsigned alignment)
{
    if (longActive() && (!canonical(linear) || !canonical(linear + size - 1)))
        return note(segment == kSs ? Vector::Ss : Vector::Gp, 0);
    if (!aligned(linear, alignment))
        return false;
    return transfer(linear, static_cast<std::byte*>(to), size, Access::Read, m_internal->context);
}

bool Core::storeSlow(uint64_t linear, const void* from, unsigned size, uint8_t segment,
                     unsigned alignment)
{
    if (longActive() && (!canonical(linear) || !canonical(linear + size - 1)))
        return note(segment == kSs ? Vector::Ss : Vector::Gp, 0);
    if (!aligned(linear, alignment))
        return false;
    auto* bytes =
        const_cast<std::byte*>(static_cast<const std::byte*>(from)); // only read with Write
    return transfer(linear, bytes, size, Access::Write, m_internal->context);
}

bool Core::systemAccess(uint64_t linear, void* data, unsigned size, Access access)
{
    return transfer(linear, static_cast<std::byte*>(data), size, access, Translations::kSupervisor);
}

bool Core::probe(uint64_t linear, unsigned size, Access access, bool system, unsigned alignment)
{
    if (!aligned(linear, alignment))
        return false;
    const unsigned context = system ? Translations::kSupervisor : m_internal->context;
    const uint64_t mask = longActive() ? ~uint64_t{0} : 0xffff'ffff;
    Reached reached;
    const unsigned first = firstPart(linear, size);
    return reach(linear, access, context, reached) &&
           (first == size || reach((linear + first) & mask, access, context, reached));
}

std::byte* Core::hostPointer(uint64_t linear, unsigned size, Access access)
{
    Reached reached;
    if (m_checksAlignment || firstPart(linear, size) < size ||
        !reach(linear, access, m_internal->context, reached))
        return nullptr;
    return (access == Access::Write && reached.rom) || watched(linear) ? nullptr : reached.host;
}

void Core::wrote(uint64_t linear, unsigned size)
{
    const TlbEntry& entry = m_tlb[(linear >> 12) & kTlbMask];
    if (entry.info != nullptr && entry.info->codeMask.load(std::memory_order_relaxed) != 0)
        codeWritten(*entry.info, linear, size);
}

void Core::codeWritten(PageInfo& info, uint64_t linear, unsigned size)
{
    if (!info.written(linear & 4095, firstPart(linear, size)))
        return;
    const Block* running = m_running;
    if (running != nullptr && !running->current())
        m_blocks->stopRunning();
}

namespace {

template <class T>
void changeAtomically(std::byte* at, void (*change)(void* bytes, void* context), void* context)
{
    T value;
    std::memcpy(&value, at, sizeof value);
    T changed;
    do {
        changed = value;
        change(&changed, context);
    } while (!compareExchange<T>(at, value, changed));
}

} // namespace

/// Memory that this vCPU keeps out of its TLB is no device: other vCPUs change it without the bus
/// lock. False: no such memory.
bool Core::modifyUncached(uint64_t linear, unsigned size,
                          void (*change)(void* bytes, void* context), void* context)
{
    Reached reached;
    if (firstPart(linear, size) < size ||
        !reach(linear, Access::Write, m_internal->context, reached) || reached.host == nullptr ||
        reached.rom)
        return false;
    const auto atomically = size == 1   ? changeAtomically<uint8_t>
                            : size == 2 ? changeAtomically<uint16_t>
                            : size == 4 ? changeAtomically<uint32_t>
                            : size == 8 ? changeAtomically<uint64_t>
                                        : changeAtomically<Wide>;
    atomically(reached.host, change, context);
    if (reached.info->codeMask.load(std::memory_order_relaxed) != 0)
        codeWritten(*reached.info, linear, size);
    noteWatched(linear, size, Access::Read);
    noteWatched(linear, size, Access::Write);
    return true;
}

bool Core::modifySlow(uint64_t linear, unsigned size, uint8_t segment,
                      void (*change)(void* bytes, void* context), void* context)
{
    std::array<std::byte, 16> bytes{};
    const unsigned alignment = alignmentOf(size);
    if (!probe(linear, size, Access::Write, false, alignment))
        return false;
    if ((m_watching || m_checksAlignment) && modifyUncached(linear, size, change, context))
        return true;
    if (hasPending())
        return false;
    MutexLock lock(m_environment.map.busLock());
    if (!loadSlow(linear, bytes.data(), size, segment, alignment))
        return false;
    change(bytes.data(), context);
    return storeSlow(linear, bytes.data(), size, segment, alignment);
}

} // namespace vmm::soft
