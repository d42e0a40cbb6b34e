// SPDX-License-Identifier: GPL-3.0-or-later
// The network user-mode NAT makes up for a guest, and which of the guest's packets its stack may
// see: those a well-behaved neighbour on that network could send. The rest is dropped before code
// that parses for a living looks at it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "vmm/net/packet.h"

namespace vmm::net {

/// Addresses of the NAT's network, IPv4 in host order.
namespace nat {
using Ip6 = std::array<uint8_t, 16>;

constexpr uint32_t kNetwork = 0x0a000200; ///< 10.0.2.0
constexpr uint32_t kMask = 0xffffff00;
constexpr uint32_t kHost = kNetwork + 2; ///< router and host; 10.0.2.2
constexpr uint32_t kDns = kNetwork + 3;
constexpr uint32_t kFirstLease = kNetwork + 15;
/// A prefix for this network alone (RFC 4193): no network of the host's can have it.
constexpr Ip6 kPrefix6 = {0xfd, 0x6e, 0x91, 0xa7, 0x3c, 0x52};
constexpr unsigned kPrefix6Bits = 64;
constexpr Ip6 kHost6 = {0xfd, 0x6e, 0x91, 0xa7, 0x3c, 0x52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
constexpr Ip6 kDns6 = {0xfd, 0x6e, 0x91, 0xa7, 0x3c, 0x52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3};
} // namespace nat

/// Whether the stack may see this ARP frame.
bool natTakesArp(std::span<const std::byte> frame);

/// Whether the stack may see this packet, which is no fragment: lengths and addresses as they must
/// be. Addresses that mean the host's own loopback are never let through as such, so that the
/// setting that closes it cannot be gone around.
bool natTakes(std::span<const std::byte> frame, const IpPacket& packet);

/// Whether taking this packet would have the host open a connection (TCP), or perhaps a socket.
bool natOpensConnection(std::span<const std::byte> frame, const IpPacket& packet);
bool natMayOpenSocket(std::span<const std::byte> frame, const IpPacket& packet);

} // namespace vmm::net
