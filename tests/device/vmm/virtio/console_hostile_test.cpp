// SPDX-License-Identifier: GPL-3.0-or-later
// The console device against a driver that does what it may not. Virtio 1.2 section 5.3.
#include <QtTest>

#include <random>

#include "tests/device/vmm/virtio/console_driver.h"
#include "tests/support/suites.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::ConsoleRig;
using tests::VirtioRig;

namespace {

constexpr unsigned kIn1 = consoleInputQueue(1);
constexpr unsigned kOut1 = consoleOutputQueue(1);

} // namespace

class ConsoleHostileTest : public QObject {
    Q_OBJECT

    std::unique_ptr<ConsoleRig> m_rig;

    bool needsReset()
    {
        return VirtioRig::eventually(
            [&] { return (m_rig->virtio.driver->status() & DEVICE_NEEDS_RESET) != 0; });
    }
    bool healthy()
    {
        m_rig->virtio.settle();
        return (m_rig->virtio.driver->status() & DEVICE_NEEDS_RESET) == 0;
    }

private slots:
    void init() { m_rig = std::make_unique<ConsoleRig>(); }
    void cleanup() { m_rig.reset(); }

    void messagesAboutPortsThatAreNone()
    {
        m_rig->open();
        for (const uint32_t id : {2U, 7U, 8U, 0x8000'0000U, 0xffff'ffffU})
            for (const auto event : std::to_array<uint16_t>({3, 6, 0xffff}))
                m_rig->send(id, event, 1);
        m_rig->send(1, VIRTIO_CONSOLE_DEVICE_ADD, 1); // the device's word, not the driver's
        m_rig->send(1, VIRTIO_CONSOLE_DEVICE_REMOVE, 1);
        QVERIFY(healthy());
    }

    void messagesTooShort()
    {
        m_rig->open();
        for (const uint32_t length : {0U, 1U, 7U}) {
            m_rig->queues[kConsoleControlOutput].offer(
                {{VirtioRig::kData, length, false}, {VirtioRig::kData, 0, false}});
            m_rig->virtio.driver->notify(kConsoleControlOutput);
            QVERIFY(VirtioRig::eventually(
                [&] { return m_rig->queues[kConsoleControlOutput].collect().has_value(); }));
        }
        QVERIFY(healthy());
    }

    void noRoomForMessages()
    {
        QVERIFY(m_rig->virtio.driver->negotiate(VIRTIO_F_VERSION_1 | VIRTIO_CONSOLE_F_MULTIPORT));
        for (unsigned i = 0; i < ConsoleRig::kQueues; ++i)
            m_rig->virtio.driver->setQueue(static_cast<uint16_t>(i), m_rig->queues[i].layout());
        m_rig->virtio.driver->go();
        m_rig->offerInput(kConsoleControlInput, 0, 7);
        m_rig->send(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
        QVERIFY(needsReset());
    }

    /// A driver that takes no message: ports may come, go and change for ever at no cost.
    void messagesNobodyTakes()
    {
        QVERIFY(m_rig->virtio.driver->negotiate(VIRTIO_F_VERSION_1 | VIRTIO_CONSOLE_F_MULTIPORT));
        for (unsigned i = 0; i < ConsoleRig::kQueues; ++i)
            m_rig->virtio.driver->setQueue(static_cast<uint16_t>(i), m_rig->queues[i].layout());
        m_rig->virtio.driver->go();
        for (int i = 0; i < 100; ++i) {
            m_rig->send(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
            m_rig->one->setConnected(i % 2 == 0);
            m_rig->device().resize(0, static_cast<uint16_t>(i), 1);
            std::shared_ptr<console::ProgramPort> mine;
            QCOMPARE(*m_rig->device().addPort(m_rig->port(*m_rig->virtio.loop, "p", false, mine)),
                     2U);
            QVERIFY(m_rig->device().removePort(2).has_value());
        }
        for (uint16_t i = 0; i < ConsoleRig::kSize; ++i)
            m_rig->offerInput(kConsoleControlInput, i);
        m_rig->virtio.settle();
        m_rig->collectMessages();
        QCOMPARE(m_rig->messages.size(), size_t{2}); // the two ports there are
    }

    void buffersOfNothing()
    {
        m_rig->open();
        m_rig->one->setConnected(true);
        m_rig->one->write(std::as_bytes(std::span("text", 4)));
        for (uint16_t i = 0; i < 4; ++i)
            m_rig->offerInput(kIn1, i, 0);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->queues[kIn1].usedIndex() == 4; }));
        m_rig->queues[kIn1].offer({{VirtioRig::kData, 64, false}}, 5); // readable, of no use
        m_rig->virtio.driver->notify(kIn1);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->queues[kIn1].usedIndex() == 5; }));
        m_rig->queues[kOut1].offer({{VirtioRig::kData, 64, true}}, 0); // writable
        m_rig->virtio.driver->notify(kOut1);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->queues[kOut1].usedIndex() == 1; }));
        QVERIFY(healthy());
    }

    /// A request of 3 GB, out of a megabyte described again and again: others have their turns.
    void enormousRequests()
    {
        m_rig->open();
        auto& queue = m_rig->queues[consoleOutputQueue(0)];
        for (uint16_t i = 0; i < ConsoleRig::kSize; ++i)
            queue.describe(i, {0x1000, 0xc0'0000,
                               static_cast<uint16_t>(i + 1 < ConsoleRig::kSize ? 1 : 0),
                               static_cast<uint16_t>(i + 1)});
        m_rig->terminal->setConnected(true);
        queue.makeAvailable(0);
        m_rig->virtio.driver->notify(1);
        QVERIFY(ConsoleRig::readPort(*m_rig->terminal, 1 << 20).size() == 1 << 20);
        m_rig->virtio.settle();
        m_rig->terminal->setConnected(false); // the rest goes to nobody
        QVERIFY(VirtioRig::eventually([&] { return queue.usedIndex() == 1; }));
        QVERIFY(healthy());
    }

    /// The request changes while half of it is through.
    void changedHalfWay()
    {
        m_rig->open();
        m_rig->one->setConnected(true);
        auto& queue = m_rig->queues[kOut1];
        queue.offer({{VirtioRig::kData, 100'000, false}});
        m_rig->virtio.driver->notify(kOut1);
        m_rig->virtio.settle();
        queue.describe(0, {VirtioRig::kData, 10, 0, 0});
        QCOMPARE(ConsoleRig::readPort(*m_rig->one, console::ProgramPort::kBuffer).size(),
                 console::ProgramPort::kBuffer);
        QVERIFY(VirtioRig::eventually([&] { return queue.usedIndex() == 1; }));
        m_rig->output(kOut1, "next");
        QCOMPARE(ConsoleRig::readPort(*m_rig->one, 4), std::string("next"));
    }

    void outsideOfRam()
    {
        const uint64_t end = m_rig->virtio.board.memory->ramSize();
        for (const uint64_t address : {end - 10, end, uint64_t{VirtioRig::kBase}, ~uint64_t{0}})
            for (const unsigned queue : {kOut1, kIn1, kConsoleControlOutput}) {
                init();
                m_rig->open();
                m_rig->one->setConnected(true);
                m_rig->one->write(std::as_bytes(std::span("text", 4)));
                m_rig->queues[queue].offer({{address, 64, queue == kIn1}});
                m_rig->virtio.driver->notify(static_cast<uint16_t>(queue));
                QVERIFY(needsReset());
                m_rig->virtio.driver->notify(static_cast<uint16_t>(queue)); // and stays quiet
                m_rig->device().resize(0, 2, 2);
                m_rig->virtio.settle();
            }
    }

    void ringsInThemselves()
    {
        m_rig->open();
        m_rig->one->setConnected(true);
        for (const unsigned queue : {kOut1, kIn1}) {
            const uint64_t rings = m_rig->queues[queue].layout().descriptors;
            m_rig->one->write(std::as_bytes(std::span("text", 4)));
            m_rig->queues[queue].offer({{rings, 4096, queue == kIn1}});
            m_rig->virtio.driver->notify(static_cast<uint16_t>(queue));
            m_rig->virtio.settle();
        }
    }

    /// Reset, again and again, with output that waits for a slow end and ports in motion.
    void resetUnderLoad()
    {
        m_rig->one->setConnected(true);
        for (int round = 0; round < 30; ++round) {
            std::vector<tests::VirtqueueDriver> fresh;
            for (unsigned i = 0; i < ConsoleRig::kQueues; ++i) {
                const uint64_t base = VirtioRig::kRings + 0x1000 * i;
                const std::vector<std::byte> zeros(0x1000);
                QVERIFY(m_rig->virtio.board.memory->copyIn(memory::GuestPhys(base), zeros));
                fresh.emplace_back(*m_rig->virtio.board.memory, base, ConsoleRig::kSize);
            }
            m_rig->queues = std::move(fresh);
            m_rig->messages.clear();
            m_rig->open();
            for (uint16_t i = 0; i < ConsoleRig::kSize; ++i)
                m_rig->offerOutput(kOut1, i, std::string(4096, 'x'));
            m_rig->virtio.driver->setStatus(0);
            QVERIFY(VirtioRig::eventually([&] { return m_rig->virtio.driver->status() == 0; }));
        }
    }

    void registerSuite()
    {
        m_rig->open();
        tests::mmioFuzzSuite(*m_rig->virtio.function, 0x4000, 1, 5000);
    }

    /// Saved states of any content, and a driver that goes on with them.
    void hostileStates()
    {
        m_rig->open();
        m_rig->virtio.function->pause();
        const auto bytes = state::encode(m_rig->device().saveState());
        std::mt19937 random(7);
        for (int round = 0; round < 500; ++round) {
            auto damaged = bytes;
            for (int i = 0; i < 1 + round % 3; ++i)
                damaged[random() % damaged.size()] = static_cast<std::byte>(random());
            const auto record = state::decode(damaged);
            if (record && m_rig->device().loadState(*record)) {
                m_rig->virtio.function->resume();
                m_rig->collectMessages();
                m_rig->virtio.function->pause();
            }
        }
    }
};

QTEST_GUILESS_MAIN(ConsoleHostileTest)
#include "console_hostile_test.moc"
