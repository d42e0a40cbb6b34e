// SPDX-License-Identifier: GPL-3.0-or-later
// The socket device as an honest driver and honest host programs use it. Virtio 1.2 section 5.10.
#include <QtTest>

#include <csignal>

#include "tests/device/vmm/virtio/vsock_driver.h"
#include "tests/support/suites.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::VirtioRig;
using tests::VsockGuest;
using tests::VsockRig;

namespace {

constexpr size_t kStreams = 100;
constexpr size_t kEach = 50'000;

/// Bytes that tell streams apart.
std::string pattern(size_t size, uint32_t seed)
{
    std::string text(size, 0);
    uint32_t state = seed;
    for (char& c : text) {
        state = state * 1'664'525 + 1'013'904'223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

/// `size` bytes from `fd`, or fewer at its end or when nothing comes for five seconds.
std::string readSome(int fd, size_t size)
{
    std::string text;
    pollfd wait{fd, POLLIN, 0};
    while (text.size() < size && ::poll(&wait, 1, 5000) > 0) {
        char piece[4096];
        const ssize_t got = ::read(fd, piece, std::min(sizeof piece, size - text.size()));
        if (got <= 0)
            break;
        text.append(piece, static_cast<size_t>(got));
    }
    return text;
}

std::string readLine(int fd)
{
    std::string line;
    while (line.empty() || line.back() != '\n') {
        const std::string next = readSome(fd, 1);
        if (next.empty())
            break;
        line += next;
    }
    return line;
}

bool atEnd(int fd)
{
    pollfd wait{fd, POLLIN, 0};
    char byte = 0;
    return ::poll(&wait, 1, 5000) == 1 && ::read(fd, &byte, 1) == 0;
}

} // namespace

class VsockTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<VsockRig> m_rig;

private slots:
    void initTestCase() { ::signal(SIGPIPE, SIG_IGN); }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_rig = std::make_unique<VsockRig>(m_folder->filePath("v.sock").toStdString());
    }
    void cleanup() { m_rig.reset(); }

    void identity()
    {
        QCOMPARE(m_rig->virtio.pci.read(pci::kVendorId, 4), 0x1053'1af4U);
        QCOMPARE(m_rig->virtio.driver->read(CapabilityKind::Device, 0, 8), VsockRig::kCid);
        QCOMPARE(m_rig->virtio.driver->common(common::kQueueCount, 2), uint64_t{3});
    }

    void whatCannotBeMade()
    {
        auto& loop = *m_rig->virtio.loop;
        const std::string path = m_folder->filePath("other").toStdString();
        for (const uint64_t cid : {0ULL, 1ULL, 2ULL, 0xffff'ffffULL, 0x1'0000'0003ULL})
            QCOMPARE(Vsock::create(loop, "vsock", cid, path).error().code(), ErrorCode::Invalid);
        QVERIFY(!Vsock::create(loop, "vsock", 3, path + std::string(100, 'x')));
        QVERIFY(!Vsock::create(loop, "vsock", 3, m_rig->path)); // somebody is there
        QVERIFY(Vsock::create(loop, "vsock", 3, path));
    }

    void guestConnects()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(listener.get(), 1024, 7000);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RW, 1024, 7000, "hello host"));
        QCOMPARE(readSome(host.get(), 10), std::string("hello host"));
        QCOMPARE(::write(host.get(), "hello guest", 11), ssize_t{11});
        const auto packet = m_rig->receive();
        QVERIFY(packet);
        QCOMPARE(packet->header.operation, uint16_t{VIRTIO_VSOCK_OP_RW});
        QCOMPARE(packet->body, std::string("hello guest"));
        QCOMPARE(uint64_t{packet->header.sourceCid}, VMADDR_CID_HOST);
        QCOMPARE(uint64_t{packet->header.destinationCid}, VsockRig::kCid);
        QCOMPARE(uint32_t{packet->header.sourcePort}, 7000U);
        QCOMPARE(uint32_t{packet->header.destinationPort}, 1024U);
        QCOMPARE(uint32_t{packet->header.forwarded}, 10U);
        QCOMPARE(uint32_t{packet->header.bufferSize}, VsockConnection::kBuffer);
    }

    void nobodyListens()
    {
        m_rig->start();
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_REQUEST, 1024, 7000));
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
        const UniqueFd caller = m_rig->call("CONNECT 52\n");
        const auto request = m_rig->receive();
        QVERIFY(request);
        QCOMPARE(request->header.operation, uint16_t{VIRTIO_VSOCK_OP_REQUEST});
        QCOMPARE(uint32_t{request->header.destinationPort}, 52U);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RST, 52, request->header.sourcePort));
        QVERIFY(atEnd(caller.get()));
    }

    void hostConnects()
    {
        m_rig->start();
        const UniqueFd caller = m_rig->call("CONNECT 52\nalready said");
        const auto request = m_rig->receive();
        QVERIFY(request);
        const uint32_t port = request->header.sourcePort;
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RESPONSE, 52, port));
        QCOMPARE(readLine(caller.get()), "OK " + std::to_string(port) + "\n");
        const auto data = m_rig->receive();
        QVERIFY(data);
        QCOMPARE(data->body, std::string("already said"));
    }

    void guestHasSaidAll()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(listener.get(), 1024, 7000);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RW, 1024, 7000, "question"));
        m_rig->send(
            VsockRig::packet(VIRTIO_VSOCK_OP_SHUTDOWN, 1024, 7000, {}, VIRTIO_VSOCK_SHUTDOWN_SEND));
        QCOMPARE(readSome(host.get(), 100), std::string("question")); // and the end
        QCOMPARE(::write(host.get(), "answer", 6), ssize_t{6});
        QCOMPARE(m_rig->receive()->body, std::string("answer"));
    }

    void hostHasSaidAll()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(listener.get(), 1024, 7000);
        ::shutdown(host.get(), SHUT_WR);
        const auto end = m_rig->receive();
        QVERIFY(end);
        QCOMPARE(end->header.operation, uint16_t{VIRTIO_VSOCK_OP_SHUTDOWN});
        QCOMPARE(uint32_t{end->header.flags}, VIRTIO_VSOCK_SHUTDOWN_SEND);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RW, 1024, 7000, "answer"));
        QCOMPARE(readSome(host.get(), 6), std::string("answer"));
        // The guest is done too: the stream ends with a reset (section 5.10.6.6.1).
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_SHUTDOWN, 1024, 7000, {},
                                     VIRTIO_VSOCK_SHUTDOWN_SEND | VIRTIO_VSOCK_SHUTDOWN_RCV));
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
        QVERIFY(atEnd(host.get()));
    }

    void hostCloses()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        UniqueFd host = m_rig->connectHost(listener.get(), 1024, 7000);
        QCOMPARE(::write(host.get(), "bye", 3), ssize_t{3});
        host.reset();
        QCOMPARE(m_rig->receive()->body, std::string("bye"));
        const auto end = m_rig->receive();
        QVERIFY(end);
        QCOMPARE(uint32_t{end->header.flags},
                 VIRTIO_VSOCK_SHUTDOWN_SEND | VIRTIO_VSOCK_SHUTDOWN_RCV);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RW, 1024, 7000, "too late"));
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
    }

    /// What the guest sent before it closed reaches a host that reads it late.
    void guestClosesBeforeTheHostReads()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(listener.get(), 1024, 7000);
        const int tiny = 1;
        ::setsockopt(host.get(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
        const std::string sent = pattern(VsockConnection::kBuffer, 1);
        for (size_t at = 0; at < sent.size(); at += 4096)
            m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RW, 1024, 7000, sent.substr(at, 4096)));
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_SHUTDOWN, 1024, 7000, {}, 3));
        uint16_t operation = VIRTIO_VSOCK_OP_CREDIT_UPDATE;
        while (operation == VIRTIO_VSOCK_OP_CREDIT_UPDATE)
            operation = m_rig->receiveOperation();
        QCOMPARE(operation, uint16_t{VIRTIO_VSOCK_OP_RST});
        QVERIFY(readSome(host.get(), sent.size() + 1) == sent);
    }

    /// A host that reads slowly stops the guest by credit, not by losing something.
    void slowHost()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        VsockGuest guest(*m_rig);
        guest.connect(1024, 7000);
        const VsockKey key{7000, 1024};
        QVERIFY(VirtioRig::eventually([&] {
            guest.step();
            return guest.streams[key].open;
        }));
        const UniqueFd host(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const std::string sent = pattern(3'000'000, 1);
        guest.streams[key].toSend = sent;
        std::string got;
        std::thread reader([&] {
            while (got.size() < sent.size()) {
                const std::string piece = readSome(host.get(), 60'000);
                if (piece.empty())
                    break;
                got += piece;
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });
        QVERIFY(VirtioRig::eventually([&] {
            for (int i = 0; i < 50; ++i)
                guest.step();
            return guest.streams[key].toSend.empty();
        }));
        reader.join();
        QVERIFY(got == sent);
        QVERIFY(!guest.streams[key].reset);
    }

    void hundredStreamsOfTheGuest()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        std::thread server([&] { echo(listener.get()); });
        VsockGuest guest(*m_rig);
        for (uint32_t i = 0; i < kStreams; ++i) {
            guest.connect(2000 + i, 7000);
            guest.streams[{7000, 2000 + i}].toSend = pattern(kEach, i);
        }
        const bool all = VirtioRig::eventually([&] {
            for (int i = 0; i < 20; ++i)
                guest.step();
            return std::all_of(guest.streams.begin(), guest.streams.end(),
                               [](const auto& one) { return one.second.received.size() == kEach; });
        });
        for (uint32_t i = 0; i < kStreams; ++i) // which ends the server
            m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_SHUTDOWN, 2000 + i, 7000, {}, 3));
        server.join();
        QVERIFY(all);
        for (uint32_t i = 0; i < kStreams; ++i)
            QVERIFY((guest.streams[{7000, 2000 + i}].received == pattern(kEach, i)));
    }

    void hundredStreamsOfTheHost()
    {
        m_rig->start();
        VsockGuest guest(*m_rig);
        guest.echoes = true;
        std::atomic<bool> done{false};
        std::atomic<unsigned> right{0};
        std::thread host([&] {
            std::vector<UniqueFd> fds;
            for (uint32_t i = 0; i < kStreams; ++i) {
                fds.push_back(m_rig->call("CONNECT 52\n"));
                if (!readLine(fds.back().get()).starts_with("OK "))
                    break;
            }
            for (uint32_t i = 0; i < fds.size(); ++i) {
                const std::string sent = pattern(kEach, i);
                std::thread writer([&] {
                    CHECK(::write(fds[i].get(), sent.data(), sent.size()) ==
                          static_cast<ssize_t>(sent.size()));
                });
                right += readSome(fds[i].get(), kEach) == sent ? 1 : 0;
                writer.join();
            }
            done = true;
        });
        QVERIFY(VirtioRig::eventually([&] {
            for (int i = 0; i < 20; ++i)
                guest.step();
            return done.load();
        }));
        host.join();
        QCOMPARE(right.load(), unsigned{kStreams});
        // All of them closed at once.
        QVERIFY(VirtioRig::eventually([&] {
            guest.step();
            return std::all_of(guest.streams.begin(), guest.streams.end(), [](const auto& one) {
                return one.second.shutdownFlags == 3 || one.second.reset;
            });
        }));
    }

    void pausedStreamsGoOn()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(listener.get(), 1024, 7000);
        m_rig->virtio.function->pause();
        QCOMPARE(::write(host.get(), "meanwhile", 9), ssize_t{9});
        QVERIFY(m_rig->nothingCame());
        m_rig->virtio.function->resume();
        QCOMPARE(m_rig->receive()->body, std::string("meanwhile"));
    }

    /// A restored guest is told that its streams are gone.
    void restored()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(listener.get(), 1024, 7000);
        m_rig->queues[2].offer({{VsockRig::kEventData, 8, true}});
        m_rig->virtio.driver->notify(2);
        m_rig->virtio.function->pause();
        QVERIFY(!m_rig->queues[2].collect());
        const auto transport = m_rig->virtio.function->saveState();
        const auto device = m_rig->device().saveState();
        QVERIFY(m_rig->virtio.function->loadState(transport).has_value());
        QVERIFY(m_rig->device().loadState(device).has_value());
        QVERIFY(atEnd(host.get()));
        m_rig->virtio.function->resume();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->queues[2].usedIndex() == 1; }));
        QCOMPARE(m_rig->queues[2].collect()->length, 4U);
        QCOMPARE(
            *m_rig->virtio.board.memory->read<uint32_t>(memory::GuestPhys(VsockRig::kEventData)),
            VIRTIO_VSOCK_EVENT_TRANSPORT_RESET);
        m_rig->send(VsockRig::packet(VIRTIO_VSOCK_OP_RW, 1024, 7000, "the old stream"));
        QCOMPARE(m_rig->receiveOperation(), uint16_t{VIRTIO_VSOCK_OP_RST});
    }

    void driverResets()
    {
        const UniqueFd listener = m_rig->listenAt(7000);
        m_rig->start();
        const UniqueFd host = m_rig->connectHost(listener.get(), 1024, 7000);
        m_rig->virtio.driver->setStatus(0);
        QVERIFY(atEnd(host.get()));
        const UniqueFd caller = m_rig->call("CONNECT 52\n"); // no driver, no guest
        QVERIFY(atEnd(caller.get()));
    }

    void stateSuite()
    {
        m_rig->start();
        m_rig->virtio.function->pause();
        struct Loader final : state::Participant {
            explicit Loader(const std::string& path) : rig(path) {}
            VsockRig rig;
            std::string stateName() const override { return "vsock device"; }
            state::Record saveState() const override
            {
                return const_cast<VsockRig&>(rig).device().saveState();
            }
            Result<void> loadState(const state::Record& record) override
            {
                return rig.device().loadState(record);
            }
        };
        int count = 0;
        tests::deviceStateSuite(m_rig->device(), [&] {
            return std::make_unique<Loader>(m_rig->path + "." + std::to_string(++count));
        });
    }

private:
    /// Sends back what comes, on every connection, until all of them have ended.
    static void echo(int listener)
    {
        std::vector<pollfd> waits{{listener, POLLIN, 0}};
        size_t accepted = 0;
        while (accepted < kStreams || waits.size() > 1) {
            ::poll(waits.data(), waits.size(), 5000);
            std::vector<pollfd> next{waits[0]};
            for (size_t i = 1; i < waits.size(); ++i) {
                char piece[4096];
                const ssize_t got =
                    waits[i].revents != 0 ? ::read(waits[i].fd, piece, sizeof piece) : 1;
                if (got <= 0) {
                    ::close(waits[i].fd);
                    continue;
                }
                if (waits[i].revents != 0)
                    CHECK(::send(waits[i].fd, piece, static_cast<size_t>(got), MSG_NOSIGNAL) ==
                          got);
                next.push_back(waits[i]);
            }
            if (waits[0].revents != 0) {
                next.push_back({::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), POLLIN, 0});
                ++accepted;
            }
            waits = std::move(next);
        }
    }
};

QTEST_GUILESS_MAIN(VsockTest)
#include "vsock_test.moc"
