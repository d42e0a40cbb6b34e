// SPDX-License-Identifier: GPL-3.0-or-later
// What is in an Ethernet frame: where its headers lie and how long they claim to be. RFC 791, 8200,
// 9293, 768.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace vmm::net {

constexpr size_t kEthernetHeader = 14;
constexpr size_t kIp4Header = 20; ///< without options
constexpr size_t kIp6Header = 40;
constexpr size_t kTcpHeader = 20;
constexpr size_t kUdpHeader = 8;

namespace ethertype {
constexpr uint16_t kIp4 = 0x0800;
constexpr uint16_t kArp = 0x0806;
constexpr uint16_t kIp6 = 0x86dd;
} // namespace ethertype

namespace protocol {
constexpr uint8_t kIcmp = 1;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kIcmp6 = 58;
} // namespace protocol

namespace tcp {
constexpr uint8_t kFin = 0x01;
constexpr uint8_t kSyn = 0x02;
constexpr uint8_t kRst = 0x04;
constexpr uint8_t kPsh = 0x08;
constexpr uint8_t kAck = 0x10;
constexpr uint8_t kUrg = 0x20;
constexpr size_t kChecksumOffset = 16; ///< in the header
} // namespace tcp

/// The IP packet of a frame; offsets count from the frame's first byte. Everything up to `end` lies
/// inside the frame.
struct IpPacket {
    bool v6 = false;
    bool fragment = false; ///< of IPv4; then there is no transport header to look at
    uint8_t protocol = 0;
    size_t transport = 0; ///< where the header after IP's begins
    size_t end = 0;       ///< as IP's own length says; what follows is padding

    size_t size() const { return end - kEthernetHeader; }
};

/// The frame's type field; 0 when the frame is too short to have one.
uint16_t frameType(std::span<const std::byte> frame);

/// The IPv4 or IPv6 packet in `frame` when its lengths make sense; IPv6 extension headers are not
/// followed.
std::optional<IpPacket> parseIp(std::span<const std::byte> frame);

/// Length of the TCP header with its options, or nothing when it does not lie in the packet.
std::optional<size_t> tcpHeaderLength(std::span<const std::byte> frame, const IpPacket& packet);

/// The not folded sum over the pseudo header for `length` bytes of transport header and data.
uint64_t pseudoHeaderSum(std::span<const std::byte> frame, const IpPacket& packet, size_t length);

/// Fills in the IPv4 header's checksum.
void sealIp4Header(std::span<std::byte> frame, const IpPacket& packet);

/// Fills in the TCP, UDP or ICMPv6 checksum at `offset` in the transport header.
void sealTransport(std::span<std::byte> frame, const IpPacket& packet, size_t offset);

} // namespace vmm::net
