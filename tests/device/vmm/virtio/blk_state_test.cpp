// SPDX-License-Identifier: GPL-3.0-or-later
// The block device paused, saved and loaded in the middle of work; a host without space; hostile
// states.
#include <QtTest>

#include "tests/device/vmm/virtio/blk_rig.h"
#include "tests/support/suites.h"
#include "vmm/block/throttle.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::BlkRig;
using tests::CountingEvents;
using tests::MemoryDisk;
using tests::VirtioRig;

namespace {

constexpr uint64_t kBuffer = BlkRig::kBuffer;

} // namespace

class BlkStateTest final : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_disk = std::make_shared<MemoryDisk>(1000);
        m_events.told = 0;
    }

    void savedMidFlight();
    void pauseWaitsForWhatCannotBeGivenUp();
    void waitsForSpace();
    void resetForgetsWhatWaited();
    void throttledAtPause();
    void hostileStates();
    void stateSuite();

private:
    BlkOptions options()
    {
        return {.serial = "s", .whenFull = block::WhenFull::Pause, .events = &m_events};
    }
    void awaitSubmitted(size_t count)
    {
        QVERIFY(VirtioRig::eventually([&] {
            return m_disk->with([&](MemoryDisk& disk) { return disk.submitted >= count; });
        }));
    }
    /// Three writes of a sector each, to sectors 10, 11 and 12, each with its own byte.
    static void offerWrites(BlkRig& blk)
    {
        for (uint16_t i = 0; i < 3; ++i) {
            blk.fill(kBuffer + 0x1000U * i, 512, static_cast<uint8_t>(0xa0 + i));
            blk.offer(VIRTIO_BLK_T_OUT, 10U + i, {{kBuffer + 0x1000U * i, 512, false}},
                      static_cast<uint16_t>(3 * i));
        }
        blk.rig.driver->notify(0);
    }
    void checkWrites(BlkRig& blk)
    {
        QVERIFY(VirtioRig::eventually([&] { return blk.queue->usedIndex() == 3; }));
        for (uint16_t i = 0; i < 3; ++i) {
            QCOMPARE(blk.status(static_cast<uint16_t>(3 * i)), uint8_t{0});
            QCOMPARE(m_disk->with([&](MemoryDisk& disk) { return disk.bytes[(10U + i) * 512]; }),
                     static_cast<std::byte>(0xa0 + i));
        }
    }
    /// The machine goes on in another process: memory, transport and device.
    static void moveTo(BlkRig& from, BlkRig& to)
    {
        const auto memory = from.bytes(0, size_t{16} << 20);
        QVERIFY(to.rig.board.memory->copyIn(memory::GuestPhys(0), memory).has_value());
        QVERIFY(to.rig.function->loadState(from.rig.function->saveState()).has_value());
        QVERIFY(to.blk->loadState(from.blk->saveState()).has_value());
        to.rig.function->resume();
    }
    std::shared_ptr<MemoryDisk> m_disk;
    CountingEvents m_events;
};

void BlkStateTest::savedMidFlight()
{
    BlkRig first(m_disk, options());
    QVERIFY(first.go());
    m_disk->with([](MemoryDisk& disk) { disk.held = true; });
    offerWrites(first);
    awaitSubmitted(3);
    first.rig.function->pause();
    QCOMPARE(first.queue->usedIndex(), uint16_t{0});
    QVERIFY(m_disk->with([](MemoryDisk& disk) { return disk.log.empty(); }));
    const auto state = *state::load<BlkState>(first.blk->saveState());
    QCOMPARE(state.queues.at(0).unfinished.size(), size_t{3});
    m_disk->release();
    BlkRig second(m_disk, options());
    moveTo(first, second);
    checkWrites(second);
    // And once more in the first, as if saving had been for nothing.
    first.rig.function->resume();
    checkWrites(first);
}

void BlkStateTest::pauseWaitsForWhatCannotBeGivenUp()
{
    BlkRig blk(m_disk, options());
    QVERIFY(blk.go());
    m_disk->with([](MemoryDisk& disk) { disk.held = disk.stubborn = true; });
    offerWrites(blk);
    awaitSubmitted(3);
    std::thread releasing([this] {
        static_cast<void>(VirtioRig::eventually(
            [this] { return m_disk->with([](MemoryDisk& disk) { return disk.cancels != 0; }); }));
        m_disk->release();
    });
    blk.rig.function->pause();
    releasing.join();
    checkWrites(blk);
    QVERIFY(state::load<BlkState>(blk.blk->saveState())->queues.at(0).unfinished.empty());
}

/// The machine is told once, and the guest's writes are done when there is space.
void BlkStateTest::waitsForSpace()
{
    BlkRig blk(m_disk, options());
    QVERIFY(blk.go());
    m_disk->with([](MemoryDisk& disk) { disk.full = true; });
    offerWrites(blk);
    QVERIFY(VirtioRig::eventually(
        [this] { return m_disk->with([](MemoryDisk& disk) { return disk.log.size() == 3; }); }));
    blk.rig.settle();
    QCOMPARE(m_events.told.load(), 1);
    QCOMPARE(blk.queue->usedIndex(), uint16_t{0});
    blk.rig.function->pause();
    blk.rig.function->resume(); // too early
    QVERIFY(VirtioRig::eventually([this] { return m_events.told == 2; }));
    blk.rig.settle();
    blk.rig.function->pause();
    m_disk->with([](MemoryDisk& disk) { disk.full = false; });
    BlkRig second(m_disk, options()); // here or there
    moveTo(blk, second);
    checkWrites(second);
    blk.rig.function->resume();
    checkWrites(blk);
    QCOMPARE(m_events.told.load(), 2);
}

void BlkStateTest::resetForgetsWhatWaited()
{
    BlkRig blk(m_disk, options());
    QVERIFY(blk.go());
    m_disk->with([](MemoryDisk& disk) { disk.full = true; });
    offerWrites(blk);
    QVERIFY(VirtioRig::eventually([this] { return m_events.told == 1; }));
    blk.rig.driver->setStatus(0);
    QVERIFY(VirtioRig::eventually([&] { return blk.rig.driver->status() == 0; }));
    m_disk->with([](MemoryDisk& disk) {
        disk.full = false;
        disk.log.clear();
    });
    blk.queue.emplace(*blk.rig.board.memory, VirtioRig::kRings + 0x1000, BlkRig::kQueueSize);
    QVERIFY(blk.go());
    blk.rig.settle();
    QVERIFY(m_disk->with([](MemoryDisk& disk) { return disk.log.empty(); }));
    QCOMPARE(blk.ask(VIRTIO_BLK_T_IN, 10, {{kBuffer, 512, true}}), uint8_t{0});
    QCOMPARE(blk.bytes(kBuffer, 1)[0], std::byte{0});
}

/// What waits for its turn does not hold up a pause, and is not lost.
void BlkStateTest::throttledAtPause()
{
    tests::FakeClock clock;
    block::ThrottledDisk* throttle = nullptr;
    const auto throttled = [&](EventLoop& loop) {
        auto disk = *block::ThrottledDisk::create(
            std::make_unique<tests::MemoryBackend>(loop, m_disk), loop, clock);
        throttle = disk.get();
        throttle->setLimits({.total = {.operations = {.perSecond = 1, .burst = 1}}});
        return disk;
    };
    BlkRig first(throttled, options());
    QVERIFY(first.go());
    offerWrites(first);
    QVERIFY(VirtioRig::eventually([&] { return first.queue->usedIndex() == 1; }));
    first.rig.function->pause();
    QCOMPARE(state::load<BlkState>(first.blk->saveState())->queues.at(0).unfinished.size(),
             size_t{2});
    BlkRig second(m_disk, options()); // without a limit
    moveTo(first, second);
    checkWrites(second);
}

void BlkStateTest::hostileStates()
{
    BlkRig good(m_disk, options());
    QVERIFY(good.go());
    good.rig.function->pause();
    const auto load = [&](std::vector<uint16_t> heads, size_t queues = 1) {
        BlkState state;
        state.queues.resize(queues);
        if (queues != 0)
            state.queues[0].unfinished = std::move(heads);
        return good.blk->loadState(state::save(state));
    };
    QVERIFY(!load({}, 0).has_value());
    QVERIFY(!load({}, 2).has_value());
    QVERIFY(!load(std::vector<uint16_t>(17, 0)).has_value());
    QVERIFY(load({999}).has_value()); // seen when the machine goes on
    good.rig.function->resume();
    QVERIFY(VirtioRig::eventually([&] { return good.needsReset(); }));
    good.rig.driver->setStatus(0);
    QVERIFY(VirtioRig::eventually([&] { return good.rig.driver->status() == 0; }));
    // Sixteen times one that is no request at all.
    good.queue.emplace(*good.rig.board.memory, VirtioRig::kRings + 0x1000, BlkRig::kQueueSize);
    QVERIFY(good.go());
    good.rig.function->pause();
    QVERIFY(load(std::vector<uint16_t>(16, 3)).has_value());
    good.rig.function->resume();
    QVERIFY(VirtioRig::eventually([&] { return good.needsReset(); }));
}

void BlkStateTest::stateSuite()
{
    BlkRig blk(m_disk, options());
    QVERIFY(blk.go());
    blk.setWriteback(false);
    m_disk->with([](MemoryDisk& disk) { disk.full = true; });
    offerWrites(blk);
    QVERIFY(VirtioRig::eventually([this] { return m_events.told == 1; }));
    blk.rig.settle();
    blk.rig.function->pause();
    auto loop = std::move(*EventLoop::create("blk-suite"));
    tests::deviceStateSuite(*blk.blk, [&] {
        auto options = this->options();
        options.name = "disk0";
        options.queueSize = BlkRig::kQueueSize;
        return std::make_unique<Blk>(*loop, std::make_unique<tests::MemoryBackend>(*loop, m_disk),
                                     options);
    });
}

QTEST_GUILESS_MAIN(BlkStateTest)
#include "blk_state_test.moc"
