// SPDX-License-Identifier: GPL-3.0-or-later
// Drivers that break the block device's rules, and resets and removals in the middle of work.
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <random>

#include "tests/device/vmm/virtio/blk_rig.h"
#include "vmm/block/open_image.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::BlkRig;
using tests::MemoryDisk;
using tests::VirtioRig;

namespace {

constexpr uint64_t kBuffer = BlkRig::kBuffer;

} // namespace

class BlkHostileTest final : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_disk = std::make_shared<MemoryDisk>(1000);
        m_blk = std::make_unique<BlkRig>(m_disk);
        QVERIFY(m_blk->go());
    }
    void cleanup()
    {
        m_disk->release();
        m_blk.reset();
    }

    void badChains_data();
    void badChains();
    void shortHeaders();
    void buffersAtTheEndOfMemory();
    void moreThanTheQueueCanHave();
    void configurationWrites();
    void resetWithRequestsInFlight();
    void resetWaitsForWhatCannotBeGivenUp();
    void resetOnARealDisk();
    void removedWithRequestsInFlight();

private:
    void start(uint64_t rings)
    {
        m_blk->queue.emplace(*m_blk->rig.board.memory, rings, BlkRig::kQueueSize);
        QVERIFY(m_blk->go());
    }
    void awaitSubmitted(size_t count)
    {
        QVERIFY(VirtioRig::eventually([&] {
            return m_disk->with([&](MemoryDisk& disk) { return disk.submitted >= count; });
        }));
    }
    void awaitReset()
    {
        QVERIFY(VirtioRig::eventually([this] { return m_blk->rig.driver->status() == 0; }));
    }
    std::shared_ptr<MemoryDisk> m_disk;
    std::unique_ptr<BlkRig> m_blk;
};

void BlkHostileTest::badChains_data()
{
    QTest::addColumn<QVector<Descriptor>>("chain");
    constexpr uint16_t next = VIRTQ_DESC_F_NEXT;
    constexpr uint16_t write = VIRTQ_DESC_F_WRITE;
    const Descriptor header{BlkRig::kHeader, 16, next, 1};
    QTest::newRow("no room for a status") << QVector<Descriptor>{{BlkRig::kHeader, 16, 0, 0}};
    QTest::newRow("pointing at itself")
        << QVector<Descriptor>{header, {kBuffer, 512, next | write, 1}};
    QTest::newRow("pointing back") << QVector<Descriptor>{header, {kBuffer, 512, next, 0}};
    QTest::newRow("data in a device") << QVector<Descriptor>{
        header, {VirtioRig::kBase, 512, next | write, 2}, {BlkRig::kStatus, 1, write, 0}};
    QTest::newRow("data in the device's own notifications") << QVector<Descriptor>{
        header, {VirtioRig::kBase + 0x3000, 512, next | write, 2}, {BlkRig::kStatus, 1, write, 0}};
    QTest::newRow("data past the end of memory") << QVector<Descriptor>{
        header, {(16U << 20) - 256, 512, next | write, 2}, {BlkRig::kStatus, 1, write, 0}};
    QTest::newRow("status past the end of memory")
        << QVector<Descriptor>{header, {16U << 20, 1, write, 0}};
    QTest::newRow("data before its header")
        << QVector<Descriptor>{{kBuffer, 512, next | write, 1}, {BlkRig::kHeader, 16, 0, 0}};
    QTest::newRow("no such descriptor") << QVector<Descriptor>{{BlkRig::kHeader, 16, next, 999}};
}

void BlkHostileTest::badChains()
{
    QFETCH(QVector<Descriptor>, chain);
    m_blk->put(BlkRig::kHeader, BlkHeader{VIRTIO_BLK_T_IN, 0, 0});
    for (int i = 0; i < chain.size(); ++i)
        m_blk->queue->describe(static_cast<uint16_t>(i), chain[i]);
    m_blk->queue->makeAvailable(0);
    m_blk->rig.driver->notify(0);
    QVERIFY(VirtioRig::eventually([this] { return m_blk->needsReset(); }));
    QVERIFY(m_disk->with([](MemoryDisk& disk) { return disk.log.empty(); }));
    m_blk->rig.driver->setStatus(0);
    awaitReset();
    start(VirtioRig::kRings + 0x1000);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}}), uint8_t{0});
}

void BlkHostileTest::shortHeaders()
{
    m_blk->put(BlkRig::kHeader, BlkHeader{VIRTIO_BLK_T_OUT, 0, 0});
    for (uint32_t size = 0; size < 16; ++size) {
        m_blk->put(BlkRig::kStatus, uint8_t{0xff});
        m_blk->queue->offer({{BlkRig::kHeader, size, false}, {BlkRig::kStatus, 1, true}});
        m_blk->rig.driver->notify(0);
        static_cast<void>(m_blk->collect());
        QCOMPARE(m_blk->status(), uint8_t{1});
    }
    QVERIFY(m_disk->with([](MemoryDisk& disk) { return disk.log.empty(); }));
}

void BlkHostileTest::buffersAtTheEndOfMemory()
{
    const uint64_t end = uint64_t{16} << 20;
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 1, {{end - 512, 512, true}}), uint8_t{0});
    m_blk->queue->offer({{end - 16, 16, false}, {end - 1, 1, true}}); // its status in its header
    m_blk->rig.driver->notify(0);
    static_cast<void>(m_blk->collect());
    QVERIFY(!m_blk->needsReset());
}

/// CVE-2016-5403: the same descriptor again and again, without waiting for it.
void BlkHostileTest::moreThanTheQueueCanHave()
{
    m_disk->with([](MemoryDisk& disk) { disk.held = true; });
    m_blk->offer(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}});
    for (int i = 0; i < 15; ++i)
        m_blk->queue->makeAvailable(0);
    m_blk->rig.driver->notify(0);
    awaitSubmitted(16);
    m_blk->rig.settle();
    QVERIFY(!m_blk->needsReset()); // as much as a queue can hold
    for (int i = 0; i < 100; ++i) {
        m_blk->queue->makeAvailable(0);
        m_blk->rig.driver->notify(0);
    }
    QVERIFY(VirtioRig::eventually([this] { return m_blk->needsReset(); }));
    QCOMPARE(m_disk->with([](MemoryDisk& disk) { return disk.submitted; }), size_t{16});
    m_blk->rig.driver->setStatus(0);
    awaitReset();
}

void BlkHostileTest::configurationWrites()
{
    std::mt19937_64 random(3);
    for (int i = 0; i < 3000; ++i) {
        const unsigned size = 1U << random() % 4;
        m_blk->rig.driver->write(CapabilityKind::Device,
                                 static_cast<unsigned>(random() % (kBlkConfigSize + 8)), random(),
                                 size);
    }
    QCOMPARE(m_blk->config().capacity, uint64_t{1000});
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}}), uint8_t{0});
}

/// CVE-2023-5088, CVE-2026-45782: what was in flight neither lands on the disk nor in memory after
/// the driver was told that the device is reset.
void BlkHostileTest::resetWithRequestsInFlight()
{
    m_disk->with([](MemoryDisk& disk) {
        disk.held = true;
        disk.bytes.assign(disk.bytes.size(), std::byte{0x11});
    });
    m_blk->fill(kBuffer, 0x4000, 0x22);
    m_blk->offer(VIRTIO_BLK_T_OUT, 0, {{kBuffer, 512, false}}, 0);
    m_blk->offer(VIRTIO_BLK_T_IN, 0, {{kBuffer + 0x1000, 512, true}}, 3);
    m_blk->rig.driver->notify(0);
    awaitSubmitted(2);
    m_blk->rig.driver->setStatus(0);
    awaitReset();
    m_disk->release();
    m_blk->rig.settle();
    QCOMPARE(m_disk->with([](MemoryDisk& disk) { return disk.bytes[0]; }), std::byte{0x11});
    QCOMPARE(m_blk->bytes(kBuffer + 0x1000, 512), std::vector<std::byte>(512, std::byte{0x22}));
    QCOMPARE(m_blk->queue->usedIndex(), uint16_t{0});
    start(VirtioRig::kRings + 0x1000);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}}), uint8_t{0});
}

/// Storage that goes on whatever is asked of it: the reset takes as long.
void BlkHostileTest::resetWaitsForWhatCannotBeGivenUp()
{
    m_disk->with([](MemoryDisk& disk) { disk.held = disk.stubborn = true; });
    m_blk->offer(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}});
    m_blk->rig.driver->notify(0);
    awaitSubmitted(1);
    m_blk->rig.driver->setStatus(0);
    m_blk->rig.settle();
    QVERIFY(m_blk->rig.driver->status() != 0);
    m_disk->release();
    awaitReset();
}

void BlkHostileTest::resetOnARealDisk()
{
    const QTemporaryDir folder;
    const std::string path = folder.filePath("disk").toStdString();
    std::ofstream(path, std::ios::binary) << std::string(1 << 20, '\x11');
    m_blk = std::make_unique<BlkRig>([&](EventLoop& loop) {
        return std::move(
            *block::openDisk(path, {.cache = block::CacheMode::Direct, .loop = &loop}));
    });
    for (int round = 0; round < 40; ++round) {
        start(VirtioRig::kRings + 0x1000U * (1U + static_cast<unsigned>(round)));
        for (uint16_t i = 0; i < 5; ++i)
            m_blk->offer(VIRTIO_BLK_T_IN, 256U * i, {{kBuffer + 0x20000U * i, 0x20000, true}},
                         static_cast<uint16_t>(3 * i));
        m_blk->rig.driver->notify(0);
        if (round % 3 == 0)
            m_blk->rig.settle();
        m_blk->rig.driver->setStatus(0);
        awaitReset();
        m_blk->fill(kBuffer, 0x20000 * 5, 0x22);
        m_blk->rig.settle();
        QCOMPARE(m_blk->bytes(kBuffer, 0x20000 * 5),
                 std::vector<std::byte>(0x20000 * 5, std::byte{0x22}));
    }
}

void BlkHostileTest::removedWithRequestsInFlight()
{
    const QTemporaryDir folder;
    const std::string path = folder.filePath("disk").toStdString();
    std::ofstream(path, std::ios::binary) << std::string(4 << 20, '\x11');
    for (const auto engine : {block::IoEngine::Best, block::IoEngine::Threads}) {
        for (int round = 0; round < 5; ++round) {
            BlkRig blk([&](EventLoop& loop) {
                return std::move(*block::openDisk(path, {.loop = &loop, .engine = engine}));
            });
            QVERIFY(blk.go());
            for (uint16_t i = 0; i < 5; ++i)
                blk.offer(VIRTIO_BLK_T_OUT, 1024U * i, {{kBuffer, 0x80000, false}},
                          static_cast<uint16_t>(3 * i));
            blk.rig.driver->notify(0);
        }
    }
}

QTEST_GUILESS_MAIN(BlkHostileTest)
#include "blk_hostile_test.moc"
