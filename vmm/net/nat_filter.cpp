// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/nat_filter.h"

#include <algorithm>

#include "vmm/base/bits.h"

namespace vmm::net {

namespace {

using Frame = std::span<const std::byte>;

constexpr uint16_t kBootpServer = 67;
constexpr uint16_t kTftp = 69;
constexpr uint16_t kDhcp6Server = 547;
constexpr uint8_t kEcho = 8;
constexpr uint8_t kEcho6 = 128;
constexpr uint8_t kRouterSolicitation = 133;
constexpr uint8_t kNeighbourSolicitation = 135;
constexpr uint8_t kNeighbourAdvertisement = 136;

uint8_t byteAt(Frame frame, size_t offset)
{
    return static_cast<uint8_t>(frame[offset]);
}

nat::Ip6 ip6At(Frame frame, size_t offset)
{
    nat::Ip6 address{};
    std::transform(frame.begin() + static_cast<ptrdiff_t>(offset),
                   frame.begin() + static_cast<ptrdiff_t>(offset + 16), address.begin(),
                   [](std::byte byte) { return static_cast<uint8_t>(byte); });
    return address;
}

bool onNetwork(uint32_t address)
{
    return (address & nat::kMask) == nat::kNetwork;
}

/// An address a guest may have.
bool isGuest(uint32_t address)
{
    return onNetwork(address) && address != nat::kHost && address != nat::kDns &&
           address != nat::kNetwork && address != (nat::kNetwork | ~nat::kMask);
}

bool onNetwork(const nat::Ip6& address)
{
    return std::equal(address.begin(), address.begin() + nat::kPrefix6Bits / 8,
                      nat::kPrefix6.begin());
}

bool isOurs(const nat::Ip6& address)
{
    return address == nat::kHost6 || address == nat::kDns6;
}

bool isLinkLocal(const nat::Ip6& address)
{
    return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

/// fe80::2 and fe80::3, which the stack takes for its own.
bool isOurLinkLocal(const nat::Ip6& address)
{
    constexpr nat::Ip6 kRouter = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    return std::equal(address.begin(), address.end() - 1, kRouter.begin()) &&
           (address[15] == 2 || address[15] == 3);
}

bool isUnspecified(const nat::Ip6& address)
{
    return address == nat::Ip6{};
}

/// ::, ::1 and IPv4 addresses written as IPv6: they reach the host's own sockets.
bool meansThisHost(const nat::Ip6& address)
{
    return std::all_of(address.begin(), address.begin() + 10, [](uint8_t b) { return b == 0; });
}

size_t payloadSize(const IpPacket& packet)
{
    return packet.end - packet.transport;
}

/// Whether a whole UDP header with a sane length lies there.
bool isUdp(Frame frame, const IpPacket& packet)
{
    if (packet.protocol != protocol::kUdp || payloadSize(packet) < kUdpHeader)
        return false;
    const size_t length = loadBe<uint16_t>(&frame[packet.transport + 4]);
    return length >= kUdpHeader && length <= payloadSize(packet);
}

uint16_t destinationPort(Frame frame, const IpPacket& packet)
{
    return loadBe<uint16_t>(&frame[packet.transport + 2]);
}

bool takesTransport4(Frame frame, const IpPacket& packet)
{
    switch (packet.protocol) {
    case protocol::kTcp:
        return tcpHeaderLength(frame, packet).has_value();
    case protocol::kUdp: // TFTP is not served
        return isUdp(frame, packet) && destinationPort(frame, packet) != kTftp;
    case protocol::kIcmp:
        return payloadSize(packet) >= 8 && byteAt(frame, packet.transport) == kEcho;
    default:
        return false;
    }
}

bool takesIp4(Frame frame, const IpPacket& packet)
{
    if (packet.transport != kEthernetHeader + kIp4Header || !takesTransport4(frame, packet))
        return false; // options are of no use here
    const auto source = loadBe<uint32_t>(&frame[kEthernetHeader + 12]);
    const auto destination = loadBe<uint32_t>(&frame[kEthernetHeader + 16]);
    const bool dhcp =
        packet.protocol == protocol::kUdp && destinationPort(frame, packet) == kBootpServer;
    if (dhcp && (destination == 0xffffffff || destination == nat::kHost))
        return isGuest(source) || source == 0;
    if (!isGuest(source))
        return false;
    if (onNetwork(destination))
        return destination == nat::kHost || destination == nat::kDns;
    const uint32_t first = destination >> 24;
    return first != 0 && first != 127 &&
           (first < 224 || (first < 240 && packet.protocol == protocol::kUdp));
}

bool takesIcmp6(Frame frame, const IpPacket& packet, const nat::Ip6& source,
                const nat::Ip6& destination)
{
    const size_t size = payloadSize(packet);
    if (size < 8)
        return false;
    switch (byteAt(frame, packet.transport)) {
    case kEcho6:
        return !isUnspecified(source) && (isOurs(destination) || isOurLinkLocal(destination));
    case kRouterSolicitation:
        return true;
    case kNeighbourSolicitation:
        return size >= 24;
    case kNeighbourAdvertisement:
        return size >= 24 && !isUnspecified(source);
    default:
        return false;
    }
}

bool takesTransport6(Frame frame, const IpPacket& packet)
{
    if (packet.protocol == protocol::kTcp)
        return tcpHeaderLength(frame, packet).has_value();
    return isUdp(frame, packet) && destinationPort(frame, packet) != kTftp;
}

bool takesIp6(Frame frame, const IpPacket& packet)
{
    const nat::Ip6 source = ip6At(frame, kEthernetHeader + 8);
    const nat::Ip6 destination = ip6At(frame, kEthernetHeader + 24);
    const bool guest =
        (onNetwork(source) && !isOurs(source)) || (isLinkLocal(source) && !isOurLinkLocal(source));
    if (packet.protocol == protocol::kIcmp6)
        return (guest || isUnspecified(source)) && takesIcmp6(frame, packet, source, destination);
    if (!guest || !takesTransport6(frame, packet))
        return false;
    if (packet.protocol == protocol::kUdp && destinationPort(frame, packet) == kDhcp6Server)
        return destination[0] == 0xff || isOurs(destination);
    if (onNetwork(destination))
        return isOurs(destination);
    return destination[0] != 0xff && !isLinkLocal(destination) && !meansThisHost(destination);
}

} // namespace

bool natTakesArp(Frame frame)
{
    constexpr size_t kArpSize = 28;
    if (frame.size() < kEthernetHeader + kArpSize)
        return false;
    const Frame arp = frame.subspan(kEthernetHeader, kArpSize);
    constexpr uint64_t kEthernetAndIp4 = 0x0001'0800'06'04; // RFC 826: spaces and address lengths
    const auto sender = loadBe<uint32_t>(&arp[14]);
    return loadBe<uint64_t>(arp.data()) >> 16 == kEthernetAndIp4 &&
           (isGuest(sender) || sender == 0); // 0: is somebody using this address (RFC 5227)?
}

bool natTakes(Frame frame, const IpPacket& packet)
{
    return packet.v6 ? takesIp6(frame, packet) : takesIp4(frame, packet);
}

bool natOpensConnection(Frame frame, const IpPacket& packet)
{
    if (!tcpHeaderLength(frame, packet))
        return false;
    const uint8_t flags = byteAt(frame, packet.transport + 13);
    return (flags & (tcp::kSyn | tcp::kAck)) == tcp::kSyn;
}

bool natMayOpenSocket(Frame frame, const IpPacket& packet)
{
    if (packet.protocol == protocol::kIcmp)
        return loadBe<uint32_t>(&frame[kEthernetHeader + 16]) != nat::kHost;
    return isUdp(frame, packet) && destinationPort(frame, packet) != kBootpServer &&
           destinationPort(frame, packet) != kDhcp6Server;
}

} // namespace vmm::net
