// SPDX-License-Identifier: GPL-3.0-or-later
// The passt backend against a peer of the test's own, and against passt itself.
#include <QtTest>

#include <atomic>

#include "tests/support/loopback.h"
#include "tests/support/net_guest.h"
#include "tests/support/sanitizers.h"
#include "vmm/net/passt.h"

using namespace vmm;
using namespace vmm::net;
using namespace vmm::test;

class PasstTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_loop = std::move(*EventLoop::create("net-test"));
        int fds[2];
        QCOMPARE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        m_peer = UniqueFd(fds[0]);
        auto passt = Passt::adopt(*m_loop, UniqueFd(fds[1]), [this](const Error& reason) {
            m_gone = reason.sentence();
            ++m_goneCalls;
        });
        QVERIFY(passt.has_value());
        m_passt = std::move(*passt);
        m_gone.clear();
        m_goneCalls = 0;
    }
    void cleanup()
    {
        m_passt.reset();
        m_peer.reset();
        m_loop.reset();
    }

    void putsLengthsBeforeFrames()
    {
        NetGuest guest(*m_loop, *m_passt);
        const Bytes frame = guest.ethernet(0x88b5, pattern(1000));
        guest.send(frame);
        const Bytes sent = readAll(m_peer.get(), 4 + frame.size());
        QCOMPARE(loadBe<uint32_t>(sent.data()), uint32_t{1014});
        QVERIFY(std::equal(frame.begin(), frame.end(), sent.begin() + 4, sent.end()));
    }

    void fillsInChecksums()
    {
        NetGuest guest(*m_loop, *m_passt);
        const Bytes good = guest.udp(1, nat::kHost, 2, pattern(333));
        Bytes frame = good;
        const auto packet = *parseIp(frame);
        storeLe(&frame[packet.transport + 6],
                foldChecksum(pseudoHeaderSum(frame, packet, packet.end - packet.transport)));
        guest.send(frame, {.flags = FrameHeader::kNeedsChecksum,
                           .checksumStart = static_cast<uint16_t>(packet.transport),
                           .checksumOffset = 6});
        const Bytes sent = readAll(m_peer.get(), 4 + frame.size());
        QVERIFY(std::equal(good.begin(), good.end(), sent.begin() + 4, sent.end()));
    }

    void takesFramesInAnyPieces()
    {
        NetGuest guest(*m_loop, *m_passt);
        Bytes stream;
        for (const size_t size : {14U, 60U, 1514U, 65'534U}) {
            Bytes length(4);
            storeBe(length.data(), static_cast<uint32_t>(size));
            const Bytes frame = pattern(size);
            stream.insert(stream.end(), length.begin(), length.end());
            stream.insert(stream.end(), frame.begin(), frame.end());
        }
        for (const size_t step : {size_t{997}, stream.size()}) {
            for (size_t at = 0; at < stream.size(); at += step)
                QVERIFY(writeAll(m_peer.get(), std::span(stream).subspan(
                                                   at, std::min(step, stream.size() - at))));
            for (const size_t size : {14U, 60U, 1514U, 65'534U}) {
                const auto frame = guest.card.next();
                QVERIFY(frame.has_value());
                QCOMPARE(frame->bytes, pattern(size));
            }
        }
    }

    void cardsMayBeFull()
    {
        NetGuest guest(*m_loop, *m_passt);
        guest.card.setFull(true);
        Bytes length(4);
        storeBe<uint32_t>(length.data(), 100);
        for (int i = 0; i < 3; ++i) {
            QVERIFY(writeAll(m_peer.get(), length));
            QVERIFY(writeAll(m_peer.get(), pattern(100)));
        }
        QTest::qWait(10);
        guest.roomAgain();
        for (int i = 0; i < 3; ++i)
            QVERIFY(guest.card.next().has_value());
    }

    void waitsForASlowPeer()
    {
        NetGuest guest(*m_loop, *m_passt);
        const Bytes frame = guest.ethernet(0x88b5, pattern(60'000));
        size_t frames = 0;
        while (guest.send(frame) == SendStatus::Sent)
            QVERIFY(++frames < 1000);
        QVERIFY(guest.send(frame) == SendStatus::Full);
        QCOMPARE(guest.card.writableCalls(), 0);
        const Bytes all = readAll(m_peer.get(), frames * (4 + frame.size()));
        QCOMPARE(all.size(), frames * (4 + frame.size()));
        for (size_t i = 0; i < frames; ++i) { // no frame was begun and not ended
            const auto at = all.begin() + static_cast<ptrdiff_t>(i * (4 + frame.size()));
            QCOMPARE(loadBe<uint32_t>(&*at), static_cast<uint32_t>(frame.size()));
            QVERIFY(std::equal(frame.begin(), frame.end(), at + 4));
        }
        QTRY_VERIFY(guest.card.writableCalls() > 0);
        QVERIFY(guest.send(frame) == SendStatus::Sent);
    }

    void badLengthsEndIt_data()
    {
        QTest::addColumn<uint32_t>("length");
        for (const uint32_t length : {0U, 13U, 65'550U, 0xffffffffU})
            QTest::addRow("%u", length) << length;
    }
    void badLengthsEndIt()
    {
        QFETCH(uint32_t, length);
        NetGuest guest(*m_loop, *m_passt);
        Bytes bytes(100);
        storeBe(bytes.data(), length);
        QVERIFY(writeAll(m_peer.get(), bytes));
        QTRY_COMPARE(m_goneCalls.load(), 1);
        QVERIFY(m_gone.find("sent a frame of") != std::string::npos);
        QVERIFY(guest.send(guest.ethernet(0x88b5, pattern(100))) == SendStatus::Sent);
        QCOMPARE(guest.card.count(), size_t{0});
    }

    void saysWhenThePeerLeaves()
    {
        NetGuest guest(*m_loop, *m_passt);
        m_peer.reset();
        QTRY_COMPARE(m_goneCalls.load(), 1);
        QVERIFY(m_gone.find("closed the connection") != std::string::npos);
        for (int i = 0; i < 10; ++i)
            QVERIFY(guest.send(guest.ethernet(0x88b5, pattern(100))) == SendStatus::Sent);
        QCOMPARE(m_goneCalls.load(), 1);
    }

    void refusesOtherDescriptors()
    {
        QVERIFY(!Passt::adopt(*m_loop, boundSocket(SOCK_DGRAM), {}).has_value());
        QVERIFY(!Passt::adopt(*m_loop, boundSocket(SOCK_STREAM), {}).has_value());
        QVERIFY(!Passt::adopt(*m_loop, UniqueFd(::dup(STDERR_FILENO)), {}).has_value());
        QVERIFY(!Passt::connect(*m_loop, "/nonexistent/socket", {}).has_value());
        QVERIFY(!Passt::connect(*m_loop, std::string(200, 'x'), {}).has_value());
    }

    /// passt itself answers ARP for its gateway.
    void speaksWithPasst()
    {
        if (!tests::kMayStartPrograms)
            QSKIP("ThreadSanitizer loses sight of a thread that starts a program");
        QTemporaryDir folder;
        QFile::setPermissions(folder.path(), QFile::Permissions(0x7777)); // it may change its user
        const QString path = folder.filePath("passt.sock");
        QProcess program;
        program.setProcessChannelMode(QProcess::MergedChannels);
        program.start("passt", {"--foreground", "--one-off", "--socket", path});
        if (!program.waitForStarted())
            QSKIP("passt is not installed");
        for (int i = 0; i < 100 && !QFile::exists(path); ++i)
            program.waitForFinished(20);
        auto passt = Passt::connect(*m_loop, path.toStdString(), {});
        if (!passt) {
            program.kill();
            program.waitForFinished();
            QSKIP(qPrintable("passt does not run here: " + program.readAll().simplified()));
        }
        {
            NetGuest guest(*m_loop, **passt);
            guest.send(guest.arp(1, 0x0a000001)); // passt answers for any address but ours
            std::optional<FakeCard::Frame> frame = guest.card.next(3000);
            while (frame && frameType(frame->bytes) != ethertype::kArp)
                frame = guest.card.next(3000);
            QVERIFY(frame.has_value());
            QCOMPARE(loadBe<uint32_t>(&frame->bytes[28]), uint32_t{0x0a000001});
        }
        passt->reset();
        QVERIFY(program.waitForFinished()); // it ends with its guest
    }

private:
    std::unique_ptr<EventLoop> m_loop;
    UniqueFd m_peer;
    std::unique_ptr<Passt> m_passt;
    std::string m_gone;
    std::atomic<int> m_goneCalls{0};
};

QTEST_GUILESS_MAIN(PasstTest)
#include "passt_test.moc"
