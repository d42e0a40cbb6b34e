// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/virtio/net_queues.h"

#include <algorithm>
#include <fmt/core.h>

#include "vmm/base/check.h"
#include "vmm/virtio/net_header.h"

namespace vmm::virtio {

namespace {

// With VERSION_1 it always has all fields (section 5.1.6.1).
constexpr size_t kHeaderSize = sizeof(net::FrameHeader);

} // namespace

// --- IoPieces ---

void IoPieces::clear()
{
    m_slices.clear();
    m_pieces.clear();
    m_size = 0;
}

void IoPieces::add(ChainCursor& cursor, uint64_t bytes)
{
    cursor.take(std::min(bytes, cursor.left()), m_slices);
    if (m_slices.size() > kMost)
        m_slices.resize(kMost);
    for (size_t i = m_pieces.size(); i < m_slices.size(); ++i) {
        m_pieces.push_back({m_slices[i].ioPointer(), m_slices[i].size()});
        m_size += m_slices[i].size();
    }
}

void IoPieces::copyOut(std::span<std::byte> to) const
{
    for (const memory::GuestSlice& slice : m_slices) {
        const size_t length = std::min(slice.size(), to.size());
        slice.copyOut(0, to.first(length));
        to = to.subspan(length);
        if (to.empty())
            return;
    }
}

void IoPieces::copyIn(std::span<const std::byte> from) const
{
    for (const memory::GuestSlice& slice : m_slices) {
        const size_t length = std::min(slice.size(), from.size());
        slice.copyIn(0, from.first(length));
        from = from.subspan(length);
        if (from.empty())
            return;
    }
}

void IoPieces::markDirty(size_t bytes) const
{
    for (const memory::GuestSlice& slice : m_slices) {
        slice.part(0, std::min(slice.size(), bytes)).markDirty();
        bytes -= std::min(slice.size(), bytes);
        if (bytes == 0)
            return;
    }
}

// --- NetReceiveQueue ---

void NetReceiveQueue::start(Queue& queue, bool mergeable)
{
    m_queue = &queue;
    m_mergeable = mergeable;
    m_held.resize(queue.size());
    m_first = m_count = 0;
    m_heldBytes = 0;
    queue.disableNotification();
}

void NetReceiveQueue::stop()
{
    if (m_queue != nullptr)
        m_queue->unpop(static_cast<uint16_t>(m_count));
    m_queue = nullptr;
    m_count = 0;
}

Result<NetReceiveQueue::Room> NetReceiveQueue::reserve(size_t bytes)
{
    const uint64_t wanted = bytes + kHeaderSize;
    while (m_mergeable ? m_heldBytes < wanted : m_count == 0) {
        if (m_count == m_held.size())
            return Room::Never;
        if (TRY(hold()))
            continue;
        if (!m_queue->enableNotification())
            return Room::Later;
        m_queue->disableNotification(); // some came in the meantime
    }
    if (!m_mergeable && held(0).writableSize() < wanted)
        return Room::Never;
    return Room::Enough;
}

/// Takes one more buffer. False: the ring is empty.
Result<bool> NetReceiveQueue::hold()
{
    DescriptorChain& chain = held(m_count);
    if (!TRY(m_queue->pop(chain)))
        return false;
    if (chain.writableSize() < kHeaderSize) // section 5.1.6.3.1
        return Error(ErrorCode::Invalid,
                     fmt::format("a receive buffer of {} bytes", chain.writableSize()));
    ++m_count;
    m_heldBytes += chain.writableSize();
    return true;
}

const IoPieces& NetReceiveQueue::place(size_t bytes)
{
    m_place.clear();
    uint64_t skip = kHeaderSize;
    const size_t buffers = m_mergeable ? m_count : std::min<size_t>(m_count, 1);
    for (size_t i = 0; i < buffers && m_place.size() < bytes; ++i) {
        ChainCursor cursor(held(i).writable());
        cursor.skip(skip);
        skip = 0;
        m_place.add(cursor, bytes - m_place.size());
    }
    return m_place;
}

void NetReceiveQueue::finish(net::FrameHeader header, size_t bytes)
{
    uint64_t left = bytes + kHeaderSize;
    ChainCursor start(held(0).writable());
    size_t used = 0;
    for (; left != 0; ++used) {
        CHECK(used < m_count);
        const DescriptorChain& chain = held(used);
        const uint64_t written = std::min(left, chain.writableSize());
        m_queue->push(chain.head(), static_cast<uint32_t>(written));
        m_heldBytes -= chain.writableSize();
        left -= written;
    }
    header.buffers = static_cast<uint16_t>(used); // 1 where they are not merged
    start.write(header);
    m_first = (m_first + used) % m_held.size();
    m_count -= used;
}

// --- NetTransmitQueue ---

void NetTransmitQueue::start(Queue& queue)
{
    m_queue = &queue;
    m_pending = false;
}

void NetTransmitQueue::stop()
{
    if (m_queue != nullptr && m_pending)
        m_queue->unpop(1);
    m_queue = nullptr;
    m_pending = false;
}

Result<NetTransmitQueue::Next> NetTransmitQueue::next(const net::Offloads& granted)
{
    CHECK(!m_pending);
    if (!TRY(m_queue->pop(m_chain)))
        return Next::None;
    m_pending = true;
    return read(granted) ? Next::Frame : Next::Unusable;
}

/// The header, once, and where the frame is.
bool NetTransmitQueue::read(const net::Offloads& granted)
{
    ChainCursor cursor(m_chain.readable());
    if (!cursor.read(m_header) || !checkSent(m_header, cursor.left(), granted))
        return false;
    m_frame.clear();
    const uint64_t bytes = cursor.left();
    m_frame.add(cursor, bytes);
    return m_frame.size() == bytes;
}

void NetTransmitQueue::done()
{
    m_queue->push(m_chain.head(), 0);
    m_pending = false;
}

} // namespace vmm::virtio
