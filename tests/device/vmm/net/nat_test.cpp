// SPDX-License-Identifier: GPL-3.0-or-later
// User-mode NAT, driven as a guest does: frames in, frames out, with servers on the host's
// loopback.
#include <QtTest>

#include "tests/support/loopback.h"
#include "tests/support/net_guest.h"
#include "vmm/net/nat.h"

using namespace vmm;
using namespace vmm::net;
using namespace vmm::test;

namespace {

constexpr Offloads kAll{.checksum = true, .tso4 = true, .tso6 = true};
constexpr size_t kUdpData = kEthernetHeader + kIp4Header + kUdpHeader;
constexpr uint8_t kDiscover = 1;
constexpr uint8_t kRequest = 3;

Bytes dhcpRequest(NetGuest& guest, uint8_t type, uint32_t wanted = 0)
{
    Bytes bootp(240);
    bootp[0] = bootp[1] = std::byte{1};
    bootp[2] = std::byte{6};
    storeBe<uint32_t>(bootp.data() + 4, 0xcafe);
    std::memcpy(bootp.data() + 28, guest.mac.data(), 6);
    storeBe<uint32_t>(bootp.data() + 236, 0x63825363);
    const auto add = [&](std::initializer_list<uint8_t> option) {
        for (const uint8_t byte : option)
            bootp.push_back(std::byte{byte});
    };
    add({53, 1, type});
    if (wanted != 0) {
        add({50, 4, 0, 0, 0, 0});
        storeBe(&bootp[bootp.size() - 4], wanted);
    }
    add({255});
    bootp.resize(576);
    const uint32_t ip = std::exchange(guest.ip, 0);
    Bytes frame = guest.udp(68, 0xffffffff, 67, bootp);
    guest.ip = ip;
    return frame;
}

/// What a DHCP answer says under `option`.
std::optional<Bytes> dhcpOption(const Bytes& frame, uint8_t option)
{
    for (size_t at = kUdpData + 240; at + 1 < frame.size();) {
        const auto kind = static_cast<uint8_t>(frame[at]);
        const auto length = static_cast<size_t>(frame[at + 1]);
        if (kind == 255 || at + 2 + length > frame.size())
            break;
        if (kind == option)
            return Bytes(frame.begin() + static_cast<ptrdiff_t>(at + 2),
                         frame.begin() + static_cast<ptrdiff_t>(at + 2 + length));
        at += 2 + length;
    }
    return std::nullopt;
}

uint32_t offeredAddress(const Bytes& frame)
{
    return loadBe<uint32_t>(&frame[kUdpData + 16]);
}

Bytes address(uint32_t value)
{
    Bytes bytes(4);
    storeBe(bytes.data(), value);
    return bytes;
}

} // namespace

class NatTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { m_loop = std::move(*EventLoop::create("net-test")); }
    void cleanupTestCase() { m_loop.reset(); }
    void init() { make({}); }
    void cleanup() { m_nat.reset(); }

    void answersArpForItselfOnly()
    {
        NetGuest guest(*m_loop, *m_nat);
        guest.send(guest.arp(1, nat::kNetwork + 77));
        guest.send(guest.arp(1, nat::kHost));
        const auto reply = guest.card.next();
        QVERIFY(reply.has_value());
        QCOMPARE(frameType(reply->bytes), ethertype::kArp);
        QCOMPARE(loadBe<uint32_t>(&reply->bytes[28]), nat::kHost);
        QCOMPARE(guest.card.count(), size_t{0});
    }

    void answersPings()
    {
        NetGuest guest(*m_loop, *m_nat);
        guest.send(guest.arp(1, nat::kHost));
        QVERIFY(guest.card.next());
        Bytes echo = pattern(64);
        storeBe<uint32_t>(echo.data(), 0x0800'0000);
        storeLe(&echo[2], static_cast<uint16_t>(~foldChecksum(checksumPart(echo))));
        guest.send(guest.ip4(protocol::kIcmp, nat::kHost, echo));
        const auto reply = guest.next();
        QVERIFY(reply.has_value());
        const auto packet = parseIp(reply->bytes);
        QVERIFY(packet && packet->protocol == protocol::kIcmp);
        QCOMPARE(reply->bytes[packet->transport], std::byte{0});
        QVERIFY(std::equal(echo.begin() + 4, echo.end(),
                           reply->bytes.begin() + static_cast<ptrdiff_t>(packet->transport + 4)));
    }

    void leasesAddresses()
    {
        make({.stack = {.hostname = "vitrine-guest", .dnsSearch = {"example.org"}}});
        NetGuest guest(*m_loop, *m_nat);
        guest.send(dhcpRequest(guest, kDiscover));
        const auto offer = guest.card.next();
        QVERIFY(offer.has_value());
        QCOMPARE(offeredAddress(offer->bytes), nat::kFirstLease);
        QCOMPARE(dhcpOption(offer->bytes, 53), Bytes{std::byte{2}});
        guest.send(dhcpRequest(guest, kRequest, nat::kFirstLease));
        const auto answer = guest.card.next();
        QVERIFY(answer.has_value());
        QCOMPARE(dhcpOption(answer->bytes, 53), Bytes{std::byte{5}});
        QCOMPARE(dhcpOption(answer->bytes, 1), address(nat::kMask));
        QCOMPARE(dhcpOption(answer->bytes, 3), address(nat::kHost));
        QCOMPARE(dhcpOption(answer->bytes, 6), address(nat::kDns));
        QCOMPARE(dhcpOption(answer->bytes, 12), bytesOf("vitrine-guest"));
    }

    void carriesTcp_data()
    {
        QTest::addColumn<bool>("v6");
        QTest::addColumn<bool>("offloads");
        QTest::newRow("IPv4") << false << false;
        QTest::newRow("IPv4, offloads") << false << true;
        QTest::newRow("IPv6") << true << false;
        QTest::newRow("IPv6, offloads") << true << true;
    }
    void carriesTcp()
    {
        QFETCH(bool, v6);
        QFETCH(bool, offloads);
        constexpr size_t kSize = 300'000;
        const TcpServer server(TcpServer::echo, v6);
        NetGuest guest(*m_loop, *m_nat, offloads ? kAll : Offloads{});
        NetTcp tcp = v6 ? NetTcp(guest, 40'000, nat::kHost6, server.port())
                        : NetTcp(guest, 40'000, nat::kHost, server.port());
        tcp.offload = offloads;
        QVERIFY(tcp.connect());
        const Bytes data = pattern(kSize);
        // As much at a time as the window has room for; with offloads in segments of 30 KB.
        for (size_t at = 0; at < kSize;) {
            const size_t size = std::min<size_t>(offloads ? 30'000 : 1400, kSize - at);
            const auto first = data.begin() + static_cast<ptrdiff_t>(at);
            tcp.write(Bytes(first, first + static_cast<ptrdiff_t>(size)));
            const Bytes back = tcp.read(size);
            QVERIFY(std::equal(back.begin(), back.end(), first) && back.size() == size);
            at += size;
        }
        tcp.finish();
        QCOMPARE(tcp.large > 0, offloads);
        QVERIFY(offloads ? tcp.largest > 4000 : tcp.largest <= 1460);
    }

    /// A driver may stop taking large segments in the middle of a connection.
    void cutsSegmentsNobodyTakesAnyMore()
    {
        const TcpServer server([](int fd) {
            readAll(fd, 1);
            writeAll(fd, pattern(100'000));
            readAll(fd, 1);
        });
        NetGuest guest(*m_loop, *m_nat, kAll);
        NetTcp tcp(guest, 40'001, nat::kHost, server.port());
        QVERIFY(tcp.connect());
        guest.start({});
        tcp.write(bytesOf("x"));
        QCOMPARE(tcp.read(100'000), pattern(100'000));
        tcp.finish();
        QCOMPARE(tcp.large, 0);
        QVERIFY(tcp.largest <= 1460);
    }

    void saysWhenNobodyListens()
    {
        NetGuest guest(*m_loop, *m_nat);
        const UniqueFd unused = boundSocket(SOCK_STREAM); // bound, so that nobody else takes it
        NetTcp tcp(guest, 40'002, nat::kHost, portOf(unused.get()));
        QVERIFY(!tcp.connect());
    }

    void closedLoopbackIsClosed()
    {
        make({.stack = {.hostLoopback = false}});
        NetGuest guest(*m_loop, *m_nat);
        const TcpServer server(TcpServer::echo);
        const TcpServer server6(TcpServer::echo, true);
        const uint32_t loopback = 0x7f000001;
        const nat::Ip6 loopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
        const nat::Ip6 mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
        const nat::Ip6 neighbour = {0xfd, 0x6e, 0x91, 0xa7, 0x3c, 0x52, 0, 0,
                                    0,    0,    0,    0,    0,    0,    0, 9};
        uint16_t port = 41'000;
        for (const uint32_t to : {nat::kHost, loopback, uint32_t{0}, nat::kNetwork + 9}) {
            NetTcp tcp(guest, port++, to, server.port());
            tcp.send(tcp::kSyn, {}, true);
        }
        for (const nat::Ip6& to : {nat::kHost6, loopback6, mapped, nat::Ip6{}, neighbour}) {
            NetTcp tcp(guest, port++, to, server6.port());
            tcp.send(tcp::kSyn, {}, true);
        }
        QTest::qWait(50);
        QCOMPARE(server.connections(), 0);
        QCOMPARE(server6.connections(), 0);
    }

    void restrictedGuestsReachNobody()
    {
        make({.stack = {.restricted = true}});
        NetGuest guest(*m_loop, *m_nat);
        const TcpServer server(TcpServer::echo);
        NetTcp tcp(guest, 40'003, nat::kHost, server.port());
        QVERIFY(!tcp.connect());
        const UniqueFd udp = boundSocket(SOCK_DGRAM);
        guest.send(guest.udp(5000, nat::kHost, portOf(udp.get()), bytesOf("hello")));
        guest.send(dhcpRequest(guest, kDiscover));
        QVERIFY(guest.next()); // still leased an address
        std::byte buffer[16];
        QCOMPARE(::recv(udp.get(), buffer, sizeof buffer, MSG_DONTWAIT), ssize_t{-1});
        QCOMPARE(server.connections(), 0);
    }

    void carriesUdpInFragments()
    {
        NetGuest guest(*m_loop, *m_nat);
        guest.send(guest.arp(1, nat::kHost));
        QVERIFY(guest.card.next());
        const UniqueFd udp = boundSocket(SOCK_DGRAM);
        const Bytes data = pattern(4000);
        const Bytes whole = guest.udp(5001, nat::kHost, portOf(udp.get()), data);
        const auto part = [&](size_t from, size_t to, bool last) {
            const Bytes payload(whole.begin() + static_cast<ptrdiff_t>(34 + from),
                                whole.begin() + static_cast<ptrdiff_t>(34 + to));
            guest.send(guest.ip4(protocol::kUdp, nat::kHost, payload,
                                 static_cast<uint16_t>(from / 8 | (last ? 0 : 0x2000))));
        };
        part(2960, 4008, true); // in no order
        part(0, 1480, false);
        part(1480, 2960, false);
        Bytes buffer(5000);
        sockaddr_storage from{};
        socklen_t length = sizeof from;
        const ssize_t got = ::recvfrom(udp.get(), buffer.data(), buffer.size(), 0,
                                       reinterpret_cast<sockaddr*>(&from), &length);
        QCOMPARE(got, ssize_t{4000});
        buffer.resize(4000);
        QCOMPARE(buffer, data);

        ::sendto(udp.get(), data.data(), data.size(), 0, reinterpret_cast<sockaddr*>(&from),
                 length);
        Reassembly together;
        std::optional<std::span<std::byte>> back;
        for (int i = 0; i < 3; ++i) {
            const auto fragment = guest.next();
            QVERIFY(fragment && fragment->bytes.size() <= 1514);
            const auto packet = parseIp(fragment->bytes);
            QVERIFY(packet && packet->fragment);
            back = together.add(fragment->bytes, *packet);
        }
        QVERIFY(back.has_value());
        QVERIFY(std::equal(data.begin(), data.end(), back->begin() + kUdpData, back->end()));
    }

    void advertisesIp6()
    {
        NetGuest guest(*m_loop, *m_nat);
        guest.ip6Address = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};
        const nat::Ip6 routers = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
        Bytes solicitation(8);
        solicitation[0] = std::byte{133};
        Bytes frame = guest.ip6(protocol::kIcmp6, routers, solicitation);
        NetGuest::seal(frame, 2);
        guest.send(frame);
        const auto advertisement = guest.next();
        QVERIFY(advertisement.has_value());
        const Bytes& bytes = advertisement->bytes;
        QCOMPARE(bytes[54], std::byte{134});
        QVERIFY(loadBe<uint16_t>(&bytes[60]) > 0); // a default router for a while
        bool prefix = false;
        for (size_t at = 70; at + 8 <= bytes.size() && bytes[at + 1] != std::byte{0};
             at += size_t{8} * static_cast<size_t>(bytes[at + 1])) {
            if (bytes[at] == std::byte{3} && at + 32 <= bytes.size())
                prefix = bytes[at + 2] == std::byte{64} &&
                         std::memcmp(&bytes[at + 16], nat::kPrefix6.data(), 16) == 0;
        }
        QVERIFY(prefix);

        guest.ip6Address = kGuestIp6;
        Bytes question(24);
        question[0] = std::byte{135};
        std::memcpy(question.data() + 8, nat::kDns6.data(), 16);
        frame = guest.ip6(protocol::kIcmp6, nat::kDns6, question);
        NetGuest::seal(frame, 2);
        guest.send(frame);
        const auto answer = guest.next();
        QVERIFY(answer.has_value());
        QCOMPARE(answer->bytes[54], std::byte{136});
    }

    void waitsForRoomInTheCard()
    {
        NetGuest guest(*m_loop, *m_nat);
        guest.card.setFull(true);
        for (uint32_t i = 0; i < 3; ++i)
            guest.send(guest.arp(1, nat::kHost));
        QCOMPARE(guest.card.count(), size_t{0});
        guest.roomAgain();
        QCOMPARE(guest.card.count(), size_t{3});
        guest.card.setFull(true);
        Bytes echo(1400);
        echo[0] = std::byte{8};
        storeLe(&echo[2], static_cast<uint16_t>(~foldChecksum(checksumPart(echo))));
        const Bytes ping = guest.ip4(protocol::kIcmp, nat::kHost, echo);
        for (uint32_t i = 0; i < 2000; ++i)
            guest.send(ping); // 2.8 MB of answers; the queue is bounded
        guest.roomAgain();
        QVERIFY(guest.card.count() > 500 && guest.card.count() < 1000);
    }

    void leasesOutliveASave()
    {
        NatState saved;
        {
            NetGuest guest(*m_loop, *m_nat);
            guest.send(dhcpRequest(guest, kDiscover));
            QVERIFY(guest.card.next());
            guest.mac[5] = 0x77;
            guest.send(dhcpRequest(guest, kDiscover));
            const auto offer = guest.card.next();
            QVERIFY(offer && offeredAddress(offer->bytes) == nat::kFirstLease + 1);
            saved = m_nat->save();
        }
        make({});
        QVERIFY(m_nat->load(saved).has_value());
        NetGuest guest(*m_loop, *m_nat);
        guest.mac[5] = 0x77;
        guest.send(dhcpRequest(guest, kDiscover));
        const auto offer = guest.card.next();
        QVERIFY(offer && offeredAddress(offer->bytes) == nat::kFirstLease + 1);

        // A connection of the guest's from before is reset, so that it need not wait.
        NetTcp tcp(guest, 40'004, nat::kHost, 80);
        tcp.send(tcp::kAck | tcp::kPsh, bytesOf("are you there"));
        const auto reset = tcp.next();
        QVERIFY(reset && (reset->flags & tcp::kRst) != 0);
    }

    void damagedLeasesAreRefused()
    {
        const NatState good = m_nat->save();
        NatState bad = good;
        bad.leases.pop_back();
        QVERIFY(!m_nat->load(bad).has_value());
        bad = good;
        bad.leases[0] = std::byte{42}; // "a connection follows"
        QVERIFY(!m_nat->load(bad).has_value());
        bad = good;
        ++bad.leaseVersion;
        QVERIFY(!m_nat->load(bad).has_value());
        bad = good;
        bad.leases.clear();
        QVERIFY(!m_nat->load(bad).has_value());
        QVERIFY(m_nat->load(good).has_value());
    }

    void survivesNonsense()
    {
        NetGuest guest(*m_loop, *m_nat, kAll);
        const Bytes frames[] = {
            {},
            Bytes(14),
            Bytes(70'000),
            guest.ethernet(ethertype::kArp, {}),
            guest.ethernet(ethertype::kIp4, Bytes(19)),
            guest.ethernet(0x88f8, Bytes(100)), // NCSI, which libslirp would answer
            guest.ip4(protocol::kTcp, nat::kHost, Bytes(19)),
            guest.ip4(protocol::kUdp, nat::kHost, Bytes(8)), // a length of 0
            guest.ip4(protocol::kUdp, nat::kHost, Bytes(8), 0x1fff),
            guest.ip4(protocol::kUdp, nat::kHost, Bytes(60'000), 0x1ff0),
            guest.ip6(protocol::kIcmp6, nat::kHost6, Bytes(3)),
            guest.ip6(0, nat::kHost6, Bytes(64)),
        };
        for (const Bytes& frame : frames) {
            guest.send(frame);
            guest.send(frame, {.flags = 1, .checksumStart = 65'535, .checksumOffset = 65'535});
        }
        guest.send(guest.arp(1, nat::kHost));
        QVERIFY(guest.next());
    }

    void twoStacksInOneProcess()
    {
        NetGuest guest(*m_loop, *m_nat);
        const auto otherLoop = std::move(*EventLoop::create("net-test-2"));
        const auto other = std::move(*Nat::create(*otherLoop, {}));
        NetGuest otherGuest(*otherLoop, *other);
        guest.send(guest.arp(1, nat::kHost));
        otherGuest.send(otherGuest.arp(1, nat::kDns));
        const auto first = guest.card.next();
        const auto second = otherGuest.card.next();
        QVERIFY(first && loadBe<uint32_t>(&first->bytes[28]) == nat::kHost);
        QVERIFY(second && loadBe<uint32_t>(&second->bytes[28]) == nat::kDns);
    }

private:
    void make(const NatSettings& settings)
    {
        m_nat.reset();
        auto nat = Nat::create(*m_loop, settings);
        QVERIFY(nat.has_value());
        m_nat = std::move(*nat);
    }

    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<Nat> m_nat;
};

QTEST_GUILESS_MAIN(NatTest)
#include "nat_test.moc"
