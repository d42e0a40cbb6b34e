// SPDX-License-Identifier: GPL-3.0-or-later
// Split virtqueues. Virtio 1.2 section 2.7.
#include "vmm/virtio/queue.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <fmt/core.h>

#include "vmm/virtio/queue_regs.h"

namespace vmm::virtio {

namespace {

constexpr uint64_t kMaxChainBytes = uint64_t{1} << 32; // section 2.7.4: more is the driver's error

Error broken(std::string sentence)
{
    return Error(ErrorCode::Invalid, std::move(sentence));
}

/// Has the other side's index `event` been passed by going from `old` to `fresh` (section 2.7.10)?
bool passed(uint16_t event, uint16_t fresh, uint16_t old)
{
    return static_cast<uint16_t>(fresh - event - 1) < static_cast<uint16_t>(fresh - old);
}

} // namespace

// --- ChainCursor ---

ChainCursor::ChainCursor(std::span<const memory::GuestSlice> slices) : m_slices(slices)
{
    for (const memory::GuestSlice& slice : slices)
        m_left += slice.size();
}

template <class Piece>
bool ChainCursor::forPieces(uint64_t bytes, Piece piece)
{
    if (bytes > m_left)
        return false;
    for (uint64_t done = 0; done < bytes;) {
        const memory::GuestSlice& slice = m_slices.front();
        const auto length =
            static_cast<size_t>(std::min<uint64_t>(slice.size() - m_offset, bytes - done));
        piece(slice, m_offset, length, done);
        done += length;
        m_offset += length;
        if (m_offset == slice.size()) {
            m_slices = m_slices.subspan(1);
            m_offset = 0;
        }
    }
    m_left -= bytes;
    return true;
}

bool ChainCursor::copyOut(std::span<std::byte> to)
{
    return forPieces(to.size(), [&](const auto& slice, size_t at, size_t length, uint64_t done) {
        slice.copyOut(at, to.subspan(done, length));
    });
}

bool ChainCursor::copyIn(std::span<const std::byte> from)
{
    return forPieces(from.size(), [&](const auto& slice, size_t at, size_t length, uint64_t done) {
        slice.copyIn(at, from.subspan(done, length));
    });
}

bool ChainCursor::skip(uint64_t bytes)
{
    return forPieces(bytes, [](const auto&, size_t, size_t, uint64_t) {});
}

bool ChainCursor::take(uint64_t bytes, std::vector<memory::GuestSlice>& to)
{
    return forPieces(bytes, [&](const auto& slice, size_t at, size_t length, uint64_t) {
        to.push_back(slice.part(at, length));
    });
}

// --- Queue ---

Result<Queue> Queue::create(memory::GuestMemory& memory, const QueueState& state, Features features)
{
    if (!std::has_single_bit(state.size) || state.size > kMaxSize)
        return broken(fmt::format("a queue of {} entries", state.size));
    Queue queue(memory, state, features);
    TRY(queue.mapRings());
    queue.m_published = state.nextUsed;
    return queue;
}

Result<void> Queue::mapRings()
{
    const uint64_t size = m_state.size;
    // Section 2.7: alignment of each part.
    if (m_state.descriptors % 16 != 0 || m_state.available % 2 != 0 || m_state.used % 4 != 0)
        return broken("a misaligned queue");
    m_descriptors =
        TRY(m_memory->slice(memory::GuestPhys(m_state.descriptors), size * sizeof(Descriptor)));
    m_available =
        TRY(m_memory->slice(memory::GuestPhys(m_state.available), ring::usedEvent(size) + 2));
    m_used = TRY(m_memory->slice(memory::GuestPhys(m_state.used), ring::availEvent(size) + 2));
    return {};
}

/// The entries before it are read after it (acquire).
uint16_t Queue::availableIndex() const
{
    return m_available.loadAcquire<uint16_t>(ring::kIndex);
}

Result<bool> Queue::pop(DescriptorChain& chain)
{
    if (m_broken)
        return false;
    auto taken = take(chain);
    m_broken = !taken.has_value();
    return taken;
}

Result<bool> Queue::take(DescriptorChain& chain)
{
    const auto waiting = static_cast<uint16_t>(availableIndex() - m_state.nextAvailable);
    if (waiting == 0)
        return false;
    if (waiting > m_state.size)
        return broken(fmt::format("{} requests in a queue of {}", waiting, m_state.size));
    const uint64_t slot = m_state.nextAvailable % m_state.size;
    TRY(readChain(m_available.loadAcquire<uint16_t>(ring::availEntry(slot)), chain));
    ++m_state.nextAvailable;
    return true;
}

Result<void> Queue::reread(uint16_t head, DescriptorChain& chain)
{
    auto read = readChain(head, chain);
    m_broken |= !read.has_value();
    return read;
}

Result<void> Queue::readChain(uint16_t head, DescriptorChain& chain)
{
    chain.m_head = head;
    chain.m_readable.clear();
    chain.m_writable.clear();
    chain.m_readableSize = chain.m_writableSize = 0;
    return follow(chain, m_descriptors, m_state.size, head);
}

/// Walks a table of `count` descriptors from `first`. Longer than the queue, or than the table, is
/// a loop (section 2.7.5.1).
Result<void> Queue::follow(DescriptorChain& chain, const memory::GuestSlice& table, uint64_t count,
                           uint16_t first)
{
    const bool direct = &table == &m_descriptors;
    uint64_t index = first;
    for (uint64_t seen = 0;; ++seen) {
        if (index >= count)
            return broken(fmt::format("descriptor {} of {}", index, count));
        if (seen >= m_state.size)
            return broken("a descriptor chain longer than its queue");
        Descriptor descriptor;
        table.copyOut(index * sizeof descriptor, std::as_writable_bytes(std::span(&descriptor, 1)));
        const bool last = (descriptor.flags & VIRTQ_DESC_F_NEXT) == 0;
        if ((descriptor.flags & VIRTQ_DESC_F_INDIRECT) != 0) {
            if (!direct || !last || !m_features.indirect) // section 2.7.5.3.1
                return broken("an indirect descriptor where none may be");
            return followIndirect(chain, descriptor);
        }
        TRY(addBuffer(chain, descriptor));
        if (last)
            return {};
        index = descriptor.next;
    }
}

Result<void> Queue::followIndirect(DescriptorChain& chain, const Descriptor& descriptor)
{
    if (descriptor.length == 0 || descriptor.length % sizeof(Descriptor) != 0)
        return broken(fmt::format("an indirect table of {} bytes", descriptor.length));
    const auto table =
        TRY(m_memory->slice(memory::GuestPhys(descriptor.address), descriptor.length));
    return follow(chain, table, descriptor.length / sizeof(Descriptor), 0);
}

Result<void> Queue::addBuffer(DescriptorChain& chain, const Descriptor& descriptor)
{
    const bool writable = (descriptor.flags & VIRTQ_DESC_F_WRITE) != 0;
    if (!writable && !chain.m_writable.empty())
        return broken("a readable buffer after a writable one"); // section 2.7.4.2
    if (descriptor.length == 0)
        return {};
    const auto slice =
        TRY(m_memory->slice(memory::GuestPhys(descriptor.address), descriptor.length));
    (writable ? chain.m_writable : chain.m_readable).push_back(slice);
    (writable ? chain.m_writableSize : chain.m_readableSize) += descriptor.length;
    if (chain.m_readableSize + chain.m_writableSize > kMaxChainBytes)
        return broken("a request of more than 4 GiB");
    return {};
}

void Queue::push(uint16_t head, uint32_t written)
{
    const UsedElement element{head, written};
    m_used.copyIn(ring::usedEntry(m_state.nextUsed % m_state.size),
                  std::as_bytes(std::span(&element, 1)));
    ++m_state.nextUsed;
}

bool Queue::publish()
{
    const uint16_t old = m_published;
    const bool first = std::exchange(m_firstPublish, false);
    m_published = m_state.nextUsed;
    if (old == m_published)
        return false;
    m_used.storeRelease<uint16_t>(ring::kIndex, m_published);
    // The driver writes its wish, then looks at the index; we write the index, then look at its
    // wish (section 2.7.7.2).
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!m_features.eventIndex)
        return (m_available.loadAcquire<uint16_t>(ring::kFlags) & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
    return first || passed(m_available.loadAcquire<uint16_t>(ring::usedEvent(m_state.size)),
                           m_published, old);
}

bool Queue::enableNotification()
{
    if (m_features.eventIndex)
        m_used.storeRelease<uint16_t>(ring::availEvent(m_state.size), m_state.nextAvailable);
    else
        m_used.storeRelease<uint16_t>(ring::kFlags, 0);
    std::atomic_thread_fence(std::memory_order_seq_cst); // as in publish(), the other way round
    return availableIndex() != m_state.nextAvailable;
}

void Queue::disableNotification()
{
    // With event indices the old one stays behind and says the same (section 2.7.10).
    if (!m_features.eventIndex)
        m_used.storeRelease<uint16_t>(ring::kFlags, VIRTQ_USED_F_NO_NOTIFY);
}

} // namespace vmm::virtio
