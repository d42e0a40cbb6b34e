// SPDX-License-Identifier: GPL-3.0-or-later
// When memory is taken from a guest and given back: situations as they were seen, and a guest and a
// host that answer.
#include <QtTest>

#include <algorithm>
#include <random>

#include "vmm/machine/memory_policy.h"

using namespace vmm::machine;

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kRam = 4 * kGiB;

const HostMemory kIdle{16 * kGiB, 9 * kGiB, 0, false};
const HostMemory kBusy{16 * kGiB, 2 * kGiB, 3.5, false};      // neither short nor easy
const HostMemory kLow{16 * kGiB, 700 * kMiB, 0.4, false};     // a compiler run: little left
const HostMemory kStalling{16 * kGiB, 2 * kGiB, 17.2, false}; // swapping
const HostMemory kAlarmed{16 * kGiB, 3 * kGiB, 0.9, true};    // the kernel's trigger, numbers late

/// Time, host and guest, and what the policy makes of them every two seconds.
struct World {
    MemoryPolicy policy;
    MemoryFacts facts{.nowNs = 100 * kSecond, .host = kIdle, .ram = kRam};
    bool driver = true; ///< does what it is asked, at once
    bool talks = true;  ///< answers with statistics
    uint64_t used = kGiB;
    bool asked = true; ///< a driver tells once when it starts

    uint64_t available() const
    {
        return kRam > used + facts.actual ? kRam - used - facts.actual : 0;
    }
    uint64_t step(const HostMemory& host)
    {
        facts.nowNs += 2 * kSecond;
        facts.host = host;
        if (talks && asked) {
            GuestMemoryUse use = facts.guest.value_or(GuestMemoryUse{});
            ++use.round;
            use.available = available();
            facts.guest = use;
        }
        const MemoryDecision decision = policy.decide(facts);
        facts.target = decision.target;
        asked = decision.wantStatistics;
        if (driver)
            facts.actual = decision.target;
        return decision.target;
    }
    uint64_t run(const HostMemory& host, int seconds)
    {
        for (int i = 0; i < seconds; i += 2)
            step(host);
        return facts.target;
    }
};

} // namespace

class MemoryPolicyTest : public QObject {
    Q_OBJECT

private slots:
    void nothingHappensWhileAllIsWell()
    {
        World world;
        QCOMPARE(world.run(kIdle, 600), uint64_t{0});
        QVERIFY(!world.asked); // and the guest is not bothered
        QCOMPARE(world.run(kBusy, 600), uint64_t{0});
        QVERIFY(!world.asked);
    }

    void aShortHostGetsMemory_data()
    {
        QTest::addColumn<int>("which");
        QTest::newRow("little available") << 0;
        QTest::newRow("tasks wait") << 1;
        QTest::newRow("the kernel's alarm") << 2;
    }
    void aShortHostGetsMemory()
    {
        QFETCH(int, which);
        const HostMemory host =
            std::array{kLow, kStalling, kAlarmed}.at(static_cast<size_t>(which));
        World world;
        world.run(kIdle, 60);
        QCOMPARE(world.step(host), uint64_t{0}); // what the guest said is a minute old
        QVERIFY(world.asked);
        QCOMPARE(world.step(host), kRam / 16); // a step, then its effect is looked at
        QCOMPARE(world.step(host), kRam / 8);
        // In the end all that the guest does not use but for the margin.
        world.run(host, 120);
        QCOMPARE(world.facts.target, kRam - kGiB - MemoryPolicy::margin(kRam));
        QCOMPARE(world.available(), MemoryPolicy::margin(kRam));
    }
    void theFloorHolds()
    {
        World world;
        world.used = 0; // claims to use nothing
        QCOMPARE(world.run(kLow, 300), kRam - MemoryPolicy::leastRam(kRam));
        QCOMPARE(MemoryPolicy::leastRam(kRam), kGiB);
        QCOMPARE(MemoryPolicy::leastRam(kGiB), 256 * kMiB);
        QCOMPARE(MemoryPolicy::leastRam(128 * kMiB), 128 * kMiB);
        for (const uint64_t ram : {16 * kMiB, 256 * kMiB, kGiB, 64 * kGiB}) {
            World other;
            other.facts.ram = ram;
            other.facts.guest = GuestMemoryUse{1, ~uint64_t{0}, 0, 0, 0};
            other.talks = false;
            for (int i = 0; i < 200; ++i) {
                ++other.facts.guest->round;
                QVERIFY(other.step(kStalling) <= ram - MemoryPolicy::leastRam(ram));
            }
        }
    }
    void waitsForTheDriver()
    {
        World world;
        world.driver = false; // it knows of the target and does nothing
        world.run(kLow, 100);
        QCOMPARE(world.facts.target, kRam / 16);
        world.facts.actual = kRam / 32; // half of it
        QCOMPARE(world.step(kLow), kRam / 16);
        world.facts.actual = kRam / 16;
        QCOMPARE(world.step(kLow), kRam / 8);
    }

    void aGuestThatNeedsMemoryGetsItAtOnce()
    {
        World world;
        world.run(kLow, 120);
        const uint64_t before = world.facts.target;
        world.used += 300 * kMiB; // a browser starts
        const uint64_t after = world.step(kLow);
        QVERIFY(after <= before - kRam / 8);
        // The host is still short: nothing is taken for a minute.
        for (int seconds = 0; seconds < 50; seconds += 2)
            QVERIFY(world.step(kLow) <= after);
        QVERIFY(world.run(kLow, 60) > after);
    }
    void sufferingCounts_data()
    {
        QTest::addColumn<quint64>("faults");
        QTest::addColumn<quint64>("swapped");
        QTest::addColumn<quint64>("kills");
        QTest::addColumn<bool>("given");
        QTest::newRow("nothing") << quint64{10} << quint64{0} << quint64{0} << false;
        QTest::newRow("major faults") << quint64{400} << quint64{0} << quint64{0} << true;
        QTest::newRow("swapping in") << quint64{0} << quint64{kMiB} << quint64{0} << true;
        QTest::newRow("out of memory") << quint64{0} << quint64{0} << quint64{1} << true;
    }
    void sufferingCounts()
    {
        QFETCH(quint64, faults);
        QFETCH(quint64, swapped);
        QFETCH(quint64, kills);
        QFETCH(bool, given);
        World world;
        world.run(kLow, 120);
        const uint64_t before = world.facts.target;
        world.used += 64 * kMiB; // a little below the margin
        world.facts.guest->majorFaults += faults;
        world.facts.guest->swappedIn += swapped;
        world.facts.guest->oomKills += kills;
        QCOMPARE(world.step(kLow) < before, given);
    }
    void faultsAloneAreNoNeed()
    {
        World world; // programs start, files are read, and there is plenty
        world.run(kLow, 6);
        const uint64_t before = world.facts.target;
        world.facts.guest->majorFaults += 100'000;
        QVERIFY(world.step(kLow) > before);
    }

    void returnedWhenTheHostHasPlenty()
    {
        World world;
        const uint64_t taken = world.run(kLow, 60);
        QVERIFY(taken > 0);
        QCOMPARE(world.run(kBusy, 300), taken); // in between nothing moves
        QCOMPARE(world.run(kIdle, 28), taken);  // not before it lasts
        QVERIFY(world.run(kIdle, 8) < taken);
        QVERIFY(world.facts.target > 0); // in steps
        QCOMPARE(world.run(kIdle, 60), uint64_t{0});
    }
    void notReturnedIntoTheNextShortage()
    {
        World world;
        const uint64_t taken = world.run(kLow, 60);
        const HostMemory nearly{16 * kGiB, 16 * kGiB / 6 + 100 * kMiB, 0, false};
        QCOMPARE(world.run(nearly, 300), taken);
    }
    void aHostAtItsLimitMovesNothing()
    {
        World world;
        world.run(kLow, 60);
        const uint64_t taken = world.run(kBusy, 2);
        for (int i = 0; i < 60; ++i) { // easy and middling by turns
            QCOMPARE(world.run(kIdle, 10), taken);
            QCOMPARE(world.run(kBusy, 4), taken);
        }
    }

    void aSilentGuestGetsAllBack()
    {
        World world;
        const uint64_t taken = world.run(kLow, 60);
        world.talks = false; // crashed, or rebooted into something without a driver
        QCOMPARE(world.run(kLow, 30), taken);
        QCOMPARE(world.run(kLow, 60), uint64_t{0});
    }
    void aGuestThatNeverSpoke()
    {
        World world;
        world.talks = false;
        QCOMPARE(world.run(kLow, 300), uint64_t{0});
    }
    void aRestoredGuestKeepsItsBalloon()
    {
        World world;
        world.facts.target = world.facts.actual = kGiB;
        world.facts.guest.reset();
        world.talks = false;
        QCOMPARE(world.run(kBusy, 20), kGiB);
        world.talks = true;
        QCOMPARE(world.run(kBusy, 120), kGiB);
    }

    /// Whatever host and guest do: the floor holds, targets are whole MiB, and a guest whose use
    /// does not change is never driven below half its margin.
    void anyWeather()
    {
        std::mt19937_64 random(3);
        for (int round = 0; round < 200; ++round) {
            World world;
            world.used = random() % (2 * kGiB);
            for (int i = 0; i < 300; ++i) {
                const HostMemory host{16 * kGiB, random() % (16 * kGiB),
                                      static_cast<double>(random() % 30), random() % 8 == 0};
                world.talks = random() % 16 != 0;
                world.driver = random() % 4 != 0;
                const uint64_t target = world.step(host);
                QVERIFY(target <= kRam - MemoryPolicy::leastRam(kRam));
                QCOMPARE(target % kMiB, uint64_t{0});
                QVERIFY(world.available() >= MemoryPolicy::margin(kRam) / 2);
            }
        }
    }
};

QTEST_GUILESS_MAIN(MemoryPolicyTest)
#include "memory_policy_test.moc"
