// SPDX-License-Identifier: GPL-3.0-or-later
// Packets larger than a network's frames: TCP segments in one piece for cards that take them so,
// cut where they do not, datagrams in fragments, and fragments put together. RFC 9293, 791.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "vmm/net/packet.h"

namespace vmm::net {

using FrameSink = std::function<void(std::span<std::byte> frame)>;

/// The largest segment a SYN's sender takes; nothing where the packet is no SYN or does not say.
std::optional<uint16_t> segmentSizeOf(std::span<const std::byte> frame, const IpPacket& packet);

/// Has it say `size` instead; checksums stay right.
void announceSegmentSize(std::span<std::byte> frame, const IpPacket& packet, uint16_t size);

/// Makes urgent data of a TCP segment ordinary data in its place; checksums stay right.
void clearUrgent(std::span<std::byte> frame, const IpPacket& packet);

/// Cuts a TCP segment into such with at most `mss` bytes of data.
void cutSegment(std::span<const std::byte> frame, const IpPacket& packet, size_t mss,
                const FrameSink& sink);

/// Cuts an IPv4 packet, or a fragment of one, into fragments of at most `mtu` bytes.
void cutFragments(std::span<const std::byte> frame, const IpPacket& packet, size_t mtu,
                  const FrameSink& sink);

/// Puts IPv4 fragments of a guest together. Holds at most kDatagrams at a time, the oldest gives
/// way; overlaps are refused (RFC 5722 gives the reason). One thread.
class Reassembly {
public:
    static constexpr size_t kDatagrams = 16;

    /// Takes a fragment; the frame with the whole packet when this was the last part, valid
    /// until the next call.
    std::optional<std::span<std::byte>> add(std::span<const std::byte> frame,
                                            const IpPacket& packet);

private:
    struct Datagram {
        std::array<std::byte, 11> key{}; ///< addresses, identification, protocol
        bool used = false;
        size_t end = 0; ///< bytes of payload, once the last fragment came
        size_t got = 0;
        std::vector<bool> have; ///< by units of 8 bytes
        std::vector<std::byte> frame;
    };

    Datagram& find(std::span<const std::byte> frame);

    std::array<Datagram, kDatagrams> m_datagrams;
    size_t m_next = 0; ///< the one that gives way
    std::vector<std::byte> m_whole;
};

} // namespace vmm::net
