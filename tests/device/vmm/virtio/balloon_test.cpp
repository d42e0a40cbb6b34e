// SPDX-License-Identifier: GPL-3.0-or-later
// The memory balloon as its driver sees it, and as the host's memory does. Virtio 1.2 section 5.5.
#include <QtTest>

#include <numeric>

#include "tests/device/vmm/virtio/virtio_rig.h"
#include "tests/support/resident.h"
#include "tests/support/suites.h"
#include "vmm/virtio/balloon.h"

using namespace vmm;
using namespace vmm::virtio;
using memory::GuestPhys;
using tests::VirtioRig;
using tests::VirtqueueDriver;

namespace {

constexpr uint64_t kPage = kBalloonPageSize;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kAll = VIRTIO_F_VERSION_1 | VIRTIO_BALLOON_F_STATS_VQ |
                          VIRTIO_BALLOON_F_DEFLATE_ON_OOM | VIRTIO_BALLOON_F_PAGE_REPORTING;
constexpr uint32_t kFirst = 0x400;     // pages from 4 MiB on are the balloon's
constexpr uint64_t kArray = 0x20'0000; // page numbers and statistics
constexpr uint16_t kInflate = 0;
constexpr uint16_t kDeflate = 1;
constexpr uint16_t kStatistics = 2;
constexpr uint16_t kReporting = 4;

struct Statistic {
    uint16_t tag;
    uint64_t value;
};

} // namespace

class BalloonTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_rig = std::make_unique<VirtioRig>([this](EventLoop& loop, tests::FakeBoard& board) {
            auto balloon = std::make_unique<Balloon>(loop, "balloon", *board.memory);
            m_balloon = balloon.get();
            return balloon;
        });
    }
    void cleanup()
    {
        m_queues.clear();
        m_rig.reset();
    }

    void inflatedPagesGoBackToTheHost()
    {
        bringUp();
        touch(kFirst, 512);
        const int64_t before = hostPages();
        std::vector<uint32_t> pages(256);
        std::iota(pages.rbegin(), pages.rend(), kFirst); // the order Linux gives them in
        give(kInflate, pages);
        QCOMPARE(hostPages(), before - 256);
        QCOMPARE(byteOf(kFirst), 0);
        QCOMPARE(byteOf(kFirst + 255), 0);
        QCOMPARE(byteOf(kFirst + 256), 0x5a); // not given
        QCOMPARE(m_balloon->counters().givenBack, 256 * kPage);
        QCOMPARE(m_balloon->counters().inflated, 256 * kPage);
        give(kDeflate, pages);
        QCOMPARE(m_balloon->counters().deflated, 256 * kPage);
        touch(kFirst, 256);
        QCOMPARE(byteOf(kFirst), 0x5a);
        QCOMPARE(hostPages(), before);
    }
    void anyOrderAndTwice()
    {
        bringUp();
        touch(kFirst, 64);
        const int64_t before = hostPages();
        give(kInflate, {kFirst + 9, kFirst, kFirst + 1, kFirst + 9, kFirst + 63, kFirst + 2});
        QCOMPARE(hostPages(), before - 5);
        QCOMPARE(byteOf(kFirst + 3), 0x5a);
    }
    void onlyRam()
    {
        bringUp();
        const auto ramEnd = static_cast<uint32_t>(m_rig->board.memory->ramSize() / kPage);
        touch(ramEnd - 2, 2);
        const int64_t before = hostPages();
        // Across the end of RAM, device memory, the highest there is.
        give(kInflate, {ramEnd - 2, ramEnd - 1, ramEnd, ramEnd + 1, 0xe0000, 0xfffff, 0xffff'ffff});
        QCOMPARE(hostPages(), before - 2);
        QCOMPARE(m_balloon->counters().refused, 5 * kPage);
        QCOMPARE(m_balloon->counters().givenBack, 2 * kPage);
    }
    void arraysOfOddLengths()
    {
        bringUp();
        for (const uint32_t bytes : {0U, 1U, 3U, 6U}) {
            QCOMPARE(ask(kInflate, {{kArray, bytes, false}}).length, 0U);
            QCOMPARE(ask(kDeflate, {{kArray, bytes, false}}).length, 0U);
        }
        ask(kInflate, {{kArray, 64, true}}); // the device was to write page numbers?
        QCOMPARE(m_balloon->counters().inflated, kPage);
    }
    void largeRequestLeavesTheLoopFree()
    {
        bringUp();
        std::vector<uint32_t> pages(kMiB, 0x380); // behind the statistics
        put(4 * kMiB, std::as_bytes(std::span(pages)));
        std::atomic<int> turns{0};
        std::atomic<bool> done{false};
        std::function<void()> count = [&] {
            ++turns;
            if (!done)
                m_rig->loop->post(count);
        };
        m_rig->loop->post(count);
        const auto used =
            ask(kInflate, {{4 * kMiB, static_cast<uint32_t>(pages.size() * 4), false}});
        done = true;
        m_rig->settle();
        QCOMPARE(used.length, 0U);
        QCOMPARE(m_balloon->counters().inflated, pages.size() * kPage);
        QVERIFY(turns > 100); // of 4096
    }
    void dirtyAndDecodedPagesAreNoticed()
    {
        struct Observer final : memory::WriteObserver {
            void written(uint64_t offset, uint64_t size) override
            {
                if (offset == kFirst * kPage)
                    bytes += size;
            }
            std::atomic<uint64_t> bytes{0};
        } observer;
        m_rig->board.memory->observeWrites(observer);
        bringUp();
        touch(kFirst, 4);
        observer.bytes = 0;
        m_rig->board.memory->startTracking();
        give(kInflate, {kFirst, kFirst + 1, kFirst + 2});
        const auto dirty = m_rig->board.memory->takeDirty();
        QCOMPARE(dirty[kFirst / 64] & 0xf, 0x7U);
        QCOMPARE(observer.bytes.load(), 3 * kPage);
        cleanup(); // before the observer goes
    }

    void targetReachesTheDriver()
    {
        bringUp();
        QCOMPARE(config(0), 0U);
        static_cast<void>(m_rig->driver->isr());
        m_balloon->setTarget(3 * kMiB + 5);
        m_rig->settle();
        QCOMPARE(config(0), 768U);
        QCOMPARE(m_rig->driver->isr(), kIsrConfig);
        m_balloon->setTarget(3 * kMiB); // the same pages: nobody is told
        m_rig->settle();
        QCOMPARE(m_rig->driver->isr(), 0);
        setConfig(4, 700);
        QCOMPARE(m_balloon->actual(), 700 * kPage);
        QCOMPARE(m_balloon->target(), 3 * kMiB);
        m_balloon->setTarget(~uint64_t{0});
        QCOMPARE(m_balloon->target(), m_rig->board.memory->ramSize());
        setConfig(4, 0xffff'ffff);
        QCOMPARE(m_balloon->actual(), m_rig->board.memory->ramSize());
        setConfig(0, 5); // not the driver's to write
        QCOMPARE(m_balloon->target(), m_rig->board.memory->ramSize());
        m_rig->driver->setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->actual() == 0; }));
        QCOMPARE(m_balloon->target(), m_rig->board.memory->ramSize());
    }

    void statisticsOnDemand()
    {
        bringUp();
        QCOMPARE(m_balloon->statistics().round, uint64_t{0});
        m_balloon->requestStatistics(); // there is no buffer to ask with
        std::vector<Statistic> all;
        for (uint16_t tag = 0; tag < kBalloonStatistics; ++tag)
            all.push_back({tag, 1000U + tag});
        offerStatistics(all);
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->statistics().round == 1; }));
        for (uint16_t tag = 0; tag < kBalloonStatistics; ++tag)
            QCOMPARE(m_balloon->statistics().values[tag], std::optional<uint64_t>(1000 + tag));
        m_rig->settle();
        QVERIFY(!m_queues.at(kStatistics).collect()); // kept until wanted
        m_balloon->requestStatistics();
        m_balloon->requestStatistics(); // it has been asked already
        QVERIFY(
            VirtioRig::eventually([&] { return m_queues.at(kStatistics).collect().has_value(); }));
        offerStatistics({{6, 42}});
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->statistics().round == 2; }));
        QCOMPARE(m_balloon->statistics()[BalloonStatistic::Available], std::optional<uint64_t>(42));
        QVERIFY(!m_balloon->statistics()[BalloonStatistic::Free].has_value());
    }
    void hostileStatistics()
    {
        bringUp();
        offerStatistics({{16, 1}, {0xffff, 2}, {4, ~uint64_t{0}}, {4, 7}, {0x400, 3}}, 3);
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->statistics().round == 1; }));
        QCOMPARE(m_balloon->statistics()[BalloonStatistic::Free], std::optional<uint64_t>(7));
        // More buffers than the one it may offer wait until it is asked for the next.
        for (int i = 0; i < 8; ++i)
            offerStatistics({{4, 8}});
        m_rig->settle();
        QCOMPARE(m_balloon->statistics().round, uint64_t{1});
        m_balloon->requestStatistics();
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->statistics().round == 2; }));
        m_rig->settle();
        QCOMPARE(m_balloon->statistics().round, uint64_t{2});
        // An empty one, and one of a megabyte.
        m_balloon->requestStatistics();
        m_rig->driver->setStatus(0);
        bringUp();
        m_queues.at(kStatistics).offer({{kArray, 0, false}});
        m_rig->driver->notify(kStatistics);
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->statistics().round == 1; }));
        m_balloon->requestStatistics();
        m_queues.at(kStatistics).offer({{4 * kMiB, kMiB, false}});
        m_rig->driver->notify(kStatistics);
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->statistics().round == 2; }));
    }

    void reportedPagesGoBack_data()
    {
        QTest::addColumn<int>("queue");
        QTest::addColumn<bool>("statistics");
        QTest::newRow("as the specification numbers it") << 4 << true;
        QTest::newRow("Linux before 6.11") << 3 << true;
        QTest::newRow("Linux before 6.11, without statistics") << 2 << false;
    }
    void reportedPagesGoBack()
    {
        QFETCH(int, queue);
        QFETCH(bool, statistics);
        bringUp(statistics ? kAll : kAll & ~VIRTIO_BALLOON_F_STATS_VQ);
        touch(kFirst, 2048);
        const int64_t before = hostPages();
        const auto reporting = static_cast<uint16_t>(queue);
        ask(reporting,
            {{kFirst * kPage, 2 * kMiB, true}, {kFirst * kPage + 4 * kMiB, 2 * kMiB, true}});
        QCOMPARE(hostPages(), before - 1024);
        QCOMPARE(byteOf(kFirst + 512), 0x5a);
        QCOMPARE(m_balloon->counters().reported, 4 * kMiB);
        QCOMPARE(m_balloon->counters().givenBack, 4 * kMiB);
        ask(reporting, {{kFirst * kPage, 64, false}}); // nothing to write into: nothing reported
        QCOMPARE(m_balloon->counters().reported, 4 * kMiB);
    }
    void partsOfPagesStay()
    {
        bringUp();
        touch(kFirst, 8);
        const int64_t before = hostPages();
        ask(kReporting, {{kFirst * kPage + 100, 3 * kPage, true}});
        QCOMPARE(hostPages(), before - 2);
        QCOMPARE(byteOf(kFirst), 0x5a);
        QCOMPARE(byteOf(kFirst + 1), 0);
        QCOMPARE(byteOf(kFirst + 3), 0x5a);
    }
    void poisonIsKept()
    {
        for (const uint32_t poison : {0U, 0xaaaa'aaaaU}) {
            bringUp(kAll | VIRTIO_BALLOON_F_PAGE_POISON, poison);
            touch(kFirst, 4);
            const int64_t before = hostPages();
            ask(kReporting, {{kFirst * kPage, 4 * kPage, true}});
            QCOMPARE(hostPages(), poison == 0 ? before - 4 : before);
            QCOMPARE(byteOf(kFirst), poison == 0 ? 0 : 0x5a);
            // Not agreed on: the value means nothing.
            bringUp(kAll, poison);
            ask(kReporting, {{kFirst * kPage, 4 * kPage, true}});
            QCOMPARE(byteOf(kFirst), 0);
        }
    }
    void reportingNotAgreedOn()
    {
        bringUp(kAll & ~VIRTIO_BALLOON_F_PAGE_REPORTING);
        touch(kFirst, 1);
        m_queues.at(kReporting).offer({{kFirst * kPage, kPage, true}});
        m_rig->driver->notify(kReporting);
        m_rig->settle();
        QCOMPARE(byteOf(kFirst), 0x5a);
    }

    void ringsOutsideRam()
    {
        for (const uint64_t place :
             {m_rig->board.memory->ramSize() - 128, uint64_t{0xe000'0000}, ~uint64_t{0xfff}}) {
            QVERIFY(m_rig->driver->negotiate(kAll));
            VirtqueueDriver queue(*m_rig->board.memory, VirtioRig::kRings, 16);
            QueueState layout = queue.layout();
            layout.descriptors = place;
            m_rig->driver->setQueue(kInflate, layout);
            m_rig->driver->go();
            QVERIFY(needsReset());
        }
    }
    void buffersOutsideRam()
    {
        for (const uint16_t queue : {kInflate, kDeflate, kStatistics, kReporting}) {
            bringUp();
            m_queues.at(queue).offer({{0xe000'0000, 4096, queue == kReporting}});
            m_rig->driver->notify(queue);
            QVERIFY(needsReset());
            m_balloon->requestStatistics();
            m_rig->settle();
        }
    }
    void reportingItsOwnRings()
    {
        bringUp();
        // The rings turn to zeros: whatever that means to them, the device stays alive.
        m_queues.at(kReporting).offer({{0, kMiB, true}});
        m_rig->driver->notify(kReporting);
        m_rig->settle();
        bringUp();
        give(kInflate, {kFirst});
    }
    void resetInFlight()
    {
        bringUp();
        m_queues.at(kInflate).offer({{4 * kMiB, 8 * kMiB, false}});
        offerStatistics({{4, 1}});
        m_rig->driver->notify(kInflate);
        m_rig->driver->setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->driver->status() == 0; }));
        bringUp();
        give(kInflate, {kFirst});
    }

    void pausedInFlight()
    {
        bringUp();
        touch(kFirst, 2);
        std::vector<uint32_t> pages(kMiB / 4, kFirst);
        pages.back() = kFirst + 1;
        put(4 * kMiB + 2 * kPage, std::as_bytes(std::span(pages)));
        offerStatistics({{4, 77}});
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->statistics().round == 1; }));
        m_queues.at(kInflate).offer({{4 * kMiB + 2 * kPage, kMiB, false}});
        m_rig->driver->notify(kInflate);
        m_rig->function->pause();
        const auto transport = m_rig->function->saveState();
        const auto device = m_balloon->saveState();
        const auto used = m_queues.at(kInflate).usedIndex();
        QVERIFY(!m_queues.at(kStatistics).collect());

        // Another process: the same memory, a new device.
        m_rig->function->reset();
        QVERIFY(m_balloon->loadState(device).has_value());
        QVERIFY(m_rig->function->loadState(transport).has_value());
        m_rig->function->resume();
        QVERIFY(VirtioRig::eventually([&] { return m_queues.at(kInflate).usedIndex() == 1; }));
        QVERIFY(used <= 1);
        QCOMPARE(byteOf(kFirst), 0);
        QCOMPARE(byteOf(kFirst + 1), 0);
        QVERIFY(VirtioRig::eventually([&] { return m_balloon->statistics().round == 1; }));
        QCOMPARE(m_balloon->statistics()[BalloonStatistic::Free], std::optional<uint64_t>(77));
        m_balloon->requestStatistics();
        QVERIFY(
            VirtioRig::eventually([&] { return m_queues.at(kStatistics).collect().has_value(); }));
    }
    void stateSuite()
    {
        bringUp(kAll | VIRTIO_BALLOON_F_PAGE_POISON, 0xaa);
        m_balloon->setTarget(2 * kMiB);
        setConfig(4, 500);
        tests::deviceStateSuite(*m_balloon, [this] {
            return std::make_unique<Balloon>(*m_rig->loop, "balloon", *m_rig->board.memory);
        });
        Balloon small(*m_rig->loop, "balloon", *m_rig->board.memory);
        auto state = m_balloon->saveState();
        state.fields["target"] = state::Value(state::Value::Variant(uint64_t{0xffff'ffff}));
        QVERIFY(!small.loadState(state).has_value());
    }

private:
    void bringUp(uint64_t features = kAll, uint32_t poison = 0)
    {
        QVERIFY(m_rig->driver->negotiate(features));
        m_queues.clear();
        uint64_t at = VirtioRig::kRings;
        for (uint16_t i = 0; i < 5; ++i) {
            const std::vector<std::byte> zeros(0x1000);
            put(at, zeros);
            m_queues.emplace_back(*m_rig->board.memory, at, 64);
            m_rig->driver->setQueue(i, m_queues.back().layout());
            at += 0x1000;
        }
        put(kArray, std::vector<std::byte>(2 * kPage)); // so that tests count other pages only
        put(kArray + kMiB, std::vector<std::byte>(kPage));
        setConfig(12, poison);
        m_rig->driver->go();
    }
    bool needsReset() const
    {
        return VirtioRig::eventually(
            [this] { return (m_rig->driver->status() & DEVICE_NEEDS_RESET) != 0; });
    }
    uint32_t config(unsigned offset) const
    {
        return static_cast<uint32_t>(m_rig->driver->read(CapabilityKind::Device, offset, 4));
    }
    void setConfig(unsigned offset, uint32_t value) const
    {
        m_rig->driver->write(CapabilityKind::Device, offset, value, 4);
    }
    UsedElement ask(uint16_t queue, const std::vector<VirtqueueDriver::Buffer>& buffers)
    {
        m_queues.at(queue).offer(buffers);
        m_rig->driver->notify(queue);
        std::optional<UsedElement> used;
        CHECK(VirtioRig::eventually(
            [&] { return (used = m_queues.at(queue).collect()).has_value(); }));
        return *used;
    }
    void give(uint16_t queue, const std::vector<uint32_t>& pages)
    {
        put(kArray, std::as_bytes(std::span(pages)));
        QCOMPARE(ask(queue, {{kArray, static_cast<uint32_t>(pages.size() * 4), false}}).length, 0U);
    }
    void offerStatistics(const std::vector<Statistic>& statistics, uint32_t tail = 0)
    {
        std::vector<std::byte> bytes(statistics.size() * kBalloonStatSize + tail, std::byte{1});
        for (size_t i = 0; i < statistics.size(); ++i) {
            storeLe(&bytes[i * kBalloonStatSize], statistics[i].tag);
            storeLe(&bytes[i * kBalloonStatSize + kBalloonStatValue], statistics[i].value);
        }
        put(kArray + kMiB, bytes);
        m_queues.at(kStatistics)
            .offer({{kArray + kMiB, static_cast<uint32_t>(bytes.size()), false}});
        m_rig->driver->notify(kStatistics);
    }

    void put(uint64_t address, std::span<const std::byte> bytes) const
    {
        CHECK(m_rig->board.memory->copyIn(GuestPhys(address), bytes).has_value());
    }
    void touch(uint32_t page, uint32_t count) const
    {
        put(page * kPage, std::vector<std::byte>(count * kPage, std::byte{0x5a}));
    }
    int byteOf(uint32_t page) const
    {
        return *m_rig->board.memory->read<uint8_t>(GuestPhys((page + 1) * kPage - 1));
    }
    /// Pages of guest RAM the host has memory for.
    int64_t hostPages() const { return tests::residentPages(*m_rig->board.memory); }

    std::unique_ptr<VirtioRig> m_rig;
    Balloon* m_balloon = nullptr;
    std::vector<VirtqueueDriver> m_queues;
};

QTEST_GUILESS_MAIN(BalloonTest)
#include "balloon_test.moc"
