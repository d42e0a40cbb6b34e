// SPDX-License-Identifier: GPL-3.0-or-later
// Guest RAM: bounds, the part above 4 GiB, dirty tracking.
#include <QtTest>

#include <array>
#include <vector>

#include "tests/support/resident.h"
#include "vmm/memory/guest_memory.h"

using namespace vmm;
using namespace vmm::memory;

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kHigh = RamLayout::kHighBase;

} // namespace

class GuestMemoryTest : public QObject {
    Q_OBJECT

private slots:
    void init() { m_memory = std::move(*GuestMemory::create({2 * kMiB, kMiB})); }
    void cleanup() { m_memory.reset(); }

    void valuesRoundTrip()
    {
        QVERIFY(m_memory->write(GuestPhys(0x1001), uint32_t{0x1234'5678}).has_value());
        QCOMPARE(*m_memory->read<uint32_t>(GuestPhys(0x1001)), 0x1234'5678U);
        QCOMPARE(*m_memory->read<uint8_t>(GuestPhys(0x1004)), uint8_t{0x12});
        QVERIFY(m_memory->write(GuestPhys(kHigh), uint64_t{42}).has_value());
        QCOMPARE(*m_memory->read<uint64_t>(GuestPhys(kHigh)), uint64_t{42});
        QCOMPARE(static_cast<int>(m_memory->hostBase()[2 * kMiB]), 42); // follows the low part
    }

    void boundsHold_data()
    {
        QTest::addColumn<quint64>("address");
        QTest::addColumn<quint64>("size");
        QTest::addColumn<bool>("inside");
        const auto row = [](const char* name, uint64_t address, uint64_t size, bool inside) {
            QTest::newRow(name) << quint64{address} << quint64{size} << inside;
        };
        row("all low", 0, 2 * kMiB, true);
        row("one more", 0, 2 * kMiB + 1, false);
        row("last byte", 2 * kMiB - 1, 1, true);
        row("over the end", 2 * kMiB - 1, 2, false);
        row("empty at the end", 2 * kMiB, 0, true);
        row("behind", 2 * kMiB, 1, false);
        row("below 4 GiB", kHigh - 1, 1, false);
        row("into 4 GiB", kHigh - 1, 2, false);
        row("all high", kHigh, kMiB, true);
        row("over the top", kHigh + kMiB - 1, 2, false);
        row("address at the end", ~uint64_t{0}, 1, false);
        row("sum wraps", ~uint64_t{0}, 2, false);
        row("size wraps", 1, ~uint64_t{0}, false);
        row("both huge", ~uint64_t{0}, ~uint64_t{0}, false);
    }
    void boundsHold()
    {
        QFETCH(quint64, address);
        QFETCH(quint64, size);
        QFETCH(bool, inside);
        const auto slice = m_memory->slice(GuestPhys(address), size);
        QCOMPARE(slice.has_value(), inside);
        if (!inside)
            QVERIFY(slice.error().code() == ErrorCode::OutOfBounds);
    }

    void failedCopyTouchesNothing()
    {
        std::array<std::byte, 16> buffer{};
        buffer.fill(std::byte{0x5a});
        QVERIFY(!m_memory->copyOut(GuestPhys(2 * kMiB - 8), buffer).has_value());
        QVERIFY(buffer[0] == std::byte{0x5a});
        QVERIFY(!m_memory->copyIn(GuestPhys(2 * kMiB - 8), buffer).has_value());
        QCOMPARE(*m_memory->read<uint64_t>(GuestPhys(2 * kMiB - 8)), uint64_t{0});
    }

    void dirtyPages()
    {
        const auto isDirty = [](const std::vector<uint64_t>& bits, uint64_t page) {
            return (bits[page / 64] >> (page % 64) & 1) != 0;
        };
        QVERIFY(m_memory->write(GuestPhys(0), uint8_t{1}).has_value());
        m_memory->startTracking();
        QVERIFY(m_memory->write(GuestPhys(0x2fff), uint16_t{1}).has_value()); // crosses pages 2, 3
        auto slice = *m_memory->slice(GuestPhys(kHigh), 8192);
        slice.copyIn(4096, std::array<std::byte, 1>{});
        slice.copyIn(0, {});
        const auto bits = m_memory->takeDirty();
        QCOMPARE(bits.size(), size_t{12}); // 768 pages
        for (uint64_t page = 0; page < 768; ++page)
            QCOMPARE(isDirty(bits, page), page == 2 || page == 3 || page == 513);
        slice.markDirty();
        const auto again = m_memory->takeDirty();
        QVERIFY(isDirty(again, 512) && isDirty(again, 513) && !isDirty(again, 2));
        m_memory->stopTracking();
        QVERIFY(m_memory->write(GuestPhys(0), uint8_t{1}).has_value());
        QVERIFY(!isDirty(m_memory->takeDirty(), 0));
    }

    /// Whole pages inside go, whatever lies around them stays; both sides of the 4 GiB boundary.
    void discardedPagesGoBack()
    {
        struct Observer final : WriteObserver {
            void written(uint64_t offset, uint64_t size) override
            {
                writes.emplace_back(offset, size);
            }
            std::vector<std::pair<uint64_t, uint64_t>> writes;
        } observer;
        const std::vector<std::byte> pattern(16 * 4096, std::byte{7});
        for (const uint64_t base : {kMiB, kHigh}) {
            QVERIFY(m_memory->copyIn(GuestPhys(base), pattern).has_value());
            const auto taken = hostPages();
            m_memory->startTracking();
            m_memory->observeWrites(observer);
            observer.writes.clear();
            const auto bytes = m_memory->slice(GuestPhys(base + 100), 4 * 4096)->discard();
            QCOMPARE(bytes.value_or(0), uint64_t{3 * 4096});
            QCOMPARE(hostPages(), taken - 3);
            const uint64_t offset = (base == kHigh ? 2 * kMiB : base) + 4096;
            QVERIFY((observer.writes == std::vector{std::pair(offset, uint64_t{3 * 4096})}));
            QCOMPARE(m_memory->takeDirty()[offset / 4096 / 64] >> (offset / 4096 % 64),
                     uint64_t{7});
            QCOMPARE(*m_memory->read<uint8_t>(GuestPhys(base + 4095)), uint8_t{7});
            QCOMPARE(*m_memory->read<uint8_t>(GuestPhys(base + 4096)), uint8_t{0});
            QCOMPARE(*m_memory->read<uint8_t>(GuestPhys(base + 4 * 4096)), uint8_t{7});
            QCOMPARE(m_memory->slice(GuestPhys(base + 1), 4096)->discard().value_or(1),
                     uint64_t{0});
            QCOMPARE(m_memory->slice(GuestPhys(base), 0)->discard().value_or(1), uint64_t{0});
        }
        m_memory.reset(); // before its observer
    }
    void findsWhatWasTouched()
    {
        QVERIFY(!m_memory->touchedFrom(0).has_value());
        const std::array<std::byte, 1> one{std::byte{1}};
        QVERIFY(m_memory->copyIn(GuestPhys(0x3000), one).has_value());
        QVERIFY(m_memory->copyIn(GuestPhys(0x4fff), one).has_value());
        QVERIFY(m_memory->copyIn(GuestPhys(kHigh + kMiB - 1), one).has_value());
        const auto first = m_memory->touchedFrom(0);
        QVERIFY(first.has_value());
        QCOMPARE(first->begin, uint64_t{0x3000});
        QCOMPARE(first->end, uint64_t{0x5000});
        const auto second = m_memory->touchedFrom(first->end);
        QVERIFY(second.has_value());
        QCOMPARE(second->begin, 3 * kMiB - 0x1000);
        QCOMPARE(second->end, 3 * kMiB);
        QVERIFY(!m_memory->touchedFrom(second->end).has_value());
    }
    void liesAtHugePages()
    {
        QCOMPARE(reinterpret_cast<uintptr_t>(m_memory->hostBase()) % (2 * kMiB), uint64_t{0});
    }
    void addressesAreChecked()
    {
        QVERIFY(!GuestPhys(~uint64_t{0}).checkedAdd(1).has_value());
        QCOMPARE(GuestPhys(1).checkedAdd(2)->value(), uint64_t{3});
        QCOMPARE(GuestPhys(~uint64_t{0}).offsetBy(2).value(), uint64_t{1});
    }

private:
    /// Pages the host has memory for.
    int64_t hostPages() const { return tests::residentPages(*m_memory); }
    std::unique_ptr<GuestMemory> m_memory;
};

QTEST_GUILESS_MAIN(GuestMemoryTest)
#include "guest_memory_test.moc"
