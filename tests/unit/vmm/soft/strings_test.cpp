// SPDX-License-Identifier: GPL-3.0-or-later
// String and port instructions: what a repeat leaves in memory and registers, also when it is cut
// short.
#include <QtTest>

#include <random>

#include "tests/support/soft_machine.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kCode = 0x40'0000, kData = 0x50'0000; // linear
constexpr uint64_t kCodeAt = SoftMachine::kFree, kDataAt = SoftMachine::kFree + 0x1000;
constexpr unsigned kDataPages = 4; // mapped; the one behind is not
constexpr uint64_t kDataEnd = kData + kDataPages * 0x1000;

/// 64-bit user code, a page of it, and some pages of data.
class LongMachine : public SoftMachine {
public:
    LongMachine()
    {
        mapPage(kCode, kCodeAt, kUser | kWritable);
        for (uint64_t at = 0; at < kDataPages * 0x1000; at += 0x1000)
            mapPage(kData + at, kDataAt + at, kUser | kWritable);
        enter(Mode::Long);
    }
    /// Runs `bytes` as one instruction until it is over or raised something.
    void execute(std::initializer_list<uint8_t> bytes)
    {
        put(kCodeAt, std::vector<uint8_t>(bytes));
        core.regs.rip = kCode;
        do
            core.runOne();
        while (core.regs.rip == kCode);
    }
    uint64_t& reg(Gpr name) { return core.regs.general[name]; }
    std::byte* data(uint64_t linear) { return at(linear - kData + kDataAt); }
};

/// Forward copying as the manual describes it, element by element.
void copyElements(std::byte* to, const std::byte* from, unsigned element, uint64_t count)
{
    for (uint64_t n = 0; n < count; ++n) {
        std::array<std::byte, 8> value;
        std::memcpy(value.data(), from + n * element, element);
        std::memcpy(to + n * element, value.data(), element);
    }
}

class CountingPort final : public bus::PioHandler {
public:
    uint32_t readPort(uint16_t, unsigned) override { return ++reads; }
    void writePort(uint16_t, uint32_t value, unsigned) override { written.push_back(value); }
    unsigned reads = 0;
    std::vector<uint32_t> written;
};

} // namespace

class StringsTest : public QObject {
    Q_OBJECT

private slots:
    /// Any overlap, in any position to page borders, leaves what single steps leave.
    void movsAnyOverlap()
    {
        LongMachine machine;
        std::mt19937 random(1);
        for (unsigned round = 0; round < 4000; ++round) {
            const unsigned shift = random() % 4;
            const unsigned element = 1U << shift;
            const uint64_t count = random() % 700;
            const uint64_t from = kData + 0x1000 - 64 + random() % 128;
            const uint64_t to = from - 40 + random() % 80;
            std::vector<std::byte> expected(kDataPages * 0x1000);
            for (size_t n = 0; n < expected.size(); ++n)
                expected[n] = static_cast<std::byte>(random());
            std::memcpy(machine.data(kData), expected.data(), expected.size());
            copyElements(expected.data() + (to - kData), expected.data() + (from - kData), element,
                         count);
            machine.reg(kRcx) = count;
            machine.reg(kRsi) = from;
            machine.reg(kRdi) = to;
            if (shift == 0)
                machine.execute({0xf3, 0xa4});
            else if (shift == 1)
                machine.execute({0x66, 0xf3, 0xa5});
            else if (shift == 2)
                machine.execute({0xf3, 0xa5});
            else
                machine.execute({0xf3, 0x48, 0xa5});
            QCOMPARE(machine.reg(kRcx), uint64_t{0});
            QCOMPARE(machine.reg(kRsi), from + count * element);
            QCOMPARE(machine.reg(kRdi), to + count * element);
            QVERIFY2(std::memcmp(machine.data(kData), expected.data(), expected.size()) == 0,
                     qPrintable(QStringLiteral("round %1").arg(round)));
        }
    }

    void movsDownwards()
    {
        LongMachine machine;
        std::memcpy(machine.data(kData), "abcdef", 6);
        machine.core.regs.systemFlags |= flag::kDf;
        machine.reg(kRcx) = 6;
        machine.reg(kRsi) = kData + 5;
        machine.reg(kRdi) = kData + 7;
        machine.execute({0xf3, 0xa4});
        QCOMPARE(std::memcmp(machine.data(kData), "ababcdef", 8), 0);
        QCOMPARE(machine.reg(kRdi), kData + 1);
    }

    /// Registers tell exactly how far a repeat came when a page is missing.
    void stosFaultsInTheMiddle()
    {
        LongMachine machine;
        machine.reg(kRax) = 0x1122'3344'5566'7788;
        machine.reg(kRcx) = 1000;
        machine.reg(kRdi) = kDataEnd - 20;
        machine.execute({0xf3, 0x48, 0xab});
        const auto event = machine.takenEvent();
        QVERIFY(event.has_value());
        QCOMPARE(event->vector, 14U);
        QCOMPARE(event->rip, kCode);
        QCOMPARE(event->error, uint64_t{6}); // a write from user mode
        QCOMPARE(machine.core.sys.cr2, kDataEnd);
        QCOMPARE(machine.reg(kRcx), uint64_t{998});
        QCOMPARE(machine.reg(kRdi), kDataEnd - 4);
        uint32_t last = 0;
        std::memcpy(&last, machine.data(kDataEnd - 8), 4);
        QCOMPARE(last, 0x1122'3344U);
        std::memcpy(&last, machine.data(kDataEnd - 4), 4);
        QCOMPARE(last, 0U);
    }

    void compareStopsAndRestoresFlagsOnFault()
    {
        LongMachine machine;
        std::memcpy(machine.data(kData), "abcx", 4);
        std::memcpy(machine.data(kData + 16), "abcy", 4);
        machine.reg(kRcx) = 10;
        machine.reg(kRsi) = kData;
        machine.reg(kRdi) = kData + 16;
        machine.execute({0xf3, 0xa6});
        QCOMPARE(machine.reg(kRcx), uint64_t{6});
        QVERIFY(!machine.core.regs.flags.zf());
        QVERIFY(machine.core.regs.flags.cf()); // 'x' - 'y'

        machine.reg(kRcx) = 10;
        machine.reg(kRax) = 0xff;
        machine.reg(kRdi) = kDataEnd - 2;
        machine.execute({0xf2, 0xae});
        QVERIFY(machine.takenEvent().has_value());
        QCOMPARE(machine.reg(kRcx), uint64_t{8});
        QCOMPARE(machine.reg(kRdi), kDataEnd);
        QVERIFY(machine.core.regs.flags.cf()); // 0xff - 0 would have cleared it
    }

    void countZeroDoesNothing()
    {
        LongMachine machine;
        machine.reg(kRcx) = 0x7'0000'0000;
        machine.reg(kRdi) = 0;
        machine.reg(kRsi) = 0;
        machine.execute({0xf3, 0x67, 0xa4}); // ECX counts
        QVERIFY(!machine.takenEvent().has_value());
        QCOMPARE(machine.core.regs.rip, kCode + 3);
        QCOMPARE(machine.reg(kRcx), 0x7'0000'0000ULL);
    }

    /// Interrupts come in between two elements.
    void attentionCutsARepeatShort()
    {
        LongMachine machine;
        machine.put(kCodeAt, std::array<uint8_t, 2>{0xf3, 0xac});
        machine.core.regs.rip = kCode;
        machine.reg(kRcx) = 1000;
        machine.reg(kRsi) = kData;
        machine.core.raiseAttention(Core::kInterrupt);
        machine.core.runOne();
        QCOMPARE(machine.core.regs.rip, kCode);
        QVERIFY(machine.reg(kRcx) < 1000 && machine.reg(kRcx) > 0);
        QCOMPARE(machine.reg(kRsi) - kData, 1000 - machine.reg(kRcx));
    }

    /// 16-bit pointers wrap inside the segment; the upper halves stay.
    void sixteenBitPointersWrap()
    {
        SoftMachine machine;
        machine.enter(Mode::Real);
        machine.core.regs.segment[kEs].base = 0x20'0000;
        machine.put(0x9000, std::array<uint8_t, 2>{0xf3, 0xaa});
        machine.core.regs.rip = 0x9000;
        machine.core.regs.general[kRax] = 0x5a;
        machine.core.regs.general[kRcx] = 0x1234'0020;
        machine.core.regs.general[kRdi] = 0x1234'fff0;
        do
            machine.core.runOne();
        while (machine.core.regs.rip == 0x9000);
        QCOMPARE(machine.core.regs.general[kRcx], uint64_t{0x1234'0000});
        QCOMPARE(machine.core.regs.general[kRdi], uint64_t{0x1234'0010});
        QCOMPARE(*machine.at(0x20'ffff), std::byte{0x5a});
        QCOMPARE(*machine.at(0x20'000f), std::byte{0x5a});
        QCOMPARE(*machine.at(0x20'0010), std::byte{0});
        QCOMPARE(*machine.at(0x21'0000), std::byte{0});
    }

    /// Below the I/O privilege the TSS's bitmap decides, bit by bit.
    void ioBitmap()
    {
        LongMachine machine;
        CountingPort port;
        const auto held = machine.pio.map("port", memory::GuestPort(0x80), 8, port);
        machine.reg(kRdx) = 0x83;
        machine.execute({0xec});
        QCOMPARE(machine.takenEvent()->vector, 13U);
        QCOMPARE(port.reads, 0U);

        machine.enterCode(Mode::Long);
        machine.core.regs.segment[kTr].limit = 0x67 + 0x21;
        machine.putValue<uint8_t>(SoftMachine::kTss + 0x68 + 0x10, 0xe7); // 0x83, 0x84 allowed
        machine.reg(kRdx) = 0x83;
        machine.execute({0x66, 0xed});
        QVERIFY(!machine.takenEvent().has_value());
        QVERIFY(port.reads > 0);
        machine.reg(kRdx) = 0x84;
        machine.execute({0x66, 0xed});
        QCOMPARE(machine.takenEvent()->vector, 13U);
    }

    /// Nothing is read from a device for memory that cannot be written.
    void insChecksMemoryFirst()
    {
        LongMachine machine;
        CountingPort port;
        const auto held = machine.pio.map("port", memory::GuestPort(0x80), 8, port);
        machine.core.regs.systemFlags |= flag::kIopl;
        machine.reg(kRdx) = 0x80;
        machine.reg(kRcx) = 5;
        machine.reg(kRdi) = kDataEnd - 3;
        machine.execute({0xf3, 0x6c});
        QCOMPARE(machine.takenEvent()->vector, 14U);
        QCOMPARE(port.reads, 3U);
        QCOMPARE(machine.reg(kRcx), uint64_t{2});
        QCOMPARE(*machine.data(kDataEnd - 1), std::byte{3});

        machine.enterCode(Mode::Long);
        machine.core.regs.systemFlags |= flag::kIopl;
        machine.reg(kRcx) = 2;
        machine.reg(kRsi) = kDataEnd - 3;
        machine.execute({0xf3, 0x6e});
        QCOMPARE(port.written, (std::vector<uint32_t>{1, 2}));
    }
};

QTEST_GUILESS_MAIN(StringsTest)
#include "strings_test.moc"
