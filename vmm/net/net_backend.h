// SPDX-License-Identifier: GPL-3.0-or-later
// What a network card asks of whoever carries its frames: user-mode NAT, a tap, passt. Knows no
// card.
//
//   card --send()--> backend          backend --deliver()--> card     (frames the backend holds)
//                                     backend --readable()--> card --receive()--> backend
//                                                                     (frames still in the kernel)
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <sys/uio.h>

#include "vmm/base/event_loop.h"
#include "vmm/base/result.h"

namespace vmm::net {

using MacAddress = std::array<uint8_t, 6>;

/// What is still to be done to a frame: struct virtio_net_hdr_v1 (Virtio 1.2 section 5.1.6), which
/// taps take and give too. Little-endian like the guest.
struct FrameHeader {
    static constexpr uint8_t kNeedsChecksum = 1; ///< in flags: see checksumStart
    static constexpr uint8_t kChecksumValid = 2; ///< in flags: made or checked on the way
    static constexpr uint8_t kTcp4Segments = 1;  ///< gsoType
    static constexpr uint8_t kTcp6Segments = 4;

    uint8_t flags = 0;
    uint8_t gsoType = 0;
    uint16_t headerLength = 0;
    uint16_t gsoSize = 0;
    uint16_t checksumStart = 0;
    uint16_t checksumOffset = 0;
    uint16_t buffers = 0; ///< the card's business
};
static_assert(sizeof(FrameHeader) == 12);

/// What frames may leave undone, one direction. The card offers its driver no more.
struct Offloads {
    bool checksum = false; ///< NEEDS_CSUM; GSO needs it
    bool tso4 = false;
    bool tso6 = false;
    bool udp = false; ///< USO is not offered by kernels as old as Debian 12's; UFO is
};

enum class SendStatus : uint8_t {
    Sent, ///< or dropped: networks do
    Full  ///< try again after FrameReceiver::writable()
};

/// What a machine's cards moved in all, in bytes. Relaxed counters; any thread.
struct TrafficCounts {
    std::atomic<uint64_t> sent{0};     ///< by the guest
    std::atomic<uint64_t> received{0}; ///< by the guest
};

/// The card as the backend sees it. On the backend's loop.
class FrameReceiver {
public:
    virtual ~FrameReceiver() = default;
    /// A frame the backend holds; false: no room, offer it again after NetBackend::receiverReady().
    /// The guest learns of it at the next delivered().
    virtual bool deliver(const FrameHeader& header, std::span<const std::byte> frame) = 0;
    /// After each burst of deliver().
    virtual void delivered() = 0;
    /// receive() on `pair` has something. True: to be told again for as long as it has; false: no
    /// room, not before NetBackend::receiverReady().
    virtual bool readable(unsigned pair) = 0;
    /// send() on `pair` works again.
    virtual void writable(unsigned pair) = 0;
};

/// One network card's way out. Everything on the loop it was made with, but for the constants;
/// never blocks.
class NetBackend {
public:
    virtual ~NetBackend() = default;

    /// Constants. Pairs of queues that can be used at once (1; more with a multi-queue tap).
    virtual unsigned pairs() const { return 1; }
    virtual Offloads canTake() const = 0; ///< from the guest
    virtual Offloads canGive() const = 0; ///< to the guest
    /// The largest frame payload (MTU) it carries; 1500 where nothing else is known.
    virtual uint16_t mtu() const { return 1500; }
    /// False: there is no network, and never will be; the guest sees its cable unplugged.
    virtual bool carrier() const { return true; }
    /// For people: "nat", "tap 5", "passt /path".
    virtual std::string description() const = 0;

    /// Frames flow from here on to `receiver`, until stop(). `taken`: what the guest agreed to be
    /// given. Again while they flow, with the same receiver: only changes what is taken and the
    /// pairs in use. Connections outlive a stop.
    virtual Result<void> start(FrameReceiver& receiver, const Offloads& taken, unsigned pairs) = 0;
    virtual void stop() = 0;

    /// One frame, without its FrameHeader in `pieces`.
    virtual SendStatus send(unsigned pair, const FrameHeader& header,
                            std::span<const iovec> pieces) = 0;
    /// After each burst of send().
    virtual void sent() {}
    /// The next frame into `pieces`; its bytes and header, or nothing there. Only after readable().
    /// A frame that does not fit is cut and reported with its full size, to be dropped.
    struct Received {
        FrameHeader header;
        size_t bytes = 0;
    };
    virtual std::optional<Received> receive(unsigned pair, std::span<const iovec> pieces) = 0;
    /// The card has room again after deliver() or readable() said no.
    virtual void receiverReady(unsigned pair) = 0;
};

} // namespace vmm::net
