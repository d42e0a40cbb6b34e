// SPDX-License-Identifier: GPL-3.0-or-later
// The way of frames through the network card. Virtio 1.2 sections 5.1.6.2 to 5.1.6.4.
#include "vmm/virtio/net.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "vmm/virtio/net_header.h"
#include "vmm/virtio/net_regs.h"

namespace vmm::virtio {

// --- frames for the driver ---

/// Does the driver want this frame, of which `start` is the beginning? What it must not see is
/// taken out of the header.
bool Net::wanted(net::FrameHeader& header, std::span<const std::byte> start, size_t bytes)
{
    if (!checkGiven(header, bytes, taken()))
        return false;
    // Section 5.1.4.1: no larger than the MTU but for those still to be cut.
    if (negotiated(VIRTIO_NET_F_MTU) && header.gsoType == VIRTIO_NET_HDR_GSO_NONE &&
        bytes > m_backend.mtu() + kLinkHeader)
        return false;
    return m_filter.accepts(start, negotiated(VIRTIO_NET_F_CTRL_VLAN));
}

bool Net::deliver(const net::FrameHeader& header, std::span<const std::byte> frame)
{
    if (m_host == nullptr || m_failed || !m_pairs[0].receive.running() || !linkUp())
        return true; // nobody is there: lost
    return give(m_pairs[0], header, frame) == Given::Yes;
}

void Net::delivered()
{
    show(0);
}

/// Copies a frame to the driver, or drops it.
Net::Given Net::give(Pair& pair, const net::FrameHeader& header, std::span<const std::byte> frame)
{
    net::FrameHeader checked = header;
    const auto start = frame.first(std::min(frame.size(), NetFilter::kLookedAt));
    if (!wanted(checked, start, frame.size()))
        return Given::Yes;
    const auto room = pair.receive.reserve(frame.size());
    if (!room) {
        fail(room.error());
        return Given::Yes;
    }
    if (*room == NetReceiveQueue::Room::Later) {
        pair.starved = true;
        return Given::NoRoom;
    }
    if (*room == NetReceiveQueue::Room::Enough) {
        const IoPieces& place = pair.receive.place(frame.size());
        if (place.size() == frame.size()) {
            place.copyIn(frame);
            pair.receive.finish(checked, frame.size());
        }
    }
    return Given::Yes;
}

bool Net::readable(unsigned index)
{
    if (m_host == nullptr || m_failed || index >= m_pairs.size() ||
        !m_pairs[index].receive.running() || !linkUp())
        return drain(index);
    Pair& pair = m_pairs[index];
    if (pair.keptBytes != 0)
        return false; // from before there was room; handleQueue() goes on
    Given given = Given::Yes;
    for (unsigned i = 0; i < kTransmitSize && given == Given::Yes && !m_failed; ++i) {
        if (!receiveOne(index, given))
            break;
    }
    show(index);
    return given == Given::Yes;
}

/// False: there was none.
bool Net::receiveOne(unsigned index, Given& given)
{
    const auto room = m_pairs[index].receive.reserve(largestGiven());
    if (!room) {
        fail(room.error());
        return false;
    }
    return *room == NetReceiveQueue::Room::Enough ? receiveInPlace(index)
                                                  : receiveAside(index, given);
}

/// The kernel writes the frame where the driver finds it.
bool Net::receiveInPlace(unsigned index)
{
    NetReceiveQueue& queue = m_pairs[index].receive;
    const IoPieces& place = queue.place(largestGiven());
    auto got = m_backend.receive(index, place.pieces());
    if (!got)
        return false;
    place.markDirty(std::min(got->bytes, place.size()));
    if (got->bytes > place.size())
        return true; // cut: lost
    std::array<std::byte, NetFilter::kLookedAt> start{};
    const auto looked = std::span(start).first(std::min(got->bytes, start.size()));
    place.copyOut(looked);
    if (wanted(got->header, looked, got->bytes))
        queue.finish(got->header, got->bytes);
    return true;
}

/// Not enough buffers for the largest frame, but perhaps for the next: through our own memory.
bool Net::receiveAside(unsigned index, Given& given)
{
    Pair& pair = m_pairs[index];
    pair.kept.resize(kLargestFrame);
    const iovec piece{pair.kept.data(), pair.kept.size()};
    const auto got = m_backend.receive(index, std::span(&piece, 1));
    if (!got)
        return false;
    if (got->bytes > pair.kept.size())
        return true;
    given = give(pair, got->header, std::span(pair.kept).first(got->bytes));
    if (given == Given::NoRoom) {
        pair.keptHeader = got->header;
        pair.keptBytes = got->bytes;
    }
    return true;
}

/// Frames nobody wants: the network shall not fill up with them.
bool Net::drain(unsigned index)
{
    std::array<std::byte, kSmallestFrame> start{};
    const iovec piece{start.data(), start.size()};
    for (unsigned i = 0; i < kTransmitSize; ++i) {
        if (!m_backend.receive(index, std::span(&piece, 1)))
            break;
    }
    return true;
}

/// The driver says that it put buffers into a ring.
void Net::roomAgain(unsigned index)
{
    Pair& pair = m_pairs[index];
    pair.receive.disableNotification();
    if (!std::exchange(pair.starved, false))
        return;
    if (const size_t bytes = std::exchange(pair.keptBytes, 0); bytes != 0) {
        if (give(pair, pair.keptHeader, std::span(pair.kept).first(bytes)) == Given::NoRoom) {
            pair.keptBytes = bytes;
            return;
        }
    }
    show(index);
    if (!m_failed)
        m_backend.receiverReady(index);
}

void Net::show(unsigned index)
{
    Pair& pair = m_pairs[index];
    if (m_host != nullptr && !m_failed && pair.receive.running() && pair.receive.publish())
        m_host->interruptQueue(2 * index);
}

// --- frames of the driver ---

bool Net::transmit(unsigned index)
{
    NetTransmitQueue& queue = m_pairs[index].transmit;
    if (queue.pending())
        return false; // writable() goes on with it
    queue.disableNotification();
    unsigned sent = 0;
    for (unsigned i = 0; i < queue.size(); ++i) {
        const auto next = queue.next(granted());
        if (!next) {
            fail(next.error());
            return false;
        }
        if (*next == NetTransmitQueue::Next::None)
            break;
        if (*next == NetTransmitQueue::Next::Unusable)
            m_log.warn(fmt::format("{}: a frame with an impossible size or header is dropped",
                                   facts().name));
        else if (!send(index))
            break;
        else
            ++sent;
        queue.done();
    }
    if (queue.publish())
        m_host->interruptQueue(2 * index + 1);
    if (sent != 0)
        m_backend.sent();
    return !queue.pending() && queue.enableNotification();
}

/// False: the network is full.
bool Net::send(unsigned index)
{
    const NetTransmitQueue& queue = m_pairs[index].transmit;
    return !linkUp() ||
           m_backend.send(index, queue.header(), queue.pieces()) == net::SendStatus::Sent;
}

void Net::writable(unsigned index)
{
    if (m_host == nullptr || m_failed || index >= m_pairs.size())
        return;
    NetTransmitQueue& queue = m_pairs[index].transmit;
    if (!queue.running() || !queue.pending() || !send(index))
        return;
    queue.done();
    const bool more = transmit(index);
    m_backend.sent();
    if (more)
        transmitSoon(index);
}

/// When others on the loop had their turn. Before the device stops: what is posted runs in order.
void Net::transmitSoon(unsigned index)
{
    if (std::exchange(m_pairs[index].transmitSoon, true))
        return;
    loop().post([this, index] {
        m_pairs[index].transmitSoon = false;
        if (m_host != nullptr && !m_failed && m_pairs[index].transmit.running() && transmit(index))
            transmitSoon(index);
    });
}

} // namespace vmm::virtio
