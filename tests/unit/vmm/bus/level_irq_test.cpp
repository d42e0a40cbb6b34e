// SPDX-License-Identifier: GPL-3.0-or-later
// LevelIrq: what was published last is what the line has in the end.
#include <QtTest>

#include <thread>
#include <vector>

#include "tests/support/fakes.h"
#include "vmm/bus/handlers.h"

using namespace vmm;

class LevelIrqTest : public QObject {
    Q_OBJECT

private slots:
    void sendsOnlyChanges()
    {
        tests::FakeIrqLine line;
        bus::LevelIrq irq(line);
        irq.deliver();
        QCOMPARE(line.edges(), 0U);
        irq.publish(true);
        irq.deliver();
        irq.deliver();
        QCOMPARE(line.edges(), 1U);
        line.set(false);
        irq.redeliver(); // whatever the line was
        QVERIFY(line.level());
    }

    void lastPublishedWins()
    {
        tests::FakeIrqLine line;
        bus::LevelIrq irq(line);
        Mutex device;
        bool wanted = false;
        std::vector<std::thread> threads;
        for (unsigned seed = 0; seed < 4; ++seed)
            threads.emplace_back([&, seed] {
                for (unsigned i = 0; i < 20000; ++i) {
                    {
                        MutexLock lock(device);
                        wanted = (i * 7 + seed) % 3 == 0;
                        irq.publish(wanted);
                    }
                    irq.deliver();
                }
            });
        for (auto& thread : threads)
            thread.join();
        QCOMPARE(line.level(), wanted);
    }

    void pulseIsAnEdge()
    {
        tests::FakeInterruptController controller;
        bus::GsiLine line(controller, bus::Gsi(4));
        line.pulse();
        line.pulse();
        QCOMPARE(controller.line(4).edges(), 2U);
        QVERIFY(!controller.line(4).level());
    }
};

QTEST_GUILESS_MAIN(LevelIrqTest)
#include "level_irq_test.moc"
