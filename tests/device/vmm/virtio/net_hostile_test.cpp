// SPDX-License-Identifier: GPL-3.0-or-later
// The network card and a driver, or a network, that wants to break it.
#include <QtTest>

#include <random>

#include "tests/device/vmm/virtio/net_rig.h"
#include "vmm/virtio/net_header.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::Bytes;
using tests::FakeNetwork;
using tests::frameTo;
using tests::NetRig;
using tests::VirtioRig;

namespace {

constexpr net::Offloads kAll{true, true, true, true};
constexpr uint64_t kMmio = 0xe000'0000; ///< the card's own registers
constexpr uint8_t kNeeds = VIRTIO_NET_HDR_F_NEEDS_CSUM;

} // namespace

class NetHostileTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_net.emplace([](FakeNetwork&) {});
        m_net->start();
    }
    void cleanup() { m_net.reset(); }

    /// What would lead others astray does not reach them: the kernel behind a tap, our own code.
    void headers_data()
    {
        QTest::addColumn<net::FrameHeader>("header");
        QTest::addColumn<size_t>("size");
        QTest::addColumn<bool>("sent");
        const auto row = [](const char* name, const net::FrameHeader& header, size_t size,
                            bool sent) { QTest::newRow(name) << header << size << sent; };
        row("plain", {}, 60, true);
        row("nothing", {}, 0, false);
        row("shorter than Ethernet", {}, 13, false);
        row("largest", {}, kLargestFrame, true);
        row("too large", {}, kLargestFrame + 1, false);
        row("checksum", {kNeeds, 0, 0, 0, 34, 16, 0}, 60, true);
        row("checksum at the end", {kNeeds, 0, 0, 0, 42, 16, 0}, 60, true);
        row("checksum behind the end", {kNeeds, 0, 0, 0, 43, 16, 0}, 60, false);
        row("checksum of all offsets", {kNeeds, 0, 0, 0, 0xffff, 0xffff, 0}, 60, false);
        row("sums that wrap", {kNeeds, 0, 0, 0, 0xffff, 1, 0}, 60, false);
        row("checksum in Ethernet", {kNeeds, 0, 0, 0, 0, 16, 0}, 60, false);
        row("TCP", {kNeeds, 1, 54, 1448, 34, 16, 0}, 9000, true);
        row("TCP without checksum", {0, 1, 54, 1448, 34, 16, 0}, 9000, false);
        row("segments of nothing", {kNeeds, 1, 54, 0, 34, 16, 0}, 9000, false);
        row("TCP over IPv6", {kNeeds, 4, 74, 1428, 54, 16, 0}, 9000, true);
        row("no room for IPv6", {kNeeds, 4, 74, 1428, 34, 16, 0}, 9000, false);
        row("half a TCP header", {kNeeds, 1, 54, 1448, 34, 16, 0}, 53, false);
        row("TCP, checksum of UDP", {kNeeds, 1, 54, 1448, 34, 6, 0}, 9000, false);
        row("UDP", {kNeeds, 3, 42, 1472, 34, 6, 0}, 9000, true);
        row("no such type", {kNeeds, 2, 54, 1448, 34, 16, 0}, 9000, false);
        row("congestion", {kNeeds, 0x81, 54, 1448, 34, 16, 0}, 9000, false);
    }
    void headers()
    {
        QFETCH(net::FrameHeader, header);
        QFETCH(size_t, size);
        QFETCH(bool, sent);
        net::FrameHeader checked = header;
        QCOMPARE(checkSent(checked, size, kAll), sent);
        net::FrameHeader refused = header;
        QCOMPARE(checkSent(refused, size, {}), sent && header.flags == 0);
    }

    void headersAreCleaned()
    {
        net::FrameHeader header{0xfe, 0, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff};
        QVERIFY(checkSent(header, 60, kAll));
        QCOMPARE(header.flags, uint8_t{0});
        QCOMPARE(header.headerLength, uint16_t{0});
        QCOMPARE(header.checksumStart, uint16_t{0});
        QCOMPARE(header.buffers, uint16_t{0});
        net::FrameHeader segmented{kNeeds, 1, 0xffff, 1448, 34, 16, 0};
        QVERIFY(checkSent(segmented, 9000, kAll));
        QCOMPARE(segmented.headerLength, uint16_t{9000});
    }

    /// Dropped frames come back like others and the next one goes out.
    void unusableFrames()
    {
        m_net->send({kNeeds, 1, 0, 0, 0xffff, 0xffff, 0}, frameTo(NetRig::kMac, 60));
        m_net->send({}, Bytes(3));
        m_net->transmit->offer({{NetRig::kTransmitData, 5, false}}, 8); // half a header
        m_net->transmit->offer({{NetRig::kTransmitData, 500, true}}, 9);
        m_net->transmit->offer({{NetRig::kTransmitData, 0, false}}, 10);
        m_net->transmit->offer({{NetRig::kTransmitData, 1U << 20, false}}, 11);
        m_net->sends = 6;
        m_net->send({}, frameTo(NetRig::kMac, 60));
        QCOMPARE(m_net->transmit->usedIndex(), uint16_t{7});
        QCOMPARE(m_net->network->frames.size(), size_t{1});
        QVERIFY(!m_net->needsReset());
    }

    /// CVE-2021-3748 class: descriptors that change after the card took the buffers.
    void buffersChangedInFlight()
    {
        m_net->offerBuffers(2, 1500);
        QVERIFY(!m_net->deliver(frameTo(NetRig::kMac, 4000), segmented())); // both are held
        for (uint16_t i = 0; i < NetRig::kSize; ++i)
            m_net->receive->describe(i, {kMmio, 0xffff'ffff, VIRTQ_DESC_F_WRITE, 0});
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 2500), segmented()));
        QCOMPARE(m_net->collect()->frame, frameTo(NetRig::kMac, 2500));
        QVERIFY(!m_net->needsReset());
    }

    /// CVE-2021-20255, 2023-3019 class: buffers that are the card's own registers, the rings'
    /// neighbours behind the end of RAM, or wrap.
    void buffersOutsideRam_data()
    {
        QTest::addColumn<uint64_t>("address");
        QTest::newRow("registers") << kMmio + 0x3000;
        QTest::newRow("end of RAM") << (uint64_t{16} << 20) - 100;
        QTest::newRow("wrap") << ~uint64_t{0} - 8;
    }
    void buffersOutsideRam()
    {
        QFETCH(uint64_t, address);
        for (uint16_t queue = 0; queue < 3; ++queue) {
            if (queue != 0) {
                m_net.emplace([](FakeNetwork&) {});
                m_net->start();
            }
            ring(queue).offer({{address, 1500, queue == 0}});
            m_net->driver().notify(queue);
            m_net->rig->settle();
            QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 60)) || queue != 0);
            QVERIFY(m_net->needsReset());
            QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 60))); // the network does not fill up
            QVERIFY(m_net->readable({frameTo(NetRig::kMac, 60)}));
            QVERIFY(m_net->network->kernel.empty());
            QCOMPARE(ring(queue).usedIndex(), uint16_t{0});
        }
    }

    /// What is sent comes back in the same call, and the same buffers serve both ways.
    void loopback()
    {
        m_net->onLoop([&] { m_net->network->echo = true; });
        for (unsigned i = 0; i < NetRig::kSize; ++i)
            m_net->receive->offer({{NetRig::kTransmitData, 4096, true}}, static_cast<uint16_t>(i));
        m_net->driver().notify(0);
        for (unsigned i = 0; i < 20; ++i)
            m_net->send({}, frameTo(NetRig::kMac, 600));
        QCOMPARE(m_net->transmit->usedIndex(), uint16_t{20});
        QCOMPARE(m_net->receive->usedIndex(), uint16_t{NetRig::kSize});
    }

    void tinyBuffers_data()
    {
        QTest::addColumn<uint32_t>("size");
        QTest::addColumn<bool>("writable");
        QTest::newRow("nothing") << 0U << true;
        QTest::newRow("less than a header") << 11U << true;
        QTest::newRow("not writable") << 1500U << false;
    }
    void tinyBuffers()
    {
        QFETCH(uint32_t, size);
        QFETCH(bool, writable);
        m_net->receive->offer({{NetRig::kReceiveData, size, writable}});
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 60)));
        QVERIFY(m_net->needsReset());
    }

    /// Buffers of a header's size: frames come byte by byte as it were, or not at all.
    void smallestBuffers()
    {
        m_net->offerBuffers(NetRig::kSize, 12);
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 60)));
        const auto arrived = m_net->collect();
        QCOMPARE(arrived->header.buffers, uint16_t{6});
        QCOMPARE(arrived->frame, frameTo(NetRig::kMac, 60));
        QVERIFY(!m_net->deliver(frameTo(NetRig::kMac, 200)));
        m_net->offerBuffers(6, 12);
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 200))); // never: lost
        QVERIFY(!m_net->needsReset());
    }

    /// CVE-2016-5403 class: more and more buffers, none ever waited for. What the card holds is
    /// bounded by the ring.
    void moreThanTheRing()
    {
        for (unsigned round = 0; round < 100; ++round) {
            for (uint16_t i = 0; i < NetRig::kSize; ++i)
                m_net->receive->offer({{NetRig::kReceiveData, 100, true}}, i);
            m_net->driver().notify(0);
            static_cast<void>(m_net->deliver(frameTo(NetRig::kMac, 60'000), segmented()));
        }
        QVERIFY(!m_net->needsReset());
        m_net->receive->setAvailableIndex(0x8000);
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 60)));
    }

    void ringsThatLoop()
    {
        m_net->transmit->describe(0, {NetRig::kTransmitData, 100, VIRTQ_DESC_F_NEXT, 0});
        m_net->transmit->makeAvailable(0);
        m_net->driver().notify(1);
        m_net->rig->settle();
        QVERIFY(m_net->needsReset());
        QCOMPARE(m_net->network->frames.size(), size_t{0});
    }

    void commandWithoutAnswer()
    {
        m_net->control->offer({{NetRig::kControlData, 3, false}});
        m_net->driver().notify(2);
        m_net->rig->settle();
        QVERIFY(m_net->needsReset());
    }

    void commandsCutShort()
    {
        const Bytes all(12);
        for (uint8_t commandClass = 0; commandClass < 6; ++commandClass)
            QCOMPARE(m_net->command(commandClass, commandClass == 3 ? 1 : 0, {}), VIRTIO_NET_ERR);
        for (const Bytes& table :
             {Bytes{2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0}, Bytes{0xff, 0xff, 0xff, 0xff},
              Bytes{0, 0, 0, 0}, Bytes{0, 0, 0, 0, 0, 0, 0, 0x80, 1}})
            QCOMPARE(m_net->command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, table),
                     VIRTIO_NET_ERR);
        QCOMPARE(m_net->command(VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, {0, 0x10}),
                 VIRTIO_NET_ERR);
        QVERIFY(!m_net->needsReset());
    }

    /// A network that says anything: nothing gets past what the guest agreed to.
    void hostileNetwork()
    {
        m_net->offerBuffers(8, 2000);
        std::mt19937 random(5);
        for (int i = 0; i < 2000; ++i) {
            net::FrameHeader header;
            header.flags = static_cast<uint8_t>(random());
            header.gsoType = static_cast<uint8_t>(random() % 6);
            header.headerLength = static_cast<uint16_t>(random());
            header.gsoSize = static_cast<uint16_t>(random());
            header.checksumStart = static_cast<uint16_t>(random() % 100);
            header.checksumOffset = static_cast<uint16_t>(random() % 30);
            const Bytes frame = frameTo(NetRig::kMac, random() % 100);
            CHECK(i % 2 == 0 ? m_net->deliver(frame, header) : m_net->readable({frame}, header));
            if (const auto arrived = m_net->collect()) {
                m_net->offerBuffers(arrived->header.buffers, 2000);
                QVERIFY(arrived->frame.size() >= kSmallestFrame);
                QVERIFY((arrived->header.flags & kNeeds) == 0 ||
                        arrived->header.checksumStart + arrived->header.checksumOffset + 2U <=
                            arrived->frame.size());
                QVERIFY(arrived->header.headerLength <= arrived->frame.size());
            }
        }
        QVERIFY(m_net->readable({Bytes(70'000)}));
    }

    void resetWithFramesWaiting()
    {
        m_net->onLoop([&] { m_net->network->full = true; });
        m_net->send({}, frameTo(NetRig::kMac, 60));
        m_net->offerBuffers(2, 1000);
        QVERIFY(!m_net->readable({frameTo(NetRig::kMac, 4000)}, segmented()));
        m_net->driver().setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return m_net->driver().status() == 0; }));
        QVERIFY(m_net->network->receiver == nullptr);
        QCOMPARE(m_net->transmit->usedIndex(), uint16_t{0});
        // A new driver: what waited is gone.
        m_net->onLoop([&] { m_net->network->full = false; });
        m_net->receive.emplace(m_net->memory(), 0x8000, NetRig::kSize);
        m_net->transmit.emplace(m_net->memory(), 0x9000, NetRig::kSize);
        m_net->start();
        m_net->offerBuffers(8, 1000);
        m_net->rig->settle();
        QCOMPARE(m_net->network->frames.size(), size_t{0});
        QVERIFY(!m_net->collect().has_value());
        m_net->send({}, frameTo(NetRig::kMac, 61));
        QCOMPARE(m_net->network->frames.size(), size_t{1});
    }

    /// A driver that refills its ring for as long as it likes does not keep the loop.
    void neverStopping()
    {
        m_net->onLoop([&] { m_net->network->keeps = false; });
        m_net->send({}, frameTo(NetRig::kMac, 60));
        std::atomic<bool> stop{false};
        std::thread refilling([&] {
            for (uint16_t offered = 1; !stop;) {
                if (static_cast<uint16_t>(offered - m_net->transmit->usedIndex()) >= 8)
                    continue;
                m_net->transmit->makeAvailable(0);
                ++offered;
                m_net->driver().notify(1);
            }
        });
        for (int i = 0; i < 20; ++i)
            m_net->rig->settle();
        stop = true;
        refilling.join();
    }

private:
    static net::FrameHeader segmented() { return {kNeeds, 1, 54, 1448, 34, 16, 0}; }
    tests::VirtqueueDriver& ring(unsigned index)
    {
        return index == 0 ? *m_net->receive : index == 1 ? *m_net->transmit : *m_net->control;
    }

    std::optional<NetRig> m_net;
};

QTEST_GUILESS_MAIN(NetHostileTest)
#include "net_hostile_test.moc"
