// SPDX-License-Identifier: GPL-3.0-or-later
// The refresh thread: hand-over of damage, pace, silence while hidden, hostile scanouts.
#include <atomic>
#include <climits>
#include <sys/resource.h>

#include <QTest>

#include "display/local/local_display.h"
#include "vmm/base/mutex.h"

using display::core::Frame;
using display::core::Rect;
using display::core::Want;
using display::local::LocalDisplay;
using display::local::Pacer;

namespace {

/// A screen the test draws on; thread-safe as a device's is.
class FakeScanout final : public vmm::console::ScanoutSource {
public:
    std::vector<Rect> update(Frame& frame) override
    {
        const vmm::MutexLock lock(m_mutex);
        ++updates;
        const bool all = m_all || frame.width != m_frame.width || frame.height != m_frame.height;
        frame = m_frame;
        m_all = false;
        if (all) {
            m_damage.clear();
            return {{0, 0, m_frame.width, m_frame.height}};
        }
        return std::exchange(m_damage, {});
    }
    void invalidate() override
    {
        const vmm::MutexLock lock(m_mutex);
        m_all = true;
    }
    std::optional<vmm::console::TextScreen> text() override
    {
        vmm::console::TextScreen screen{2, 1, {{U'o', 7}, {U'k', 7}}, -1, -1};
        return screen;
    }
    void setFrame(Frame frame)
    {
        const vmm::MutexLock lock(m_mutex);
        m_frame = std::move(frame);
        m_all = true;
    }
    void draw(int x, int y, uint32_t colour, const Rect& damage)
    {
        const vmm::MutexLock lock(m_mutex);
        m_frame.pixels[static_cast<size_t>(y * m_frame.width + x)] = colour;
        m_damage.push_back(damage);
    }
    std::atomic<int> updates{0};

private:
    vmm::Mutex m_mutex;
    Frame m_frame GUARDED_BY(m_mutex){64, 32, std::vector<uint32_t>(64 * 32, 0xff102030)};
    std::vector<Rect> m_damage GUARDED_BY(m_mutex);
    bool m_all GUARDED_BY(m_mutex) = true;
};

/// Reads everything new into its own copy, as the item's texture does.
struct Viewer {
    explicit Viewer(LocalDisplay& source) : display(source) {}
    bool pull(Want want = Want::Changes)
    {
        return display.read(want, [this](const Frame& from, std::span<const Rect> rects) {
            if (frame.width != from.width || frame.height != from.height)
                frame = Frame{from.width, from.height, std::vector<uint32_t>(from.pixels.size())};
            damage.assign(rects.begin(), rects.end());
            for (const Rect& rect : rects) {
                for (int y = rect.y; y < rect.y + rect.height; ++y) {
                    for (int x = rect.x; x < rect.x + rect.width; ++x) {
                        const auto i = static_cast<size_t>(y * from.width + x);
                        frame.pixels[i] = from.pixels[i];
                    }
                }
            }
        });
    }
    bool waitForPicture()
    {
        return QTest::qWaitFor([this] { return pull(); });
    }
    LocalDisplay& display;
    Frame frame;
    std::vector<Rect> damage;
};

} // namespace

class LocalDisplayTest : public QObject {
    Q_OBJECT
private slots:
    void pacerBacksOffAndComesBack();
    void pacerStaysCalmWhileACursorBlinks();
    void firstPictureIsWhole();
    void damageIsHandedOver();
    void modeChangeIsWhole();
    void hiddenIsSilent();
    void unreadPicturesAreNotDrawnAtFullPace();
    void snapshotKeepsTheViewersDamage();
    void hostileDamageIsClipped();
    void idleCostsLittle();
};

void LocalDisplayTest::pacerBacksOffAndComesBack()
{
    Pacer pacer;
    QVERIFY(pacer.next(true) == Pacer::kFast);
    Pacer::Interval total{0};
    while (pacer.next(false) < Pacer::kQuiet)
        total += Pacer::kFast;
    QVERIFY(total < std::chrono::milliseconds(500));
    for (int i = 0; i < 60; ++i)
        static_cast<void>(pacer.next(false));
    QVERIFY(pacer.next(false) == Pacer::kIdle);
    QVERIFY(pacer.next(true) <= Pacer::kQuiet / 2);
    QVERIFY(pacer.next(false) < Pacer::kQuiet);
    for (int i = 0; i < 3; ++i)
        static_cast<void>(pacer.next(true));
    QVERIFY(pacer.next(true) == Pacer::kFast);
}

void LocalDisplayTest::pacerStaysCalmWhileACursorBlinks()
{
    constexpr Pacer::Interval kBlink{267}; // 16 frames of the VGA
    Pacer pacer;
    for (int i = 0; i < 60; ++i)
        static_cast<void>(pacer.next(false));
    int looks = 0;
    Pacer::Interval time{0};
    for (Pacer::Interval nextBlink = kBlink; time < 20 * kBlink; ++looks) {
        const bool changed = time >= nextBlink;
        if (changed)
            nextBlink += kBlink;
        time += pacer.next(changed);
    }
    QVERIFY2(looks <= 20 * 5, qPrintable(QString::number(looks)));
}

void LocalDisplayTest::firstPictureIsWhole()
{
    FakeScanout scanout;
    LocalDisplay display(scanout);
    Viewer viewer(display);
    QVERIFY(!viewer.pull());
    std::atomic<int> notices{0};
    display.show([&notices] { ++notices; });
    QTRY_COMPARE(notices.load(), 1);
    QVERIFY(viewer.pull(Want::Everything));
    QCOMPARE(viewer.frame.width, 64);
    QCOMPARE(viewer.frame.pixels[5], 0xff102030U);
    QVERIFY(!viewer.pull());
    QCOMPARE(display.text(), std::string("ok\n"));
}

void LocalDisplayTest::damageIsHandedOver()
{
    FakeScanout scanout;
    LocalDisplay display(scanout);
    Viewer viewer(display);
    display.show([] {});
    QVERIFY(viewer.waitForPicture());
    scanout.draw(10, 7, 0xffabcdef, {10, 7, 1, 1});
    QVERIFY(viewer.waitForPicture());
    QCOMPARE(viewer.damage.size(), size_t{1});
    QVERIFY((viewer.damage[0] == Rect{10, 7, 1, 1}));
    QCOMPARE(viewer.frame.pixels[7 * 64 + 10], 0xffabcdefU);
}

void LocalDisplayTest::modeChangeIsWhole()
{
    FakeScanout scanout;
    LocalDisplay display(scanout);
    Viewer viewer(display);
    display.show([] {});
    QVERIFY(viewer.waitForPicture());
    scanout.setFrame({320, 200, std::vector<uint32_t>(320 * 200, 0xff00ff00)});
    QVERIFY(viewer.waitForPicture());
    QCOMPARE(viewer.frame.width, 320);
    QVERIFY((viewer.damage[0] == Rect{0, 0, 320, 200}));
    // A frame whose pixels do not match its size is never shown.
    scanout.setFrame({500, 500, std::vector<uint32_t>(7)});
    QTest::qWait(100);
    QVERIFY(!viewer.pull());
}

void LocalDisplayTest::hiddenIsSilent()
{
    FakeScanout scanout;
    LocalDisplay display(scanout);
    std::atomic<int> notices{0};
    display.show([&notices] { ++notices; });
    QTRY_VERIFY(notices > 0);
    display.hide();
    display.hide();
    const int updates = scanout.updates;
    const int told = notices;
    QTest::qWait(150);
    QCOMPARE(scanout.updates.load(), updates);
    QCOMPARE(notices.load(), told);
    Viewer viewer(display);
    static_cast<void>(viewer.pull());
    display.show([&notices] { ++notices; });
    QVERIFY(viewer.waitForPicture());
    QVERIFY((viewer.damage[0] == Rect{0, 0, 64, 32}));
}

void LocalDisplayTest::unreadPicturesAreNotDrawnAtFullPace()
{
    FakeScanout scanout;
    LocalDisplay display(scanout);
    std::atomic<int> notices{0};
    display.show([&notices] { ++notices; });
    QTRY_COMPARE(notices.load(), 1);
    for (int i = 0; i < 25; ++i) {
        scanout.draw(i, 0, 0xffffffff, {i, 0, 1, 1});
        QTest::qWait(20);
    }
    QCOMPARE(notices.load(), 1);
    QVERIFY(scanout.updates < 8);
    Viewer viewer(display);
    QVERIFY(QTest::qWaitFor(
        [&viewer] { return viewer.pull() && viewer.frame.pixels[24] == 0xffffffffU; }));
}

void LocalDisplayTest::snapshotKeepsTheViewersDamage()
{
    FakeScanout scanout;
    LocalDisplay display(scanout);
    QCOMPARE(display.snapshot().width, 64);
    Viewer viewer(display);
    std::atomic<int> notices{0};
    display.show([&notices] { ++notices; });
    QVERIFY(viewer.waitForPicture());
    for (int i = 0; i < 20; ++i) {
        scanout.draw(i, 3, 0xff123456, {i, 3, 1, 1});
        const Frame taken = display.snapshot();
        QCOMPARE(taken.pixels[static_cast<size_t>(3 * 64 + i)], 0xff123456U);
    }
    static_cast<void>(viewer.pull());
    for (size_t i = 0; i < 20; ++i)
        QCOMPARE(viewer.frame.pixels[3 * 64 + i], 0xff123456U);
}

void LocalDisplayTest::hostileDamageIsClipped()
{
    FakeScanout scanout;
    LocalDisplay display(scanout);
    Viewer viewer(display);
    display.show([] {});
    QVERIFY(viewer.waitForPicture());
    scanout.draw(63, 31, 0xffffffff, {-1000, -1000, INT_MAX, INT_MAX});
    scanout.draw(0, 0, 0xffffffff, {INT_MAX, 5, INT_MAX, 5});
    QVERIFY(viewer.waitForPicture());
    for (const Rect& rect : viewer.damage)
        QVERIFY(display::core::clipped(rect, 64, 32) == rect);
    QCOMPARE(viewer.frame.pixels[31 * 64 + 63], 0xffffffffU);
}

void LocalDisplayTest::idleCostsLittle()
{
    const auto cpuMs = [] {
        rusage usage = {};
        getrusage(RUSAGE_SELF, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
               (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    };
    FakeScanout scanout;
    LocalDisplay display(scanout);
    Viewer viewer(display);
    display.show([] {});
    QVERIFY(viewer.waitForPicture());
    QTest::qWait(700);
    const int updates = scanout.updates;
    const auto start = cpuMs();
    QThread::msleep(1000);
    QVERIFY2(cpuMs() - start < 20, "an unchanging screen must cost next to nothing");
    QVERIFY(scanout.updates - updates <= 11);
}

QTEST_GUILESS_MAIN(LocalDisplayTest)
#include "local_display_test.moc"
