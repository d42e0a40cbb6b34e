// SPDX-License-Identifier: GPL-3.0-or-later
// Captures of a card's frames: what is in the file, and how they end.
#include <QtTest>

#include <csignal>
#include <sys/resource.h>

#include "tests/support/net_guest.h"
#include "vmm/net/capture.h"
#include "vmm/net/nat.h"

using namespace vmm;
using namespace vmm::net;
using namespace vmm::test;

namespace {

struct Packet {
    uint32_t seconds = 0;
    uint32_t size = 0;
    Bytes bytes;
};

/// Reads a capture back as the format's draft describes it.
std::vector<Packet> readCapture(const QString& path, uint32_t snapLength)
{
    QFile file(path);
    if (!file.open(QFile::ReadOnly))
        return {};
    const QByteArray all = file.readAll();
    const char* at = all.constData();
    const char* const end = at + all.size();
    if (all.size() < 24 || loadLe<uint32_t>(at) != 0xa1b23c4d || loadLe<uint16_t>(at + 4) != 2 ||
        loadLe<uint16_t>(at + 6) != 4 || loadLe<uint32_t>(at + 16) != snapLength ||
        loadLe<uint32_t>(at + 20) != 1)
        return {};
    std::vector<Packet> packets;
    for (at += 24; end - at >= 16;) {
        const auto kept = loadLe<uint32_t>(at + 8);
        if (loadLe<uint32_t>(at + 4) >= 1'000'000'000 || kept > end - at - 16)
            return {};
        const auto* bytes = reinterpret_cast<const std::byte*>(at + 16);
        packets.push_back({loadLe<uint32_t>(at), loadLe<uint32_t>(at + 12), {bytes, bytes + kept}});
        at += 16 + kept;
    }
    return packets;
}

} // namespace

class CaptureTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_loop = std::move(*EventLoop::create("net-test"));
        m_capture =
            std::make_unique<Capture>(*m_loop, std::move(*Nat::create(*m_loop, NatSettings{})));
    }
    void cleanup()
    {
        m_capture.reset();
        m_loop.reset();
    }

    void writesWhatPasses()
    {
        const QString path = m_folder.filePath("a.pcap");
        NetGuest guest(*m_loop, *m_capture);
        const Bytes question = guest.arp(1, nat::kHost);
        guest.send(question); // before: not in the file
        const auto reply = guest.card.next();
        QVERIFY(reply.has_value());
        QVERIFY(!m_capture->captureStatus().has_value());
        QVERIFY(m_capture->startCapture(path.toStdString()).has_value());
        guest.send(question);
        guest.send(question);
        const auto status = m_capture->captureStatus();
        QVERIFY(status && status->frames == 4 && !status->problem);
        const auto end = m_capture->stopCapture();
        QVERIFY(end && end->frames == 4 && end->lost == 0 && !end->problem);
        guest.send(question); // after

        const auto packets = readCapture(path, Capture::kWholeFrames);
        QCOMPARE(packets.size(), size_t{4});
        QCOMPARE(packets[0].bytes, question);
        QCOMPARE(packets[1].bytes, reply->bytes);
        QCOMPARE(packets[2].bytes, question);
        QVERIFY(std::abs(static_cast<qint64>(packets[0].seconds) -
                         QDateTime::currentSecsSinceEpoch()) < 60);
        QVERIFY(!m_capture->stopCapture().has_value());
    }

    void keepsTheBeginningOfFrames()
    {
        const QString path = m_folder.filePath("b.pcap");
        NetGuest guest(*m_loop, *m_capture);
        QVERIFY(m_capture->startCapture(path.toStdString(), 20).has_value());
        guest.send(guest.ethernet(0x88b5, pattern(1000)));
        m_capture->stopCapture();
        const auto packets = readCapture(path, 20);
        QCOMPARE(packets.size(), size_t{1});
        QCOMPARE(packets[0].size, uint32_t{1014});
        QCOMPARE(packets[0].bytes.size(), size_t{20});
    }

    void mayGoOnInAnotherFile()
    {
        NetGuest guest(*m_loop, *m_capture);
        for (const char* name : {"c.pcap", "d.pcap", "c.pcap"}) {
            QVERIFY(m_capture->startCapture(m_folder.filePath(name).toStdString()).has_value());
            guest.send(guest.ethernet(0x88b5, pattern(100)));
        }
        m_capture->stopCapture();
        QCOMPARE(readCapture(m_folder.filePath("c.pcap"), Capture::kWholeFrames).size(), size_t{1});
        QCOMPARE(readCapture(m_folder.filePath("d.pcap"), Capture::kWholeFrames).size(), size_t{1});
    }

    void aFullDiskEndsIt()
    {
        const QString path = m_folder.filePath("full.pcap");
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        ::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is as good as a full disk
        const rlimit small{200'000, before.rlim_max};
        NetGuest guest(*m_loop, *m_capture);
        QVERIFY(m_capture->startCapture(path.toStdString()).has_value());
        ::setrlimit(RLIMIT_FSIZE, &small);
        const Bytes frame = guest.ethernet(0x88b5, pattern(60'000));
        for (int i = 0; i < 20; ++i)
            guest.send(frame);
        QTRY_VERIFY(m_capture->captureStatus()->problem.has_value());
        ::setrlimit(RLIMIT_FSIZE, &before);
        guest.send(guest.arp(1, nat::kHost));
        QVERIFY(guest.card.next().has_value()); // frames flow on
        const auto end = m_capture->stopCapture();
        QVERIFY(end && end->problem->find("full.pcap: the capture ended") != std::string::npos);
    }

    void refusesOddPlaces()
    {
        QVERIFY(!m_capture->startCapture("/dev/null").has_value());
        QVERIFY(!m_capture->startCapture(m_folder.path().toStdString()).has_value());
        QVERIFY(!m_capture->startCapture("/nonexistent/a.pcap").has_value());
        QVERIFY(!m_capture->captureStatus().has_value());
    }

private:
    QTemporaryDir m_folder;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<Capture> m_capture;
};

QTEST_GUILESS_MAIN(CaptureTest)
#include "capture_test.moc"
