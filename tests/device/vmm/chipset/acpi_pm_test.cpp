// SPDX-License-Identifier: GPL-3.0-or-later
// The PM block as firmware and an ACPI system drive it. ICH9 datasheet, section 13.8.3.
#include <QtTest>

#include "tests/device/vmm/chipset/q35_rig.h"
#include "tests/support/suites.h"

using namespace vmm;
using tests::Q35Rig;

namespace {

constexpr uint16_t kPm = Q35Rig::kPmBase;
constexpr uint64_t kSecond = 1'000'000'000;

struct FreshPm final : state::Participant {
    explicit FreshPm(TimerService& clock) : pm(clock, system, line) {}
    tests::FakeSystemControl system;
    tests::FakeIrqLine line;
    chipset::AcpiPm pm;
    std::string stateName() const override { return pm.stateName(); }
    state::Record saveState() const override { return pm.saveState(); }
    Result<void> loadState(const state::Record& record) override { return pm.loadState(record); }
};

} // namespace

class AcpiPmTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_rig = std::make_unique<Q35Rig>();
        m_rig->enablePm();
    }
    void cleanup() { m_rig.reset(); }

    /// Firmware takes APMC_EN set after reset for "SMM is set up" and leaves it alone.
    void smiEnableReadsSetUp()
    {
        QCOMPARE(m_rig->in(kPm + 0x30, 4), 0x20U);
        m_rig->out(kPm + 0x30, 0, 4);
        QCOMPARE(m_rig->in(kPm + 0x30, 4), 0U);
        m_rig->pm.reset();
        QCOMPARE(m_rig->in(kPm + 0x30, 4), 0x20U);
        QCOMPARE(m_rig->in(kPm + 0x34, 4), 0U);
    }

    void timerTicks()
    {
        QCOMPARE(m_rig->in(kPm + 8, 4), 0U);
        m_rig->board.clock.advance(kSecond);
        QCOMPARE(m_rig->in(kPm + 8, 4), 3'579'545U);
        m_rig->board.clock.advance(9 * kSecond);
        QCOMPARE(m_rig->in(kPm + 8, 4), 35'795'450U % (1U << 24));
        QCOMPARE(m_rig->in(kPm + 9, 1), (35'795'450U % (1U << 24)) >> 8 & 0xff);
        m_rig->out(kPm + 8, 0, 4); // read-only
        QCOMPARE(m_rig->in(kPm + 8, 4), 35'795'450U % (1U << 24));
        m_rig->board.clock.advance(uint64_t{500} * 365 * 86'400 * kSecond); // no overflow inside
        const uint32_t late = m_rig->in(kPm + 8, 4);
        m_rig->board.clock.advance(1000);
        QVERIFY(((m_rig->in(kPm + 8, 4) - late) & 0xff'ffff) <= 4);
    }

    void overflowInterruptsOnlyWhenAsked()
    {
        auto& clock = m_rig->board.clock;
        const auto& sci = m_rig->board.interrupts.line(9);
        QCOMPARE(clock.armedTimers(), size_t{0});
        clock.advance(3 * kSecond); // past 2^23 ticks
        QCOMPARE(m_rig->in(kPm, 2), 1U);
        m_rig->out(kPm, 1, 2);
        QCOMPARE(m_rig->in(kPm, 2), 0U);
        m_rig->out(kPm + 2, 1, 2);
        QCOMPARE(clock.armedTimers(), size_t{1});
        QVERIFY(!sci.level());
        clock.advance(2 * kSecond); // 2^24 ticks are at 4.69 s
        QVERIFY(sci.level());
        QCOMPARE(clock.armedTimers(), size_t{0});
        m_rig->out(kPm, 1, 2);
        QVERIFY(!sci.level());
        QCOMPARE(clock.armedTimers(), size_t{1});
        m_rig->out(kPm + 2, 0, 2);
        QCOMPARE(clock.armedTimers(), size_t{0});
    }

    void powerButton()
    {
        const auto& sci = m_rig->board.interrupts.line(9);
        m_rig->pm.powerButton();
        QVERIFY(!sci.level());
        QCOMPARE(m_rig->in(kPm, 2), 0x100U);
        m_rig->out(kPm + 2, 0x100, 2);
        QVERIFY(sci.level());
        m_rig->out(kPm, 0x100, 2);
        QVERIFY(!sci.level());
        m_rig->pm.powerButton();
        QVERIFY(sci.level());
        m_rig->out(kPm + 1, 1, 1); // the byte alone
        QVERIFY(!sci.level());
        QCOMPARE(m_rig->in(kPm + 2, 2), 0x100U); // enable is untouched by status writes
    }

    void sciEnableIsStuck()
    {
        QCOMPARE(m_rig->in(kPm + 4, 4), 1U);
        m_rig->out(kPm + 4, 0, 4);
        QCOMPARE(m_rig->in(kPm + 4, 4), 1U);
    }

    void sleepTypes()
    {
        auto& system = m_rig->board.system;
        m_rig->out(kPm + 4, 7 << 10 | 1 << 13, 2); // unknown
        QCOMPARE(system.powerOffs + system.suspends, 0);
        m_rig->out(kPm + 4, 0 << 10, 2); // without SLP_EN
        QCOMPARE(system.powerOffs, 0);
        m_rig->out(kPm + 4, 0 << 10 | 1 << 13, 2);
        QCOMPARE(system.powerOffs, 1);
        m_rig->out(kPm + 4, 2 << 10 | 1 << 13, 2);
        QCOMPARE(system.powerOffs, 2);
        m_rig->out(kPm + 4, 1 << 10, 2); // in two steps, as ACPICA does
        m_rig->out(kPm + 4, 1 << 10 | 1 << 13, 2);
        QCOMPARE(system.suspends, 1);
        QCOMPARE(m_rig->in(kPm + 4, 2), 1U << 10 | 1U); // SLP_EN reads as zero
    }

    void wakeStatus()
    {
        m_rig->pm.reset();
        m_rig->pm.wake(chipset::WakeReason::PowerButton);
        QCOMPARE(m_rig->in(kPm, 2), 0x8100U);
        m_rig->out(kPm, 0x8100, 2);
        m_rig->pm.wake(chipset::WakeReason::Other);
        QCOMPARE(m_rig->in(kPm, 2), 0x8000U);
        QVERIFY(!m_rig->board.interrupts.line(9).level());
    }

    void generalEvents()
    {
        const auto& sci = m_rig->board.interrupts.line(9);
        for (const unsigned event : {0U, 31U, 32U, 63U}) {
            const auto statusPort = static_cast<uint16_t>(kPm + 0x20 + event / 8);
            const auto enablePort = static_cast<uint16_t>(kPm + 0x28 + event / 8);
            m_rig->pm.raiseEvent(event);
            QVERIFY(!sci.level());
            m_rig->out(enablePort, 1U << event % 8, 1);
            QVERIFY(sci.level());
            QCOMPARE(m_rig->in(statusPort, 1), 1U << event % 8);
            m_rig->out(statusPort, 1U << event % 8, 1);
            QVERIFY(!sci.level());
            m_rig->out(enablePort, 0, 1);
        }
    }

    /// CVE-2021-4158: there is no PCI hot-plug selector, so no slot number can lead anywhere.
    void cve_2021_4158_noHotplugSelector()
    {
        for (const uint32_t slot : {0U, 31U, 32U, 255U, 0xffff'ffffU}) {
            m_rig->out(0xae10, slot, 4);
            QCOMPARE(m_rig->in(0xae00, 4), 0xffff'ffffU);
            QCOMPARE(m_rig->in(0xae10, 4), 0xffff'ffffU);
        }
        // The CPU hot-plug block is absent as well: a stub that reads 0 stops OVMF.
        QCOMPARE(m_rig->in(0x0cd8, 4), 0xffff'ffffU);
    }

    void tcoIsInert()
    {
        m_rig->out(kPm + 0x60, 0xffff'ffff, 4);
        m_rig->out(kPm + 0x68, 0xffff'ffff, 4);
        QCOMPARE(m_rig->in(kPm + 0x60, 4), 0U);
        m_rig->board.clock.advance(3600 * kSecond);
        QCOMPARE(m_rig->board.system.resets, 0);
    }

    void suites()
    {
        m_rig->board.clock.advance(5 * kSecond);
        m_rig->out(kPm + 2, 0x101, 2);
        m_rig->out(kPm + 0x28, 0xffff, 4);
        m_rig->pm.raiseEvent(3);
        QVERIFY(m_rig->board.interrupts.line(9).level());
        auto& clock = m_rig->board.clock;
        tests::deviceStateSuite(m_rig->pm, [&] { return std::make_unique<FreshPm>(clock); });
        FreshPm loaded(clock);
        QVERIFY(loaded.loadState(m_rig->pm.saveState()).has_value());
        QVERIFY(loaded.line.level());
        tests::pioFuzzSuite(m_rig->pm, 128, 4);
        FreshPm fresh(clock);
        tests::resetSuite(m_rig->pm, m_rig->pm, fresh, fresh.pm);
    }

    void hostileOverflowTick()
    {
        auto state = m_rig->pm.save();
        state.overflowTick = ~uint64_t{0};
        QVERIFY(!m_rig->pm.load(state).has_value());
        state.overflowTick = 0; // long past
        state.pm1Enable = 0xffff;
        QVERIFY(m_rig->pm.load(state).has_value());
        QCOMPARE(m_rig->in(kPm, 2), 1U);
    }

private:
    std::unique_ptr<Q35Rig> m_rig;
};

QTEST_GUILESS_MAIN(AcpiPmTest)
#include "acpi_pm_test.moc"
