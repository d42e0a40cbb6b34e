// SPDX-License-Identifier: GPL-3.0-or-later
// Split virtqueues: what a driver offers, honestly or not, and when it is told. Virtio 1.2
// section 2.7.
#include <QtTest>

#include <array>
#include <memory>
#include <random>

#include "tests/support/virtqueue_driver.h"

using namespace vmm;
using namespace vmm::virtio;
using memory::GuestMemory;
using memory::GuestPhys;
using tests::VirtqueueDriver;

namespace {

constexpr uint64_t kRam = uint64_t{1} << 20;
constexpr uint64_t kRings = 0x1000;
constexpr uint64_t kData = 0x10000;
constexpr uint16_t kSize = 8;

} // namespace

class QueueTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_memory = std::move(*GuestMemory::create({kRam, 0}));
        m_driver.emplace(*m_memory, kRings, kSize);
    }

    void requestComesAsItIs()
    {
        Queue queue = device();
        m_driver->offer({{kData, 16, false},
                         {kData + 0x100, 0, false},
                         {kData + 0x200, 512, true},
                         {kData + 0x800, 1, true}});
        DescriptorChain chain;
        QVERIFY(*queue.pop(chain));
        QCOMPARE(chain.readable().size(), size_t{1}); // an empty buffer is none
        QCOMPARE(chain.readableSize(), uint64_t{16});
        QCOMPARE(chain.writable().size(), size_t{2});
        QCOMPARE(chain.writableSize(), uint64_t{513});
        QVERIFY(!*queue.pop(chain));
    }

    /// What was popped and not begun is there again for the next device that looks: after a pause.
    void unpopped()
    {
        Queue queue = device();
        for (uint16_t head = 0; head < 3; ++head)
            m_driver->offer({{kData, 16U + head, false}}, head);
        DescriptorChain chain;
        for (int i = 0; i < 3; ++i)
            QVERIFY(*queue.pop(chain));
        queue.push(0, 0);
        queue.unpop(2);
        QVERIFY(queue.enableNotification());
        Queue next = *Queue::create(*m_memory, queue.state(), {});
        QVERIFY(*next.pop(chain));
        QCOMPARE(chain.head(), uint16_t{1});
        QCOMPARE(chain.readableSize(), uint64_t{17});
        QVERIFY(*next.pop(chain));
        QCOMPARE(chain.head(), uint16_t{2});
        QVERIFY(!*next.pop(chain));
    }

    /// A request that was taken before, by a device that is gone, is there by its head.
    void rereads()
    {
        DescriptorChain chain;
        QueueState state;
        {
            Queue queue = device();
            m_driver->offer({{kData, 16, false}, {kData + 64, 32, true}}, 0);
            m_driver->offer({{kData + 128, 48, false}}, 4);
            QVERIFY(*queue.pop(chain));
            QVERIFY(*queue.pop(chain));
            state = queue.state();
        }
        Queue queue = *Queue::create(*m_memory, state, {});
        QVERIFY(!*queue.pop(chain));
        QVERIFY(queue.reread(4, chain).has_value());
        QCOMPARE(chain.head(), uint16_t{4});
        QCOMPARE(chain.readableSize(), uint64_t{48});
        QVERIFY(queue.reread(0, chain).has_value());
        QCOMPARE(chain.readableSize(), uint64_t{16});
        QCOMPARE(chain.writableSize(), uint64_t{32});
        queue.push(0, 32);
        QVERIFY(queue.publish());
        m_driver->offer({{kData, 7, false}}, 1); // and what is new comes as ever
        QVERIFY(*queue.pop(chain));
        QCOMPARE(chain.readableSize(), uint64_t{7});
        QVERIFY(!queue.reread(kSize, chain).has_value());
        QVERIFY(!*queue.pop(chain));
    }

    void cursorCrossesPieces()
    {
        Queue queue = device();
        QVERIFY(m_memory->write(GuestPhys(kData), uint32_t{0x4433'2211}).has_value());
        QVERIFY(m_memory->write(GuestPhys(kData + 64), uint32_t{0x8877'6655}).has_value());
        m_driver->offer({{kData, 4, false},
                         {kData + 64, 4, false},
                         {kData + 128, 3, true},
                         {kData + 256, 5, true}});
        DescriptorChain chain;
        QVERIFY(*queue.pop(chain));
        ChainCursor reader(chain.readable());
        uint8_t first = 0;
        uint32_t middle = 0;
        QVERIFY(reader.read(first) && reader.skip(1) && reader.read(middle));
        QCOMPARE(first, uint8_t{0x11});
        QCOMPARE(middle, 0x6655'4433U);
        QVERIFY(!reader.read(middle)); // two bytes are left, and stay
        QCOMPARE(reader.left(), uint64_t{2});
        ChainCursor writer(chain.writable());
        QVERIFY(writer.skip(1) && writer.write(uint32_t{0xddcc'bbaa}));
        QCOMPARE(*m_memory->read<uint16_t>(GuestPhys(kData + 129)), uint16_t{0xbbaa});
        QCOMPARE(*m_memory->read<uint16_t>(GuestPhys(kData + 256)), uint16_t{0xddcc});
        std::vector<memory::GuestSlice> rest;
        QVERIFY(writer.take(3, rest));
        QCOMPARE(rest.size(), size_t{1});
        QCOMPARE(rest[0].size(), size_t{3});
    }

    void indirectTable()
    {
        Queue queue = device({.indirect = true});
        const std::array<Descriptor, 2> table{
            Descriptor{kData + 0x1000, 8, VIRTQ_DESC_F_NEXT, 1},
            Descriptor{kData + 0x2000, 32, VIRTQ_DESC_F_WRITE, 0}};
        QVERIFY(m_memory->write(GuestPhys(kData), table).has_value());
        m_driver->describe(0, {kData, sizeof table, VIRTQ_DESC_F_INDIRECT, 0});
        m_driver->makeAvailable(0);
        DescriptorChain chain;
        QVERIFY(*queue.pop(chain));
        QCOMPARE(chain.readableSize(), uint64_t{8});
        QCOMPARE(chain.writableSize(), uint64_t{32});
    }

    void liesAreErrors_data();
    void liesAreErrors();

    void badPlaces_data()
    {
        QTest::addColumn<int>("which");
        QTest::addColumn<quint64>("value");
        QTest::newRow("size 0") << 0 << quint64{0};
        QTest::newRow("size 3") << 0 << quint64{3};
        QTest::newRow("size 2048") << 0 << quint64{2048};
        QTest::newRow("descriptors misaligned") << 1 << quint64{kRings + 8};
        QTest::newRow("descriptors at RAM's end") << 1 << quint64{kRam - 16};
        QTest::newRow("descriptors nowhere") << 1 << quint64{0xffff'ffff'ffff'fff0};
        QTest::newRow("available misaligned") << 2 << quint64{kRings + 1};
        QTest::newRow("available in MMIO") << 2 << quint64{0xfee0'0000};
        QTest::newRow("used misaligned") << 3 << quint64{kRings + 2};
        QTest::newRow("used at RAM's end") << 3 << quint64{kRam - 4};
    }
    void badPlaces()
    {
        QFETCH(int, which);
        QFETCH(quint64, value);
        QueueState state = m_driver->layout();
        if (which == 0)
            state.size = static_cast<uint16_t>(value);
        (which == 1   ? state.descriptors
         : which == 2 ? state.available
         : which == 3 ? state.used
                      : m_unused) = value;
        QVERIFY(!Queue::create(*m_memory, state, {}).has_value());
    }

    void ringsGoRound()
    {
        Queue queue = device({.eventIndex = true});
        DescriptorChain chain;
        for (unsigned round = 0; round < 70'000; ++round) { // the indices wrap at 65,536
            const auto head = static_cast<uint16_t>(round % kSize);
            m_driver->offer({{kData, 1 + round % 100, true}}, head);
            QVERIFY(*queue.pop(chain));
            QCOMPARE(chain.head(), head);
            QCOMPARE(chain.writableSize(), uint64_t{1 + round % 100});
            m_driver->setUsedEvent(static_cast<uint16_t>(round));
            queue.push(chain.head(), 1 + round % 100);
            QVERIFY(queue.publish());
            const auto used = m_driver->collect();
            QVERIFY(used.has_value());
            QCOMPARE(used->id, uint32_t{head});
            QCOMPARE(used->length, 1 + round % 100);
        }
    }

    void driverIsToldOnceAsItAsked()
    {
        Queue queue = device({.eventIndex = true});
        giveBack(queue, 1);
        QVERIFY(queue.publish()); // the first one after a start always
        m_driver->setUsedEvent(3);
        giveBack(queue, 1);
        QVERIFY(!queue.publish());
        giveBack(queue, 2); // from 2 to 4: past 3
        QVERIFY(queue.publish());
        giveBack(queue, 1);
        QVERIFY(!queue.publish());
        QVERIFY(!queue.publish()); // nothing new
        QCOMPARE(m_driver->usedIndex(), uint16_t{5});
    }

    void flagsWithoutEventIndex()
    {
        Queue queue = device();
        m_driver->setAvailableFlags(VIRTQ_AVAIL_F_NO_INTERRUPT);
        giveBack(queue, 1);
        QVERIFY(!queue.publish());
        m_driver->setAvailableFlags(0);
        giveBack(queue, 1);
        QVERIFY(queue.publish());
        queue.disableNotification();
        QCOMPARE(m_driver->usedFlags(), VIRTQ_USED_F_NO_NOTIFY);
        m_driver->offer({{kData, 1, true}});
        QVERIFY(queue.enableNotification()); // one came in the meantime
        QCOMPARE(m_driver->usedFlags(), uint16_t{0});
    }

    void eventIndexAsksForTheNext()
    {
        Queue queue = device({.eventIndex = true});
        giveBack(queue, 3);
        QVERIFY(!queue.enableNotification());
        QCOMPARE(m_driver->availEvent(), uint16_t{3});
    }

    void goesOnAfterALoad()
    {
        Queue queue = device({.eventIndex = true});
        giveBack(queue, 3);
        queue.publish();
        m_driver->offer({{kData, 7, true}}, 4);
        auto again = Queue::create(*m_memory, queue.state(), {.eventIndex = true});
        QVERIFY(again.has_value());
        DescriptorChain chain;
        QVERIFY(*again->pop(chain));
        QCOMPARE(chain.head(), uint16_t{4});
        again->push(chain.head(), 7);
        QVERIFY(again->publish());
        QCOMPARE(m_driver->usedIndex(), uint16_t{4});
    }

    void anyBytesEnd()
    {
        std::mt19937 random(7);
        for (int round = 0; round < 2'000; ++round) {
            for (uint64_t at = kRings; at < m_driver->end(); at += 4)
                if (random() % 3 == 0)
                    QVERIFY(m_memory
                                ->write(GuestPhys(at),
                                        static_cast<uint32_t>(
                                            random() % 5 == 0 ? random() : random() % 0x20'0000))
                                .has_value());
            Queue queue = device({.indirect = true, .eventIndex = round % 2 == 0});
            DescriptorChain chain;
            for (int i = 0; i < 3 * kSize; ++i) {
                const auto popped = queue.pop(chain);
                if (!popped || !*popped)
                    break;
                QVERIFY(chain.readable().size() + chain.writable().size() <= 2 * kSize);
                queue.push(chain.head(), 0);
                queue.publish();
                queue.enableNotification();
            }
        }
    }

private:
    Queue device(Queue::Features features = {})
    {
        auto queue = Queue::create(*m_memory, m_driver->layout(), features);
        CHECK(queue.has_value());
        return *std::move(queue);
    }
    /// `count` requests go there and back, not published.
    void giveBack(Queue& queue, unsigned count)
    {
        DescriptorChain chain;
        for (unsigned i = 0; i < count; ++i) {
            m_driver->offer({{kData, 1, true}});
            CHECK(*queue.pop(chain));
            queue.push(chain.head(), 0);
        }
    }

    std::unique_ptr<GuestMemory> m_memory;
    std::optional<VirtqueueDriver> m_driver;
    uint64_t m_unused = 0;
};

void QueueTest::liesAreErrors_data()
{
    using Table = std::vector<Descriptor>;
    QTest::addColumn<Table>("table");
    QTest::addColumn<int>("head");
    QTest::addColumn<bool>("indirect");
    constexpr uint16_t kNext = VIRTQ_DESC_F_NEXT;
    constexpr uint16_t kWrite = VIRTQ_DESC_F_WRITE;
    constexpr uint16_t kTable = VIRTQ_DESC_F_INDIRECT;
    QTest::newRow("head outside") << Table{} << 8 << true;
    QTest::newRow("next outside") << Table{{kData, 1, kNext, 8}} << 0 << true;
    QTest::newRow("points at itself") << Table{{kData, 1, kNext, 0}} << 0 << true;
    QTest::newRow("a ring of two")
        << Table{{kData, 1, kNext, 1}, {kData, 1, kNext, 0}} << 0 << true;
    QTest::newRow("empty buffers for ever") << Table{{kData, 0, kNext, 0}} << 0 << true;
    QTest::newRow("beyond RAM") << Table{{kRam - 1, 2, 0, 0}} << 0 << true;
    QTest::newRow("wraps around") << Table{{0xffff'ffff'ffff'fff0, 0x20, 0, 0}} << 0 << true;
    QTest::newRow("in MMIO") << Table{{0xfee0'0000, 4, kWrite, 0}} << 0 << true;
    QTest::newRow("readable after writable")
        << Table{{kData, 1, kWrite | kNext, 1}, {kData, 1, 0, 0}} << 0 << true;
    QTest::newRow("indirect not agreed on") << Table{{kData, 16, kTable, 0}} << 0 << false;
    QTest::newRow("indirect with next")
        << Table{{kData, 16, kTable | kNext, 1}, {kData, 1, 0, 0}} << 0 << true;
    QTest::newRow("indirect of no bytes") << Table{{kData, 0, kTable, 0}} << 0 << true;
    QTest::newRow("indirect of half an entry") << Table{{kData, 24, kTable, 0}} << 0 << true;
    QTest::newRow("indirect beyond RAM") << Table{{kRam - 16, 32, kTable, 0}} << 0 << true;
    QTest::newRow("indirect of 4 GiB") << Table{{kData, 0xffff'fff0, kTable, 0}} << 0 << true;
    QTest::newRow("indirect in indirect") << Table{{kRings, 16, kTable, 0}} << 0 << true;
}

void QueueTest::liesAreErrors()
{
    QFETCH(std::vector<Descriptor>, table);
    QFETCH(int, head);
    QFETCH(bool, indirect);
    for (size_t i = 0; i < table.size(); ++i)
        m_driver->describe(static_cast<uint16_t>(i), table[i]);
    m_driver->makeAvailable(static_cast<uint16_t>(head));
    Queue queue = device({.indirect = indirect});
    DescriptorChain chain;
    const auto popped = queue.pop(chain);
    QVERIFY(!popped.has_value());
    QVERIFY(!popped.error().sentence().empty());
}

QTEST_GUILESS_MAIN(QueueTest)
#include "queue_test.moc"
