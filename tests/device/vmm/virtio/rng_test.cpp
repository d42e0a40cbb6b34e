// SPDX-License-Identifier: GPL-3.0-or-later
// The entropy device as its driver sees it. Virtio 1.2 section 5.4.
#include <QtTest>

#include <algorithm>

#include "tests/device/vmm/virtio/virtio_rig.h"
#include "vmm/virtio/rng.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::VirtioRig;
using tests::VirtqueueDriver;

class RngTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_rig = std::make_unique<VirtioRig>(
            [](EventLoop& loop) { return std::make_unique<Rng>(loop, "rng"); });
        m_queue.emplace(*m_rig->board.memory, VirtioRig::kRings, 16);
        QVERIFY(m_rig->driver->negotiate(VIRTIO_F_VERSION_1));
        m_rig->driver->setQueue(0, m_queue->layout());
        m_rig->driver->go();
    }
    void cleanup() { m_rig.reset(); }

    void fillsWhatIsOffered()
    {
        const auto used =
            ask({{VirtioRig::kData, 64, true}, {VirtioRig::kData + 0x1000, 64, true}});
        QCOMPARE(used.length, 128U);
        QVERIFY(read(VirtioRig::kData, 64) != std::vector<uint8_t>(64));
        QVERIFY(read(VirtioRig::kData, 64) != read(VirtioRig::kData + 0x1000, 64));
    }
    void noMoreThanItsShare()
    {
        QCOMPARE(ask({{VirtioRig::kData, 1U << 20, true}}).length, Rng::kMostBytes);
        QCOMPARE(read(VirtioRig::kData + Rng::kMostBytes, 64), std::vector<uint8_t>(64));
    }
    void nothingToFill()
    {
        QCOMPARE(ask({{VirtioRig::kData, 64, false}}).length, 0U);
        QCOMPARE(read(VirtioRig::kData, 64), std::vector<uint8_t>(64));
    }
    void manyAtOnce()
    {
        for (uint16_t i = 0; i < 16; ++i)
            m_queue->offer({{VirtioRig::kData + 0x100U * i, 16, true}}, i);
        m_rig->driver->notify(0);
        QVERIFY(VirtioRig::eventually([&] { return m_queue->usedIndex() == 16; }));
    }

    /// A driver that refills the queue for as long as it likes does not keep the loop: what is
    /// posted to it runs in between.
    void neverStopping()
    {
        ask({{VirtioRig::kData, 16, true}});
        std::atomic<bool> stop{false};
        std::thread refilling([&] {
            for (uint16_t offered = 1; !stop;) {
                if (static_cast<uint16_t>(offered - m_queue->usedIndex()) >= 8)
                    continue;
                m_queue->makeAvailable(0);
                ++offered;
                m_rig->driver->notify(0);
            }
        });
        for (int i = 0; i < 20; ++i)
            m_rig->settle();
        stop = true;
        refilling.join();
    }

private:
    UsedElement ask(const std::vector<VirtqueueDriver::Buffer>& buffers)
    {
        m_queue->offer(buffers);
        m_rig->driver->notify(0);
        std::optional<UsedElement> used;
        CHECK(VirtioRig::eventually([&] { return (used = m_queue->collect()).has_value(); }));
        return *used;
    }
    std::vector<uint8_t> read(uint64_t address, size_t size) const
    {
        std::vector<uint8_t> bytes(size);
        CHECK(m_rig->board.memory
                  ->copyOut(memory::GuestPhys(address), std::as_writable_bytes(std::span(bytes)))
                  .has_value());
        return bytes;
    }

    std::unique_ptr<VirtioRig> m_rig;
    std::optional<VirtqueueDriver> m_queue;
};

QTEST_GUILESS_MAIN(RngTest)
#include "rng_test.moc"
