// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/packet.h"

#include "vmm/base/bits.h"
#include "vmm/net/checksum.h"

namespace vmm::net {

namespace {

uint8_t byteAt(std::span<const std::byte> frame, size_t offset)
{
    return static_cast<uint8_t>(frame[offset]);
}

std::optional<IpPacket> parseIp4(std::span<const std::byte> frame)
{
    if (frame.size() < kEthernetHeader + kIp4Header || byteAt(frame, kEthernetHeader) >> 4 != 4)
        return std::nullopt;
    const size_t header = size_t{4} * (byteAt(frame, kEthernetHeader) & 0xf);
    const size_t total = loadBe<uint16_t>(&frame[kEthernetHeader + 2]);
    if (header < kIp4Header || total < header || total > frame.size() - kEthernetHeader)
        return std::nullopt;
    IpPacket packet;
    packet.fragment = (loadBe<uint16_t>(&frame[kEthernetHeader + 6]) & 0x3fff) != 0;
    packet.protocol = byteAt(frame, kEthernetHeader + 9);
    packet.transport = kEthernetHeader + header;
    packet.end = kEthernetHeader + total;
    return packet;
}

std::optional<IpPacket> parseIp6(std::span<const std::byte> frame)
{
    if (frame.size() < kEthernetHeader + kIp6Header || byteAt(frame, kEthernetHeader) >> 4 != 6)
        return std::nullopt;
    const size_t payload = loadBe<uint16_t>(&frame[kEthernetHeader + 4]);
    if (payload > frame.size() - kEthernetHeader - kIp6Header)
        return std::nullopt;
    IpPacket packet;
    packet.v6 = true;
    packet.protocol = byteAt(frame, kEthernetHeader + 6);
    packet.transport = kEthernetHeader + kIp6Header;
    packet.end = packet.transport + payload;
    return packet;
}

} // namespace

uint16_t frameType(std::span<const std::byte> frame)
{
    return frame.size() < kEthernetHeader ? uint16_t{0} : loadBe<uint16_t>(&frame[12]);
}

std::optional<IpPacket> parseIp(std::span<const std::byte> frame)
{
    switch (frameType(frame)) {
    case ethertype::kIp4:
        return parseIp4(frame);
    case ethertype::kIp6:
        return parseIp6(frame);
    default:
        return std::nullopt;
    }
}

std::optional<size_t> tcpHeaderLength(std::span<const std::byte> frame, const IpPacket& packet)
{
    const size_t room = packet.end - packet.transport;
    if (packet.protocol != protocol::kTcp || packet.fragment || room < kTcpHeader)
        return std::nullopt;
    const size_t length = size_t{4} * (byteAt(frame, packet.transport + 12) >> 4);
    if (length < kTcpHeader || length > room)
        return std::nullopt;
    return length;
}

uint64_t pseudoHeaderSum(std::span<const std::byte> frame, const IpPacket& packet, size_t length)
{
    const auto addresses =
        packet.v6 ? frame.subspan(kEthernetHeader + 8, 32) : frame.subspan(kEthernetHeader + 12, 8);
    // The words of the pseudo header are big-endian; the sum is kept in the machine's order.
    return checksumPart(addresses) + byteSwap(static_cast<uint16_t>(length)) +
           byteSwap(static_cast<uint16_t>(packet.protocol));
}

void sealIp4Header(std::span<std::byte> frame, const IpPacket& packet)
{
    const auto header = frame.subspan(kEthernetHeader, packet.transport - kEthernetHeader);
    storeLe<uint16_t>(&header[10], 0);
    storeLe<uint16_t>(&header[10], static_cast<uint16_t>(~foldChecksum(checksumPart(header))));
}

void sealTransport(std::span<std::byte> frame, const IpPacket& packet, size_t offset)
{
    const size_t length = packet.end - packet.transport;
    std::byte* const field = &frame[packet.transport + offset];
    storeLe<uint16_t>(field, 0);
    const uint64_t sum = pseudoHeaderSum(frame, packet, length) +
                         checksumPart(frame.subspan(packet.transport, length));
    const auto checksum = static_cast<uint16_t>(~foldChecksum(sum));
    storeLe<uint16_t>(field, checksum == 0 ? uint16_t{0xffff} : checksum); // RFC 768: 0 means none
}

} // namespace vmm::net
