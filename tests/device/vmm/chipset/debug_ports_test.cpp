// SPDX-License-Identifier: GPL-3.0-or-later
// Debug console, debug exit, panic port and port 0x92.
#include <QtTest>

#include "tests/device/vmm/chipset/byte_recorder.h"
#include "tests/support/fakes.h"
#include "tests/support/suites.h"
#include "vmm/chipset/debugcon.h"
#include "vmm/chipset/isa_debug_exit.h"
#include "vmm/chipset/port92.h"
#include "vmm/chipset/pvpanic.h"
#include "vmm/chipset/test_device.h"

using namespace vmm;
using memory::GuestPort;

namespace {

struct FreshPort92 final : state::Participant {
    std::string stateName() const override { return port92->stateName(); }
    state::Record saveState() const override { return port92->saveState(); }
    Result<void> loadState(const state::Record& record) override
    {
        return port92->loadState(record);
    }
    tests::FakeBoard board;
    std::unique_ptr<chipset::Port92> port92 =
        std::move(*chipset::Port92::create(board.pio, board.system));
};

} // namespace

class DebugPortsTest : public QObject {
    Q_OBJECT

private slots:
    void debugconIsFoundAndPrints()
    {
        tests::FakeBoard board;
        tests::ByteRecorder sink;
        const auto debugcon = std::move(*chipset::Debugcon::create(board.pio, sink));
        QCOMPARE(board.pio.read(GuestPort(0x402), 1), 0xe9U);
        for (const char byte : std::string("SeaBIOS"))
            board.pio.write(GuestPort(0x402), static_cast<uint32_t>(byte), 1);
        QCOMPARE(sink.text, std::string("SeaBIOS"));
        tests::pioFuzzSuite(*debugcon, 1, 1);
        QVERIFY(!chipset::Debugcon::create(board.pio, sink).has_value()); // taken
    }

    void debugExitStatus()
    {
        tests::FakeBoard board;
        const auto exit = std::move(*chipset::IsaDebugExit::create(board.pio, board.system));
        board.pio.write(GuestPort(0x501), 0x10, 1);
        QCOMPARE(board.system.exitStatus, 0x21);
        board.pio.write(GuestPort(0x501), 0, 4);
        QCOMPARE(board.system.exitStatus, 1);
        tests::pioFuzzSuite(*exit, 4, 4);
        const auto other =
            std::move(*chipset::IsaDebugExit::create(board.pio, board.system, GuestPort(0xf4)));
        board.pio.write(GuestPort(0xf4), 3, 4);
        QCOMPARE(board.system.exitStatus, 7);
    }

    void testDevicePortsInterruptsAndMemory()
    {
        tests::FakeBoard board;
        const auto device =
            std::move(*chipset::TestDevice::create(board.pio, board.mmio, board.interrupts));
        board.pio.write(GuestPort(0xe0), 0x12345678, 4);
        QCOMPARE(board.pio.read(GuestPort(0xe1), 2), 0x3456U);
        board.pio.write(GuestPort(0xe3), 0xab, 1);
        QCOMPARE(board.pio.read(GuestPort(0xe8), 4), 0xab345678U);
        board.pio.write(GuestPort(0x2017), 1, 4); // cut at the end of its ports
        QVERIFY(board.interrupts.line(23).level());
        board.pio.write(GuestPort(0x2017), 0, 1);
        QVERIFY(!board.interrupts.line(23).level());
        const auto memory = memory::GuestPhys(0xff000000);
        board.mmio.write(memory::GuestPhys(0xff00fff8), 0x1122334455667788, 8);
        QCOMPARE(board.mmio.read(memory::GuestPhys(0xff00fffc), 4), 0x11223344U);
        QCOMPARE(board.mmio.read(memory, 8), 0U);
        tests::pioFuzzSuite(*device, 4, 4);
    }

    void pvpanicEvents()
    {
        tests::FakeBoard board;
        const auto pvpanic = std::move(*chipset::Pvpanic::create(board.pio, board.system));
        QCOMPARE(board.pio.read(GuestPort(0x505), 1), 3U);
        board.pio.write(GuestPort(0x505), 0, 1);
        board.pio.write(GuestPort(0x505), 2, 1);
        board.pio.write(GuestPort(0x505), 0xfc, 1);
        QCOMPARE(board.system.panics, 0);
        board.pio.write(GuestPort(0x505), 1, 1);
        QCOMPARE(board.system.panics, 1);
        tests::pioFuzzSuite(*pvpanic, 1, 1);
    }

    void port92ResetsOnTheRisingEdge()
    {
        FreshPort92 rig;
        rig.port92->reset();
        QCOMPARE(rig.board.pio.read(GuestPort(0x92), 1), 2U);
        rig.board.pio.write(GuestPort(0x92), 0xff, 1);
        QCOMPARE(rig.board.system.resets, 1);
        QCOMPARE(rig.board.pio.read(GuestPort(0x92), 1), 3U);
        rig.board.pio.write(GuestPort(0x92), 0x03, 1);
        QCOMPARE(rig.board.system.resets, 1);
        rig.board.pio.write(GuestPort(0x92), 0x00, 1);
        rig.board.pio.write(GuestPort(0x92), 0x01, 1);
        QCOMPARE(rig.board.system.resets, 2);
    }

    void port92Suites()
    {
        FreshPort92 rig;
        FreshPort92 fresh;
        rig.board.pio.write(GuestPort(0x92), 0x01, 1);
        tests::deviceStateSuite(*rig.port92, [] { return std::make_unique<FreshPort92>(); });
        tests::resetSuite(*rig.port92, *rig.port92, *fresh.port92, *fresh.port92);
        tests::pioFuzzSuite(*rig.port92, 1, 1);
        QVERIFY(!rig.port92->load({0x80}).has_value());
    }
};

QTEST_GUILESS_MAIN(DebugPortsTest)
#include "debug_ports_test.moc"
