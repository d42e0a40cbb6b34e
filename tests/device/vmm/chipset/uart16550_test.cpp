// SPDX-License-Identifier: GPL-3.0-or-later
// The serial port as 8250 drivers drive it. National PC16550D datasheet.
#include <QtTest>

#include "tests/device/vmm/chipset/byte_recorder.h"
#include "tests/support/fakes.h"
#include "tests/support/suites.h"
#include "vmm/chipset/uart16550.h"
#include "vmm/chipset/uart16550_regs.h"

using namespace vmm;
using namespace vmm::chipset::uart;

namespace {

constexpr uint64_t kMillisecond = 1'000'000;

struct Rig {
    uint8_t in(uint16_t offset)
    {
        const auto port = static_cast<uint16_t>(0x3f8 + offset);
        return static_cast<uint8_t>(board.pio.read(memory::GuestPort(port), 1));
    }
    void out(uint16_t offset, int value)
    {
        const auto port = static_cast<uint16_t>(0x3f8 + offset);
        board.pio.write(memory::GuestPort(port), static_cast<uint32_t>(value), 1);
    }
    void type(const std::string& text) { uart->receiveBytes(std::as_bytes(std::span(text))); }
    std::string readAll()
    {
        std::string text;
        while ((in(kLsr)&kLsrDr) != 0)
            text.push_back(static_cast<char>(in(kData)));
        return text;
    }
    /// 115200 8N1, FIFOs with trigger level 8, all interrupts, as an operating system sets it.
    void open()
    {
        out(kLcr, 0x83);
        out(kData, 1);
        out(kIer, 0);
        out(kLcr, 0x03);
        out(kIirFcr, 0x87);
        out(kMcr, kMcrDtr | kMcrRts | kMcrOut2);
        out(kIer, kIerMask);
    }

    tests::FakeBoard board;
    tests::FakeIrqLine line;
    tests::ByteRecorder sink;
    std::unique_ptr<chipset::Uart16550> uart = std::move(
        *chipset::Uart16550::create(board.pio, memory::GuestPort(0x3f8), line, board.clock, sink));
};

struct Fresh final : state::Participant {
    std::string stateName() const override { return rig.uart->stateName(); }
    state::Record saveState() const override { return rig.uart->saveState(); }
    Result<void> loadState(const state::Record& record) override
    {
        return rig.uart->loadState(record);
    }
    Rig rig;
};

} // namespace

class Uart16550Test : public QObject {
    Q_OBJECT

private slots:
    /// Linux 8250 autoconfig: IER bits, scratch, loopback of the modem lines, FIFO bits of IIR.
    void linuxAutoconfig()
    {
        Rig rig;
        rig.out(kIer, 0);
        QCOMPARE(rig.in(kIer), 0);
        rig.out(kIer, 0xff);
        QCOMPARE(rig.in(kIer), 0x0f);
        rig.out(kIer, 0);
        rig.out(kScr, 0x5a);
        QCOMPARE(rig.in(kScr), 0x5a);
        rig.out(kMcr, kMcrLoop | 0x0a);
        QCOMPARE(rig.in(kMsr)&0xf0, 0x90);
        rig.out(kMcr, 0);
        QCOMPARE(rig.in(kMsr)&0xf0, 0xb0);
        rig.out(kIirFcr, 0x01);
        QCOMPARE(rig.in(kIirFcr), 0xc1);
        rig.out(kIirFcr, 0x00);
        QCOMPARE(rig.in(kIirFcr), 0x01);
        rig.out(kLcr, 0x80);
        rig.out(kData, 0x34);
        rig.out(kIer, 0x12);
        QCOMPARE(rig.in(kData), 0x34);
        QCOMPARE(rig.in(kIer), 0x12);
        rig.out(kLcr, 0x03);
        QCOMPARE(rig.in(kIer), 0x00);
        QCOMPARE(rig.in(kLcr), 0x03);
        QCOMPARE(rig.in(kMcr), 0x00);
    }

    void sendsAtOnce()
    {
        Rig rig;
        for (const char byte : std::string("Hello")) {
            QCOMPARE(rig.in(kLsr), kLsrThre | kLsrTemt);
            rig.out(kData, byte);
        }
        QCOMPARE(rig.sink.text, std::string("Hello"));
    }

    /// The transmit interrupt comes when enabled, goes by reading IIR, comes after each byte.
    void transmitInterrupt()
    {
        Rig rig;
        rig.out(kMcr, kMcrOut2);
        rig.out(kIer, kIerEtbei);
        QVERIFY(rig.line.level());
        QCOMPARE(rig.in(kIirFcr), kIirThre);
        QVERIFY(!rig.line.level());
        QCOMPARE(rig.in(kIirFcr), kIirNone);
        rig.out(kData, 'x');
        QVERIFY(rig.line.level());
        const unsigned edges = rig.line.edges();
        rig.out(kData, 'y'); // falls and rises: an edge of its own
        QCOMPARE(rig.line.edges(), edges + 1);
        rig.out(kIer, 0);
        QVERIFY(!rig.line.level());
        rig.out(kIer, kIerEtbei);
        QCOMPARE(rig.in(kIirFcr), kIirThre);
    }

    void interruptNeedsOut2()
    {
        Rig rig;
        rig.out(kIer, kIerEtbei);
        QVERIFY(!rig.line.level());
        rig.out(kMcr, kMcrOut2);
        QVERIFY(rig.line.level());
        rig.out(kMcr, kMcrOut2 | kMcrLoop);
        QVERIFY(!rig.line.level());
    }

    void receivesWithoutFifo()
    {
        Rig rig;
        rig.out(kMcr, kMcrOut2);
        rig.out(kIer, kIerErbfi | kIerElsi);
        QCOMPARE(rig.uart->receiveSpace(), size_t{1});
        rig.type("a");
        QVERIFY(rig.line.level());
        QCOMPARE(rig.in(kIirFcr), kIirData);
        QCOMPARE(rig.uart->receiveSpace(), size_t{0});
        rig.type("b"); // replaces, and says so
        QCOMPARE(rig.in(kIirFcr), kIirLineStatus);
        QCOMPARE(rig.in(kLsr) & (kLsrDr | kLsrOe), kLsrDr | kLsrOe);
        QCOMPARE(rig.in(kLsr)&kLsrOe, 0);
        QCOMPARE(rig.in(kData), 'b');
        QVERIFY(!rig.line.level());
        QCOMPARE(rig.in(kLsr)&kLsrDr, 0);
    }

    void fifoTriggerAndTimeout()
    {
        Rig rig;
        rig.open();
        static_cast<void>(rig.in(kIirFcr)); // the transmit interrupt
        QCOMPARE(rig.uart->receiveSpace(), size_t{16});
        rig.type("1234567");
        QVERIFY(!rig.line.level()); // below the trigger of 8
        QCOMPARE(rig.board.clock.armedTimers(), size_t{1});
        rig.board.clock.advance(kMillisecond); // four characters at 115200: 347 us
        QVERIFY(rig.line.level());
        QCOMPARE(rig.in(kIirFcr), kIirFifos | kIirTimeout);
        QCOMPARE(rig.in(kData), '1'); // a read ends the timeout and starts the next
        QVERIFY(!rig.line.level());
        rig.type("89");
        QVERIFY(rig.line.level());
        QCOMPARE(rig.in(kIirFcr), kIirFifos | kIirData);
        QCOMPARE(rig.readAll(), std::string("23456789"));
        QVERIFY(!rig.line.level());
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    void overrunKeepsTheFifo()
    {
        Rig rig;
        rig.open();
        rig.type("0123456789abcdefXYZ" + std::string(100'000, '!'));
        QCOMPARE(rig.in(kIirFcr), kIirFifos | kIirLineStatus);
        QCOMPARE(rig.in(kLsr)&kLsrOe, kLsrOe);
        QCOMPARE(rig.readAll(), std::string("0123456789abcdef"));
    }

    void priorities()
    {
        Rig rig;
        rig.open();
        rig.out(kMcr, kMcrLoop);
        rig.out(kMcr, kMcrOut2); // modem lines moved
        rig.type(std::string(17, 'x'));
        QCOMPARE(rig.in(kIirFcr)&0x0f, kIirLineStatus);
        static_cast<void>(rig.in(kLsr));
        QCOMPARE(rig.in(kIirFcr)&0x0f, kIirData);
        rig.readAll();
        QCOMPARE(rig.in(kIirFcr)&0x0f, kIirThre);
        QCOMPARE(rig.in(kIirFcr)&0x0f, kIirModemStatus);
        static_cast<void>(rig.in(kMsr));
        QCOMPARE(rig.in(kIirFcr)&0x0f, kIirNone);
        QVERIFY(!rig.line.level());
    }

    void loopback()
    {
        Rig rig;
        rig.out(kIirFcr, 0x01);
        rig.out(kMcr, kMcrLoop);
        static_cast<void>(rig.in(kMsr));
        QCOMPARE(rig.uart->receiveSpace(), size_t{0});
        rig.type("lost");
        for (const char byte : std::string("loop"))
            rig.out(kData, byte);
        QCOMPARE(rig.readAll(), std::string("loop"));
        QCOMPARE(rig.sink.text, std::string());
        rig.out(kMcr, kMcrLoop | kMcrRts | kMcrOut1);
        QCOMPARE(rig.in(kMsr), kMsrCts | kMsrRi | 0x01); // RI going on is no event
        rig.out(kMcr, kMcrLoop | kMcrRts);
        QCOMPARE(rig.in(kMsr), kMsrCts | kMsrTeri);
        rig.out(kLcr, 0x43); // break comes back as BI and a zero
        QCOMPARE(rig.in(kLsr) & (kLsrBi | kLsrDr), kLsrBi | kLsrDr);
        QCOMPARE(rig.in(kData), 0);
    }

    void fifoClearAndSwitch()
    {
        Rig rig;
        rig.open();
        rig.type("abc");
        rig.out(kIirFcr, 0x83);
        QCOMPARE(rig.in(kLsr)&kLsrDr, 0);
        rig.type("abc");
        rig.out(kIirFcr, 0x00);
        QCOMPARE(rig.in(kLsr)&kLsrDr, 0);
    }

    /// Whoever feeds the port hears when to go on.
    void spaceListener()
    {
        Rig rig;
        int calls = 0;
        rig.uart->setSpaceListener([&calls] { ++calls; });
        rig.open();
        const int before = calls;
        rig.type("ab");
        static_cast<void>(rig.in(kData));
        QCOMPARE(calls, before);
        static_cast<void>(rig.in(kData));
        QCOMPARE(calls, before + 1);
        rig.type("ab");
        rig.out(kIirFcr, 0x83);
        QCOMPARE(calls, before + 2);
    }

    void resetSuite()
    {
        Rig rig;
        Rig fresh;
        rig.open();
        rig.type("some text");
        tests::resetSuite(*rig.uart, *rig.uart, *fresh.uart, *fresh.uart);
        QVERIFY(!rig.line.level());
        QCOMPARE(rig.board.clock.armedTimers(), size_t{0});
    }

    void state()
    {
        Rig rig;
        rig.open();
        rig.type("waiting");
        tests::deviceStateSuite(*rig.uart, [] { return std::make_unique<Fresh>(); });
        Rig other;
        QVERIFY(other.uart->load(rig.uart->save()).has_value());
        QVERIFY(other.line.level());
        static_cast<void>(other.in(kIirFcr));
        other.board.clock.advance(kMillisecond); // the timeout goes on
        QCOMPARE(other.in(kIirFcr), kIirFifos | kIirTimeout);
        QCOMPARE(other.readAll(), std::string("waiting"));
        auto hostile = rig.uart->save();
        hostile.fifoCount = 17;
        QVERIFY(!other.uart->load(hostile).has_value());
        hostile.fifoCount = 16;
        hostile.fcr = 0; // without FIFOs there is one byte at most
        QVERIFY(!other.uart->load(hostile).has_value());
    }

    void anyAccess()
    {
        Rig rig;
        for (unsigned seed = 1; seed < 50; ++seed) {
            tests::pioFuzzSuite(*rig.uart, 8, 1, seed, 400);
            rig.type("some input that does not fit");
            rig.board.clock.advance(kMillisecond);
        }
        Rig other;
        QVERIFY(other.uart->load(rig.uart->save()).has_value());
    }
};

QTEST_GUILESS_MAIN(Uart16550Test)
#include "uart16550_test.moc"
