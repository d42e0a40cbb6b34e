// SPDX-License-Identifier: GPL-3.0-or-later
// The SMBus controller as Linux' i2c-i801 drives it. ICH9 datasheet, chapter 19.
#include <QtTest>

#include "tests/device/vmm/chipset/q35_rig.h"
#include "tests/support/suites.h"

using namespace vmm;
using tests::Q35Rig;

namespace {

constexpr uint16_t kBase = 0x700;

struct FreshSmbus final : state::Participant {
    tests::FakeBoard board;
    chipset::Ich9Smbus smbus{board.pciServices()};
    std::string stateName() const override { return smbus.stateName(); }
    state::Record saveState() const override { return smbus.saveState(); }
    Result<void> loadState(const state::Record& record) override { return smbus.loadState(record); }
};

} // namespace

class Ich9SmbusTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_rig = std::make_unique<Q35Rig>();
        const auto driver = m_rig->driver(Q35Rig::kSmbusBdf);
        QCOMPARE(driver.read(0, 4), 0x2930'8086U);
        QCOMPARE(driver.barSize(4, 3) & 0xffff, 32U);
        driver.placeBar(4, kBase);
        driver.command(pci::kCommandIo);
        driver.write(0x40, 1, 1);
    }
    void cleanup() { m_rig.reset(); }

    void everyTransactionEndsWithDeviceError()
    {
        for (unsigned address = 0; address < 256; ++address) {
            for (unsigned command = 0; command < 8; ++command) {
                m_rig->out(kBase + 4, address, 1);
                m_rig->out(kBase + 2, 0x40 | command << 2, 1);
                const uint32_t status = m_rig->in(kBase, 1);
                QCOMPARE(status & 0x05, 0x04U); // DEV_ERR, not busy
                m_rig->out(kBase, 0xff, 1);
                QCOMPARE(m_rig->in(kBase, 1) & 0xbe, 0U);
            }
        }
        QCOMPARE(m_rig->in(kBase + 2, 1) & 0x40, 0U);
    }

    void disabledControllerDoesNothing()
    {
        m_rig->driver(Q35Rig::kSmbusBdf).write(0x40, 0, 1);
        m_rig->out(kBase + 2, 0x48, 1);
        QCOMPARE(m_rig->in(kBase, 1), 0U);
    }

    void interruptOnPirqB()
    {
        const auto& line = m_rig->board.interrupts.line(17);
        m_rig->out(kBase + 2, 0x49, 1);
        QVERIFY(line.level());
        QCOMPARE(m_rig->driver(Q35Rig::kSmbusBdf).read(6, 2) & 8, 8U);
        m_rig->out(kBase, 0x04, 1);
        QVERIFY(!line.level());
    }

    void killFails()
    {
        m_rig->out(kBase + 2, 0x02, 1);
        QCOMPARE(m_rig->in(kBase, 1) & 0x10, 0x10U);
        m_rig->out(kBase + 2, 0, 1);
        m_rig->out(kBase, 0x10, 1);
        QCOMPARE(m_rig->in(kBase, 1) & 0x10, 0U);
    }

    void inUseIsASemaphore()
    {
        QCOMPARE(m_rig->in(kBase, 1) & 0x40, 0U);
        QCOMPARE(m_rig->in(kBase, 1) & 0x40, 0x40U);
        m_rig->out(kBase, 0x40, 1);
        QCOMPARE(m_rig->in(kBase, 1) & 0x40, 0U);
    }

    void blockBufferWraps()
    {
        m_rig->out(kBase + 0xd, 2, 1);
        static_cast<void>(m_rig->in(kBase + 2, 1));
        for (unsigned i = 0; i < 40; ++i)
            m_rig->out(kBase + 7, i, 1);
        static_cast<void>(m_rig->in(kBase + 2, 1));
        for (unsigned i = 0; i < 32; ++i)
            QCOMPARE(m_rig->in(kBase + 7, 1), i < 8 ? i + 32 : i);
    }

    void suites()
    {
        m_rig->out(kBase + 2, 0x49, 1);
        m_rig->out(kBase + 7, 0x12, 1);
        tests::deviceStateSuite(m_rig->smbus, [] { return std::make_unique<FreshSmbus>(); });
        tests::pioFuzzSuite(m_rig->smbus, 32, 1);
        FreshSmbus fresh;
        tests::resetSuite(m_rig->smbus, m_rig->smbus, fresh, fresh.smbus);
    }

    void hostileBlockIndex()
    {
        auto state = m_rig->smbus.save();
        state.blockIndex = 32;
        QVERIFY(!m_rig->smbus.load(state).has_value());
    }

private:
    std::unique_ptr<Q35Rig> m_rig;
};

QTEST_GUILESS_MAIN(Ich9SmbusTest)
#include "ich9_smbus_test.moc"
