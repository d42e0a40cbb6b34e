// SPDX-License-Identifier: GPL-3.0-or-later
// Throttling, in a time that only moves when told.
#include <QtTest>

#include "tests/support/fakes.h"
#include "tests/unit/vmm/block/disk_rig.h"
#include "vmm/block/throttle.h"

using namespace vmm::block;
using tests::Bytes;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

/// Takes everything and ends it when told. On the loop.
class Sink final : public BlockBackend {
public:
    uint64_t capacity() const override { return 1000; }
    bool readOnly() const override { return false; }
    bool canDiscard() const override { return true; }
    bool volatileCache() const override { return true; }
    uint32_t physicalBlockSize() const override { return kSectorSize; }
    const std::string& path() const override { return m_path; }
    void setListener(BlockListener*) override {}
    vmm::Result<void> resize(std::optional<uint64_t>) override { return {}; }
    std::optional<IoResult> readNow(const IoRequest&) override { return IoResult{}; }
    using BlockBackend::submit;
    void submit(std::span<IoRequest* const> requests) override
    {
        for (IoRequest* request : requests)
            taken.push_back(request);
    }
    void cancel() override { ++cancels; }
    void pause() override {}
    void resume() override {}

    std::vector<IoRequest*> taken;
    int cancels = 0;

private:
    std::string m_path = "sink";
};

} // namespace

class ThrottleTest final : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_requests.clear();
        m_data.clear();
        m_cancelled = 0;
        m_loop = std::move(*vmm::EventLoop::create("throttle-test"));
        auto sink = std::make_unique<Sink>();
        m_sink = sink.get();
        m_disk = std::move(*ThrottledDisk::create(std::move(sink), *m_loop, m_clock));
    }
    void cleanup()
    {
        m_disk.reset();
        m_loop.reset();
        QCOMPARE(m_clock.armedTimers(), size_t{0});
    }

    void accountKeepsTheAverage();
    void accountAllowsBursts();
    void accountSurvivesExtremes();
    void unlimitedPassesThrough();
    void operations();
    void bytesAndDirections();
    void flushesAreFree();
    void changesWhileRunning();
    void cancelledWithoutWaiting();
    void pausedHoldsAll();

private:
    /// On the loop's thread, with what it caused done.
    void call(const std::function<void()>& function)
    {
        for (const auto& step : {function, std::function<void()>([] {})}) {
            std::promise<void> done;
            m_loop->post([&] {
                step();
                done.set_value();
            });
            done.get_future().wait();
        }
    }
    void setLimits(const ThrottleLimits& limits)
    {
        call([&] { m_disk->setLimits(limits); });
    }
    IoRequest& request(IoKind kind, size_t size)
    {
        m_data.push_back(std::make_unique<Bytes>(size));
        m_requests.push_back(std::make_unique<IoRequest>());
        IoRequest& made = *m_requests.back();
        made.kind = kind;
        if (size != 0)
            made.segments.emplace_back(std::span(*m_data.back()));
        made.done = [this](const IoResult& result) {
            m_cancelled += result.status == IoStatus::Cancelled ? 1 : 0;
        };
        return made;
    }
    void submit(IoKind kind, size_t size, int count = 1)
    {
        std::vector<IoRequest*> batch;
        for (int i = 0; i < count; ++i)
            batch.push_back(&request(kind, size));
        call([&] { m_disk->submit(batch); });
    }
    size_t taken()
    {
        size_t count = 0;
        call([&] { count = m_sink->taken.size(); });
        return count;
    }
    /// Time passes; the timer's wake-up has reached the loop when it returns.
    void advance(uint64_t ns)
    {
        call([&] { m_clock.advance(ns); });
        call([] {}); // the wake-up is a descriptor beside what is posted
        call([] {});
    }

    tests::FakeClock m_clock;
    std::unique_ptr<vmm::EventLoop> m_loop;
    Sink* m_sink = nullptr;
    std::unique_ptr<ThrottledDisk> m_disk;
    std::vector<std::unique_ptr<Bytes>> m_data;
    std::vector<std::unique_ptr<IoRequest>> m_requests;
    std::atomic<int> m_cancelled{0};
};

void ThrottleTest::accountKeepsTheAverage()
{
    RateAccount account;
    account.setRate({.perSecond = 1000});
    uint64_t now = 5 * kSecond;
    uint64_t passed = 0;
    for (const uint64_t end = now + 10 * kSecond; now < end;) {
        const uint64_t at = account.passesAt(now);
        now = std::max(now, at);
        account.charge(50, now);
        passed += 50;
    }
    QVERIFY(passed >= 10'000 && passed <= 10'000 + 200); // and what a burst gives
}

void ThrottleTest::accountAllowsBursts()
{
    RateAccount account;
    account.setRate({.perSecond = 100, .burst = 300});
    int atOnce = 0;
    for (; account.passesAt(0) <= 0; ++atOnce)
        account.charge(1, 0);
    QCOMPARE(atOnce, 300);
    QCOMPARE(account.passesAt(0), kSecond / 100);
    account.setRate({.perSecond = 10}); // a tenth of a second's: one, but never none
    QVERIFY(account.passesAt(0) <= 0);
    account.charge(1'000'000, 0); // more than any burst passes, and is paid for later
    QVERIFY(account.passesAt(kSecond) > 90'000 * kSecond);
}

void ThrottleTest::accountSurvivesExtremes()
{
    RateAccount account;
    account.setRate({.perSecond = 1, .burst = ~uint64_t{0}});
    account.charge(~uint64_t{0} >> 32, ~uint64_t{0} >> 8);
    static_cast<void>(account.passesAt(0));
    account.setRate({.perSecond = ~uint64_t{0}, .burst = 1});
    account.charge(uint64_t{1} << 32, kSecond);
    QVERIFY(account.passesAt(2 * kSecond) <= 2 * kSecond);
    account.setRate({});
    account.charge(~uint64_t{0}, 0);
    QVERIFY(account.passesAt(7) <= 7);
}

void ThrottleTest::unlimitedPassesThrough()
{
    submit(IoKind::Write, 512, 100);
    QCOMPARE(taken(), size_t{100});
    QVERIFY(m_disk->readNow(request(IoKind::Read, 512)).has_value());
    QCOMPARE(m_disk->capacity(), uint64_t{1000});
}

void ThrottleTest::operations()
{
    setLimits({.total = {.operations = {.perSecond = 10, .burst = 2}}});
    QVERIFY(!m_disk->readNow(request(IoKind::Read, 512)).has_value());
    submit(IoKind::Write, 512, 5);
    QCOMPARE(taken(), size_t{2});
    advance(kSecond / 20);
    QCOMPARE(taken(), size_t{2});
    advance(kSecond / 20);
    QTRY_COMPARE(taken(), size_t{3});
    advance(kSecond);
    QTRY_COMPARE(taken(), size_t{5});
    for (size_t i = 0; i < 5; ++i)
        QCOMPARE(m_sink->taken[i], m_requests[i + 1].get()); // in their order
}

void ThrottleTest::bytesAndDirections()
{
    setLimits({.total = {.bytes = {.perSecond = 1 << 20, .burst = 1 << 20}},
               .read = {.bytes = {.perSecond = 4096, .burst = 4096}}});
    submit(IoKind::Read, 4096, 2);
    QCOMPARE(taken(), size_t{1});
    submit(IoKind::Write, 65536, 4); // a waiting read is not in a write's way
    QCOMPARE(taken(), size_t{5});
    submit(IoKind::WriteZeroes, 0); // moves nothing
    QCOMPARE(taken(), size_t{6});
    submit(IoKind::Write, 8 << 20); // far more than a burst
    QCOMPARE(taken(), size_t{7});
    submit(IoKind::Write, 512);
    advance(2 * kSecond);
    QTRY_COMPARE(taken(), size_t{7}); // neither: all bytes are owed for eight seconds
    advance(8 * kSecond);
    QTRY_COMPARE(taken(), size_t{9});
}

void ThrottleTest::flushesAreFree()
{
    setLimits({.total = {.operations = {.perSecond = 1, .burst = 1}}});
    submit(IoKind::Write, 512, 3);
    submit(IoKind::Flush, 0, 3);
    QCOMPARE(taken(), size_t{4});
}

void ThrottleTest::changesWhileRunning()
{
    setLimits({.total = {.operations = {.perSecond = 1, .burst = 1}}});
    submit(IoKind::Write, 512, 30);
    QCOMPARE(taken(), size_t{1});
    setLimits({.total = {.operations = {.perSecond = 100, .burst = 10}}});
    QCOMPARE(taken(), size_t{11});
    setLimits({});
    QCOMPARE(taken(), size_t{30});
    submit(IoKind::Read, 512, 5);
    QCOMPARE(taken(), size_t{35});
}

/// A pause or reset does not wait for a slow account.
void ThrottleTest::cancelledWithoutWaiting()
{
    setLimits({.total = {.operations = {.perSecond = 1, .burst = 1}}});
    submit(IoKind::Write, 512, 4);
    call([this] {
        m_disk->cancel();
        QCOMPARE(m_cancelled.load(), 0); // not inside
    });
    QTRY_COMPARE(m_cancelled.load(), 3);
    QCOMPARE(m_sink->cancels, 1);
    QCOMPARE(taken(), size_t{1});
    submit(IoKind::Write, 512, 2);
    m_disk.reset(); // those that wait end too
    QCOMPARE(m_cancelled.load(), 5);
}

void ThrottleTest::pausedHoldsAll()
{
    setLimits({.total = {.operations = {.perSecond = 1, .burst = 1}}});
    submit(IoKind::Write, 512, 3);
    call([this] { m_disk->pause(); });
    advance(10 * kSecond);
    QCOMPARE(taken(), size_t{1});
    call([this] { m_disk->resume(); });
    QVERIFY(taken() >= 2);
    advance(10 * kSecond);
    QTRY_COMPARE(taken(), size_t{3});
}

QTEST_GUILESS_MAIN(ThrottleTest)
#include "throttle_test.moc"
