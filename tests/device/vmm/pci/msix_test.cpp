// SPDX-License-Identifier: GPL-3.0-or-later
// MSI-X as a driver uses it. PCI Local Bus 3.0 section 6.8.2.
#include <QtTest>

#include "tests/device/vmm/pci/test_function.h"
#include "tests/support/suites.h"

using namespace vmm;
using memory::GuestPhys;
using tests::PciRig;
using tests::TestFunction;

namespace {

constexpr uint32_t kBase = 0xe200'0000;
constexpr uint16_t kControl = TestFunction::kMsix + 2;

} // namespace

class MsixTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_rig = std::make_unique<PciRig>();
        m_rig->driver.placeBar(TestFunction::kMsixBar, kBase);
        m_rig->driver.command(pci::kCommandMemory | pci::kCommandMaster);
    }
    void cleanup() { m_rig.reset(); }

    void capability()
    {
        const auto& driver = m_rig->driver;
        QCOMPARE(driver.read(kControl, 2), TestFunction::kVectors - 1);
        QCOMPARE(driver.read(TestFunction::kMsix + 4, 4), TestFunction::kMsixBar);
        QCOMPARE(driver.read(TestFunction::kMsix + 8, 4), pbaOffset() | TestFunction::kMsixBar);
        driver.write(TestFunction::kMsix, 0xffff'ffff, 4);
        QCOMPARE(driver.read(kControl, 2), 0xc000U | (TestFunction::kVectors - 1));
    }

    void vectorsStartMasked()
    {
        QCOMPARE(read(12, 4), uint64_t{1});
        QVERIFY(!m_rig->function.msix->send(0)); // not enabled
        m_rig->driver.write(kControl, 0x8000, 2);
        QVERIFY(m_rig->function.msix->send(0));
        QVERIFY(m_rig->board.interrupts.sent().empty());
        QCOMPARE(read(pbaOffset(), 8), uint64_t{1});
    }

    void sendsWhatTheTableSays()
    {
        program(1, 0xfee0'0000'0000'1003, 0x55);
        m_rig->driver.write(kControl, 0x8000, 2);
        QVERIFY(m_rig->function.msix->send(1));
        const bus::MsiMessage expected{0xfee0'0000'0000'1000, 0x55};
        QVERIFY((m_rig->board.interrupts.sent() == std::vector<bus::MsiMessage>{expected}));
        QCOMPARE(read(pbaOffset(), 8), uint64_t{0});
    }

    void pendingIsSentOnUnmask()
    {
        program(0, 0xfee0'0000, 1);
        program(2, 0xfee0'0000, 3);
        m_rig->driver.write(kControl, 0xc000, 2); // function mask
        QVERIFY(m_rig->function.msix->send(0));
        QVERIFY(m_rig->function.msix->send(2));
        QVERIFY(m_rig->function.msix->send(2)); // pending once
        QCOMPARE(read(pbaOffset(), 4), uint64_t{5});
        write(2 * 16 + 12, 1, 4);
        m_rig->driver.write(kControl, 0x8000, 2);
        QCOMPARE(m_rig->board.interrupts.sent().size(), size_t{1});
        QCOMPARE(read(pbaOffset(), 4), uint64_t{4});
        write(2 * 16 + 8, 9, 4); // changed while masked
        QCOMPARE(m_rig->board.interrupts.sent().size(), size_t{1});
        write(2 * 16 + 12, 0, 4);
        QCOMPARE(m_rig->board.interrupts.sent().back().data, 9U);
        QCOMPARE(read(pbaOffset(), 4), uint64_t{0});
    }

    void unmaskWithTheWholeEntry()
    {
        write(0, 0x0000'0000'fee0'2000, 8);
        write(8, 0x0000'0000'0000'0077, 8); // data and control in one access
        m_rig->driver.write(kControl, 0x8000, 2);
        QVERIFY(m_rig->function.msix->send(0));
        QVERIFY(
            (m_rig->board.interrupts.sent() == std::vector<bus::MsiMessage>{{0xfee0'2000, 0x77}}));
    }

    /// CVE-2020-13754: every offset and width around the table and the pending bits.
    void cve_2020_13754_tableAndPbaEnds()
    {
        const uint64_t size = m_rig->function.msix->barSize();
        for (const uint64_t edge : {uint64_t{0}, uint64_t{TestFunction::kVectors * 16},
                                    uint64_t{pbaOffset()}, uint64_t{pbaOffset() + 8}, size}) {
            for (uint64_t at = edge < 16 ? 0 : edge - 16; at < edge + 16; ++at) {
                for (const unsigned width : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
                    write(at, ~uint64_t{0}, width);
                    static_cast<void>(read(at, width));
                }
            }
        }
        QCOMPARE(read(TestFunction::kVectors * 16, 8), uint64_t{0});
        QCOMPARE(read(pbaOffset(), 8), uint64_t{0}); // read-only
        QCOMPARE(read(pbaOffset() + 8, 8), uint64_t{0});
        QCOMPARE(read(12, 4), uint64_t{1}); // reserved bits of Vector Control
        tests::mmioFuzzSuite(*m_rig->function.msix, size);
    }

    void vectorsOutOfRange()
    {
        m_rig->driver.write(kControl, 0x8000, 2);
        for (const unsigned vector : {TestFunction::kVectors, 64U, 2047U, 0xffffU, ~0U})
            QVERIFY(!m_rig->function.msix->send(vector));
    }

    void largestTable()
    {
        tests::FakeInterruptController interrupts;
        const auto msix = *pci::Msix::create(interrupts, 65);
        QCOMPARE(msix->barSize(), uint64_t{4096});
        msix->setControl(pci::kMsixEnable);
        QVERIFY(msix->send(64));
        QCOMPARE(msix->readMmio(msix->barSize() / 2 + 8, 8), uint64_t{1});
        QCOMPARE(msix->readMmio(msix->barSize() / 2 + 6, 4), uint64_t{0x1'0000});
    }

    void hostileState()
    {
        auto state = m_rig->function.msix->save();
        state.pending[0] = ~uint64_t{0};
        state.table[0] = 0xffff'ffff;
        state.table[3] = 0xffff'fffe;
        QVERIFY(m_rig->function.msix->load(state).has_value());
        QCOMPARE(read(pbaOffset(), 8), uint64_t{7});
        QCOMPARE(read(0, 4), uint64_t{0xffff'fffc});
        QCOMPARE(read(12, 4), uint64_t{0});
        state.table.push_back(0);
        QVERIFY(!m_rig->function.msix->load(state).has_value());
        state.table.pop_back();
        state.pending.clear();
        QVERIFY(!m_rig->function.msix->load(state).has_value());
    }

private:
    uint32_t pbaOffset() const
    {
        return static_cast<uint32_t>(m_rig->function.msix->barSize() / 2);
    }
    uint64_t read(uint64_t offset, unsigned size)
    {
        return m_rig->board.mmio.read(GuestPhys(kBase + offset), size);
    }
    void write(uint64_t offset, uint64_t value, unsigned size)
    {
        m_rig->board.mmio.write(GuestPhys(kBase + offset), value, size);
    }
    void program(unsigned vector, uint64_t address, uint32_t data)
    {
        write(vector * 16, address & 0xffff'ffff, 4);
        write(vector * 16 + 4, address >> 32, 4);
        write(vector * 16 + 8, data, 4);
        write(vector * 16 + 12, 0, 4);
    }

    std::unique_ptr<PciRig> m_rig;
};

QTEST_GUILESS_MAIN(MsixTest)
#include "msix_test.moc"
