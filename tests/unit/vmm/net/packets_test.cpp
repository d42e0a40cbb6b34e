// SPDX-License-Identifier: GPL-3.0-or-later
// Checksums, cut and joined packets, and which of a guest's packets the NAT takes.
#include <QtTest>

#include <algorithm>
#include <cstring>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/net/checksum.h"
#include "vmm/net/nat_filter.h"
#include "vmm/net/segments.h"

using namespace vmm;
using namespace vmm::net;

namespace {

using Bytes = std::vector<std::byte>;
constexpr uint32_t kGuest = nat::kFirstLease;

Bytes pattern(size_t size)
{
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::byte>(i * 31 + i / 251);
    return bytes;
}

Bytes ip4(uint8_t protocol, const Bytes& payload, uint32_t from = kGuest, uint32_t to = nat::kHost,
          uint16_t fragment = 0)
{
    Bytes frame(kEthernetHeader + kIp4Header);
    storeBe<uint16_t>(&frame[12], ethertype::kIp4);
    frame[14] = std::byte{0x45};
    storeBe(&frame[16], static_cast<uint16_t>(kIp4Header + payload.size()));
    storeBe(&frame[20], fragment);
    frame[23] = std::byte{protocol};
    storeBe(&frame[26], from);
    storeBe(&frame[30], to);
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

Bytes tcpSegment(uint8_t flags, const Bytes& data, const Bytes& options = {})
{
    Bytes segment(kTcpHeader);
    storeBe<uint32_t>(&segment[4], 0xfffffff0);
    segment[12] = static_cast<std::byte>((kTcpHeader + options.size()) / 4 << 4);
    segment[13] = std::byte{flags};
    segment.insert(segment.end(), options.begin(), options.end());
    segment.insert(segment.end(), data.begin(), data.end());
    return segment;
}

bool sealed(const Bytes& frame)
{
    const auto packet = *parseIp(frame);
    const size_t length = packet.end - packet.transport;
    const uint64_t sum = pseudoHeaderSum(frame, packet, length) +
                         checksumPart(std::span(frame).subspan(packet.transport, length));
    return foldChecksum(sum) == 0xffff;
}

bool takes(const Bytes& frame)
{
    const auto packet = parseIp(frame);
    return packet && natTakes(frame, *packet);
}

} // namespace

class PacketsTest : public QObject {
    Q_OBJECT

private slots:
    void checksums()
    {
        // RFC 1071 section 3's example.
        const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
        QCOMPARE(byteSwap(foldChecksum(checksumPart(std::as_bytes(std::span(example))))),
                 uint16_t{0xddf2});
        for (const size_t size : {0U, 1U, 2U, 15U, 16U, 17U, 1499U, 65535U}) {
            const Bytes bytes = pattern(size);
            uint64_t expected = 0;
            for (size_t i = 0; i < size; ++i)
                expected += static_cast<uint64_t>(bytes[i]) << (i % 2 == 0 ? 0 : 8);
            QCOMPARE(foldChecksum(checksumPart(bytes)), foldChecksum(expected));
        }
        const Bytes ones(65535, std::byte{0xff});
        QCOMPARE(foldChecksum(checksumPart(std::span(ones).first(65534))), uint16_t{0xffff});
    }

    void cutsSegments()
    {
        const Bytes data = pattern(3500);
        const Bytes frame =
            ip4(protocol::kTcp, tcpSegment(tcp::kAck | tcp::kPsh | tcp::kFin, data));
        Bytes together;
        int parts = 0;
        cutSegment(frame, *parseIp(frame), 1460, [&](std::span<std::byte> part) {
            const Bytes copy(part.begin(), part.end());
            QVERIFY(sealed(copy));
            QCOMPARE(loadBe<uint32_t>(&copy[38]),
                     static_cast<uint32_t>(0xfffffff0 + together.size())); // wraps
            together.insert(together.end(), copy.begin() + 54, copy.end());
            const bool last = together.size() == data.size();
            QCOMPARE(static_cast<uint8_t>(copy[47]),
                     static_cast<uint8_t>(last ? tcp::kAck | tcp::kPsh | tcp::kFin : tcp::kAck));
            ++parts;
        });
        QCOMPARE(parts, 3);
        QCOMPARE(together, data);
    }

    void cutsAndJoinsFragments()
    {
        const Bytes payload = pattern(9000);
        const Bytes frame = ip4(protocol::kUdp, payload);
        std::vector<Bytes> parts;
        cutFragments(frame, *parseIp(frame), 4000, [&](auto part) {
            // Fragments may be cut once more on their way.
            cutFragments(part, *parseIp(part), 1500, [&](std::span<std::byte> piece) {
                QVERIFY(piece.size() <= 1514);
                parts.emplace_back(piece.begin(), piece.end());
            });
        });
        std::reverse(parts.begin(), parts.end());
        Reassembly reassembly;
        for (size_t i = 0; i < parts.size(); ++i) {
            const auto whole = reassembly.add(parts[i], *parseIp(parts[i]));
            QCOMPARE(whole.has_value(), i + 1 == parts.size());
            if (whole)
                QVERIFY(
                    std::equal(payload.begin(), payload.end(), whole->begin() + 34, whole->end()));
        }
    }

    void refusesOddFragments()
    {
        const auto add = [](Reassembly& reassembly, size_t at, size_t size, bool last) {
            const Bytes frame = ip4(protocol::kUdp, pattern(size), kGuest, nat::kHost,
                                    static_cast<uint16_t>(at / 8 | (last ? 0 : 0x2000)));
            return reassembly.add(frame, *parseIp(frame)).has_value();
        };
        Reassembly reassembly;
        QVERIFY(!add(reassembly, 0, 1000, false)); // an overlap: all of it is forgotten
        QVERIFY(!add(reassembly, 992, 100, true));
        QVERIFY(!add(reassembly, 1000, 92, true));
        QVERIFY(!add(reassembly, 0, 999, false)); // not a multiple of 8
        QVERIFY(!add(reassembly, 65528, 800, true));
        QVERIFY(!add(reassembly, 0, 8, false));
        QVERIFY(!add(reassembly, 16, 8, true));
        QVERIFY(!add(reassembly, 24, 8, true)); // two ends
        Reassembly many;
        for (uint32_t i = 0; i < 100'000; ++i) { // what is never finished gives way
            const Bytes frame = ip4(protocol::kUdp, pattern(8), kGuest, i, 0x2000);
            QVERIFY(!many.add(frame, *parseIp(frame)));
        }
    }

    void changesSegmentSizes()
    {
        // NOP, MSS 1460 at an odd place, end of options, padding.
        const Bytes options = {std::byte{1},    std::byte{2}, std::byte{4}, std::byte{5},
                               std::byte{0xb4}, std::byte{0}, std::byte{0}, std::byte{0}};
        Bytes frame = ip4(protocol::kTcp, tcpSegment(tcp::kSyn, {}, options));
        const auto packet = *parseIp(frame);
        sealTransport(frame, packet, tcp::kChecksumOffset);
        QCOMPARE(segmentSizeOf(frame, packet), std::optional<uint16_t>(1460));
        announceSegmentSize(frame, packet, 16404);
        QCOMPARE(segmentSizeOf(frame, packet), std::optional<uint16_t>(16404));
        QVERIFY(sealed(frame));
        frame[47] = std::byte{tcp::kAck};
        QVERIFY(!segmentSizeOf(frame, packet));
        for (const unsigned length : {0U, 1U, 3U, 255U}) { // options that do not fit
            frame[47] = std::byte{tcp::kSyn};
            frame[56] = static_cast<std::byte>(length);
            QVERIFY(!segmentSizeOf(frame, packet));
        }
    }

    void clearsUrgent()
    {
        Bytes frame = ip4(protocol::kTcp, tcpSegment(tcp::kAck | tcp::kUrg, pattern(10)));
        const auto packet = *parseIp(frame);
        storeBe<uint16_t>(&frame[52], 5);
        sealTransport(frame, packet, tcp::kChecksumOffset);
        clearUrgent(frame, packet);
        QCOMPARE(frame[47], std::byte{tcp::kAck});
        QCOMPARE(loadBe<uint16_t>(&frame[52]), uint16_t{0});
        QVERIFY(sealed(frame));
    }

    void takesWhatANeighbourSends()
    {
        const Bytes syn = tcpSegment(tcp::kSyn, {});
        QVERIFY(takes(ip4(protocol::kTcp, syn)));
        QVERIFY(takes(ip4(protocol::kTcp, syn, kGuest, 0x08080808)));
        for (const uint32_t from : {uint32_t{0}, uint32_t{0x7f000001}, nat::kHost, nat::kDns,
                                    nat::kNetwork, nat::kNetwork + 255, uint32_t{0xc0a80001}})
            QVERIFY(!takes(ip4(protocol::kTcp, syn, from)));
        for (const uint32_t to : {uint32_t{0}, uint32_t{0x7f000001}, uint32_t{0x7fffffff},
                                  nat::kNetwork + 9, uint32_t{0xe0000001}, uint32_t{0xffffffff}})
            QVERIFY(!takes(ip4(protocol::kTcp, syn, kGuest, to)));
        QVERIFY(!takes(ip4(protocol::kTcp, Bytes(19))));
        QVERIFY(!takes(ip4(47, Bytes(100)))); // GRE

        Bytes udp(kUdpHeader);
        storeBe<uint16_t>(&udp[4], kUdpHeader);
        QVERIFY(takes(ip4(protocol::kUdp, udp)));
        storeBe<uint16_t>(&udp[4], 7);
        QVERIFY(!takes(ip4(protocol::kUdp, udp)));
        storeBe<uint16_t>(&udp[4], 9);
        QVERIFY(!takes(ip4(protocol::kUdp, udp)));
        storeBe<uint16_t>(&udp[4], kUdpHeader);
        storeBe<uint16_t>(&udp[2], 69);
        QVERIFY(!takes(ip4(protocol::kUdp, udp)));
        storeBe<uint16_t>(&udp[2], 67);
        QVERIFY(takes(ip4(protocol::kUdp, udp, 0, 0xffffffff)));
    }
};

QTEST_GUILESS_MAIN(PacketsTest)
#include "packets_test.moc"
