// SPDX-License-Identifier: GPL-3.0-or-later
// The block device as its driver sees it. Virtio 1.2 section 5.2.
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "tests/device/vmm/virtio/blk_rig.h"
#include "vmm/block/open_image.h"

using namespace vmm;
using namespace vmm::virtio;
using block::IoKind;
using tests::BlkRig;
using tests::MemoryDisk;
using tests::VirtioRig;

namespace {

constexpr uint8_t kOk = 0;
constexpr uint8_t kIoError = 1;
constexpr uint8_t kUnsupported = 2;
constexpr uint64_t kBuffer = BlkRig::kBuffer;

} // namespace

class BlkTest final : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_disk = std::make_shared<MemoryDisk>(1000);
        for (size_t i = 0; i < m_disk->bytes.size(); ++i)
            m_disk->bytes[i] = static_cast<std::byte>(i / 512);
        m_blk = std::make_unique<BlkRig>(m_disk, BlkOptions{.serial = "a serial number"});
        QVERIFY(m_blk->go());
    }
    void cleanup() { m_blk.reset(); }

    void configuration();
    void readsAndWrites();
    void anyLayout();
    void flushAndIdentify();
    void zeroesAndDiscards();
    void unknownIsUnsupported();
    void outsideIsAnError();
    void readOnly();
    void cacheModes();
    void withoutFlushWritesThrough();
    void changesSize();
    void failuresAreTold();
    void fullIsReported();
    void manyInAnyOrder();
    void manyQueues();
    void aRealFile_data();
    void aRealFile();

private:
    std::vector<std::byte> diskBytes(size_t sector, size_t count)
    {
        return m_disk->with([&](MemoryDisk& disk) {
            const auto from = disk.bytes.begin() + static_cast<ptrdiff_t>(sector * 512);
            return std::vector(from, from + static_cast<ptrdiff_t>(count * 512));
        });
    }
    void range(uint64_t sector, uint32_t sectors, uint32_t flags, unsigned index = 0)
    {
        m_blk->put(kBuffer + 16U * index, BlkRange{sector, sectors, flags});
    }
    std::shared_ptr<MemoryDisk> m_disk;
    std::unique_ptr<BlkRig> m_blk;
};

void BlkTest::configuration()
{
    const uint64_t features = m_blk->rig.driver->features();
    for (const uint64_t feature :
         {VIRTIO_BLK_F_SEG_MAX, VIRTIO_BLK_F_BLK_SIZE, VIRTIO_BLK_F_FLUSH, VIRTIO_BLK_F_TOPOLOGY,
          VIRTIO_BLK_F_CONFIG_WCE, VIRTIO_BLK_F_DISCARD, VIRTIO_BLK_F_WRITE_ZEROES})
        QVERIFY((features & feature) != 0);
    QVERIFY((features & (VIRTIO_BLK_F_RO | VIRTIO_BLK_F_MQ)) == 0);
    const BlkConfig config = m_blk->config();
    QCOMPARE(config.capacity, uint64_t{1000});
    QCOMPARE(config.segMax, uint32_t{BlkRig::kQueueSize - 2});
    QCOMPARE(config.blkSize, uint32_t{512});
    QCOMPARE(config.physicalBlockExp, uint8_t{3});
    QCOMPARE(config.minIoSize, uint16_t{8});
    QCOMPARE(config.writeback, uint8_t{1});
    QCOMPARE(config.numQueues, uint16_t{1});
    QCOMPARE(config.discardSectorAlignment, uint32_t{8});
    QVERIFY(config.maxDiscardSectors != 0 && config.maxDiscardSeg != 0);
    QVERIFY(config.maxWriteZeroesSectors != 0 && config.maxWriteZeroesSeg != 0);
    QCOMPARE(config.writeZeroesMayUnmap, uint8_t{1});
    QCOMPARE(m_blk->rig.driver->read(CapabilityKind::Device, 0, 8), uint64_t{1000});
}

void BlkTest::readsAndWrites()
{
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 7, {{kBuffer, 1024, true}}), kOk);
    QCOMPARE(m_blk->used.length, 1025U);
    QCOMPARE(m_blk->bytes(kBuffer, 1024), diskBytes(7, 2));
    m_blk->fill(kBuffer, 1024, 0xab);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 999, {{kBuffer, 512, false}}), kOk);
    QCOMPARE(m_blk->used.length, 1U);
    QCOMPARE(diskBytes(999, 1), std::vector<std::byte>(512, std::byte{0xab}));
}

/// Section 2.7.4.2: where one descriptor ends and the next begins means nothing.
void BlkTest::anyLayout()
{
    m_blk->put(BlkRig::kHeader, BlkHeader{VIRTIO_BLK_T_IN, 0, 3});
    const auto ask = [this](const std::vector<BlkRig::Buffer>& buffers, uint64_t statusAt) {
        m_blk->fill(kBuffer, 4096, 0xee);
        m_blk->queue->offer(buffers);
        m_blk->rig.driver->notify(0);
        m_blk->used = m_blk->collect();
        return m_blk->get<uint8_t>(statusAt);
    };
    // The header in three pieces, data in odd ones, the status at the end of the last of them.
    QCOMPARE(ask({{BlkRig::kHeader, 3, false},
                  {BlkRig::kHeader + 3, 12, false},
                  {BlkRig::kHeader + 15, 1, false},
                  {kBuffer, 700, true},
                  {kBuffer + 700, 325, true}},
                 kBuffer + 1024),
             kOk);
    QCOMPARE(m_blk->bytes(kBuffer, 1024), diskBytes(3, 2));
    QCOMPARE(m_blk->used.length, 1025U);
    // Header and data in one.
    m_blk->put(kBuffer, BlkHeader{VIRTIO_BLK_T_OUT, 0, 5});
    std::vector<std::byte> both = m_blk->bytes(kBuffer, 16);
    both.resize(528, std::byte{0x77});
    QVERIFY(m_blk->rig.board.memory->copyIn(memory::GuestPhys(kBuffer + 0x2000), both).has_value());
    QCOMPARE(ask({{kBuffer + 0x2000, 528, false}, {BlkRig::kStatus, 1, true}}, BlkRig::kStatus),
             kOk);
    QCOMPARE(diskBytes(5, 1), std::vector<std::byte>(512, std::byte{0x77}));
}

void BlkTest::flushAndIdentify()
{
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_FLUSH, 0), kOk);
    QCOMPARE(m_disk->with([](MemoryDisk& disk) { return disk.log.back(); }), IoKind::Flush);
    m_blk->fill(kBuffer, 32, 0xee);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_GET_ID, 0, {{kBuffer, 20, true}}), kOk);
    const auto id = m_blk->bytes(kBuffer, 21);
    QCOMPARE(std::string(reinterpret_cast<const char*>(id.data())), std::string("a serial number"));
    QCOMPARE(id[19], std::byte{0});
    QCOMPARE(id[20], std::byte{0xee});
    m_blk->fill(kBuffer, 32, 0xee); // a smaller buffer gets the beginning
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_GET_ID, 0, {{kBuffer, 4, true}}), kOk);
    QCOMPARE(m_blk->bytes(kBuffer, 5)[3], std::byte{'e'});
    QCOMPARE(m_blk->bytes(kBuffer, 5)[4], std::byte{0xee});
}

void BlkTest::zeroesAndDiscards()
{
    range(8, 8, 0);
    range(100, 1, 0, 1);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_DISCARD, 0, {{kBuffer, 32, false}}), kOk);
    QCOMPARE(diskBytes(8, 8), std::vector<std::byte>(4096, std::byte{0xdc}));
    QCOMPARE(diskBytes(100, 1)[0], std::byte{0xdc});
    QCOMPARE(diskBytes(101, 1)[0], std::byte{101});
    for (const uint32_t flags : {0U, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP}) {
        range(200 + flags, 1, flags);
        QCOMPARE(m_blk->ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, {{kBuffer, 16, false}}), kOk);
        QCOMPARE(diskBytes(200 + flags, 1), std::vector<std::byte>(512));
    }
    range(8, 8, 1); // UNMAP means nothing when discarding; the others mean nothing at all
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_DISCARD, 0, {{kBuffer, 16, false}}), kUnsupported);
    range(8, 8, 2);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, {{kBuffer, 16, false}}), kUnsupported);
    range(999, 2, 0);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_DISCARD, 0, {{kBuffer, 16, false}}), kIoError);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, {{kBuffer, 16, false}}), kIoError);
    range(~uint64_t{0}, 2, 0);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, {{kBuffer, 16, false}}), kIoError);
    for (const uint32_t size : {8U, 24U, 16U * 4096}) // a part of a range, too many
        QCOMPARE(m_blk->ask(VIRTIO_BLK_T_DISCARD, 0, {{kBuffer, size, false}}), kIoError);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_WRITE_ZEROES, 0), kIoError);
    QVERIFY(m_blk->go(VIRTIO_F_VERSION_1)); // what was not agreed on
    m_blk->queue.emplace(*m_blk->rig.board.memory, VirtioRig::kRings + 0x1000, BlkRig::kQueueSize);
    QVERIFY(m_blk->go(VIRTIO_F_VERSION_1));
    range(8, 8, 0);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_DISCARD, 0, {{kBuffer, 16, false}}), kUnsupported);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, {{kBuffer, 16, false}}), kUnsupported);
}

void BlkTest::unknownIsUnsupported()
{
    for (const uint32_t type : {2U, 3U, 9U, 14U, 15U, 0x8000'0000U, ~0U})
        QCOMPARE(m_blk->ask(type, 0, {{kBuffer, 512, true}}), kUnsupported);
    QVERIFY(!m_blk->needsReset());
}

void BlkTest::outsideIsAnError()
{
    for (const uint64_t sector : {uint64_t{999}, uint64_t{1000}, uint64_t{1} << 55, ~uint64_t{0}}) {
        QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, sector, {{kBuffer, 1024, true}}), kIoError);
        QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, sector, {{kBuffer, 1024, false}}), kIoError);
    }
    for (const uint32_t size : {1U, 511U, 513U}) {
        QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 0, {{kBuffer, size, true}}), kIoError);
        QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 0, {{kBuffer, size, false}}), kIoError);
    }
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 0), kIoError);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 0), kIoError);
    QVERIFY(m_disk->with([](MemoryDisk& disk) { return disk.log.empty(); }));
}

void BlkTest::readOnly()
{
    m_disk->readOnly = true;
    BlkRig blk(m_disk);
    const uint64_t features = blk.rig.driver->features();
    QVERIFY((features & VIRTIO_BLK_F_RO) != 0);
    QVERIFY((features & (VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES)) == 0);
    QVERIFY(!blk.go());
    QVERIFY(blk.go(VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_RO));
    QCOMPARE(blk.ask(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}}), kOk);
    QCOMPARE(blk.ask(VIRTIO_BLK_T_OUT, 0, {{kBuffer, 512, false}}), kIoError);
    QCOMPARE(blk.ask(VIRTIO_BLK_T_FLUSH, 0), kOk);
}

/// Section 5.2.5.2: the driver switches between writeback and writethrough.
void BlkTest::cacheModes()
{
    const auto last = [this] {
        return m_disk->with([](MemoryDisk& disk) { return disk.lastWrite; });
    };
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 0, {{kBuffer, 512, false}}), kOk);
    QCOMPARE(last(), block::IoDurability::Cached);
    m_blk->setWriteback(false);
    QCOMPARE(m_blk->config().writeback, uint8_t{0});
    QVERIFY(VirtioRig::eventually([this] { // what was cached is not forgotten
        return m_disk->with([](MemoryDisk& disk) { return disk.log.back() == IoKind::Flush; });
    }));
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 0, {{kBuffer, 512, false}}), kOk);
    QCOMPARE(last(), block::IoDurability::Stable);
    // A write that began with the cache on is flushed before the driver hears of its end.
    m_blk->setWriteback(true);
    m_disk->with([](MemoryDisk& disk) { disk.held = true; });
    m_blk->offer(VIRTIO_BLK_T_OUT, 1, {{kBuffer, 512, false}});
    m_blk->rig.driver->notify(0);
    QVERIFY(VirtioRig::eventually(
        [this] { return m_disk->with([](MemoryDisk& disk) { return disk.submitted == 4; }); }));
    m_blk->setWriteback(false);
    m_blk->rig.settle();
    m_disk->release();
    static_cast<void>(m_blk->collect());
    QCOMPARE(m_blk->status(), kOk);
    const auto log = m_disk->with([](MemoryDisk& disk) { return disk.log; });
    const auto write = std::find(log.rbegin(), log.rend(), IoKind::Write);
    QVERIFY(std::find(log.rbegin(), write, IoKind::Flush) != write);
    m_blk->rig.driver->setStatus(0);
    QVERIFY(VirtioRig::eventually([this] { return m_blk->rig.driver->status() == 0; }));
    QCOMPARE(m_blk->config().writeback, uint8_t{1}); // as it was made
}

void BlkTest::withoutFlushWritesThrough()
{
    m_blk->queue.emplace(*m_blk->rig.board.memory, VirtioRig::kRings + 0x1000, BlkRig::kQueueSize);
    QVERIFY(m_blk->go(VIRTIO_F_VERSION_1));
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 0, {{kBuffer, 512, false}}), kOk);
    QCOMPARE(m_disk->with([](MemoryDisk& disk) { return disk.lastWrite; }),
             block::IoDurability::Stable);
}

void BlkTest::changesSize()
{
    m_blk->rig.loop->post([this] { CHECK(m_blk->blk->disk().resize(512 * 2000).has_value()); });
    QVERIFY(VirtioRig::eventually([this] { return (m_blk->rig.driver->isr() & 2) != 0; }));
    QCOMPARE(m_blk->config().capacity, uint64_t{2000});
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 1999, {{kBuffer, 512, false}}), kOk);
    m_blk->rig.function->pause(); // also while it stands still
    m_blk->rig.loop->post([this] { CHECK(m_blk->blk->disk().resize(512 * 3000).has_value()); });
    m_blk->rig.settle();
    static_cast<void>(m_blk->rig.driver->isr());
    m_blk->rig.function->resume();
    QVERIFY(VirtioRig::eventually([this] { return (m_blk->rig.driver->isr() & 2) != 0; }));
    QCOMPARE(m_blk->config().capacity, uint64_t{3000});
}

void BlkTest::failuresAreTold()
{
    m_disk->with([](MemoryDisk& disk) { disk.failing = true; });
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}}), kIoError);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 0, {{kBuffer, 512, false}}), kIoError);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_FLUSH, 0), kIoError);
    m_disk->with([](MemoryDisk& disk) { disk.failing = false; });
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}}), kOk);
}

void BlkTest::fullIsReported()
{
    m_disk->with([](MemoryDisk& disk) { disk.full = true; });
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_OUT, 0, {{kBuffer, 512, false}}), kIoError);
    QCOMPARE(m_blk->ask(VIRTIO_BLK_T_IN, 0, {{kBuffer, 512, true}}), kOk);
}

/// The disk above ends the last request first.
void BlkTest::manyInAnyOrder()
{
    m_disk->with([](MemoryDisk& disk) { disk.held = true; });
    for (uint16_t i = 0; i < 5; ++i)
        m_blk->offer(VIRTIO_BLK_T_IN, 10U + i, {{kBuffer + 0x1000U * i, 512, true}},
                     static_cast<uint16_t>(3 * i));
    m_blk->rig.driver->notify(0);
    QVERIFY(VirtioRig::eventually(
        [this] { return m_disk->with([](MemoryDisk& disk) { return disk.submitted == 5; }); }));
    m_disk->release();
    std::vector<uint32_t> order;
    for (int i = 0; i < 5; ++i)
        order.push_back(m_blk->collect().id);
    QCOMPARE(order, (std::vector<uint32_t>{12, 9, 6, 3, 0}));
    for (uint16_t i = 0; i < 5; ++i) {
        QCOMPARE(m_blk->status(static_cast<uint16_t>(3 * i)), kOk);
        QCOMPARE(m_blk->bytes(kBuffer + 0x1000U * i, 512), diskBytes(10U + i, 1));
    }
}

void BlkTest::manyQueues()
{
    BlkRig blk(m_disk, BlkOptions{.queues = 4});
    QVERIFY((blk.rig.driver->features() & VIRTIO_BLK_F_MQ) != 0);
    QCOMPARE(blk.config().numQueues, uint16_t{4});
    QVERIFY(blk.rig.driver->negotiate(VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_MQ));
    std::vector<std::unique_ptr<tests::VirtqueueDriver>> queues;
    for (const uint16_t i : std::to_array<uint16_t>({0, 1, 3})) { // a driver may leave some alone
        queues.push_back(std::make_unique<tests::VirtqueueDriver>(
            *blk.rig.board.memory, VirtioRig::kRings + 0x1000U * i, uint16_t{8}));
        blk.rig.driver->setQueue(i, queues.back()->layout());
    }
    blk.rig.driver->go();
    for (const uint16_t i : std::to_array<uint16_t>({0, 1, 2})) {
        const uint64_t at = VirtioRig::kData + 0x10000U * i;
        blk.put(at, BlkHeader{VIRTIO_BLK_T_IN, 0, 20U + i});
        queues[i]->offer({{at, 16, false}, {at + 0x1000, 512, true}, {at + 0x100, 1, true}});
        blk.rig.driver->notify(i == 2 ? 3 : i);
        QVERIFY(VirtioRig::eventually([&] { return queues[i]->usedIndex() == 1; }));
        QCOMPARE(blk.bytes(at + 0x1000, 512), diskBytes(20U + i, 1));
    }
}

void BlkTest::aRealFile_data()
{
    QTest::addColumn<block::IoEngine>("engine");
    QTest::addColumn<block::CacheMode>("cache");
    for (const auto cache : {block::CacheMode::Writeback, block::CacheMode::Direct}) {
        const char* mode = cache == block::CacheMode::Direct ? "direct" : "writeback";
        QTest::addRow("best engine, %s", mode) << block::IoEngine::Best << cache;
        QTest::addRow("threads, %s", mode) << block::IoEngine::Threads << cache;
    }
}

/// With the engines the machine has, many requests at once, again and again.
void BlkTest::aRealFile()
{
    QFETCH(block::IoEngine, engine);
    QFETCH(block::CacheMode, cache);
    const QTemporaryDir folder;
    const std::string path = folder.filePath("disk").toStdString();
    std::ofstream(path, std::ios::binary) << std::string(1 << 20, 'x');
    BlkRig blk([&](EventLoop& loop) {
        return std::move(*block::openDisk(path, {.cache = cache, .loop = &loop, .engine = engine}));
    });
    QVERIFY(blk.go());
    for (uint32_t round = 0; round < 50; ++round) {
        const bool writing = round % 2 == 0;
        for (uint16_t i = 0; i < 5; ++i) {
            const uint64_t at = kBuffer + 0x2000U * i;
            blk.fill(at, 4096, writing ? static_cast<uint8_t>(round + i) : uint8_t{0});
            blk.offer(writing ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, 8U * (round / 2 * 5 + i),
                      {{at, 4096, !writing}}, static_cast<uint16_t>(3 * i));
        }
        blk.rig.driver->notify(0);
        for (uint16_t i = 0; i < 5; ++i)
            static_cast<void>(blk.collect());
        for (uint16_t i = 0; i < 5; ++i) {
            QCOMPARE(blk.status(static_cast<uint16_t>(3 * i)), kOk);
            QCOMPARE(blk.bytes(kBuffer + 0x2000U * i, 4096),
                     std::vector<std::byte>(4096, static_cast<std::byte>(round / 2 * 2 + i)));
        }
    }
    QCOMPARE(blk.ask(VIRTIO_BLK_T_FLUSH, 0), kOk);
}

QTEST_GUILESS_MAIN(BlkTest)
#include "blk_test.moc"
