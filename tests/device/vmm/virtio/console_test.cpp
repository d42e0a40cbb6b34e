// SPDX-License-Identifier: GPL-3.0-or-later
// The console device as its driver sees it: handshake of ports, bytes both ways, flow control,
// state. Virtio 1.2 section 5.3.
#include <QtTest>

#include "tests/device/vmm/virtio/console_driver.h"
#include "tests/support/suites.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::ConsoleRig;
using tests::VirtioRig;

namespace {

constexpr unsigned kIn0 = consoleInputQueue(0);
constexpr unsigned kOut0 = consoleOutputQueue(0);
constexpr unsigned kIn1 = consoleInputQueue(1);
constexpr unsigned kOut1 = consoleOutputQueue(1);

std::span<const std::byte> bytesOf(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

/// Bytes that do not repeat soon.
std::string pattern(size_t size)
{
    std::string text(size, 0);
    uint32_t state = 1;
    for (char& c : text) {
        state = state * 1'664'525 + 1'013'904'223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

} // namespace

class ConsoleTest : public QObject {
    Q_OBJECT

    std::unique_ptr<ConsoleRig> m_rig;

    void waitUsed(unsigned queue, uint16_t count)
    {
        QVERIFY(VirtioRig::eventually([&] { return m_rig->queues[queue].usedIndex() == count; }));
    }

private slots:
    void init() { m_rig = std::make_unique<ConsoleRig>(); }
    void cleanup() { m_rig.reset(); }

    void queueNumbers()
    {
        QCOMPARE(kIn0, 0U);
        QCOMPARE(kOut0, 1U);
        QCOMPARE(kIn1, 4U);
        QCOMPARE(kOut1, 5U);
        QCOMPARE(m_rig->virtio.driver->common(common::kQueueCount, 2), uint64_t{18});
    }

    void portsIntroduceThemselves()
    {
        m_rig->one->setConnected(true);
        m_rig->start();
        m_rig->virtio.settle();
        m_rig->collectMessages();
        QVERIFY(m_rig->messages.empty()); // not before the driver is ready
        m_rig->send(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_ADD, 0));
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_ADD, 1));
        m_rig->send(0, VIRTIO_CONSOLE_PORT_READY, 1);
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_CONSOLE_PORT, 0));
        m_rig->send(1, VIRTIO_CONSOLE_PORT_READY, 1);
        const auto name = m_rig->waitFor(VIRTIO_CONSOLE_PORT_NAME, 1);
        QVERIFY(name);
        QCOMPARE(name->rest, std::string("org.test.one"));
        const auto open = m_rig->waitFor(VIRTIO_CONSOLE_PORT_OPEN, 1);
        QVERIFY(open);
        QCOMPARE(open->head.value, uint16_t{1});
        m_rig->one->setConnected(false);
        const auto closed = m_rig->waitFor(VIRTIO_CONSOLE_PORT_OPEN, 1);
        QVERIFY(closed);
        QCOMPARE(closed->head.value, uint16_t{0});
    }

    void bytesBothWays()
    {
        m_rig->open();
        m_rig->one->setConnected(true);
        m_rig->terminal->setConnected(true);
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_PORT_OPEN, 1));
        m_rig->output(kOut0, "login: ");
        QCOMPARE(ConsoleRig::readPort(*m_rig->terminal, 7), std::string("login: "));
        m_rig->output(kOut1, "from the guest");
        QCOMPARE(ConsoleRig::readPort(*m_rig->one, 14), std::string("from the guest"));
        m_rig->offerInput(kIn1, 0);
        m_rig->one->write(bytesOf("to the guest"));
        waitUsed(kIn1, 1);
        QCOMPARE(m_rig->collectInput(kIn1), std::string("to the guest"));
    }

    /// Bytes come only while somebody in the guest has the port open.
    void closedInTheGuest()
    {
        m_rig->open();
        m_rig->send(1, VIRTIO_CONSOLE_PORT_OPEN, 0);
        m_rig->offerInput(kIn1, 0);
        m_rig->one->setConnected(true);
        m_rig->one->write(bytesOf("early"));
        m_rig->virtio.settle();
        QCOMPARE(m_rig->queues[kIn1].usedIndex(), uint16_t{0});
        m_rig->send(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
        waitUsed(kIn1, 1);
        QCOMPARE(m_rig->collectInput(kIn1), std::string("early"));
    }

    /// A console says what it says to nobody too; another port's bytes wait for somebody.
    void nobodyIsThere()
    {
        m_rig->open();
        m_rig->output(kOut0, "boot messages");
        QCOMPARE(m_rig->device().dropped(), uint64_t{13});
        m_rig->offerOutput(kOut1, 0, "important");
        m_rig->virtio.settle();
        QCOMPARE(m_rig->queues[kOut1].usedIndex(), uint16_t{0});
        m_rig->one->setConnected(true);
        QCOMPARE(ConsoleRig::readPort(*m_rig->one, 9), std::string("important"));
        waitUsed(kOut1, 1);
    }

    void withoutMultiport()
    {
        m_rig->terminal->setConnected(true);
        m_rig->start(VIRTIO_CONSOLE_F_SIZE);
        m_rig->output(kOut0, "hello");
        QCOMPARE(ConsoleRig::readPort(*m_rig->terminal, 5), std::string("hello"));
        m_rig->offerInput(kIn0, 0);
        m_rig->terminal->write(bytesOf("typed"));
        waitUsed(kIn0, 1);
        QCOMPARE(m_rig->collectInput(kIn0), std::string("typed"));
        static_cast<void>(m_rig->virtio.driver->isr());
        m_rig->device().resize(0, 132, 43);
        QCOMPARE(m_rig->virtio.driver->isr(), kIsrConfig);
        const auto kind = CapabilityKind::Device;
        QCOMPARE(m_rig->virtio.driver->read(kind, 0, 4), uint64_t{43U << 16 | 132});
        QCOMPARE(m_rig->virtio.driver->read(kind, 4, 4), uint64_t{Console::kMaxPorts});
    }

    void resized()
    {
        m_rig->device().resize(0, 80, 25); // before anybody knows the port
        m_rig->open();
        m_rig->device().resize(0, 100, 30);
        auto size = m_rig->waitFor(VIRTIO_CONSOLE_RESIZE, 0);
        if (size && size->rest == std::string("\x50\0\x19\0", 4))
            size = m_rig->waitFor(VIRTIO_CONSOLE_RESIZE, 0);
        QVERIFY(size);
        QCOMPARE(size->rest, std::string("\x64\0\x1e\0", 4)); // columns, then rows
        m_rig->device().resize(1, 1, 1);                      // no terminal
        m_rig->device().resize(99, 1, 1);
    }

    /// Output of a driver that has no queues yet, or no memory.
    void emergencyWrite()
    {
        m_rig->terminal->setConnected(true);
        for (const char c : {'p', 'a', 'n', 'i', 'c'})
            m_rig->virtio.driver->write(CapabilityKind::Device, 8, static_cast<uint8_t>(c), 4);
        QCOMPARE(ConsoleRig::readPort(*m_rig->terminal, 5), std::string("panic"));
        m_rig->terminal->setConnected(false);
        m_rig->virtio.settle();
        for (int i = 0; i < 100'000; ++i) // costs nothing
            m_rig->virtio.driver->write(CapabilityKind::Device, 8, 'x', 4);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->device().dropped() == 100'000; }));
    }

    void portsComeAndGo()
    {
        m_rig->open();
        std::shared_ptr<console::ProgramPort> mine;
        auto& loop = *m_rig->virtio.loop;
        const auto id = m_rig->device().addPort(m_rig->port(loop, "org.test.two", false, mine));
        QVERIFY(id.has_value());
        QCOMPARE(*id, 2U);
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_ADD, 2));
        m_rig->send(2, VIRTIO_CONSOLE_PORT_READY, 1);
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_PORT_NAME, 2));
        m_rig->offerOutput(consoleOutputQueue(2), 0, "nobody takes it");
        QVERIFY(m_rig->device().removePort(2).has_value());
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_REMOVE, 2));
        waitUsed(consoleOutputQueue(2), 1); // and nobody in the guest waits for ever
        QVERIFY(!m_rig->device().removePort(2).has_value());
        QVERIFY(!m_rig->device().removePort(1000).has_value());
        // The same number again.
        QVERIFY(m_rig->device().addPort(m_rig->port(loop, "org.test.three", false, mine)));
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_ADD, 2));
        m_rig->send(2, VIRTIO_CONSOLE_PORT_READY, 1);
        QCOMPARE(m_rig->waitFor(VIRTIO_CONSOLE_PORT_NAME, 2)->rest, std::string("org.test.three"));
    }

    void portsThatCannotBe()
    {
        std::shared_ptr<console::ProgramPort> mine;
        auto& loop = *m_rig->virtio.loop;
        const auto add = [&](const std::string& name) {
            return m_rig->device().addPort(m_rig->port(loop, name, false, mine));
        };
        QCOMPARE(add("org.test.one").error().code(), ErrorCode::Busy);
        for (const std::string& name :
             {std::string(), std::string("a/b"), std::string("a b"), std::string(65, 'n')})
            QCOMPARE(add(name).error().code(), ErrorCode::Invalid);
        for (unsigned i = 2; i < Console::kMaxPorts; ++i)
            QCOMPARE(*add("port" + std::to_string(i)), i);
        QCOMPARE(add("one-more").error().code(), ErrorCode::Exhausted);
    }

    /// 10 MB each way at once, with somebody slow outside: nothing is lost.
    void load()
    {
        m_rig->open();
        m_rig->one->setConnected(true);
        const std::string sent = pattern(10'000'000);
        std::string outside;
        std::thread slow([&] {
            size_t given = 0;
            std::vector<char> piece(10'007);
            for (int turn = 0; outside.size() < sent.size() || given < sent.size(); ++turn) {
                const size_t got = m_rig->one->read(std::as_writable_bytes(std::span(piece)));
                outside.append(piece.data(), got);
                given += m_rig->one->write(
                    bytesOf(sent).subspan(given, std::min<size_t>(7919, sent.size() - given)));
                if (turn % 16 == 0)
                    std::this_thread::sleep_for(std::chrono::microseconds(200));
            }
        });
        for (uint16_t i = 0; i < ConsoleRig::kSize; ++i)
            m_rig->offerInput(kIn1, i);
        std::string inside;
        inside.reserve(sent.size());
        size_t offered = 0;
        std::vector<uint16_t> idle;
        for (uint16_t i = 0; i < ConsoleRig::kSize; ++i)
            idle.push_back(i);
        const bool done = VirtioRig::eventually([&] {
            for (int turn = 0; turn < 100; ++turn) {
                inside += m_rig->collectInput(kIn1);
                while (const auto used = m_rig->queues[kOut1].collect())
                    idle.push_back(static_cast<uint16_t>(used->id));
                while (!idle.empty() && offered < sent.size()) {
                    const auto piece = std::string_view(sent).substr(offered, ConsoleRig::kBuffer);
                    m_rig->offerOutput(kOut1, idle.back(), piece);
                    offered += piece.size();
                    idle.pop_back();
                }
            }
            return inside.size() == sent.size() && idle.size() == ConsoleRig::kSize;
        });
        QVERIFY(done);
        slow.join();
        QVERIFY(inside == sent);
        QVERIFY(outside == sent);
        QCOMPARE(m_rig->device().dropped(), uint64_t{0});
    }

    /// A request that is only half through when the machine is saved goes on where it was.
    void savedHalfWay()
    {
        m_rig->open();
        m_rig->one->setConnected(true);
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_PORT_OPEN, 1));
        constexpr size_t kPiece = 4094;
        const std::string sent = pattern(20 * kPiece); // more than the program's buffer
        for (size_t i = 0; i < 4; ++i)
            m_rig->output(kOut1, sent.substr(i * kPiece, kPiece));
        for (uint16_t i = 0; i < ConsoleRig::kSize; ++i)
            m_rig->offerOutput(kOut1, i, sent.substr((i + 4) * kPiece, kPiece));
        m_rig->virtio.settle();
        m_rig->virtio.function->pause();
        const auto device = m_rig->device().saveState();
        const auto transport = m_rig->virtio.function->saveState();

        ConsoleRig next;
        next.one->setConnected(true);
        std::vector<std::byte> ram(next.virtio.board.memory->ramSize());
        QVERIFY(m_rig->virtio.board.memory->copyOut(memory::GuestPhys(0), ram));
        QVERIFY(next.virtio.board.memory->copyIn(memory::GuestPhys(0), ram));
        next.virtio.function->pause();
        QVERIFY(next.virtio.function->loadState(transport).has_value());
        QVERIFY(next.device().loadState(device).has_value());
        // What the old process had taken, it has passed on; the rest comes from the ring.
        const std::string before = ConsoleRig::readPort(*m_rig->one, console::ProgramPort::kBuffer);
        QVERIFY(before.size() % kPiece != 0);
        next.virtio.function->resume();
        const std::string after = ConsoleRig::readPort(*next.one, sent.size() - before.size());
        QVERIFY(before + after == sent);
    }

    void stateSuite()
    {
        m_rig->open();
        m_rig->one->setConnected(true);
        m_rig->virtio.settle();
        m_rig->virtio.function->pause();
        struct Loader final : state::Participant {
            ConsoleRig rig;
            std::string stateName() const override { return "console device"; }
            state::Record saveState() const override
            {
                return const_cast<ConsoleRig&>(rig).device().saveState();
            }
            Result<void> loadState(const state::Record& record) override
            {
                return rig.device().loadState(record);
            }
        };
        tests::deviceStateSuite(m_rig->device(), [] { return std::make_unique<Loader>(); });
    }

    void resetSuite()
    {
        m_rig->open();
        ConsoleRig fresh;
        tests::resetSuite(m_rig->device(), *m_rig->virtio.function, fresh.device(),
                          *fresh.virtio.function);
        m_rig->queues.clear();
        for (unsigned i = 0; i < ConsoleRig::kQueues; ++i)
            m_rig->queues.emplace_back(*m_rig->virtio.board.memory, VirtioRig::kRings + 0x1000 * i,
                                       ConsoleRig::kSize);
    }

    /// The machine comes back with other ports than it had: the guest sees ports go and come.
    void loadedWithOtherPorts()
    {
        m_rig->open();
        std::shared_ptr<console::ProgramPort> mine;
        QVERIFY(m_rig->device().addPort(m_rig->port(*m_rig->virtio.loop, "extra", false, mine)));
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_ADD, 2));
        m_rig->virtio.function->pause();
        const auto saved = m_rig->device().saveState();
        QVERIFY(m_rig->device().removePort(2).has_value());
        QVERIFY(m_rig->device().removePort(1).has_value());
        QVERIFY(m_rig->device().addPort(m_rig->port(*m_rig->virtio.loop, "other", false, mine)));
        QVERIFY(m_rig->device().loadState(saved).has_value());
        m_rig->virtio.function->resume();
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_REMOVE, 1));
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_ADD, 1));
        QVERIFY(m_rig->waitFor(VIRTIO_CONSOLE_DEVICE_REMOVE, 2));
    }
};

QTEST_GUILESS_MAIN(ConsoleTest)
#include "console_test.moc"
