// SPDX-License-Identifier: GPL-3.0-or-later
// The device's side of a split virtqueue. Virtio 1.2 section 2.7.
//
//   pop() ─► the driver's request as checked guest memory ─► work ─► push() ─► publish() ─►
//   interrupt?
//
// Nothing the rings hold is trusted: what does not fit is an Error, after which the queue's device
// asks to be reset.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/memory/address.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::virtio {

struct Descriptor;

/// One request: memory the device may read, then memory it may write, both in the driver's order
/// (section 2.7.4.2). Empty buffers are left out. Made for being used again and again.
class DescriptorChain {
public:
    uint16_t head() const { return m_head; }
    std::span<const memory::GuestSlice> readable() const { return m_readable; }
    std::span<const memory::GuestSlice> writable() const { return m_writable; }
    /// In bytes. At most 4 GiB together: Queue::pop() refuses more.
    uint64_t readableSize() const { return m_readableSize; }
    uint64_t writableSize() const { return m_writableSize; }

private:
    friend class Queue;
    uint16_t m_head = 0;
    std::vector<memory::GuestSlice> m_readable;
    std::vector<memory::GuestSlice> m_writable;
    uint64_t m_readableSize = 0;
    uint64_t m_writableSize = 0;
};

/// Takes bytes from the front of a chain's readable part, or puts them at the front of its writable
/// part. Holds a view of the chain, which must stay as it is.
class ChainCursor {
public:
    explicit ChainCursor(std::span<const memory::GuestSlice> slices);
    uint64_t left() const { return m_left; }
    /// False, with nothing done, when fewer bytes are left.
    bool copyOut(std::span<std::byte> to);
    bool copyIn(std::span<const std::byte> from);
    bool skip(uint64_t bytes);
    /// Appends the next `bytes` as pieces of guest memory to `to`, for input and output in place.
    bool take(uint64_t bytes, std::vector<memory::GuestSlice>& to);
    template <class T>
    requires std::is_trivially_copyable_v<T>
    bool read(T& value) { return copyOut(std::as_writable_bytes(std::span(&value, 1))); }
    template <class T>
    requires std::is_trivially_copyable_v<T>
    bool write(const T& value) { return copyIn(std::as_bytes(std::span(&value, 1))); }

private:
    template <class Piece>
    bool forPieces(uint64_t bytes, Piece piece);

    std::span<const memory::GuestSlice> m_slices;
    size_t m_offset = 0; ///< in the first of them
    uint64_t m_left = 0;
};

/// Where the driver put a queue, and where both sides are: its state. Addresses are guest-physical.
struct QueueState {
    uint16_t size = 0;
    bool ready = false;
    uint64_t descriptors = 0;
    uint64_t available = 0;
    uint64_t used = 0;
    uint16_t nextAvailable = 0; ///< next entry of the available ring to take
    uint16_t nextUsed = 0;      ///< next entry of the used ring to fill
    template <class A>
    void visit(A& a)
    {
        a.field("size", size).field("ready", ready).field("descriptors", descriptors);
        a.field("available", available).field("used", used);
        a.field("nextAvailable", nextAvailable).field("nextUsed", nextUsed);
    }
};

/// A queue the driver has set up. Thread: one at a time, the device's; made and dropped by the
/// transport while the device does not run. Outlived by the guest's memory.
class Queue {
public:
    /// Virtio features that change how the rings are read (section 6).
    struct Features {
        bool indirect = false;   ///< VIRTIO_F_INDIRECT_DESC
        bool eventIndex = false; ///< VIRTIO_F_EVENT_IDX
    };
    static constexpr uint16_t kMaxSize = 1024;

    /// Invalid when the size is no power of two up to kMaxSize, or a ring is misaligned or not in
    /// RAM.
    static Result<Queue> create(memory::GuestMemory& memory, const QueueState& state,
                                Features features);

    /// Takes the next request into `chain`. False: there is none. An error: the driver broke the
    /// rules; nothing more comes from this queue then.
    Result<bool> pop(DescriptorChain& chain);
    /// As if the last `count` requests had not been popped: they come again. None of them was
    /// pushed.
    void unpop(uint16_t count)
    {
        m_state.nextAvailable = static_cast<uint16_t>(m_state.nextAvailable - count);
    }
    /// Takes a request anew that was popped before, maybe before the machine was saved, and not
    /// pushed since. Errors as pop().
    Result<void> reread(uint16_t head, DescriptorChain& chain);
    /// Gives a request back with how many bytes of its writable part were written. In any order;
    /// the driver sees it at the next publish().
    void push(uint16_t head, uint32_t written);
    /// Shows the driver what was pushed. True: it wants an interrupt for that.
    bool publish();
    /// Asks the driver to notify of new requests. True: some came in the meantime, pop() again.
    bool enableNotification();
    /// Tells the driver not to notify, for as long as the device looks by itself.
    void disableNotification();

    uint16_t size() const { return m_state.size; }
    const QueueState& state() const { return m_state; }

private:
    Queue(memory::GuestMemory& memory, const QueueState& state, Features features)
        : m_memory(&memory), m_state(state), m_features(features)
    {}
    Result<void> mapRings();
    Result<bool> take(DescriptorChain& chain);
    Result<void> readChain(uint16_t head, DescriptorChain& chain);
    Result<void> addBuffer(DescriptorChain& chain, const Descriptor& descriptor);
    Result<void> follow(DescriptorChain& chain, const memory::GuestSlice& table, uint64_t count,
                        uint16_t first);
    Result<void> followIndirect(DescriptorChain& chain, const Descriptor& descriptor);
    uint16_t availableIndex() const;

    memory::GuestMemory* m_memory;
    QueueState m_state;
    Features m_features;
    memory::GuestSlice m_descriptors;
    memory::GuestSlice m_available;
    memory::GuestSlice m_used;
    uint16_t m_published = 0; ///< what the used ring's index says
    bool m_broken = false;
    bool m_firstPublish = true; ///< after a load nobody knows what the driver was told last
};

} // namespace vmm::virtio
