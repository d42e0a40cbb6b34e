// SPDX-License-Identifier: GPL-3.0-or-later
// The LPC bridge: interrupt routing, windows, reset control, APM ports. ICH9 datasheet, chapter 13.
#include <QtTest>

#include "tests/device/vmm/chipset/q35_rig.h"
#include "tests/support/suites.h"

using namespace vmm;
using tests::Q35Rig;

namespace {

struct FreshLpc final : state::Participant {
    tests::FakeBoard board;
    std::unique_ptr<chipset::Ich9Lpc> lpc =
        *chipset::Ich9Lpc::create(board.pciServices(), board.system);
    std::string stateName() const override { return lpc->stateName(); }
    state::Record saveState() const override { return lpc->saveState(); }
    Result<void> loadState(const state::Record& record) override { return lpc->loadState(record); }
};

} // namespace

class Ich9LpcTest : public QObject {
    Q_OBJECT

private slots:
    void identityAndResetValues()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kLpcBdf);
        QCOMPARE(driver.read(0x00, 4), 0x2918'8086U);
        QCOMPARE(driver.read(0x0e, 1), 0x80U);
        QCOMPARE(driver.read(0x40, 4), 1U);
        QCOMPARE(driver.read(0x60, 4), 0x8080'8080U);
        QCOMPARE(driver.read(0x68, 4), 0x8080'8080U);
        driver.write(0x60, 0xffff'ffff, 4);
        QCOMPARE(driver.read(0x60, 4), 0x8f8f'8f8fU);
    }

    void everyPirqReachesItsGsi()
    {
        Q35Rig rig;
        const auto& interrupts = rig.board.interrupts;
        for (unsigned pirq = 0; pirq < 8; ++pirq) {
            rig.lpc->setPirq(pirq, true);
            for (unsigned gsi = 0; gsi < 24; ++gsi)
                QCOMPARE(interrupts.line(gsi).level(), gsi == 16 + pirq);
            rig.lpc->setPirq(pirq, false);
            QVERIFY(!interrupts.line(16 + pirq).level());
        }
    }

    void routesAreOredAndFollowChanges()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kLpcBdf);
        const auto& interrupts = rig.board.interrupts;
        driver.write(0x60, 0x0b0b'0a0a, 4);
        driver.write(0x68, 10, 1);
        rig.lpc->setPirq(0, true);
        rig.lpc->setPirq(4, true);
        QVERIFY(interrupts.line(10).level());
        rig.lpc->setPirq(0, false);
        QVERIFY(interrupts.line(10).level()); // PIRQE still drives it
        driver.write(0x68, 11, 1);
        QVERIFY(!interrupts.line(10).level());
        QVERIFY(interrupts.line(11).level());
        driver.write(0x68, 0x8b, 1);
        QVERIFY(!interrupts.line(11).level());
        QVERIFY(interrupts.line(20).level());
    }

    void reservedRoutesGoNowhere()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kLpcBdf);
        rig.lpc->setPirq(1, true);
        for (const uint32_t irq : {0U, 1U, 2U, 8U, 13U}) {
            driver.write(0x61, irq, 1);
            QVERIFY(!rig.board.interrupts.line(irq).level());
        }
    }

    void isaAndSciShareWithPirqs()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kLpcBdf);
        const auto& interrupts = rig.board.interrupts;
        driver.write(0x60, 9, 1);
        rig.lpc->setPirq(0, true);
        rig.lpc->sciLine().set(true);
        rig.lpc->setPirq(0, false);
        QVERIFY(interrupts.line(9).level());
        driver.write(0x44, 0x81, 1); // SCI on IRQ 10
        QVERIFY(!interrupts.line(9).level());
        QVERIFY(interrupts.line(10).level());
        driver.write(0x44, 0x84, 1); // GSI 20
        QVERIFY(interrupts.line(20).level());
        rig.lpc->sciLine().set(false);
        QVERIFY(!interrupts.line(20).level());
        rig.lpc->isaLine(4).pulse();
        QCOMPARE(interrupts.line(4).edges(), 1U);
        QVERIFY(!interrupts.line(4).level());
    }

    void pmBlockMoves()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kLpcBdf);
        QCOMPARE(rig.in(0x600 + 0x30, 4), 0xffff'ffffU);
        rig.enablePm();
        QCOMPARE(rig.in(0x600 + 0x30, 4), 0x20U);
        driver.write(0x40, 0xb001, 4);
        QCOMPARE(driver.read(0x40, 4), 0xb001U);
        QCOMPARE(rig.in(0x600 + 0x30, 4), 0xffff'ffffU);
        QCOMPARE(rig.in(0xb000 + 0x30, 4), 0x20U);
        driver.write(0x44, 0, 1);
        QCOMPARE(rig.in(0xb000 + 0x30, 4), 0xffff'ffffU);
        driver.write(0x44, 0x80, 1);
        driver.write(0x40, 0xffff'ffff, 4); // the very end of the ports
        QCOMPARE(driver.read(0x40, 4), 0xff81U);
        QCOMPARE(rig.in(0xff80 + 0x30, 4), 0x20U);
        driver.write(0x40, 0xc81, 4); // over the configuration ports: nobody, and no harm
        QCOMPARE(driver.read(0x00, 4), 0x2918'8086U);
        rig.lpc->reset();
        QCOMPARE(rig.in(0xff80 + 0x30, 4), 0xffff'ffffU);
    }

    void rootComplexWindow()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kLpcBdf);
        auto& mmio = rig.board.mmio;
        const auto at = [](uint64_t offset) { return memory::GuestPhys(0xfed1'c000 + offset); };
        driver.write(0xf0, 0xfed1'c001, 4);
        mmio.write(at(0x31fc), 0x1234'5678'9abc'def0, 8);
        QCOMPARE(mmio.read(at(0x3200), 4), uint64_t{0x1234'5678});
        QCOMPARE(mmio.read(at(0x3ffc), 8), uint64_t{0xffff'ffff'0000'0000});
        mmio.write(at(0x3410), 0, 4); // NO_REBOOT is stuck: no watchdog to offer
        QCOMPARE(mmio.read(at(0x3410), 4), uint64_t{0x20});
        driver.write(0xf0, 0xfed1'c000, 4);
        QCOMPARE(mmio.read(at(0x3200), 4), uint64_t{0xffff'ffff});
    }

    void resetControl()
    {
        Q35Rig rig;
        rig.out(0xcf9, 2, 1);
        QCOMPARE(rig.board.system.resets, 0);
        QCOMPARE(rig.in(0xcf9, 1), 2U);
        rig.out(0xcf9, 6, 1);
        QCOMPARE(rig.board.system.resets, 1);
        rig.out(0xcf9, 0x0e, 1);
        QCOMPARE(rig.board.system.resets, 2);
        rig.lpc->reset();
        QCOMPARE(rig.in(0xcf9, 1), 0U);
    }

    void apmPortsKeepTheirBytes()
    {
        Q35Rig rig;
        rig.out(0xb2, 0x5aa5, 2);
        QCOMPARE(rig.in(0xb2, 1), 0xa5U);
        QCOMPARE(rig.in(0xb3, 1), 0x5aU);
        QCOMPARE(rig.in(0xb2, 2), 0x5aa5U);
    }

    /// A loaded machine has the levels its devices say, whatever came first.
    void levelsAfterLoad()
    {
        Q35Rig saved;
        saved.driver(Q35Rig::kLpcBdf).write(0x60, 11, 1);
        const auto record = saved.lpc->saveState();
        Q35Rig before;
        before.lpc->setPirq(0, true);
        QVERIFY(before.lpc->loadState(record).has_value());
        QVERIFY(before.board.interrupts.line(11).level());
        QVERIFY(before.board.interrupts.line(16).level());
        Q35Rig after;
        QVERIFY(after.lpc->loadState(record).has_value());
        after.lpc->setPirq(0, true);
        QVERIFY(after.board.interrupts.line(11).level());
    }

    void suites()
    {
        Q35Rig rig;
        rig.enablePm();
        rig.driver(Q35Rig::kLpcBdf).write(0xf0, 0xfed1'c001, 4);
        rig.out(0xcf9, 2, 1);
        rig.out(0xb2, 0x1234, 2);
        tests::deviceStateSuite(*rig.lpc, [] { return std::make_unique<FreshLpc>(); });
        tests::mmioFuzzSuite(*rig.lpc, chipset::kRcbaSize);
        tests::pioFuzzSuite(rig.lpc->resetControl(), 1, 1);
        FreshLpc fresh;
        tests::resetSuite(*rig.lpc, *rig.lpc, fresh, *fresh.lpc);
    }

    void configurationFuzz()
    {
        Q35Rig rig;
        std::mt19937 random(9);
        for (int i = 0; i < 5000; ++i) {
            const unsigned size = 1U << random() % 3;
            const auto offset = static_cast<uint16_t>(random() % 256 & ~(size - 1));
            rig.lpc->writeConfig(offset, static_cast<uint32_t>(random()), size);
            rig.lpc->setPirq(random() % 8, random() % 2 == 0);
        }
        QCOMPARE(rig.lpc->readConfig(0, 4), 0x2918'8086U);
    }
};

QTEST_GUILESS_MAIN(Ich9LpcTest)
#include "ich9_lpc_test.moc"
