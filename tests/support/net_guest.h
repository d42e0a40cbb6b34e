// SPDX-License-Identifier: GPL-3.0-or-later
// The far side of a network backend: a card that keeps what it is given, and a guest behind it that
// speaks Ethernet, ARP, IP, UDP and TCP by hand. Tests drive it from their own thread.
#pragma once

#include <QtTest>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/event_loop.h"
#include "vmm/net/checksum.h"
#include "vmm/net/nat_filter.h"
#include "vmm/net/net_backend.h"
#include "vmm/net/packet.h"

namespace vmm::test {

using Bytes = std::vector<std::byte>;

inline Bytes bytesOf(std::string_view text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

/// `size` bytes that differ from place to place.
inline Bytes pattern(size_t size)
{
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::byte>(i * 31 + i / 251);
    return bytes;
}

/// A card: keeps the frames of deliver(), and reads those of receive().
class FakeCard final : public net::FrameReceiver {
public:
    struct Frame {
        net::FrameHeader header;
        Bytes bytes;
    };

    bool deliver(const net::FrameHeader& header, std::span<const std::byte> frame) override
    {
        std::lock_guard lock(m_mutex);
        if (m_full)
            return false;
        m_frames.push_back({header, {frame.begin(), frame.end()}});
        return true;
    }
    void delivered() override { m_changed.notify_all(); }
    bool readable(unsigned pair) override
    {
        ++m_readable;
        Bytes buffer(70'000);
        const iovec pieces[] = {{buffer.data(), 100}, {buffer.data() + 100, buffer.size() - 100}};
        while (const auto received = m_backend->receive(pair, pieces)) {
            if (!deliver(received->header, std::span(buffer).first(received->bytes)))
                return false;
            delivered();
        }
        return true;
    }
    void writable(unsigned) override
    {
        std::lock_guard lock(m_mutex);
        ++m_writable;
        m_changed.notify_all();
    }

    void setBackend(net::NetBackend* backend) { m_backend = backend; }
    void setFull(bool full)
    {
        std::lock_guard lock(m_mutex);
        m_full = full;
    }
    int writableCalls()
    {
        std::lock_guard lock(m_mutex);
        return m_writable;
    }
    int readableCalls() const { return m_readable; }
    size_t count()
    {
        std::lock_guard lock(m_mutex);
        return m_frames.size();
    }
    /// The next frame; nothing when none comes in `ms`.
    std::optional<Frame> next(int ms = 10'000)
    {
        std::unique_lock lock(m_mutex);
        if (!m_changed.wait_for(lock, std::chrono::milliseconds(ms),
                                [this] { return !m_frames.empty(); }))
            return std::nullopt;
        Frame frame = std::move(m_frames.front());
        m_frames.pop_front();
        return frame;
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Frame> m_frames;
    net::NetBackend* m_backend = nullptr;
    bool m_full = false;
    int m_writable = 0;
    std::atomic<int> m_readable{0};
};

constexpr uint32_t kGuestIp = net::nat::kFirstLease;
constexpr net::nat::Ip6 kGuestIp6 = {0xfd, 0x6e, 0x91, 0xa7, 0x3c, 0x52, 0, 0,
                                     0,    0,    0,    0,    0,    1,    0, 1};

/// A guest on a backend's network. Frames it sends have all checksums, unless it says otherwise.
class NetGuest {
public:
    NetGuest(EventLoop& loop, net::NetBackend& backend, net::Offloads taken = {})
        : m_loop(loop), m_backend(backend)
    {
        card.setBackend(&backend);
        start(taken);
    }
    ~NetGuest()
    {
        m_loop.runAndWait([this] { m_backend.stop(); });
    }

    void start(net::Offloads taken)
    {
        m_loop.runAndWait([&] { QVERIFY(m_backend.start(card, taken, 1).has_value()); });
    }
    void roomAgain()
    {
        card.setFull(false);
        m_loop.runAndWait([&] { m_backend.receiverReady(0); });
    }
    net::SendStatus send(const Bytes& frame, const net::FrameHeader& header = {})
    {
        auto status = net::SendStatus::Sent;
        m_loop.runAndWait([&] {
            auto* data = const_cast<std::byte*>(frame.data());
            const size_t split = frame.size() / 3;
            const iovec pieces[] = {{data, split}, {data + split, frame.size() - split}};
            status = m_backend.send(0, header, pieces);
            m_backend.sent();
        });
        return status;
    }

    Bytes ethernet(uint16_t type, const Bytes& payload) const
    {
        Bytes frame(net::kEthernetHeader);
        constexpr uint8_t kRouter[] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};
        std::memcpy(frame.data(), kRouter, 6);
        std::memcpy(frame.data() + 6, mac.data(), 6);
        storeBe(frame.data() + 12, type);
        frame.insert(frame.end(), payload.begin(), payload.end());
        return frame;
    }
    Bytes arp(uint16_t operation, uint32_t target) const
    {
        Bytes packet(28);
        storeBe<uint64_t>(packet.data(), 0x0001'0800'0604'0000 | operation);
        std::memcpy(packet.data() + 8, mac.data(), 6);
        storeBe(packet.data() + 14, ip);
        storeBe(packet.data() + 24, target);
        return ethernet(net::ethertype::kArp, packet);
    }
    /// `fragment`: the flags and offset field.
    Bytes ip4(uint8_t protocol, uint32_t to, const Bytes& payload, uint16_t fragment = 0) const
    {
        Bytes packet(net::kIp4Header);
        packet[0] = std::byte{0x45};
        storeBe(packet.data() + 2, static_cast<uint16_t>(packet.size() + payload.size()));
        storeBe<uint16_t>(packet.data() + 4, 0x1234);
        storeBe(packet.data() + 6, fragment);
        packet[8] = std::byte{64};
        packet[9] = std::byte{protocol};
        storeBe(packet.data() + 12, ip);
        storeBe(packet.data() + 16, to);
        packet.insert(packet.end(), payload.begin(), payload.end());
        Bytes frame = ethernet(net::ethertype::kIp4, packet);
        net::sealIp4Header(frame, *net::parseIp(frame));
        return frame;
    }
    Bytes ip6(uint8_t protocol, const net::nat::Ip6& to, const Bytes& payload) const
    {
        Bytes packet(net::kIp6Header);
        packet[0] = std::byte{0x60};
        storeBe(packet.data() + 4, static_cast<uint16_t>(payload.size()));
        packet[6] = std::byte{protocol};
        packet[7] = std::byte{255};
        std::memcpy(packet.data() + 8, ip6Address.data(), 16);
        std::memcpy(packet.data() + 24, to.data(), 16);
        packet.insert(packet.end(), payload.begin(), payload.end());
        return ethernet(net::ethertype::kIp6, packet);
    }
    static void seal(Bytes& frame, size_t offset)
    {
        net::sealTransport(frame, *net::parseIp(frame), offset);
    }
    static Bytes udpPayload(uint16_t from, uint16_t to, const Bytes& data)
    {
        Bytes packet(net::kUdpHeader);
        storeBe(packet.data(), from);
        storeBe(packet.data() + 2, to);
        storeBe(packet.data() + 4, static_cast<uint16_t>(packet.size() + data.size()));
        packet.insert(packet.end(), data.begin(), data.end());
        return packet;
    }
    Bytes udp(uint16_t from, uint32_t address, uint16_t to, const Bytes& data) const
    {
        Bytes frame = ip4(net::protocol::kUdp, address, udpPayload(from, to, data));
        seal(frame, 6);
        return frame;
    }
    /// Answers the NAT's questions for our address; true when `frame` was one.
    bool answered(const FakeCard::Frame& frame)
    {
        const auto type = net::frameType(frame.bytes);
        if (type == net::ethertype::kArp && frame.bytes[21] == std::byte{1}) {
            Bytes reply = arp(2, loadBe<uint32_t>(&frame.bytes[28]));
            send(reply);
            return true;
        }
        const auto packet = net::parseIp(frame.bytes);
        if (!packet || packet->protocol != net::protocol::kIcmp6 ||
            frame.bytes[packet->transport] != std::byte{135})
            return false;
        Bytes advertisement(32);
        advertisement[0] = std::byte{136};
        advertisement[4] = std::byte{0x60};
        std::memcpy(advertisement.data() + 8, ip6Address.data(), 16);
        advertisement[24] = std::byte{2};
        advertisement[25] = std::byte{1};
        std::memcpy(advertisement.data() + 26, mac.data(), 6);
        Bytes reply = ip6(net::protocol::kIcmp6, net::nat::kHost6, advertisement);
        seal(reply, 2);
        send(reply);
        return true;
    }
    /// The next frame that is no question for our address.
    std::optional<FakeCard::Frame> next(int ms = 10'000)
    {
        for (;;) {
            auto frame = card.next(ms);
            if (!frame || !answered(*frame))
                return frame;
        }
    }

    FakeCard card;
    net::MacAddress mac = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
    uint32_t ip = kGuestIp;
    net::nat::Ip6 ip6Address = kGuestIp6;

private:
    EventLoop& m_loop;
    net::NetBackend& m_backend;
};

/// One TCP connection of a NetGuest's, over a link that loses nothing.
class NetTcp {
public:
    struct Segment {
        uint32_t sequence = 0;
        uint32_t acknowledged = 0;
        uint8_t flags = 0;
        Bytes data;
        net::FrameHeader header;
    };

    NetTcp(NetGuest& guest, uint16_t port, uint32_t to, uint16_t toPort)
        : m_guest(guest), m_port(port), m_to(to), m_toPort(toPort)
    {}
    NetTcp(NetGuest& guest, uint16_t port, const net::nat::Ip6& to, uint16_t toPort)
        : m_guest(guest), m_v6(true), m_port(port), m_to6(to), m_toPort(toPort)
    {}

    /// True: connected; false: refused, or no answer.
    bool connect()
    {
        send(net::tcp::kSyn, {}, true);
        ++m_sequence;
        const auto answer = next();
        if (!answer || (answer->flags & net::tcp::kRst) != 0)
            return false;
        m_expected = answer->sequence + 1;
        send(net::tcp::kAck, {});
        return true;
    }
    /// Waits for a connection to our port and takes it.
    bool accept()
    {
        const auto syn = next();
        if (!syn || syn->flags != net::tcp::kSyn)
            return false;
        m_expected = syn->sequence + 1;
        send(net::tcp::kSyn | net::tcp::kAck, {}, true);
        ++m_sequence;
        const auto answer = next();
        return answer && (answer->flags & net::tcp::kAck) != 0;
    }
    void write(const Bytes& data, uint8_t flags = net::tcp::kAck | net::tcp::kPsh)
    {
        send(flags, data);
        m_sequence += static_cast<uint32_t>(data.size());
    }
    void finish()
    {
        send(net::tcp::kAck | net::tcp::kFin, {});
        ++m_sequence;
    }
    /// `size` bytes of data, acknowledged as they come; fewer when the peer ends or is silent.
    Bytes read(size_t size)
    {
        Bytes all;
        while (all.size() < size) {
            const auto segment = next();
            if (!segment || (segment->flags & (net::tcp::kFin | net::tcp::kRst)) != 0)
                break;
            if (segment->sequence != m_expected || segment->data.empty())
                continue;
            largest = std::max(largest, segment->data.size());
            if (segment->header.gsoType != 0)
                ++large;
            all.insert(all.end(), segment->data.begin(), segment->data.end());
            m_expected += static_cast<uint32_t>(segment->data.size());
            send(net::tcp::kAck, {});
        }
        return all;
    }
    /// The next segment for this connection, its checksum verified.
    std::optional<Segment> next(int ms = 10'000)
    {
        while (auto frame = m_guest.next(ms)) {
            const auto packet = net::parseIp(frame->bytes);
            const auto header = packet ? net::tcpHeaderLength(frame->bytes, *packet) : std::nullopt;
            if (!header || loadBe<uint16_t>(&frame->bytes[packet->transport + 2]) != m_port)
                continue;
            if (m_toPort == 0)
                learnPeer(*frame, *packet);
            checkSum(*frame, *packet);
            const std::byte* at = &frame->bytes[packet->transport];
            const auto data =
                frame->bytes.begin() + static_cast<ptrdiff_t>(packet->transport + *header);
            return Segment{loadBe<uint32_t>(at + 4), loadBe<uint32_t>(at + 8),
                           static_cast<uint8_t>(at[13]), Bytes(data, frame->bytes.end()),
                           frame->header};
        }
        return std::nullopt;
    }
    void send(uint8_t flags, const Bytes& data, bool withSegmentSize = false)
    {
        Bytes segment(net::kTcpHeader + (withSegmentSize ? 4 : 0));
        storeBe(segment.data(), m_port);
        storeBe(segment.data() + 2, m_toPort);
        storeBe(segment.data() + 4, m_sequence);
        storeBe(segment.data() + 8, (flags & net::tcp::kAck) != 0 ? m_expected : 0);
        segment[12] = static_cast<std::byte>(segment.size() / 4 << 4);
        segment[13] = std::byte{flags};
        storeBe<uint16_t>(segment.data() + 14, 65535);
        if (withSegmentSize)
            storeBe<uint32_t>(segment.data() + 20, 0x0204'0000 | (m_v6 ? 1440U : 1460U));
        segment.insert(segment.end(), data.begin(), data.end());
        Bytes frame = m_v6 ? m_guest.ip6(net::protocol::kTcp, m_to6, segment)
                           : m_guest.ip4(net::protocol::kTcp, m_to, segment);
        const auto packet = net::parseIp(frame);
        QVERIFY(packet.has_value());
        net::FrameHeader header;
        if (!offload) {
            net::sealTransport(frame, *packet, net::tcp::kChecksumOffset);
        } else {
            header.flags = net::FrameHeader::kNeedsChecksum;
            header.checksumStart = static_cast<uint16_t>(packet->transport);
            header.checksumOffset = net::tcp::kChecksumOffset;
            const uint64_t sum = net::pseudoHeaderSum(frame, *packet, segment.size());
            storeLe(&frame[packet->transport + net::tcp::kChecksumOffset], net::foldChecksum(sum));
        }
        m_guest.send(frame, header);
    }

    bool offload = false; ///< leave checksums to the backend
    size_t largest = 0;   ///< data of the largest segment read
    int large = 0;        ///< segments that stand for several

private:
    void learnPeer(const FakeCard::Frame& frame, const net::IpPacket& packet)
    {
        m_toPort = loadBe<uint16_t>(&frame.bytes[packet.transport]);
        m_v6 = packet.v6;
        if (m_v6)
            std::memcpy(m_to6.data(), &frame.bytes[net::kEthernetHeader + 8], 16);
        else
            m_to = loadBe<uint32_t>(&frame.bytes[net::kEthernetHeader + 12]);
    }
    static void checkSum(const FakeCard::Frame& frame, const net::IpPacket& packet)
    {
        const size_t length = packet.end - packet.transport;
        const uint64_t pseudo = net::pseudoHeaderSum(frame.bytes, packet, length);
        if ((frame.header.flags & net::FrameHeader::kNeedsChecksum) != 0) {
            QCOMPARE(loadLe<uint16_t>(&frame.bytes[packet.transport + 16]),
                     net::foldChecksum(pseudo));
            return;
        }
        const auto transport = std::span(frame.bytes).subspan(packet.transport, length);
        QCOMPARE(net::foldChecksum(pseudo + net::checksumPart(transport)), uint16_t{0xffff});
    }

    NetGuest& m_guest;
    bool m_v6 = false;
    uint16_t m_port;
    uint32_t m_to = 0;
    net::nat::Ip6 m_to6{};
    uint16_t m_toPort;
    uint32_t m_sequence = 1000;
    uint32_t m_expected = 0;
};

} // namespace vmm::test
