// SPDX-License-Identifier: GPL-3.0-or-later
// The policy at work: what is read of the host, how often, and what becomes of the balloon.
#include <QTemporaryDir>
#include <QtTest>

#include <QFile>

#include "tests/support/fakes.h"
#include "vmm/machine/memory_keeper.h"

using namespace vmm;
using namespace vmm::machine;

namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kSecond = 1'000'000'000;

class FakeHost final : public HostMemorySource {
public:
    HostMemory read() override
    {
        ++reads;
        return now;
    }
    HostMemory now{16 * kGiB, 8 * kGiB, 0, false};
    int reads = 0;
};

class FakeBalloon final : public virtio::BalloonControl {
public:
    void setTarget(uint64_t bytes) override { wanted = bytes; }
    uint64_t target() const override { return wanted; }
    uint64_t actual() const override { return wanted; }
    void requestStatistics() override
    {
        ++asked;
        ++said.round;
    }
    virtio::BalloonStatistics statistics() const override { return said; }
    uint64_t wanted = 0;
    int asked = 0;
    virtio::BalloonStatistics said;
};

std::optional<uint64_t>& value(FakeBalloon& balloon, virtio::BalloonStatistic which)
{
    return balloon.said.values.at(static_cast<size_t>(which));
}

} // namespace

class MemoryKeeperTest : public QObject {
    Q_OBJECT

private slots:
    void memInfo()
    {
        const auto memory =
            parseMemInfo("MemTotal:       24577152 kB\nMemFree:        22020096 kB\n"
                         "MemAvailable:   23068672 kB\nBuffers: 1 kB\n");
        QVERIFY(memory.has_value());
        QCOMPARE(memory->total, uint64_t{24577152} << 10);
        QCOMPARE(memory->available, uint64_t{23068672} << 10);
        for (const char* odd : {"", "MemTotal: 5 kB\n", "xMemTotal: 5 kB\nMemAvailable: 4 kB\n",
                                "MemTotal:\nMemAvailable:", "MemTotal: -1 kB\nMemAvailable: 3 kB",
                                "MemTotal: 99999999999999999999 kB\nMemAvailable: 3 kB"})
            QVERIFY2(!parseMemInfo(odd).has_value(), odd);
    }
    void stall()
    {
        QCOMPARE(parseStall("some avg10=17.25 avg60=3.00 avg300=1.00 total=5\nfull avg10=1.00"),
                 17.25);
        QCOMPARE(parseStall("some avg10=0.05 avg60=0"), 0.05);
        for (const char* odd : {"", "some", "some avg10=", "some avg10=x", "some avg10=1",
                                "some avg10=1.", "some avg10=1.2", "full avg10=9.00"})
            QCOMPARE(parseStall(odd), 0.0);
    }
    /// Files instead of /proc: no triggers there, numbers all the same.
    void filesAreReadAgain()
    {
        const QTemporaryDir folder;
        const auto loop = std::move(*EventLoop::create("test"));
        QVERIFY(!ProcMemory::create(
                     *loop, [] {}, folder.path().toStdString())
                     .has_value());
        put(folder, "meminfo", "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB\n");
        auto host = std::move(*ProcMemory::create(
            *loop, [] {}, folder.path().toStdString()));
        QVERIFY(!host->hasTrigger());
        QCOMPARE(host->read().available, uint64_t{400} << 10);
        QCOMPARE(host->read().stall, 0.0);
        put(folder, "meminfo", "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 300 kB\n");
        QCOMPARE(host->read().available, uint64_t{300} << 10);
        QVERIFY(QDir(folder.path()).mkdir("pressure"));
        put(folder, "pressure/memory", "some avg10=12.00 avg60=0.00 avg300=0.00 total=1\n");
        host = std::move(*ProcMemory::create(
            *loop, [] {}, folder.path().toStdString()));
        QVERIFY(!host->hasTrigger());
    }
    /// A host whose numbers cannot be read is no reason to take memory.
    void unreadableIsNotShort()
    {
        const QTemporaryDir folder;
        const auto loop = std::move(*EventLoop::create("test"));
        put(folder, "meminfo", "nothing of use");
        auto host = std::move(*ProcMemory::create(
            *loop, [] {}, folder.path().toStdString()));
        MemoryPolicy policy;
        MemoryFacts facts{.host = host->read(), .ram = kGiB};
        facts.guest = GuestMemoryUse{1, kGiB, 0, 0, 0};
        QCOMPARE(policy.decide(facts).target, uint64_t{0});
        QVERIFY(!policy.decide(facts).wantStatistics);
    }

    void looksSeldomWhileAllIsWell()
    {
        m_keeper.start();
        m_clock.advance(60 * kSecond);
        QVERIFY(m_host.reads >= 11 && m_host.reads <= 13);
        QCOMPARE(m_balloon.asked, 0);
        QCOMPARE(m_balloon.wanted, uint64_t{0});
    }
    void takesAndGivesBack()
    {
        value(m_balloon, virtio::BalloonStatistic::Available) = 3 * kGiB;
        m_keeper.start();
        m_clock.advance(10 * kSecond);
        m_host.now.available = kGiB / 2;
        m_clock.advance(60 * kSecond);
        QCOMPARE(m_balloon.wanted, 3 * kGiB); // until the floor: this guest's word never changes
        QVERIFY(m_balloon.asked >= 20);
        value(m_balloon, virtio::BalloonStatistic::Available) = kGiB / 10;
        m_clock.advance(3 * kSecond);
        QVERIFY(m_balloon.wanted < 3 * kGiB);
    }
    void alarmsAreAnsweredSoonButNotInARow()
    {
        m_keeper.alarm(); // not started: nobody cares
        QCOMPARE(m_clock.armedTimers(), size_t{0});
        m_keeper.start();
        m_clock.advance(7 * kSecond + kSecond / 2);
        m_host.reads = 0;
        for (int i = 0; i < 100; ++i) {
            m_keeper.alarm();
            m_clock.advance(kSecond / 20);
        }
        QVERIFY(m_host.reads >= 5 && m_host.reads <= 6);
    }
    void stoppedItKeepsTheTarget()
    {
        m_keeper.start();
        m_keeper.stop();
        m_balloon.wanted = kGiB;
        m_host.now.available = 1;
        m_clock.advance(100 * kSecond);
        QCOMPARE(m_host.reads, 0);
        QCOMPARE(m_balloon.wanted, kGiB);
        QCOMPARE(m_clock.armedTimers(), size_t{0});
    }
    void driversThatTellLess()
    {
        m_host.now.available = 1;
        m_balloon.said.round = 1;
        value(m_balloon, virtio::BalloonStatistic::SwappedIn) = 5;
        m_keeper.start();
        m_clock.advance(20 * kSecond);
        QCOMPARE(m_balloon.wanted, uint64_t{0}); // nothing about what is free
        value(m_balloon, virtio::BalloonStatistic::Free) = 2 * kGiB;
        m_clock.advance(20 * kSecond);
        QVERIFY(m_balloon.wanted > 0);
    }

    void init()
    {
        m_host = {};
        m_balloon = {};
        m_keeper.stop();
    }

private:
    static void put(const QTemporaryDir& folder, const char* name, const QByteArray& text)
    {
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        QCOMPARE(file.write(text), text.size());
    }

    tests::FakeClock m_clock;
    FakeHost m_host;
    FakeBalloon m_balloon;
    MemoryKeeper m_keeper{m_clock, m_host, m_balloon, 4 * kGiB};
};

QTEST_GUILESS_MAIN(MemoryKeeperTest)
#include "memory_keeper_test.moc"
