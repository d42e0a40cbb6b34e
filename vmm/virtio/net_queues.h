// SPDX-License-Identifier: GPL-3.0-or-later
// The queues of a network card: buffers of the driver filled with frames, and frames of the driver
// as pieces of guest memory. Virtio 1.2 sections 5.1.6.2 to 5.1.6.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/uio.h>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/net/net_backend.h"
#include "vmm/virtio/queue.h"

namespace vmm::virtio {

/// Guest memory as system calls take it.
class IoPieces {
public:
    static constexpr size_t kMost = 1024; ///< IOV_MAX
    void clear();
    /// The next `bytes` of what `cursor` stands in, as far as they fit into kMost pieces.
    void add(ChainCursor& cursor, uint64_t bytes);
    std::span<const iovec> pieces() const { return m_pieces; }
    size_t size() const { return m_size; } ///< bytes in all of them
    /// Between host memory and the first bytes in them.
    void copyOut(std::span<std::byte> to) const;
    void copyIn(std::span<const std::byte> from) const;
    /// A system call wrote the first `bytes`.
    void markDirty(size_t bytes) const;

private:
    std::vector<memory::GuestSlice> m_slices;
    std::vector<iovec> m_pieces;
    size_t m_size = 0;
};

/// A receive queue. Holds buffers it took from the ring until frames fill them. Thread: the
/// device's.
class NetReceiveQueue {
public:
    enum class Room : uint8_t {
        Enough,
        Later, ///< the driver was asked to notify of more buffers
        Never  ///< its ring holds no more, or each frame gets one buffer and this one is too small
    };

    /// From here on frames go to `queue`, which lives until stop(). `mergeable`: a frame may
    /// take several buffers.
    void start(Queue& queue, bool mergeable);
    /// Buffers that hold nothing are in the ring again.
    void stop();
    bool running() const { return m_queue != nullptr; }

    /// Takes buffers for a frame of `bytes`. An error: the driver broke the rules.
    Result<Room> reserve(size_t bytes);
    /// Where a frame of up to `bytes` goes: as much of that as was reserved.
    const IoPieces& place(size_t bytes);
    /// Hands what was written to place() to the driver: `bytes`, no more than reserved.
    void finish(net::FrameHeader header, size_t bytes);
    /// Shows the driver what was finished. True: it wants an interrupt.
    bool publish() { return m_queue->publish(); }
    /// The driver need not notify of buffers any more.
    void disableNotification() { m_queue->disableNotification(); }

private:
    DescriptorChain& held(size_t index) { return m_held[(m_first + index) % m_held.size()]; }
    Result<bool> hold();

    Queue* m_queue = nullptr;
    bool m_mergeable = false;
    std::vector<DescriptorChain> m_held; ///< a ring of as many as the queue has
    size_t m_first = 0;
    size_t m_count = 0;
    uint64_t m_heldBytes = 0;
    IoPieces m_place;
};

/// A transmit queue. Thread: the device's.
class NetTransmitQueue {
public:
    enum class Next : uint8_t {
        None,
        Frame,
        Unusable ///< cannot be a frame: done() with it
    };

    void start(Queue& queue);
    /// A frame that was not done is in the ring again.
    void stop();
    bool running() const { return m_queue != nullptr; }
    uint16_t size() const { return m_queue->size(); }

    /// Takes the next frame, `granted` being what it may leave undone. An error: the driver broke
    /// the rules.
    Result<Next> next(const net::Offloads& granted);
    const net::FrameHeader& header() const { return m_header; }
    std::span<const iovec> pieces() const { return m_frame.pieces(); }
    /// There is a frame that was not done: its network was full.
    bool pending() const { return m_pending; }
    /// The frame is sent or lost.
    void done();
    bool publish() { return m_queue->publish(); }
    bool enableNotification() { return m_queue->enableNotification(); }
    void disableNotification() { m_queue->disableNotification(); }

private:
    bool read(const net::Offloads& granted);

    Queue* m_queue = nullptr;
    DescriptorChain m_chain;
    bool m_pending = false;
    net::FrameHeader m_header;
    IoPieces m_frame;
};

} // namespace vmm::virtio
