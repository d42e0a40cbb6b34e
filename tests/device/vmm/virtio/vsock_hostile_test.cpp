// SPDX-License-Identifier: GPL-3.0-or-later
// The socket device against drivers and host programs that do what they may not. Virtio 1.2
// section 5.10.
#include <QtTest>

#include <csignal>

#include "tests/device/vmm/virtio/vsock_driver.h"
#include "tests/support/suites.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::VirtioRig;
using tests::VsockPacket;
using tests::VsockRig;

class VsockHostileTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<VsockRig> m_rig;
    UniqueFd m_listener;

    VsockPacket packet(uint16_t operation, std::string body = {}) const
    {
        return VsockRig::packet(operation, 1024, 7000, std::move(body));
    }
    /// The device still works: somebody else's stream comes about.
    void stillWorks()
    {
        static uint32_t guest = 5000;
        const UniqueFd host = m_rig->connectHost(m_listener.get(), ++guest, 7000);
        QVERIFY(host.valid());
    }
    static bool atEnd(int fd)
    {
        pollfd wait{fd, POLLIN, 0};
        char byte = 0;
        return ::poll(&wait, 1, 5000) == 1 && ::read(fd, &byte, 1) == 0;
    }

private slots:
    void initTestCase() { ::signal(SIGPIPE, SIG_IGN); }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_rig = std::make_unique<VsockRig>(m_folder->filePath("v.sock").toStdString());
        m_listener = m_rig->listenAt(7000);
    }
    void cleanup() { m_rig.reset(); }

    /// Section 5.10.6.4: what belongs to no stream is reset, a reset is not.
    void streamsThatAreNone()
    {
        m_rig->start();
        for (const auto operation : std::to_array<uint16_t>({2, 4, 5, 6, 7, 0, 8, 65'535})) {
            m_rig->send(packet(operation));
            QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
        }
        m_rig->send(packet(VIRTIO_VSOCK_OP_RST));
        QVERIFY(m_rig->nothingCame());
        stillWorks();
    }

    void addressesThatAreWrong()
    {
        m_rig->start();
        auto foreign = packet(VIRTIO_VSOCK_OP_REQUEST);
        for (const uint64_t cid : {0ULL, 2ULL, 43ULL, 0x1'0000'002aULL}) { // not its own
            foreign.header.sourceCid = cid;
            m_rig->send(foreign);
        }
        QVERIFY(m_rig->nothingCame());
        auto elsewhere = packet(VIRTIO_VSOCK_OP_REQUEST);
        for (const uint64_t cid : {0ULL, 1ULL, 42ULL, 0x1'0000'0002ULL}) {
            elsewhere.header.destinationCid = cid;
            m_rig->send(elsewhere);
            const auto reset = m_rig->receive();
            QVERIFY(reset);
            QCOMPARE(reset->header.operation, uint16_t{VIRTIO_VSOCK_OP_RST});
            QCOMPARE(uint64_t{reset->header.sourceCid}, cid);
        }
        stillWorks();
    }

    void typesThatAreUnknown()
    {
        m_rig->start();
        for (const auto type : std::to_array<uint16_t>({0, 2, 65'535})) {
            auto odd = packet(VIRTIO_VSOCK_OP_REQUEST);
            odd.header.type = type;
            m_rig->send(odd);
            const auto reset = m_rig->receive();
            QVERIFY(reset);
            QCOMPARE(reset->header.operation, uint16_t{VIRTIO_VSOCK_OP_RST});
            QCOMPARE(reset->header.type, type);
            odd.header.operation = VIRTIO_VSOCK_OP_RST;
            m_rig->send(odd);
        }
        QVERIFY(m_rig->nothingCame());
        stillWorks();
    }

    /// A length that the descriptors do not have (CVE-2019-18960 class).
    void longerThanItsBuffers()
    {
        m_rig->start();
        for (const uint32_t length : {5U, 45U, 4096U, 0x7fff'ffffU, 0xffff'ffffU}) {
            const UniqueFd host = m_rig->connectHost(m_listener.get(), 1024, 7000);
            auto liar = packet(VIRTIO_VSOCK_OP_RW, "1234");
            liar.header.length = length;
            m_rig->send(liar);
            QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
            QVERIFY(atEnd(host.get()));
        }
        stillWorks();
    }

    /// CVE-2019-18960 itself: a packet across the end of RAM.
    void acrossTheEndOfRam()
    {
        m_rig->start();
        const uint64_t end = m_rig->virtio.board.memory->ramSize();
        m_rig->queues[1].offer({{end - 44, 88, false}});
        m_rig->virtio.driver->notify(1);
        QVERIFY(m_rig->needsReset());
    }
    void inputAcrossTheEndOfRam()
    {
        m_rig->start(0);
        const uint64_t end = m_rig->virtio.board.memory->ramSize();
        m_rig->queues[0].offer({{end - 44, 4096, true}});
        m_rig->virtio.driver->notify(0);
        m_rig->send(packet(VIRTIO_VSOCK_OP_REQUEST));
        QVERIFY(m_rig->needsReset());
    }

    void packetsWithoutAHeader()
    {
        for (const uint32_t length : {1U, 43U}) {
            init();
            m_rig->start();
            m_rig->queues[1].offer({{VsockRig::kOutputData, length, false}});
            m_rig->virtio.driver->notify(1);
            QVERIFY(m_rig->needsReset());
        }
        init();
        m_rig->start();
        m_rig->queues[1].offer({{VsockRig::kOutputData, 44, true}}); // not readable
        m_rig->virtio.driver->notify(1);
        QVERIFY(m_rig->needsReset());
    }

    void buffersWithoutRoomForAHeader()
    {
        m_rig->start(0);
        m_rig->offerInput(0, 43);
        m_rig->send(packet(VIRTIO_VSOCK_OP_REQUEST));
        QVERIFY(m_rig->needsReset());
    }

    /// Buffers with room for nothing but headers get headers.
    void buffersWithRoomForAHeaderOnly()
    {
        m_rig->start(0);
        const UniqueFd caller = m_rig->call("CONNECT 1\n");
        m_rig->offerInput(0, 44);
        const auto request = m_rig->receive();
        QVERIFY(request);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RESPONSE, 1, request->header.sourcePort));
        QCOMPARE(::write(caller.get(), "x", 1), ssize_t{1});
        m_rig->virtio.settle();
    }

    void eventBufferTooSmall()
    {
        m_rig->start();
        m_rig->queues[2].offer({{VsockRig::kEventData, 3, true}});
        m_rig->virtio.function->pause();
        const auto transport = m_rig->virtio.function->saveState();
        QVERIFY(m_rig->virtio.function->loadState(transport).has_value());
        QVERIFY(m_rig->device().loadState(m_rig->device().saveState()).has_value());
        m_rig->virtio.function->resume();
        QVERIFY(m_rig->needsReset());
    }

    /// More than it was given credit for, to a host that does not read.
    void moreThanItsCredit()
    {
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(m_listener.get(), 1024, 7000);
        const std::string body(4096, 'x');
        size_t sent = 0;
        std::optional<VsockPacket> answer;
        while (sent < (8U << 20) && !answer) { // the socket holds some of it
            m_rig->send(packet(VIRTIO_VSOCK_OP_RW, body));
            sent += body.size();
            m_rig->virtio.settle();
            answer = m_rig->tryReceive();
            if (answer && answer->header.operation == VIRTIO_VSOCK_OP_CREDIT_UPDATE)
                answer.reset();
        }
        QVERIFY(answer);
        QCOMPARE(answer->header.operation, uint16_t{VIRTIO_VSOCK_OP_RST});
        QVERIFY(sent >= VsockConnection::kBuffer);
        stillWorks();
    }

    /// Credit that cannot be: nothing is sent until it can.
    void creditThatCannotBe()
    {
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(m_listener.get(), 1024, 7000);
        auto update = packet(VIRTIO_VSOCK_OP_CREDIT_UPDATE);
        const auto credit = [&](uint32_t buffer, uint32_t forwarded) {
            update.header.bufferSize = buffer;
            update.header.forwarded = forwarded;
            m_rig->send(update);
        };
        credit(100, 1); // took more than it got
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_CREDIT_REQUEST});
        QCOMPARE(::write(host.get(), "0123456789", 10), ssize_t{10});
        QVERIFY(m_rig->nothingCame());
        credit(0, 0); // it was asked, and has answered: asking again would go on for ever
        QVERIFY(m_rig->nothingCame());
        credit(4, 0);
        QCOMPARE(m_rig->receive()->body, std::string("0123"));
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_CREDIT_REQUEST});
        credit(2, 0); // less than is under way
        QVERIFY(m_rig->nothingCame());
        credit(0xffff'ffff, 0xffff'fff0);
        QCOMPARE(m_rig->receive()->body, std::string("456789"));
    }

    void asksForCreditAgainAndAgain()
    {
        m_rig->start(0); // and takes no answer
        m_rig->send(packet(VIRTIO_VSOCK_OP_REQUEST));
        for (int i = 0; i < 10'000; ++i)
            m_rig->send(packet(VIRTIO_VSOCK_OP_CREDIT_REQUEST));
        m_rig->offerInput(0);
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RESPONSE});
        QVERIFY(m_rig->nothingCame()); // it says all there is to say
    }

    void wordsOutOfOrder()
    {
        m_rig->start();
        for (const auto operation :
             std::to_array<uint16_t>({1, 2})) { // a second request; a response to none
            const UniqueFd host = m_rig->connectHost(m_listener.get(), 1024, 7000);
            m_rig->send(packet(operation));
            QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
            QVERIFY(atEnd(host.get()));
        }
        const UniqueFd caller = m_rig->call("CONNECT 1\n");
        const auto request = m_rig->receive();
        QVERIFY(request);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RW, 1, request->header.sourcePort, "early"));
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
        QVERIFY(atEnd(caller.get()));
        const UniqueFd host = m_rig->connectHost(m_listener.get(), 1024, 7000);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_SHUTDOWN, 1024, 7000, {}, 2));
        m_rig->send(packet(VIRTIO_VSOCK_OP_RW, "after the end"));
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
        stillWorks();
    }

    void noMoreStreamsThanThereAre()
    {
        m_rig->start();
        std::vector<UniqueFd> hosts;
        for (uint32_t i = 0; i < Vsock::kMaxConnections; ++i)
            hosts.push_back(m_rig->connectHost(m_listener.get(), 10'000 + i, 7000));
        m_rig->send(packet(VIRTIO_VSOCK_OP_REQUEST));
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
        const UniqueFd caller = m_rig->call("CONNECT 1\n");
        QVERIFY(atEnd(caller.get()));
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RST, 10'000, 7000));
        QVERIFY(atEnd(hosts[0].get()));
        stillWorks();
    }

    /// A driver that sends and never receives: the device stops taking, and goes on where it was.
    void answersThatNobodyTakes()
    {
        m_rig->start(0);
        size_t sent = 0;
        for (; sent < 4 * Vsock::kMaxResets && m_rig->trySend(packet(VIRTIO_VSOCK_OP_RW)); ++sent)
            m_rig->virtio.settle();
        QVERIFY(sent >= Vsock::kMaxResets);
        QVERIFY(sent <= Vsock::kMaxResets + VsockRig::kSize);
        for (uint16_t i = 0; i < VsockRig::kSize; ++i)
            m_rig->offerInput(i);
        for (size_t i = 0; i < sent; ++i)
            QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
        QVERIFY(m_rig->nothingCame());
        stillWorks();
    }

    void callersThatMakeNoSense()
    {
        m_rig->start();
        for (const std::string line :
             {"GET / HTTP/1.0\r\n", "CONNECT\n", "CONNECT \n", "CONNECT -1\n",
              "CONNECT 4294967296\n", "CONNECT 52 \n", "connect 52\n", "\n",
              "CONNECT 00000000000000000000000000000000000000052\n"}) {
            const UniqueFd caller = m_rig->call(line);
            pollfd wait{caller.get(), POLLIN, 0};
            char byte = 0;
            QCOMPARE(::poll(&wait, 1, 5000), 1);
            QVERIFY(::read(caller.get(), &byte, 1) <= 0); // unread bytes make it a reset
        }
        QVERIFY(m_rig->nothingCame());
        const UniqueFd windows = m_rig->call("CONNECT 4294967295\r\n");
        const auto request = m_rig->receive();
        QVERIFY(request);
        QCOMPARE(uint32_t{request->header.destinationPort}, 0xffff'ffffU);
    }

    void callersThatSayNothing()
    {
        m_rig->start();
        std::vector<UniqueFd> callers;
        for (size_t i = 0; i < Vsock::kMaxCallers; ++i)
            callers.push_back(m_rig->call("CONN"));
        m_rig->virtio.settle();
        QVERIFY(VirtioRig::eventually([&] { // once all of them are in
            const UniqueFd more = std::move(*console::connectUnix(m_rig->path));
            return atEnd(more.get());
        }));
        callers.clear();
        QVERIFY(VirtioRig::eventually([&] {
            const UniqueFd next = m_rig->call("CONNECT 52\n");
            const auto request = m_rig->receive();
            return request && request->header.operation == VIRTIO_VSOCK_OP_REQUEST;
        }));
    }

    /// A host program gives up while the guest thinks.
    void callerLeaves()
    {
        m_rig->start();
        UniqueFd caller = m_rig->call("CONNECT 52\n");
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_REQUEST});
        caller.reset();
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
    }

    void ringsInThemselves()
    {
        m_rig->start(0);
        // Packets written over the ring they come from.
        m_rig->queues[0].offer({{m_rig->queues[0].layout().descriptors, 4096, true}});
        m_rig->virtio.driver->notify(0);
        for (int i = 0; i < 8; ++i)
            m_rig->send(packet(VIRTIO_VSOCK_OP_RW));
        m_rig->virtio.settle();
    }

    void resetWithStreams()
    {
        for (int round = 0; round < 20; ++round) {
            m_rig->start();
            const UniqueFd host = m_rig->connectHost(m_listener.get(), 1024, 7000);
            const std::string data(100'000, 'x');
            static_cast<void>(::send(host.get(), data.data(), data.size(), MSG_DONTWAIT));
            m_rig->virtio.driver->setStatus(0);
            QVERIFY(VirtioRig::eventually([&] { return m_rig->virtio.driver->status() == 0; }));
            const std::string path = m_rig->path;
            m_rig.reset();
            m_rig = std::make_unique<VsockRig>(path);
        }
    }

    void registerSuite()
    {
        m_rig->start();
        tests::mmioFuzzSuite(*m_rig->virtio.function, 0x4000, 1, 5000);
    }
};

QTEST_GUILESS_MAIN(VsockHostileTest)
#include "vsock_hostile_test.moc"
