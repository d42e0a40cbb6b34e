// SPDX-License-Identifier: GPL-3.0-or-later
// EventLoop and GuestClock: order, removal, pausing, and timers destroyed at awkward moments.
#include <QtTest>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <unistd.h>

#include "vmm/base/event_loop.h"

using namespace vmm;

namespace {

constexpr uint64_t kMs = 1'000'000;

/// Runs everything that was posted before.
void drain(EventLoop& loop)
{
    std::promise<void> done;
    loop.post([&] { done.set_value(); });
    done.get_future().wait();
}

void sleepMs(int ms)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

} // namespace

class EventLoopTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_loop = std::move(*EventLoop::create("test"));
        m_clock = std::move(*GuestClock::create(*m_loop));
    }
    void cleanup()
    {
        m_clock.reset();
        m_loop.reset();
    }

    void postedFunctionsRunInOrder()
    {
        std::vector<int> order;
        for (int i = 0; i < 100; ++i)
            m_loop->post([&order, i] { order.push_back(i); });
        bool onThread = false;
        m_loop->post([&] { onThread = m_loop->onThread(); });
        drain(*m_loop);
        QCOMPARE(order.size(), size_t{100});
        QVERIFY(std::is_sorted(order.begin(), order.end()));
        QVERIFY(onThread);
        QVERIFY(!m_loop->onThread());
    }

    void watchedDescriptors()
    {
        const EventFd event = *EventFd::create();
        std::atomic<int> calls{0};
        QVERIFY(m_loop->watch(event.fd(), [&] {
            event.drain();
            ++calls;
        }));
        QVERIFY(!m_loop->watch(event.fd(), [] {}).has_value());
        event.signal();
        QTRY_COMPARE(calls.load(), 1);
        m_loop->remove(event.fd());
        event.signal();
        drain(*m_loop);
        QCOMPARE(calls.load(), 1);
        m_loop->remove(event.fd()); // twice is nothing
    }

    void watchedForWriting()
    {
        const EventFd event = *EventFd::create();
        const uint64_t full = ~uint64_t{0} - 1; // an eventfd that cannot take one more
        QCOMPARE(::write(event.fd(), &full, sizeof full), ssize_t{sizeof full});
        std::atomic<int> calls{0};
        const auto room = [&] {
            m_loop->remove(event.fd());
            ++calls;
        };
        QVERIFY(m_loop->watch(event.fd(), room, EventLoop::Wait::Writable));
        drain(*m_loop);
        QCOMPARE(calls.load(), 0);
        event.drain();
        QTRY_COMPARE(calls.load(), 1);
        QVERIFY(m_loop->watch(event.fd(), room, EventLoop::Wait::Writable));
        QTRY_COMPARE(calls.load(), 2);
    }

    void runAndWaitRunsOnTheLoop()
    {
        bool onThread = false;
        int inner = 0;
        m_loop->runAndWait([&] {
            onThread = m_loop->onThread();
            m_loop->runAndWait([&] { ++inner; }); // on the loop itself: at once
        });
        QVERIFY(onThread);
        QCOMPARE(inner, 1);
    }

    void removeWaitsForARunningCallback()
    {
        const EventFd event = *EventFd::create();
        std::atomic<bool> entered{false};
        std::atomic<bool> finished{false};
        QVERIFY(m_loop->watch(event.fd(), [&] {
            event.drain();
            entered = true;
            sleepMs(20);
            finished = true;
        }));
        event.signal();
        while (!entered)
            std::this_thread::yield();
        m_loop->remove(event.fd());
        QVERIFY(finished);
    }

    void removeInsideTheCallback()
    {
        const EventFd event = *EventFd::create();
        std::atomic<int> calls{0};
        QVERIFY(m_loop->watch(event.fd(), [&] {
            m_loop->remove(event.fd()); // without draining: level-triggered, would come again
            ++calls;
        }));
        event.signal();
        QTRY_COMPARE(calls.load(), 1);
        drain(*m_loop);
        drain(*m_loop);
        QCOMPARE(calls.load(), 1);
    }

    void guestTimeStandsWhilePaused()
    {
        QCOMPARE(m_clock->nowNs(), uint64_t{0});
        sleepMs(2);
        QCOMPARE(m_clock->nowNs(), uint64_t{0});
        m_clock->setNow(5'000'000'000);
        m_clock->resume();
        m_clock->resume();
        sleepMs(2);
        m_clock->pause();
        m_clock->pause();
        const uint64_t now = m_clock->nowNs();
        QVERIFY(now > 5'000'000'000 && now < 6'000'000'000);
        sleepMs(2);
        QCOMPARE(m_clock->nowNs(), now);
    }

    void timersFireInOrderAndOnlyWhileRunning()
    {
        std::vector<int> order;
        const auto second = m_clock->createTimer([&] { order.push_back(2); });
        const auto first = m_clock->createTimer([&] { order.push_back(1); });
        const auto disarmed = m_clock->createTimer([&] { order.push_back(3); });
        std::atomic<bool> last{false};
        const auto end = m_clock->createTimer([&] { last = true; });
        second->arm(2 * kMs);
        first->arm(1 * kMs);
        disarmed->arm(1 * kMs);
        disarmed->disarm();
        end->arm(3 * kMs);
        sleepMs(5);
        drain(*m_loop);
        QVERIFY(!last);
        m_clock->resume();
        QTRY_VERIFY(last);
        QVERIFY((order == std::vector<int>{1, 2}));
    }

    void farDeadlinesDoNotOverflow()
    {
        std::atomic<bool> fired{false};
        const auto timer = m_clock->createTimer([&] { fired = true; });
        m_clock->resume();
        timer->arm(~uint64_t{0});
        sleepMs(2);
        QVERIFY(!fired);
        timer->arm(0);
        QTRY_VERIFY(fired);
    }

    /// A guest can make a device arm its timer in the past for ever: the loop serves others.
    void alwaysLateTimerDoesNotStarveTheLoop()
    {
        std::unique_ptr<Timer> timer;
        std::atomic<uint64_t> calls{0};
        timer = m_clock->createTimer([&] {
            ++calls;
            timer->arm(0);
        });
        m_clock->resume();
        timer->arm(0);
        while (calls < 10)
            std::this_thread::yield();
        drain(*m_loop);
        m_clock->pause();
        timer->disarm();
    }

    void destroyWhileFiring()
    {
        for (int round = 0; round < 20; ++round) {
            std::atomic<bool> entered{false};
            std::atomic<bool> alive{true};
            Timer* self = nullptr;
            auto timer = m_clock->createTimer([&] {
                entered = true;
                sleepMs(1);
                self->arm(0); // a periodic timer arms itself again
                QVERIFY(alive);
            });
            self = timer.get();
            m_clock->resume();
            timer->arm(0);
            while (!entered)
                std::this_thread::yield();
            timer.reset();
            alive = false;
            drain(*m_loop);
        }
    }

    void destroyInsideTheCallback()
    {
        std::atomic<bool> done{false};
        std::unique_ptr<Timer> timer;
        timer = m_clock->createTimer([&] {
            timer.reset();
            done = true;
        });
        timer->arm(0);
        m_clock->resume();
        QTRY_VERIFY(done);
    }

private:
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<GuestClock> m_clock;
};

QTEST_GUILESS_MAIN(EventLoopTest)
#include "event_loop_test.moc"
