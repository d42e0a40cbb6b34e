// SPDX-License-Identifier: GPL-3.0-or-later
// The direct map: priorities, holes, differences, dirty bits, a sink that fails.
#include <QtTest>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/support/fakes.h"
#include "vmm/memory/memory_map.h"

using namespace vmm;
using namespace vmm::memory;

namespace {

constexpr uint64_t kPage = 4096;

/// Counts calls, and fails when told.
class CountingSink final : public MapSink {
public:
    Result<void> addRange(const MapRange& range) override
    {
        if (failAdds)
            return Error(ErrorCode::Exhausted, "no slot");
        ++adds;
        ranges.push_back(range);
        return {};
    }
    Result<void> removeRange(const MapRange& range) override
    {
        ++removes;
        unknown += std::erase(ranges, range) == 0 ? 1 : 0;
        return {};
    }
    Result<std::vector<uint64_t>> takeDirty(const MapRange&) override { return dirty; }
    bool overlaps() const
    {
        for (const auto& a : ranges)
            for (const auto& b : ranges)
                if (!(a == b) && a.base.value() < b.base.value() + b.size &&
                    b.base.value() < a.base.value() + a.size)
                    return true;
        return false;
    }
    std::vector<MapRange> ranges;
    std::vector<uint64_t> dirty;
    int adds = 0;
    int removes = 0;
    int unknown = 0;
    bool failAdds = false;
};

} // namespace

class MemoryMapTest : public QObject {
    Q_OBJECT

    MapRange range(uint64_t page, uint64_t pages, uint64_t hostPage,
                   MapAccess access = MapAccess::ReadWrite)
    {
        return {GuestPhys(page * kPage), pages * kPage, m_host.data() + hostPage * kPage, access};
    }
    static MapRange hole(uint64_t page, uint64_t pages)
    {
        return {GuestPhys(page * kPage), pages * kPage};
    }

private slots:
    void higherPriorityWins()
    {
        CountingSink sink;
        MemoryMap map(sink);
        QVERIFY(map.setLayer("ram", 10, {range(0, 10, 0)}));
        QVERIFY(map.setLayer("rom", 20, {range(4, 2, 20, MapAccess::ReadOnly)}));
        const auto flat = map.ranges();
        QCOMPARE(flat.size(), size_t{3});
        QVERIFY(flat[0] == range(0, 4, 0));
        QVERIFY(flat[1] == range(4, 2, 20, MapAccess::ReadOnly));
        QVERIFY(flat[2] == range(6, 4, 6));
        QVERIFY(map.removeLayer("rom"));
        QVERIFY((map.ranges() == std::vector<MapRange>{range(0, 10, 0)}));
        QVERIFY(!sink.overlaps());
        QVERIFY(sink.ranges == map.ranges());
    }

    void holesTrap()
    {
        CountingSink sink;
        MemoryMap map(sink);
        QVERIFY(map.setLayer("ram", 10, {range(0, 10, 0)}));
        QVERIFY(map.setLayer("closed", 20, {hole(3, 1)}));
        QVERIFY((map.ranges() == std::vector<MapRange>{range(0, 3, 0), range(4, 6, 4)}));
    }

    void onlyDifferencesReachTheSink()
    {
        CountingSink sink;
        MemoryMap map(sink);
        QVERIFY(map.setLayer("ram", 10, {range(0, 4, 0), range(4, 4, 4), range(8, 4, 8)}));
        QCOMPARE(sink.adds, 3); // ranges of a layer stay apart
        QVERIFY(map.setLayer("pam", 20, {range(4, 4, 40, MapAccess::ReadOnly)}));
        QCOMPARE(sink.adds, 4);
        QCOMPARE(sink.removes, 1);
        QVERIFY(map.setLayer("pam", 20, {range(4, 4, 40, MapAccess::ReadOnly)}));
        QCOMPARE(sink.adds + sink.removes, 5);
    }

    void failingSinkLeavesATruthfulMap()
    {
        CountingSink sink;
        {
            MemoryMap map(sink);
            QVERIFY(map.setLayer("ram", 10, {range(0, 4, 0)}));
            sink.failAdds = true;
            QVERIFY(!map.setLayer("rom", 20, {range(1, 1, 20)}).has_value());
            QVERIFY(map.ranges() == sink.ranges);
            sink.failAdds = false;
            QVERIFY(map.setLayer("rom", 20, {range(1, 1, 20)}).has_value());
            QVERIFY(map.ranges() == sink.ranges);
        }
        QVERIFY(sink.ranges.empty()); // the destructor takes all away
        QCOMPARE(sink.unknown, 0);
    }

    void randomLayersFlattenRight()
    {
        std::mt19937 random(3);
        CountingSink sink;
        MemoryMap map(sink);
        std::array<std::vector<MapRange>, 4> layers;
        for (int round = 0; round < 500; ++round) {
            const size_t layer = random() % layers.size();
            layers[layer].clear();
            for (uint64_t at = random() % 8; at < 40; at += 8 + random() % 8)
                layers[layer].push_back(random() % 3 == 0 ? hole(at, 1 + random() % 8)
                                                          : range(at, 1 + random() % 8, at));
            QVERIFY(map.setLayer(std::to_string(layer), static_cast<int>(layer), layers[layer]));
            QVERIFY(!sink.overlaps());
            for (uint64_t page = 0; page < 60; ++page) {
                const MapRange* top = nullptr;
                for (const auto& ranges : layers)
                    for (const auto& candidate : ranges)
                        if (page * kPage - candidate.base.value() < candidate.size &&
                            page * kPage >= candidate.base.value())
                            top = &candidate;
                const auto mapped =
                    std::find_if(sink.ranges.begin(), sink.ranges.end(), [&](const auto& item) {
                        return page * kPage >= item.base.value() &&
                               page * kPage - item.base.value() < item.size;
                    });
                QCOMPARE(mapped != sink.ranges.end(), top != nullptr && top->host != nullptr);
                if (mapped != sink.ranges.end())
                    QVERIFY(mapped->host + (page * kPage - mapped->base.value()) ==
                            top->host + (page * kPage - top->base.value()));
            }
        }
        QCOMPARE(sink.unknown, 0);
    }

    void dirtyBitsArePlaced()
    {
        CountingSink sink;
        MemoryMap map(sink);
        MapRange vram = range(100, 16, 32);
        vram.dirtyLog = MapDirtyLog::On;
        QVERIFY(map.setLayer("vram", 1, {vram}));
        sink.dirty = {0x8001};
        const auto bits = *map.takeDirty(m_host.data() + 32 * kPage, 16 * kPage);
        QVERIFY((bits == std::vector<uint64_t>{0x8001}));
        QVERIFY(map.setLayer("vga", 5, {range(0, 1, 0)})); // no log: not asked
        QVERIFY((*map.takeDirty(m_host.data(), 16 * kPage) == std::vector<uint64_t>{0}));
        QVERIFY(map.setLayer("over", 9, {hole(100, 4)})); // the second part is mapped on its own
        sink.dirty = {1};
        QVERIFY((*map.takeDirty(m_host.data() + 32 * kPage, 16 * kPage) ==
                 std::vector<uint64_t>{1 << 4}));
    }

private:
    std::vector<std::byte> m_host = std::vector<std::byte>(64 * kPage);
};

QTEST_GUILESS_MAIN(MemoryMapTest)
#include "memory_map_test.moc"
