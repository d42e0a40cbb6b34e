// SPDX-License-Identifier: GPL-3.0-or-later
// The network card as its driver and its network see it. Virtio 1.2 section 5.1.
#include <QtTest>

#include "tests/device/vmm/virtio/net_rig.h"
#include "tests/support/suites.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::Bytes;
using tests::FakeNetwork;
using tests::frameTo;
using tests::NetRig;
using tests::VirtioRig;
using tests::VirtqueueDriver;
using Kind = tests::VirtioPciDriver::Kind;

namespace {

constexpr net::MacAddress kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr net::MacAddress kOther{0x02, 0, 0, 0, 0, 1};
constexpr net::MacAddress kGroup{0x01, 0, 0x5e, 0, 0, 1};

/// TCP over IPv4 to be cut into pieces of 1448 bytes.
constexpr net::FrameHeader kSegmented{
    VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 54, 1448, 34, 16, 0};

void onePair(FakeNetwork&) {}

} // namespace

class NetTest : public QObject {
    Q_OBJECT

private slots:
    void init() { m_net.emplace(onePair); }
    void cleanup() { m_net.reset(); }

    void configuration()
    {
        const uint64_t low = driver().read(Kind::Device, 0, 8);
        net::MacAddress mac{};
        std::memcpy(mac.data(), &low, mac.size());
        QCOMPARE(mac, NetRig::kMac);
        QCOMPARE(low >> 48, uint64_t{VIRTIO_NET_S_LINK_UP});
        QCOMPARE(driver().read(Kind::Device, offsetof(NetConfig, maxVirtqueuePairs), 2),
                 uint64_t{1});
        QCOMPARE(driver().read(Kind::Device, offsetof(NetConfig, mtu), 2), uint64_t{1500});
        driver().write(Kind::Device, 0, 0, 4); // not for modern drivers
        QCOMPARE(driver().read(Kind::Device, 0, 8), low);
        QCOMPARE(m_net->rig->pci.read(pci::kDeviceId, 2), 0x1041U);
    }

    void noMoreThanTheNetworkCan()
    {
        const uint64_t all = driver().features();
        for (const uint64_t feature :
             {VIRTIO_NET_F_CSUM, VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_HOST_TSO4,
              VIRTIO_NET_F_MRG_RXBUF, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS})
            QVERIFY((all & feature) != 0);
        QCOMPARE(all & (VIRTIO_NET_F_HOST_UFO | VIRTIO_NET_F_GUEST_UFO | VIRTIO_NET_F_MQ),
                 uint64_t{0});
        m_net.emplace([](FakeNetwork& network) { network.offloads = {false, true, true, true}; });
        QCOMPARE(driver().features() &
                     (VIRTIO_NET_F_CSUM | kGuestOffloads | VIRTIO_NET_F_HOST_TSO4 |
                      VIRTIO_NET_F_HOST_UFO | VIRTIO_NET_F_CTRL_GUEST_OFFLOADS),
                 uint64_t{0});
    }

    void framesGoOut()
    {
        m_net->start();
        const Bytes first = frameTo(kOther, 60, 1);
        const Bytes second = frameTo(kOther, 1514, 2);
        m_net->send({}, first, false);
        m_net->send({}, second);
        QCOMPARE(sent().size(), size_t{2});
        QCOMPARE(sent()[0].frame, first);
        QCOMPARE(sent()[1].frame, second);
        QCOMPARE(m_net->transmit->usedIndex(), uint16_t{2});
        QCOMPARE(m_net->transmit->collect()->length, 0U);
        QCOMPARE(m_net->interrupts(NetRig::kTransmitVector), size_t{1});
        QCOMPARE(m_net->network->bursts.load(), 1U);
    }

    /// The header may be cut anywhere (section 2.7.4.1).
    void headerInPieces()
    {
        m_net->start();
        const uint64_t at = NetRig::kTransmitData;
        const Bytes frame = frameTo(kOther, 100);
        Bytes all(sizeof(net::FrameHeader));
        all.insert(all.end(), frame.begin(), frame.end());
        m_net->put(at, Bytes(all.begin(), all.begin() + 5));
        m_net->put(at + 0x100, Bytes(all.begin() + 5, all.begin() + 40));
        m_net->put(at + 0x200, Bytes(all.begin() + 40, all.end()));
        m_net->transmit->offer({{at, 5, false},
                                {at + 0x100, 35, false},
                                {at + 0x200, static_cast<uint32_t>(all.size() - 40), false}});
        driver().notify(1);
        m_net->rig->settle();
        QCOMPARE(sent().size(), size_t{1});
        QCOMPARE(sent()[0].frame, frame);
    }

    void unfinishedFramesGoOut()
    {
        m_net->start();
        m_net->send(kSegmented, frameTo(kOther, 9000));
        QCOMPARE(sent().size(), size_t{1});
        QCOMPARE(sent()[0].header.gsoSize, uint16_t{1448});
        QCOMPARE(sent()[0].header.checksumStart, uint16_t{34});
        QVERIFY(m_net->network->taken.tso4 && m_net->network->taken.checksum);
    }

    void fullNetwork()
    {
        m_net->start();
        m_net->onLoop([&] { m_net->network->full = true; });
        for (uint8_t i = 0; i < 4; ++i)
            m_net->send({}, frameTo(kOther, 60, i));
        QCOMPARE(m_net->transmit->usedIndex(), uint16_t{0});
        m_net->onLoop([&] { m_net->network->receiver->writable(0); }); // not really
        QCOMPARE(m_net->transmit->usedIndex(), uint16_t{0});
        m_net->onLoop([&] {
            m_net->network->full = false;
            m_net->network->receiver->writable(0);
        });
        QCOMPARE(m_net->transmit->usedIndex(), uint16_t{4});
        for (uint8_t i = 0; i < 4; ++i)
            QCOMPARE(sent()[i].frame, frameTo(kOther, 60, i));
        m_net->send({}, frameTo(kOther, 60, 9));
        QCOMPARE(sent().size(), size_t{5});
    }

    void framesComeIn()
    {
        m_net->start();
        m_net->offerBuffers(4, 2048);
        m_net->onLoop([&] {
            for (uint8_t i = 0; i < 3; ++i) {
                const Bytes frame = frameTo(NetRig::kMac, 200U + i, i);
                QVERIFY(m_net->network->receiver->deliver({}, std::as_bytes(std::span(frame))));
            }
            QCOMPARE(m_net->receive->usedIndex(), uint16_t{0}); // all at once
            m_net->network->receiver->delivered();
        });
        for (uint8_t i = 0; i < 3; ++i) {
            const auto arrived = m_net->collect();
            QVERIFY(arrived.has_value());
            QCOMPARE(arrived->frame, frameTo(NetRig::kMac, 200U + i, i));
            QCOMPARE(arrived->header.buffers, uint16_t{1});
        }
        QCOMPARE(m_net->interrupts(NetRig::kReceiveVector), size_t{1});
    }

    void mergedBuffers()
    {
        m_net->start();
        m_net->offerBuffers(8, 1500);
        net::FrameHeader header = kSegmented;
        header.flags |= VIRTIO_NET_HDR_F_DATA_VALID;
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 5000), header));
        const auto arrived = m_net->collect();
        QVERIFY(arrived.has_value());
        QCOMPARE(arrived->header.buffers, uint16_t{4});
        QCOMPARE(arrived->header.gsoSize, uint16_t{1448});
        QCOMPARE(arrived->frame, frameTo(NetRig::kMac, 5000));
        // A frame that ends with its last buffer, and one after it.
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 1488, 3)));
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 60, 4)));
        QCOMPARE(m_net->collect()->header.buffers, uint16_t{1});
        QCOMPARE(m_net->collect()->frame, frameTo(NetRig::kMac, 60, 4));
    }

    void unmergedBuffers()
    {
        m_net->start(VIRTIO_NET_F_MRG_RXBUF);
        m_net->offerBuffers(3, 1000);
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 1200))); // too large: lost
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 988)));
        const auto arrived = m_net->collect();
        QCOMPARE(arrived->frame.size(), size_t{988});
        QCOMPARE(arrived->header.buffers, uint16_t{1});
        QVERIFY(!m_net->collect().has_value());
    }

    void noBuffers()
    {
        m_net->start();
        m_net->offerBuffers(1, 1500);
        QVERIFY(!m_net->deliver(frameTo(NetRig::kMac, 3000), kSegmented));
        m_net->offerBuffers(1, 1500);
        QCOMPARE(m_net->network->readies.load(), 1U);
        QVERIFY(!m_net->deliver(frameTo(NetRig::kMac, 3000), kSegmented)); // 12 bytes short
        m_net->offerBuffers(1, 1500);
        QCOMPARE(m_net->network->readies.load(), 2U);
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 3000), kSegmented));
        QCOMPARE(m_net->collect()->header.buffers, uint16_t{3});
    }

    /// A ring that can never hold such a frame: it is lost, and the next one is not.
    void neverRoom()
    {
        m_net->start();
        m_net->offerBuffers(NetRig::kSize, 200);
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 4000), kSegmented));
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 1000)));
        QCOMPARE(m_net->collect()->frame, frameTo(NetRig::kMac, 1000));
    }

    /// From the kernel straight into the driver's buffers: enough of them for the largest frame.
    void readInPlace()
    {
        m_net->start(VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6);
        m_net->offerBuffers(8, 1000);
        QVERIFY(m_net->readable({frameTo(NetRig::kMac, 1400, 1), frameTo(NetRig::kMac, 60, 2),
                                 frameTo(NetRig::kMac, 1514, 3)}));
        for (const auto& [size, seed, buffers] :
             {std::tuple<size_t, uint8_t, uint16_t>{1400, 1, 2}, {60, 2, 1}, {1514, 3, 2}}) {
            const auto arrived = m_net->collect();
            QVERIFY(arrived.has_value());
            QCOMPARE(arrived->frame, frameTo(NetRig::kMac, size, seed));
            QCOMPARE(arrived->header.buffers, buffers);
        }
        QCOMPARE(m_net->interrupts(NetRig::kReceiveVector), size_t{1});
    }

    /// Fewer buffers than the largest frame needs: what fits comes, the rest waits.
    void readThroughOurMemory()
    {
        m_net->start();
        m_net->offerBuffers(3, 1000);
        QVERIFY(!m_net->readable({frameTo(NetRig::kMac, 700, 1), frameTo(NetRig::kMac, 4000, 2),
                                  frameTo(NetRig::kMac, 80, 3)},
                                 kSegmented));
        QCOMPARE(m_net->collect()->frame, frameTo(NetRig::kMac, 700, 1));
        QVERIFY(!m_net->collect().has_value());
        QVERIFY(!m_net->readable({})); // the one that waits goes first
        m_net->offerBuffers(2, 1000);
        QCOMPARE(m_net->network->readies.load(), 0U); // not enough yet
        m_net->offerBuffers(3, 1000);
        QCOMPARE(m_net->network->readies.load(), 1U);
        QCOMPARE(m_net->collect()->frame, frameTo(NetRig::kMac, 4000, 2));
        QVERIFY(m_net->readable({}, kSegmented));
        QCOMPARE(m_net->collect()->frame, frameTo(NetRig::kMac, 80, 3));
    }

    void largerThanTheMtu()
    {
        m_net->start();
        m_net->offerBuffers(4, 4000);
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 1519)));
        QVERIFY(m_net->readable({frameTo(NetRig::kMac, 3000)}));
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 1518)));
        QCOMPARE(m_net->collect()->frame.size(), size_t{1518});
    }

    /// What the guest did not agree to, it does not get.
    void offloadsNotTaken()
    {
        m_net->start(VIRTIO_NET_F_GUEST_TSO4);
        m_net->offerBuffers(8, 2000);
        QVERIFY(!m_net->network->taken.tso4 && m_net->network->taken.tso6);
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 3000), kSegmented));
        QVERIFY(!m_net->collect().has_value());
        m_net.emplace(onePair);
        m_net->start(kGuestOffloads);
        m_net->offerBuffers(8, 2000);
        net::FrameHeader header;
        header.flags = VIRTIO_NET_HDR_F_DATA_VALID;
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 100), header));
        QCOMPARE(m_net->collect()->header.flags, uint8_t{0});
    }

    void offloadsWhileRunning()
    {
        m_net->start();
        const auto set = [&](uint64_t bits) {
            Bytes data(8);
            std::memcpy(data.data(), &bits, 8);
            return m_net->command(VIRTIO_NET_CTRL_GUEST_OFFLOADS,
                                  VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, data);
        };
        QCOMPARE(set(VIRTIO_NET_F_GUEST_CSUM), VIRTIO_NET_OK);
        QVERIFY(m_net->network->taken.checksum && !m_net->network->taken.tso4);
        QCOMPARE(set(0), VIRTIO_NET_OK);
        QVERIFY(!m_net->network->taken.checksum);
        QCOMPARE(set(VIRTIO_NET_F_GUEST_UFO), VIRTIO_NET_ERR); // never agreed on
        QCOMPARE(set(VIRTIO_NET_F_MRG_RXBUF), VIRTIO_NET_ERR);
        m_net->onLoop([&] { m_net->network->refuses = true; });
        QCOMPARE(set(VIRTIO_NET_F_GUEST_CSUM), VIRTIO_NET_ERR);
    }

    void linkDownAndUp()
    {
        m_net->start();
        m_net->offerBuffers(4, 2000);
        m_net->card().setLink(false);
        m_net->rig->settle();
        QCOMPARE(m_net->interrupts(NetRig::kConfigVector), size_t{1});
        QCOMPARE(status(), uint16_t{0});
        QCOMPARE(driver().common(common::kGeneration, 1), uint64_t{1});
        m_net->send({}, frameTo(kOther, 60));
        QCOMPARE(sent().size(), size_t{0});
        QCOMPARE(m_net->transmit->usedIndex(), uint16_t{1}); // the driver gets it back
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 60)));
        QVERIFY(m_net->readable({frameTo(NetRig::kMac, 60)}));
        QVERIFY(m_net->network->kernel.empty());
        m_net->card().setLink(false); // again: nothing
        m_net->card().setLink(true);
        m_net->rig->settle();
        QCOMPARE(m_net->interrupts(NetRig::kConfigVector), size_t{2});
        QCOMPARE(status(), VIRTIO_NET_S_LINK_UP);
        QVERIFY(!m_net->collect().has_value());
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 61)));
        QCOMPARE(m_net->collect()->frame.size(), size_t{61});
    }

    void linkCutWhilePaused()
    {
        m_net->start();
        m_net->rig->function->pause();
        m_net->card().setLink(false);
        m_net->rig->settle();
        QCOMPARE(m_net->interrupts(NetRig::kConfigVector), size_t{0});
        m_net->rig->function->resume();
        m_net->rig->settle();
        QCOMPARE(m_net->interrupts(NetRig::kConfigVector), size_t{1});
    }

    void filter()
    {
        m_net->start();
        m_net->offerBuffers(NetRig::kSize, 2000);
        QVERIFY(comesIn(kOther)); // promiscuous
        rx(VIRTIO_NET_CTRL_RX_PROMISC, 0);
        QVERIFY(!comesIn(kOther));
        QVERIFY(comesIn(NetRig::kMac));
        QVERIFY(comesIn(kBroadcast));
        QVERIFY(!comesIn(kGroup));
        rx(VIRTIO_NET_CTRL_RX_ALLMULTI, 1);
        QVERIFY(comesIn(kGroup));
        rx(VIRTIO_NET_CTRL_RX_NOMULTI, 1);
        QVERIFY(!comesIn(kGroup));
        rx(VIRTIO_NET_CTRL_RX_ALLUNI, 1);
        QVERIFY(comesIn(kOther));
        rx(VIRTIO_NET_CTRL_RX_NOUNI, 1);
        QVERIFY(!comesIn(NetRig::kMac));
        rx(VIRTIO_NET_CTRL_RX_NOBCAST, 1);
        QVERIFY(!comesIn(kBroadcast));
        QCOMPARE(m_net->command(VIRTIO_NET_CTRL_RX, 6, {1}), VIRTIO_NET_ERR);
    }

    void addressTable()
    {
        m_net->start();
        m_net->offerBuffers(NetRig::kSize, 2000);
        rx(VIRTIO_NET_CTRL_RX_PROMISC, 0);
        const auto table = [](uint32_t count, const net::MacAddress& address) {
            Bytes bytes{static_cast<uint8_t>(count), static_cast<uint8_t>(count >> 8), 0, 0};
            for (uint32_t i = 0; i < count; ++i)
                bytes.insert(bytes.end(), address.begin(), address.end());
            return bytes;
        };
        const auto set = [&](Bytes unicast, const Bytes& multicast) {
            unicast.insert(unicast.end(), multicast.begin(), multicast.end());
            return m_net->command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, unicast);
        };
        QCOMPARE(set(table(1, kOther), table(2, kGroup)), VIRTIO_NET_OK);
        QVERIFY(comesIn(kOther) && comesIn(kGroup));
        QVERIFY(!comesIn({0x02, 0, 0, 0, 0, 2}) && !comesIn({0x01, 0, 0x5e, 0, 0, 2}));
        QCOMPARE(set(table(0, kOther), table(65, kGroup)), VIRTIO_NET_OK); // too many to keep
        QVERIFY(!comesIn(kOther) && comesIn({0x01, 0, 0x5e, 0, 0, 2}));
        QCOMPARE(set(table(0, kOther), table(0, kGroup)), VIRTIO_NET_OK);
        QVERIFY(!comesIn(kGroup));

        QCOMPARE(m_net->command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
                                Bytes(kOther.begin(), kOther.end())),
                 VIRTIO_NET_OK);
        QVERIFY(comesIn(kOther) && !comesIn(NetRig::kMac));
        QCOMPARE(m_net->card().mac(), kOther);
        QCOMPARE(driver().read(Kind::Device, 0, 1), uint64_t{kOther[0]});
        driver().setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return driver().status() == 0; }));
        QCOMPARE(m_net->card().mac(), NetRig::kMac);
    }

    void vlans()
    {
        m_net->start();
        m_net->offerBuffers(NetRig::kSize, 2000);
        rx(VIRTIO_NET_CTRL_RX_PROMISC, 0);
        const auto tagged = [&](uint16_t vlan) {
            Bytes frame = frameTo(NetRig::kMac, 64);
            frame[12] = 0x81;
            frame[13] = 0x00;
            frame[14] = static_cast<uint8_t>(0xe0 | vlan >> 8); // with a priority
            frame[15] = static_cast<uint8_t>(vlan);
            m_net->deliver(frame);
            return m_net->collect().has_value();
        };
        QVERIFY(!tagged(0x123));
        QCOMPARE(m_net->command(VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, {0x23, 0x01}),
                 VIRTIO_NET_OK);
        QVERIFY(tagged(0x123) && !tagged(0x124));
        QCOMPARE(m_net->command(VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_DEL, {0x23, 0x01}),
                 VIRTIO_NET_OK);
        QVERIFY(!tagged(0x123));
        m_net.emplace(onePair);
        m_net->start(VIRTIO_NET_F_CTRL_VLAN);
        m_net->offerBuffers(2, 2000);
        rx(VIRTIO_NET_CTRL_RX_PROMISC, 0);
        QVERIFY(tagged(0x123));
    }

    void severalPairs()
    {
        m_net.emplace([](FakeNetwork& network) { network.pairCount = 4; });
        QCOMPARE(driver().common(common::kQueueCount, 2), uint64_t{9});
        QCOMPARE(driver().read(Kind::Device, offsetof(NetConfig, maxVirtqueuePairs), 2),
                 uint64_t{4});
        m_net->start();
        const auto set = [&](uint8_t pairs) {
            return m_net->command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, {pairs, 0});
        };
        QCOMPARE(m_net->network->pairsUsed, 1U);
        QCOMPARE(set(4), VIRTIO_NET_OK);
        QCOMPARE(m_net->network->pairsUsed, 4U);
        QCOMPARE(set(0), VIRTIO_NET_ERR);
        QCOMPARE(set(5), VIRTIO_NET_ERR);
        driver().setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return driver().status() == 0; }));
        m_net.emplace([](FakeNetwork& network) { network.pairCount = 4; });
        m_net->start(VIRTIO_NET_F_MQ); // the control queue comes third then
        QCOMPARE(set(2), VIRTIO_NET_ERR);
        rx(VIRTIO_NET_CTRL_RX_PROMISC, 0);
    }

    void secondPair()
    {
        m_net.emplace([](FakeNetwork& network) { network.pairCount = 2; });
        VirtqueueDriver receive(m_net->memory(), 0x5000, NetRig::kSize);
        VirtqueueDriver transmit(m_net->memory(), 0x6000, NetRig::kSize);
        QVERIFY(driver().negotiate(driver().features()));
        driver().setQueue(2, receive.layout());
        driver().setQueue(3, transmit.layout());
        m_net->controlIndex = 4;
        driver().setQueue(4, m_net->control->layout());
        driver().go();
        m_net->put(NetRig::kTransmitData, Bytes(12 + 60));
        transmit.offer({{NetRig::kTransmitData, 12 + 60, false}});
        receive.offer({{NetRig::kReceiveData, 2000, true}});
        driver().notify(3);
        driver().notify(2);
        m_net->rig->settle();
        QCOMPARE(transmit.usedIndex(), uint16_t{0}); // not in use yet
        QCOMPARE(m_net->command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, {2, 0}),
                 VIRTIO_NET_OK);
        m_net->rig->settle();
        QCOMPARE(transmit.usedIndex(), uint16_t{1});
        QCOMPARE(sent()[0].pair, 1U);
        m_net->onLoop([&] {
            m_net->network->kernel.push_back({1, {}, frameTo(NetRig::kMac, 60)});
            m_net->network->receiver->readable(1);
        });
        QCOMPARE(receive.usedIndex(), uint16_t{1});
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 60))); // the first pair has no queues: lost
    }

    void commandsNotAgreedOn()
    {
        m_net->start(VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_RX_EXTRA | VIRTIO_NET_F_CTRL_VLAN |
                     VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_CTRL_MAC_ADDR |
                     VIRTIO_NET_F_CTRL_GUEST_OFFLOADS);
        for (uint8_t commandClass = 0; commandClass < 8; ++commandClass) {
            for (uint8_t number = 0; number < 7; ++number)
                QCOMPARE(m_net->command(commandClass, number, Bytes(16)), VIRTIO_NET_ERR);
        }
    }

    void pausedWithFramesBothWays()
    {
        m_net->start();
        m_net->onLoop([&] { m_net->network->full = true; });
        m_net->send({}, frameTo(kOther, 60, 1));
        m_net->offerBuffers(2, 1500);
        QVERIFY(!m_net->deliver(frameTo(NetRig::kMac, 5000), kSegmented)); // it holds both buffers
        m_net->rig->function->pause();
        QVERIFY(m_net->network->receiver == nullptr);
        const auto saved = m_net->rig->function->saveState();
        const auto device = m_net->card().saveState();

        NetRig other;
        other.put(0x1000, m_net->get(0x1000, 0x3000));
        other.put(NetRig::kTransmitData, m_net->get(NetRig::kTransmitData, 0x1000));
        QVERIFY(other.card().loadState(device).has_value());
        QVERIFY(other.rig->function->loadState(saved).has_value());
        other.rig->function->resume();
        other.rig->settle();
        QCOMPARE(other.network->frames.size(), size_t{1});
        QCOMPARE(other.network->frames[0].frame, frameTo(kOther, 60, 1));
        QVERIFY(other.deliver(frameTo(NetRig::kMac, 2000), kSegmented));
        QCOMPARE(other.collect()->frame, frameTo(NetRig::kMac, 2000));

        m_net->onLoop([&] { m_net->network->full = false; });
        m_net->rig->function->resume();
        m_net->rig->settle();
        QCOMPARE(sent().size(), size_t{1});
        QVERIFY(m_net->deliver(frameTo(NetRig::kMac, 2000), kSegmented));
        QCOMPARE(m_net->collect()->frame, frameTo(NetRig::kMac, 2000));
    }

    /// What was taken out of the kernel waits over a pause, as what is still in it.
    void pausedWithAFrameKept()
    {
        m_net->start();
        m_net->offerBuffers(1, 1000);
        QVERIFY(!m_net->readable({frameTo(NetRig::kMac, 1500, 1)}, kSegmented));
        QVERIFY(m_net->network->kernel.empty());
        for (unsigned i = 0; i < 2; ++i) {
            m_net->rig->function->pause();
            m_net->rig->function->resume();
            m_net->rig->settle();
            QVERIFY(!m_net->readable({}));
        }
        m_net->offerBuffers(1, 1000);
        const auto arrived = m_net->collect();
        QVERIFY(arrived.has_value());
        QCOMPARE(arrived->frame, frameTo(NetRig::kMac, 1500, 1));
        QCOMPARE(m_net->network->readies.load(), 1U);
    }

    /// Another driver gets no frame that came for the one before.
    void resetWithAFrameKept()
    {
        m_net->start();
        m_net->offerBuffers(1, 1000);
        QVERIFY(!m_net->readable({frameTo(NetRig::kMac, 1500, 1)}, kSegmented));
        driver().setStatus(0);
        m_net->receive.emplace(m_net->memory(), NetRig::kReceiveRing, NetRig::kSize);
        m_net->start();
        m_net->offerBuffers(4, 1000);
        QVERIFY(!m_net->collect().has_value());
        m_net->readable({frameTo(NetRig::kMac, 60, 2)});
        QCOMPARE(m_net->collect()->frame, frameTo(NetRig::kMac, 60, 2));
    }

    /// A restored machine tells the switches where it is now.
    void announced()
    {
        m_net->start();
        rx(VIRTIO_NET_CTRL_RX_PROMISC, 0);
        m_net->rig->function->pause();
        NetRig other;
        other.put(0x1000, m_net->get(0x1000, 0x3000));
        QVERIFY(other.card().loadState(m_net->card().saveState()).has_value());
        QVERIFY(other.rig->function->loadState(m_net->rig->function->saveState()).has_value());
        m_net->rig->function->resume();
        m_net->rig->settle();
        QCOMPARE(m_net->interrupts(NetRig::kConfigVector), size_t{0}); // it never left
        QCOMPARE(status(), VIRTIO_NET_S_LINK_UP);

        other.rig->function->resume();
        other.rig->settle();
        QCOMPARE(other.interrupts(NetRig::kConfigVector), size_t{1});
        QCOMPARE(status(other), uint16_t{VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE});
        other.control->setAvailableIndex(1); // the driver goes on where it was
        QVERIFY(other.control->collect().has_value());
        QCOMPARE(other.command(VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK, {}),
                 VIRTIO_NET_OK);
        QCOMPARE(status(other), VIRTIO_NET_S_LINK_UP);
        other.offerBuffers(1, 2000);
        QVERIFY(other.deliver(frameTo(kOther, 60)));
        QVERIFY(!other.collect().has_value()); // the filter came along
    }

    void stateSuite()
    {
        m_net->start();
        rx(VIRTIO_NET_CTRL_RX_PROMISC, 0);
        m_net->command(VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, {7, 0});
        Bytes table{1, 0, 0, 0};
        table.insert(table.end(), kOther.begin(), kOther.end());
        table.insert(table.end(), 4, 0);
        m_net->command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, table);
        m_net->card().setLink(false);
        m_net->rig->function->pause();
        FakeNetwork network;
        const auto loop = std::move(*EventLoop::create("net-state"));
        tests::deviceStateSuite(m_net->card(), [&]() -> std::unique_ptr<state::Participant> {
            return std::make_unique<Net>(*loop, Net::Options{"net0", NetRig::kMac, true}, network);
        });
    }

    void hostileStates()
    {
        FakeNetwork network;
        const auto loop = std::move(*EventLoop::create("net-state"));
        const auto load = [&](const NetState& state) {
            Net card(*loop, Net::Options{"net0", NetRig::kMac, true}, network);
            return card.loadState(state::save(state)).has_value();
        };
        NetState state;
        QVERIFY(load(state));
        state.pairs = 0;
        QVERIFY(!load(state));
        state.pairs = 2;
        QVERIFY(!load(state));
        state.pairs = 1;
        state.offloads = VIRTIO_NET_F_MRG_RXBUF;
        QVERIFY(!load(state));
        state.offloads = VIRTIO_NET_F_GUEST_UFO; // the network cannot
        QVERIFY(!load(state));
        state.offloads = 0;
        state.filter.multicast.addresses.resize(NetFilter::kMostAddresses + 1);
        QVERIFY(!load(state));
    }

    void resetSuite()
    {
        m_net->start();
        rx(VIRTIO_NET_CTRL_RX_PROMISC, 0);
        m_net->command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
                       Bytes(kOther.begin(), kOther.end()));
        NetRig fresh;
        tests::resetSuite(m_net->card(), *m_net->rig->function, fresh.card(), *fresh.rig->function);
    }

    void aNetworkThatDoesNotStart()
    {
        m_net->network->refuses = true;
        m_net->start();
        m_net->send({}, frameTo(kOther, 60));
        QVERIFY(!m_net->needsReset());
    }

    void addresses()
    {
        const auto first = defaultMac("debian", 0);
        QCOMPARE(first, defaultMac("debian", 0));
        QVERIFY(first != defaultMac("debian", 1) && first != defaultMac("debiam", 0));
        QCOMPARE(first[0], uint8_t{0x52});
        QCOMPARE(first[1], uint8_t{0x54});
        QCOMPARE(first[2], uint8_t{0});
    }

private:
    tests::VirtioPciDriver& driver() { return m_net->driver(); }
    const std::vector<FakeNetwork::Sent>& sent() { return m_net->network->frames; }
    uint16_t status() { return status(*m_net); }
    static uint16_t status(NetRig& net)
    {
        return static_cast<uint16_t>(
            net.driver().read(Kind::Device, offsetof(NetConfig, status), 2));
    }
    void rx(uint8_t command, uint8_t on)
    {
        QCOMPARE(m_net->command(VIRTIO_NET_CTRL_RX, command, {on}), VIRTIO_NET_OK);
    }
    bool comesIn(const net::MacAddress& to)
    {
        CHECK(m_net->deliver(frameTo(to, 60)));
        const bool came = m_net->collect().has_value();
        if (came)
            m_net->offerBuffers(1, 2000);
        return came;
    }

    std::optional<NetRig> m_net;
};

QTEST_GUILESS_MAIN(NetTest)
#include "net_test.moc"
