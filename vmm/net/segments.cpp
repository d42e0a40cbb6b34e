// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/segments.h"

#include <algorithm>

#include "vmm/base/bits.h"
#include "vmm/net/checksum.h"

namespace vmm::net {

namespace {

constexpr size_t kMaxPacket = 65535;
constexpr size_t kMaxPayload = kMaxPacket - kIp4Header;
constexpr size_t kFlags = 13; ///< of a TCP header
constexpr size_t kUrgentPointer = 18;
constexpr uint8_t kEndOfOptions = 0;
constexpr uint8_t kNoOperation = 1;
constexpr uint8_t kSegmentSize = 2;
constexpr uint16_t kMoreFragments = 0x2000;
constexpr uint16_t kOffsetMask = 0x1fff;

uint8_t byteAt(std::span<const std::byte> frame, size_t offset)
{
    return static_cast<uint8_t>(frame[offset]);
}

/// Changes one byte of the TCP header and its checksum with it (RFC 1624).
void patchByte(std::span<std::byte> frame, const IpPacket& packet, size_t offset, uint8_t value)
{
    std::byte* const word = &frame[packet.transport + (offset & ~size_t{1})];
    std::byte* const checksum = &frame[packet.transport + tcp::kChecksumOffset];
    const auto before = static_cast<uint16_t>(~loadLe<uint16_t>(word));
    frame[packet.transport + offset] = std::byte{value};
    const uint64_t sum = uint64_t{static_cast<uint16_t>(~loadLe<uint16_t>(checksum))} + before +
                         loadLe<uint16_t>(word);
    storeLe(checksum, static_cast<uint16_t>(~foldChecksum(sum)));
}

/// Where in a SYN's TCP header the MSS option's number is.
std::optional<size_t> findSegmentSize(std::span<const std::byte> frame, const IpPacket& packet)
{
    const auto header = tcpHeaderLength(frame, packet);
    if (!header || (byteAt(frame, packet.transport + kFlags) & tcp::kSyn) == 0)
        return std::nullopt;
    size_t at = kTcpHeader;
    while (at + 4 <= *header) {
        const uint8_t kind = byteAt(frame, packet.transport + at);
        if (kind == kEndOfOptions)
            break;
        if (kind == kNoOperation) {
            ++at;
            continue;
        }
        const uint8_t length = byteAt(frame, packet.transport + at + 1);
        if (kind == kSegmentSize && length == 4)
            return at + 2;
        if (length < 2)
            break;
        at += length;
    }
    return std::nullopt;
}

void setIpLength(std::span<std::byte> frame, const IpPacket& packet)
{
    if (packet.v6)
        return storeBe(&frame[kEthernetHeader + 4],
                       static_cast<uint16_t>(packet.end - packet.transport));
    storeBe(&frame[kEthernetHeader + 2], static_cast<uint16_t>(packet.size()));
}

} // namespace

std::optional<uint16_t> segmentSizeOf(std::span<const std::byte> frame, const IpPacket& packet)
{
    const auto at = findSegmentSize(frame, packet);
    if (!at)
        return std::nullopt;
    return loadBe<uint16_t>(&frame[packet.transport + *at]);
}

void announceSegmentSize(std::span<std::byte> frame, const IpPacket& packet, uint16_t size)
{
    const auto at = findSegmentSize(frame, packet);
    if (!at)
        return;
    patchByte(frame, packet, *at, static_cast<uint8_t>(size >> 8));
    patchByte(frame, packet, *at + 1, static_cast<uint8_t>(size));
}

void clearUrgent(std::span<std::byte> frame, const IpPacket& packet)
{
    if (!tcpHeaderLength(frame, packet))
        return;
    const uint8_t flags = byteAt(frame, packet.transport + kFlags);
    if ((flags & tcp::kUrg) == 0)
        return;
    patchByte(frame, packet, kFlags, static_cast<uint8_t>(flags & ~tcp::kUrg));
    patchByte(frame, packet, kUrgentPointer, 0);
    patchByte(frame, packet, kUrgentPointer + 1, 0);
}

void cutSegment(std::span<const std::byte> frame, const IpPacket& packet, size_t mss,
                const FrameSink& sink)
{
    const auto header = tcpHeaderLength(frame, packet);
    if (!header || mss == 0)
        return;
    const size_t headers = packet.transport + *header;
    const auto data = frame.subspan(headers, packet.end - headers);
    const auto sequence = loadBe<uint32_t>(&frame[packet.transport + 4]);
    const auto identification = loadBe<uint16_t>(&frame[kEthernetHeader + 4]);
    const uint8_t flags = byteAt(frame, packet.transport + kFlags);
    std::vector<std::byte> part;
    for (size_t at = 0, index = 0; at < data.size(); at += mss, ++index) {
        const auto piece = data.subspan(at, std::min(mss, data.size() - at));
        part.assign(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(headers));
        part.insert(part.end(), piece.begin(), piece.end());
        IpPacket partPacket = packet;
        partPacket.end = part.size();
        setIpLength(part, partPacket);
        storeBe(&part[packet.transport + 4], sequence + static_cast<uint32_t>(at));
        if (at + piece.size() < data.size())
            part[packet.transport + kFlags] =
                static_cast<std::byte>(flags & ~(tcp::kFin | tcp::kPsh));
        if (!packet.v6) {
            storeBe(&part[kEthernetHeader + 4], static_cast<uint16_t>(identification + index));
            sealIp4Header(part, partPacket);
        }
        sealTransport(part, partPacket, tcp::kChecksumOffset);
        sink(part);
    }
}

void cutFragments(std::span<const std::byte> frame, const IpPacket& packet, size_t mtu,
                  const FrameSink& sink)
{
    const size_t header = packet.transport - kEthernetHeader;
    if (packet.v6 || mtu < header + 8)
        return;
    const auto field = loadBe<uint16_t>(&frame[kEthernetHeader + 6]); // it may be one already
    const size_t most = (mtu - header) & ~size_t{7};
    const auto payload = frame.subspan(packet.transport, packet.end - packet.transport);
    std::vector<std::byte> part;
    for (size_t at = 0; at < payload.size(); at += most) {
        const auto piece = payload.subspan(at, std::min(most, payload.size() - at));
        part.assign(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(packet.transport));
        part.insert(part.end(), piece.begin(), piece.end());
        IpPacket partPacket = packet;
        partPacket.end = part.size();
        setIpLength(part, partPacket);
        const bool last = at + piece.size() == payload.size();
        const auto more = static_cast<uint16_t>(last ? field & kMoreFragments : kMoreFragments);
        const size_t offset = (field & kOffsetMask) + at / 8;
        storeBe(&part[kEthernetHeader + 6], static_cast<uint16_t>(offset | more));
        sealIp4Header(part, partPacket);
        sink(part);
    }
}

Reassembly::Datagram& Reassembly::find(std::span<const std::byte> frame)
{
    std::array<std::byte, 11> key{};
    const auto ip = frame.subspan(kEthernetHeader);
    std::copy_n(ip.begin() + 12, 8, key.begin());
    std::copy_n(ip.begin() + 4, 2, key.begin() + 8);
    key[10] = ip[9];
    const auto known =
        std::find_if(m_datagrams.begin(), m_datagrams.end(), [&](const Datagram& datagram) {
            return datagram.used && datagram.key == key;
        });
    if (known != m_datagrams.end())
        return *known;
    Datagram& fresh = m_datagrams[m_next];
    m_next = (m_next + 1) % kDatagrams;
    fresh = Datagram{};
    fresh.key = key;
    fresh.used = true;
    fresh.frame.assign(frame.begin(), frame.begin() + kEthernetHeader + kIp4Header);
    return fresh;
}

std::optional<std::span<std::byte>> Reassembly::add(std::span<const std::byte> frame,
                                                    const IpPacket& packet)
{
    const auto field = loadBe<uint16_t>(&frame[kEthernetHeader + 6]);
    const size_t at = size_t{8} * (field & kOffsetMask);
    const bool last = (field & kMoreFragments) == 0;
    const auto piece = frame.subspan(packet.transport, packet.end - packet.transport);
    const size_t end = at + piece.size();
    if (packet.transport != kEthernetHeader + kIp4Header || piece.empty() || end > kMaxPayload ||
        (!last && piece.size() % 8 != 0))
        return std::nullopt;

    Datagram& datagram = find(frame);
    const size_t units = (end + 7) / 8;
    if (datagram.have.size() < units)
        datagram.have.resize(units);
    const auto first = datagram.have.begin() + static_cast<ptrdiff_t>(at / 8);
    const auto behind = datagram.have.begin() + static_cast<ptrdiff_t>(units);
    const bool tooLong = (datagram.end != 0 && (last || end > datagram.end)) ||
                         (last && datagram.have.size() > units);
    if (tooLong || std::find(first, behind, true) != behind) {
        datagram = Datagram{};
        return std::nullopt;
    }
    std::fill(first, behind, true);
    constexpr size_t kHeaders = kEthernetHeader + kIp4Header;
    if (datagram.frame.size() < kHeaders + end)
        datagram.frame.resize(kHeaders + end);
    std::copy(piece.begin(), piece.end(),
              datagram.frame.begin() + static_cast<ptrdiff_t>(kHeaders + at));
    datagram.got += piece.size();
    if (last)
        datagram.end = end;
    if (datagram.end == 0 || datagram.got != datagram.end)
        return std::nullopt;

    m_whole = std::move(datagram.frame);
    datagram = Datagram{};
    IpPacket whole = packet;
    whole.end = m_whole.size();
    setIpLength(m_whole, whole);
    storeBe<uint16_t>(&m_whole[kEthernetHeader + 6], 0);
    sealIp4Header(m_whole, whole);
    return std::span(m_whole);
}

} // namespace vmm::net
