// SPDX-License-Identifier: GPL-3.0-or-later
// The tap backend on a tap interface in a network of the test's own.
#include <QtTest>

#include <sched.h>

#include "tests/device/vmm/net/tap_interface.h"
#include "tests/support/loopback.h"
#include "tests/support/net_guest.h"
#include "tests/support/sanitizers.h"
#include "vmm/net/tap.h"

using namespace vmm;
using namespace vmm::net;
using namespace vmm::test;

namespace {

constexpr Offloads kAll{.checksum = true, .tso4 = true, .tso6 = true};

} // namespace

class TapTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_loop = std::move(*EventLoop::create("net-test"));
        if (::unshare(CLONE_NEWNET) != 0)
            QSKIP("a network of the test's own needs a right this account does not have");
        if (!openTap("vtprobe", IFF_TAP | IFF_NO_PI).valid())
            QSKIP("tap interfaces cannot be made here");
    }
    void cleanupTestCase() { m_loop.reset(); }

    void refusesWhatIsNoTap()
    {
        QVERIFY(!Tap::create(*m_loop, {}).has_value());
        QVERIFY(!Tap::create(*m_loop, one(boundSocket(SOCK_DGRAM))).has_value());
        QVERIFY(!Tap::create(*m_loop, one(UniqueFd(::open("/dev/net/tun", O_RDWR)))).has_value());
        const auto tun = Tap::create(*m_loop, one(openTap("vttun", IFF_TUN | IFF_NO_PI)));
        QVERIFY(!tun.has_value());
        QVERIFY(tun.error().sentence().find("vttun") == 0);
        auto two = one(openTap("vta", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
        two.push_back(openTap("vtb", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
        QVERIFY(!Tap::create(*m_loop, std::move(two)).has_value());
    }

    /// By name: what somebody made and left, and nothing that is not there.
    void opensByName()
    {
        QVERIFY(!Tap::open("vtnone").has_value());
        QVERIFY(!Tap::open("").has_value());
        QVERIFY(!Tap::open("a name that is too long").has_value());
        QVERIFY(!Tap::open("lo").has_value());
        for (const int queues : {0, IFF_MULTI_QUEUE}) {
            UniqueFd maker = openTap("vtkept", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | queues);
            QVERIFY(maker.valid() && ::ioctl(maker.get(), TUNSETPERSIST, 1) == 0);
            if (queues == 0) {
                const auto taken = Tap::open("vtkept");
                QVERIFY(!taken.has_value());
                QCOMPARE(taken.error().code(), ErrorCode::Busy);
            }
            maker.reset();
            {
                auto opened = Tap::open("vtkept");
                QVERIFY2(opened.has_value(), opened ? "" : opened.error().sentence().c_str());
                const auto tap = std::move(*Tap::create(*m_loop, std::move(*opened)));
                QCOMPARE(tap->pairs(), 1U);
                QVERIFY(tap->canTake().tso4);
            }
            maker = openTap("vtkept", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | queues);
            QVERIFY(maker.valid() && ::ioctl(maker.get(), TUNSETPERSIST, 0) == 0);
        }
    }

    void carriesFrames_data()
    {
        QTest::addColumn<int>("flags");
        QTest::newRow("bare frames") << (IFF_TAP | IFF_NO_PI);
        QTest::newRow("with headers") << (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
    }
    void carriesFrames()
    {
        QFETCH(int, flags);
        const auto tap = std::move(*Tap::create(*m_loop, one(openTap("vt0", flags))));
        QCOMPARE(tap->mtu(), uint16_t{1500});
        QCOMPARE(tap->canTake().tso4, (flags & IFF_VNET_HDR) != 0);
        QCOMPARE(QString::fromStdString(tap->description()), QString("tap vt0"));
        QVERIFY(setUp("vt0"));
        const UniqueFd world = packetSocket("vt0");
        NetGuest guest(*m_loop, *tap, tap->canGive());
        const Bytes out = guest.ethernet(kTestType, pattern(1000));
        QVERIFY(guest.send(out) == SendStatus::Sent);
        QCOMPARE(readAll(world.get(), out.size()), out);

        const Bytes in = guest.ethernet(kTestType, pattern(600));
        QVERIFY(writeAll(world.get(), in));
        QCOMPARE(nextTest(guest), in);
    }

    void cardsMayBeFull()
    {
        const auto tap = std::move(
            *Tap::create(*m_loop, one(openTap("vt1", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))));
        QVERIFY(setUp("vt1"));
        const UniqueFd world = packetSocket("vt1");
        NetGuest guest(*m_loop, *tap);
        guest.card.setFull(true);
        const Bytes in = guest.ethernet(kTestType, pattern(600));
        for (int i = 0; i < 5; ++i)
            QVERIFY(writeAll(world.get(), in));
        QTest::qWait(20);
        guest.roomAgain();
        QVERIFY(!nextTest(guest).empty());
    }

    void takesSegments()
    {
        const auto tap = std::move(
            *Tap::create(*m_loop, one(openTap("vt2", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))));
        QVERIFY(setUp("vt2"));
        const UniqueFd world = packetSocket("vt2", ETH_P_IP);
        NetGuest guest(*m_loop, *tap, kAll);
        Bytes segment(kTcpHeader + 8000);
        segment[12] = std::byte{0x50};
        segment[13] = std::byte{tcp::kAck};
        const Bytes frame = guest.ip4(protocol::kTcp, 0x0a090807, segment);
        guest.send(frame, {.flags = FrameHeader::kNeedsChecksum,
                           .gsoType = FrameHeader::kTcp4Segments,
                           .headerLength = 54,
                           .gsoSize = 1000,
                           .checksumStart = 34,
                           .checksumOffset = 16});
        QCOMPARE(readAll(world.get(), frame.size()).size(),
                 frame.size()); // one piece, in the kernel too
    }

    void usesSeveralQueues()
    {
        constexpr int kFlags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
        auto queues = one(openTap("vt3", kFlags));
        queues.push_back(openTap("vt3", kFlags));
        const auto tap = std::move(*Tap::create(*m_loop, std::move(queues)));
        QCOMPARE(tap->pairs(), 2U);
        QVERIFY(setUp("vt3"));
        const UniqueFd world = packetSocket("vt3");
        NetGuest guest(*m_loop, *tap, kAll);
        Bytes frame = guest.ethernet(kTestType, pattern(64));
        const auto send = [&](unsigned pair) {
            const iovec piece{frame.data(), frame.size()};
            m_loop->runAndWait([&] { tap->send(pair, {}, std::span(&piece, 1)); });
        };
        m_loop->runAndWait([&] { QVERIFY(tap->start(guest.card, kAll, 2).has_value()); });
        send(0);
        send(1);
        QCOMPARE(readAll(world.get(), 2 * frame.size()).size(), 2 * frame.size());
        m_loop->runAndWait([&] { QVERIFY(tap->start(guest.card, kAll, 1).has_value()); });
        QVERIFY(writeAll(world.get(), frame));
        QCOMPARE(nextTest(guest), frame); // however it is hashed, it comes by the queue in use
        m_loop->runAndWait([&] { QVERIFY(tap->start(guest.card, kAll, 2).has_value()); });
    }

    void doesNotSpinWhenTheInterfaceIsGone()
    {
        if (!tests::kMayStartPrograms)
            QSKIP("ThreadSanitizer loses sight of a thread that starts a program");
        const auto tap = std::move(
            *Tap::create(*m_loop, one(openTap("vt4", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))));
        QVERIFY(setUp("vt4"));
        NetGuest guest(*m_loop, *tap);
        QProcess ip;
        ip.start("ip", {"link", "delete", "vt4"});
        if (!ip.waitForStarted())
            QSKIP("iproute2 is not installed");
        ip.waitForFinished();
        QTest::qWait(20);
        const int calls = guest.card.readableCalls();
        QTest::qWait(20);
        QCOMPARE(guest.card.readableCalls(), calls);
        QVERIFY(guest.send(guest.ethernet(kTestType, pattern(64))) == SendStatus::Sent);
    }

private:
    /// The next frame of the test's own; others are the kernel's.
    static Bytes nextTest(NetGuest& guest)
    {
        while (const auto frame = guest.card.next(2000)) {
            if (frameType(frame->bytes) == kTestType)
                return frame->bytes;
        }
        return {};
    }

    std::unique_ptr<EventLoop> m_loop;
};

QTEST_GUILESS_MAIN(TapTest)
#include "tap_test.moc"
