// SPDX-License-Identifier: GPL-3.0-or-later
// Feature bits, configuration and control commands of the network card. Virtio 1.2 section 5.1; the
// names are the specification's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vmm::virtio {

// Section 5.1.3.
inline constexpr uint64_t VIRTIO_NET_F_CSUM = uint64_t{1} << 0;
inline constexpr uint64_t VIRTIO_NET_F_GUEST_CSUM = uint64_t{1} << 1;
inline constexpr uint64_t VIRTIO_NET_F_CTRL_GUEST_OFFLOADS = uint64_t{1} << 2;
inline constexpr uint64_t VIRTIO_NET_F_MTU = uint64_t{1} << 3;
inline constexpr uint64_t VIRTIO_NET_F_MAC = uint64_t{1} << 5;
inline constexpr uint64_t VIRTIO_NET_F_GUEST_TSO4 = uint64_t{1} << 7;
inline constexpr uint64_t VIRTIO_NET_F_GUEST_TSO6 = uint64_t{1} << 8;
inline constexpr uint64_t VIRTIO_NET_F_GUEST_UFO = uint64_t{1} << 10;
inline constexpr uint64_t VIRTIO_NET_F_HOST_TSO4 = uint64_t{1} << 11;
inline constexpr uint64_t VIRTIO_NET_F_HOST_TSO6 = uint64_t{1} << 12;
inline constexpr uint64_t VIRTIO_NET_F_HOST_UFO = uint64_t{1} << 14;
inline constexpr uint64_t VIRTIO_NET_F_MRG_RXBUF = uint64_t{1} << 15;
inline constexpr uint64_t VIRTIO_NET_F_STATUS = uint64_t{1} << 16;
inline constexpr uint64_t VIRTIO_NET_F_CTRL_VQ = uint64_t{1} << 17;
inline constexpr uint64_t VIRTIO_NET_F_CTRL_RX = uint64_t{1} << 18;
inline constexpr uint64_t VIRTIO_NET_F_CTRL_VLAN = uint64_t{1} << 19;
inline constexpr uint64_t VIRTIO_NET_F_CTRL_RX_EXTRA = uint64_t{1} << 20;
inline constexpr uint64_t VIRTIO_NET_F_GUEST_ANNOUNCE = uint64_t{1} << 21;
inline constexpr uint64_t VIRTIO_NET_F_MQ = uint64_t{1} << 22;
inline constexpr uint64_t VIRTIO_NET_F_CTRL_MAC_ADDR = uint64_t{1} << 23;

/// What VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET may name (section 5.1.6.5.6).
inline constexpr uint64_t kGuestOffloads = VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 |
                                           VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_UFO;

/// struct virtio_net_config (section 5.1.4), as far as our features need it.
struct NetConfig {
    std::array<uint8_t, 6> mac{};
    uint16_t status = 0;
    uint16_t maxVirtqueuePairs = 0;
    uint16_t mtu = 0;
};
static_assert(sizeof(NetConfig) == 12 && offsetof(NetConfig, status) == 6 &&
              offsetof(NetConfig, mtu) == 10);

inline constexpr uint16_t VIRTIO_NET_S_LINK_UP = 1;
inline constexpr uint16_t VIRTIO_NET_S_ANNOUNCE = 2;

// struct virtio_net_hdr (section 5.1.6), which is net::FrameHeader.
inline constexpr uint8_t VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
inline constexpr uint8_t VIRTIO_NET_HDR_F_DATA_VALID = 2;
inline constexpr uint8_t VIRTIO_NET_HDR_GSO_NONE = 0;
inline constexpr uint8_t VIRTIO_NET_HDR_GSO_TCPV4 = 1;
inline constexpr uint8_t VIRTIO_NET_HDR_GSO_UDP = 3;
inline constexpr uint8_t VIRTIO_NET_HDR_GSO_TCPV6 = 4;

/// A request on the control queue (section 5.1.6.5): this, its data, and a byte for the answer.
struct NetControl {
    uint8_t commandClass = 0;
    uint8_t command = 0;
};
static_assert(sizeof(NetControl) == 2);

inline constexpr uint8_t VIRTIO_NET_OK = 0;
inline constexpr uint8_t VIRTIO_NET_ERR = 1;

inline constexpr uint8_t VIRTIO_NET_CTRL_RX = 0;
inline constexpr uint8_t VIRTIO_NET_CTRL_RX_PROMISC = 0;
inline constexpr uint8_t VIRTIO_NET_CTRL_RX_ALLMULTI = 1;
inline constexpr uint8_t VIRTIO_NET_CTRL_RX_ALLUNI = 2;
inline constexpr uint8_t VIRTIO_NET_CTRL_RX_NOMULTI = 3;
inline constexpr uint8_t VIRTIO_NET_CTRL_RX_NOUNI = 4;
inline constexpr uint8_t VIRTIO_NET_CTRL_RX_NOBCAST = 5;
inline constexpr uint8_t VIRTIO_NET_CTRL_MAC = 1;
inline constexpr uint8_t VIRTIO_NET_CTRL_MAC_TABLE_SET = 0;
inline constexpr uint8_t VIRTIO_NET_CTRL_MAC_ADDR_SET = 1;
inline constexpr uint8_t VIRTIO_NET_CTRL_VLAN = 2;
inline constexpr uint8_t VIRTIO_NET_CTRL_VLAN_ADD = 0;
inline constexpr uint8_t VIRTIO_NET_CTRL_VLAN_DEL = 1;
inline constexpr uint8_t VIRTIO_NET_CTRL_ANNOUNCE = 3;
inline constexpr uint8_t VIRTIO_NET_CTRL_ANNOUNCE_ACK = 0;
inline constexpr uint8_t VIRTIO_NET_CTRL_MQ = 4;
inline constexpr uint8_t VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET = 0;
inline constexpr uint8_t VIRTIO_NET_CTRL_GUEST_OFFLOADS = 5;
inline constexpr uint8_t VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET = 0;

} // namespace vmm::virtio
