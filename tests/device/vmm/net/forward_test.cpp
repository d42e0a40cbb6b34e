// SPDX-License-Identifier: GPL-3.0-or-later
// Port forwards of the NAT: added, used and removed while a guest runs.
#include <QtTest>

#include "tests/support/loopback.h"
#include "tests/support/net_guest.h"
#include "vmm/net/nat.h"

using namespace vmm;
using namespace vmm::net;
using namespace vmm::test;

class ForwardTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { m_loop = std::move(*EventLoop::create("net-test")); }
    void cleanupTestCase() { m_loop.reset(); }
    void init() { m_nat = std::move(*Nat::create(*m_loop, {})); }
    void cleanup() { m_nat.reset(); }

    void carriesConnectionsToTheGuest_data()
    {
        QTest::addColumn<QString>("wish");
        QTest::addColumn<bool>("v6");
        QTest::newRow("IPv4") << "tcp:127.0.0.1:0-:80" << false;
        QTest::newRow("IPv6") << "tcp:[::1]:0-[fd6e:91a7:3c52::1:1]:80" << true;
        QTest::newRow("IPv6, to the guest we saw") << "tcp:[::1]:0-:80" << true;
    }
    void carriesConnectionsToTheGuest()
    {
        QFETCH(QString, wish);
        QFETCH(bool, v6);
        NetGuest guest(*m_loop, *m_nat);
        Bytes question(24); // lets the NAT see our address, as any guest does that comes up
        question[0] = std::byte{135};
        std::memcpy(question.data() + 8, nat::kHost6.data(), 16);
        Bytes frame = guest.ip6(protocol::kIcmp6, nat::kHost6, question);
        NetGuest::seal(frame, 2);
        guest.send(frame);
        QVERIFY(guest.next());

        const auto forward = m_nat->addForward(*Forward::parse(wish.toStdString()));
        QVERIFY(forward.has_value());
        QVERIFY(forward->hostPort != 0);
        const UniqueFd client = connectedSocket(SOCK_STREAM, forward->hostPort, v6);
        QVERIFY(client.valid());
        NetTcp tcp(guest, 80, 0, 0);
        QVERIFY(tcp.accept());
        QVERIFY(writeAll(client.get(), bytesOf("GET / HTTP/1.0")));
        QCOMPARE(tcp.read(14), bytesOf("GET / HTTP/1.0"));
        tcp.write(bytesOf("HTTP/1.0 200 OK"));
        QCOMPARE(readAll(client.get(), 15), bytesOf("HTTP/1.0 200 OK"));
    }

    void carriesDatagramsToTheGuest()
    {
        NetGuest guest(*m_loop, *m_nat);
        const auto forward = m_nat->addForward(*Forward::parse("udp:0-:53"));
        QVERIFY(forward.has_value());
        const UniqueFd client = connectedSocket(SOCK_DGRAM, forward->hostPort);
        QVERIFY(writeAll(client.get(), bytesOf("who is it")));
        const auto datagram = guest.next();
        QVERIFY(datagram.has_value());
        const auto packet = parseIp(datagram->bytes);
        QVERIFY(packet && packet->protocol == protocol::kUdp);
        const std::byte* udp = &datagram->bytes[packet->transport];
        QCOMPARE(loadBe<uint16_t>(udp + 2), uint16_t{53});
        const auto from = loadBe<uint32_t>(&datagram->bytes[kEthernetHeader + 12]);
        guest.send(guest.udp(53, from, loadBe<uint16_t>(udp), bytesOf("it is me")));
        QCOMPARE(readAll(client.get(), 8).size(), size_t{8});
    }

    void manyClientsAtOnce()
    {
        NetGuest guest(*m_loop, *m_nat);
        const auto forward = m_nat->addForward(*Forward::parse("0:80"));
        std::vector<UniqueFd> clients;
        for (int i = 0; i < 20; ++i)
            clients.push_back(connectedSocket(SOCK_STREAM, forward->hostPort));
        int syns = 0;
        while (syns < 20) {
            const auto frame = guest.next();
            QVERIFY(frame.has_value());
            const auto packet = parseIp(frame->bytes);
            if (packet && packet->protocol == protocol::kTcp)
                ++syns;
        }
    }

    void areListedAndRemoved()
    {
        const auto first = *m_nat->addForward(*Forward::parse("0:22"));
        const auto second = *m_nat->addForward(*Forward::parse("udp:0:22"));
        QCOMPARE(m_nat->forwards(), (std::vector<Forward>{first, second}));
        QVERIFY(m_nat->removeForward(first).has_value());
        QVERIFY(!connectedSocket(SOCK_STREAM, first.hostPort).valid());
        QCOMPARE(m_nat->forwards(), std::vector<Forward>{second});
        const auto again = m_nat->removeForward(first);
        QVERIFY(!again.has_value());
        QVERIFY(again.error().code() == ErrorCode::NotFound);
        QCOMPARE(m_nat->addForward(first).value(), first); // the port is free again
    }

    void collisionsAreSentences()
    {
        const UniqueFd taken = boundSocket(SOCK_STREAM);
        ::listen(taken.get(), 1);
        Forward forward;
        forward.hostPort = portOf(taken.get());
        forward.guestPort = 22;
        const auto added = m_nat->addForward(forward);
        QVERIFY(!added.has_value());
        QCOMPARE(QString::fromStdString(added.error().sentence()),
                 QString("port %1 on 127.0.0.1 is in use").arg(forward.hostPort));
        QVERIFY(added.error().code() == ErrorCode::Busy);
        QVERIFY(m_nat->forwards().empty());

        const auto own = *m_nat->addForward(*Forward::parse("udp:0:22"));
        QVERIFY(!m_nat->addForward(own).has_value());
        forward.hostAddress = "192.0.2.1";
        QVERIFY(!m_nat->addForward(forward).has_value());
        QCOMPARE(m_nat->forwards().size(), size_t{1});
        // The machine's description asks for a port that is taken: it does not start.
        NatSettings settings;
        settings.forwards = {own};
        QVERIFY(!Nat::create(*m_loop, settings).has_value());
    }

    void comeAndGoWhileConnectionsLast()
    {
        NetGuest guest(*m_loop, *m_nat);
        const auto forward = *m_nat->addForward(*Forward::parse("0:80"));
        const UniqueFd client = connectedSocket(SOCK_STREAM, forward.hostPort);
        NetTcp tcp(guest, 80, 0, 0);
        QVERIFY(tcp.accept());
        QVERIFY(m_nat->removeForward(forward).has_value());
        for (int i = 0; i < 50; ++i) {
            const auto other = m_nat->addForward(*Forward::parse("0:81"));
            QVERIFY(other.has_value() && m_nat->removeForward(*other).has_value());
        }
        QVERIFY(writeAll(client.get(), bytesOf("still here")));
        QCOMPARE(tcp.read(10), bytesOf("still here"));
    }

private:
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<Nat> m_nat;
};

QTEST_GUILESS_MAIN(ForwardTest)
#include "forward_test.moc"
