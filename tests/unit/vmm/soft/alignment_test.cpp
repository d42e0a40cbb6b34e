// SPDX-License-Identifier: GPL-3.0-or-later
// Alignment checks around the instructions that differential_system_test compares: when they are
// on, LOCK, code that changes itself, string instructions, exceptions that raise another.
#include <QtTest>

#include <thread>

#include "tests/support/soft_machine.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kAt = SoftMachine::kFree; ///< physical: code
constexpr uint64_t kCode = 0x40'0000;        ///< linear
constexpr uint64_t kData = kCode + 0x1000;   ///< then nothing
constexpr uint64_t kStack = kData + 0x800;
constexpr unsigned kAlignment = 17, kPageFault = 14, kProtection = 13;
constexpr uint64_t kUpperCanonical = 0xffff'8000'0000'0000;

/// Ring 3 in 64-bit mode, with EFLAGS.AC and CR0.AM.
class AlignedMachine : public SoftMachine {
public:
    AlignedMachine()
    {
        mapPage(kCode, kAt, kUser | kWritable);
        mapPage(kData, kAt + 0x1000, kUser | kWritable);
        start();
    }
    void start()
    {
        enter(Mode::Long);
        core.regs.general[kRsp] = kStack;
        setCheck(true);
    }
    void setCheck(bool on)
    {
        core.regs.systemFlags =
            (core.regs.systemFlags & ~flag::kAc) | (on ? uint64_t{flag::kAc} : 0);
        core.modeChanged();
    }
    /// One instruction, with `address` in RDI. Vector of the exception, or 0.
    unsigned execute(uint64_t address, std::initializer_list<uint8_t> bytes)
    {
        put(kAt, std::vector<uint8_t>(bytes));
        core.regs.rip = kCode;
        core.regs.general[kRdi] = address;
        core.runOne();
        const auto event = takenEvent();
        return event ? event->vector : 0;
    }
};

} // namespace

class AlignmentTest : public QObject {
    Q_OBJECT
private slots:
    void whenItIsOn();
    void whatComesFirst();
    void flushesKeepIt();
    void lockedStaysAtomic();
    void codeThatChangesItself();
    void strings();
    void handlerWithAnOddStack();
};

void AlignmentTest::whenItIsOn()
{
    AlignedMachine m;
    QCOMPARE(m.execute(kData + 1, {0x8b, 0x07}), kAlignment); // mov eax,[rdi]
    const auto event = m.takenEvent();
    QCOMPARE(event->error, uint64_t{0});
    QCOMPARE(event->rip, kCode);
    QVERIFY((event->rflags & flag::kAc) != 0);
    QVERIFY(!m.core.checksAlignment()); // the handler is in ring 0
    m.start();
    QCOMPARE(m.execute(kData + 4, {0x8b, 0x07}), 0U);
    m.core.sys.cr0 &= ~uint64_t{cr::k0Am};
    m.core.modeChanged();
    QCOMPARE(m.execute(kData + 1, {0x8b, 0x07}), 0U);
    m.start();
    // POPF turns it off and on, for the next instruction.
    m.putValue(kAt + 0x1000 + 0x800, uint64_t{2});
    QCOMPARE(m.execute(kData, {0x9d}), 0U);
    QCOMPARE(m.execute(kData + 1, {0x8b, 0x07}), 0U);
    m.core.regs.general[kRsp] = kStack;
    m.putValue(kAt + 0x1000 + 0x800, uint64_t{2} | flag::kAc);
    QCOMPARE(m.execute(kData, {0x9d}), 0U);
    QCOMPARE(m.execute(kData + 1, {0x8b, 0x07}), kAlignment);
}

void AlignmentTest::whatComesFirst()
{
    AlignedMachine m;
    QCOMPARE(m.execute(kData + 0x1001, {0x8b, 0x07}), kAlignment);
    m.start();
    QCOMPARE(m.execute(kData + 0x1004, {0x8b, 0x07}), kPageFault);
    m.start();
    QCOMPARE(m.execute(kUpperCanonical - 0x1001, {0x8b, 0x07}), kProtection);
    m.start();
    QCOMPARE(m.execute(kUpperCanonical - 0x1001, {0xf0, 0xff, 0x07}), kProtection); // lock inc
    m.start();
    QCOMPARE(m.execute(kUpperCanonical - 0x1001, {0xdb, 0x3f}), kProtection); // fstp m80
}

void AlignmentTest::flushesKeepIt()
{
    AlignedMachine m;
    QCOMPARE(m.execute(kData, {0x8b, 0x07}), 0U);
    m.core.flushTlb(true); // as after a change of the memory map
    QCOMPARE(m.execute(kData, {0x8b, 0x07}), 0U);
    QCOMPARE(m.execute(kData + 2, {0x8b, 0x07}), kAlignment);
}

void AlignmentTest::lockedStaysAtomic()
{
    constexpr uint64_t kTimes = 20'000;
    AlignedMachine m;
    Core other({m.map, m.pio, m.mmio, m.tsc, m.core.environment().cpuid});
    // again: lock inc qword [rdi] / loop again / hlt
    constexpr std::array<uint8_t, 8> kBytes = {0xf0, 0x48, 0xff, 0x07, 0xe2, 0xfa, 0xf4, 0xcc};
    m.put(kAt, kBytes);
    m.putValue(kAt + 0x1000, uint64_t{0});
    const auto prepare = [](Core& core) {
        core.regs.rip = kCode;
        core.regs.general[kRdi] = kData;
        core.regs.general[kRcx] = kTimes;
    };
    other.regs = m.core.regs;
    other.sys = m.core.sys;
    other.regs.systemFlags &= ~flag::kAc;
    other.regs.general[kRsp] = kStack;
    other.modeChanged();
    prepare(m.core);
    prepare(other);
    const auto finish = [](Core& core) {
        while (core.regs.general[kRcx] != 0)
            core.runOne();
    };
    std::thread second(finish, std::ref(other));
    finish(m.core);
    second.join();
    QCOMPARE(m.read(kAt + 0x1000), 2 * kTimes);
}

void AlignmentTest::codeThatChangesItself()
{
    AlignedMachine m;
    // mov byte [rdi],0x41 / mov al,1: the latter's immediate becomes 0x41
    m.put(kAt, std::array<uint8_t, 6>{0xc6, 0x07, 0x41, 0xb0, 0x01, 0xf4});
    m.core.regs.rip = kCode;
    m.core.regs.general[kRdi] = kCode + 4;
    m.core.run(); // until HLT's #GP and the handler's HLT
    QCOMPARE(m.core.regs.general[kRax] & 0xff, uint64_t{0x41});
}

void AlignmentTest::strings()
{
    AlignedMachine m;
    m.core.regs.general[kRcx] = 8;
    m.core.regs.general[kRax] = 0x0102'0304;
    QCOMPARE(m.execute(kData + 0x100, {0xf3, 0xab}), 0U); // rep stosd
    QCOMPARE(m.core.regs.general[kRcx], uint64_t{0});
    QCOMPARE(m.read(kAt + 0x1000 + 0x118), 0x0102'0304'0102'0304U);
    m.core.regs.general[kRcx] = 8;
    QCOMPARE(m.execute(kData + 0x102, {0xf3, 0xab}), kAlignment);
    QCOMPARE(m.core.regs.general[kRcx], uint64_t{8});
    QCOMPARE(m.core.regs.general[kRdi], kData + 0x102);
}

/// As CVE-2015-5307: the handler in ring 3 gets the stack that raised #AC, for ever; but run() must
/// come back when it is asked to.
void AlignmentTest::handlerWithAnOddStack()
{
    SoftMachine m;
    m.enter(Mode::Flat32);
    Core& core = m.core;
    core.sys.cr0 |= cr::k0Am;
    core.regs.segment[kCs].selector = SoftMachine::kUserCode32;
    for (const Seg name : {kSs, kDs, kEs})
        core.regs.segment[name].selector = SoftMachine::kUserData;
    for (const Seg name : {kCs, kSs, kDs, kEs})
        core.regs.segment[name].dpl = 3;
    core.regs.systemFlags |= flag::kAc;
    core.modeChanged();
    const uint64_t gate = SoftMachine::kIdt + kAlignment * 8;
    m.putValue<uint16_t>(gate + 2, SoftMachine::kUserCode32);
    m.put(kAt, std::array<uint8_t, 2>{0x8b, 0x07}); // mov eax,[edi]
    core.regs.rip = kAt;
    core.regs.general[kRdi] = kAt + 0x1001;
    core.regs.general[kRsp] = kAt + 0x2001;
    for (unsigned n = 0; n < 3; ++n) {
        QCOMPARE(core.runOne(), Outcome::Kicked);
        QVERIFY(core.hasPending());
        QCOMPARE(core.regs.rip, kAt);
    }
    core.raiseAttention(Core::kKick);
    QCOMPARE(core.run(), Outcome::Kicked);
    core.regs.general[kRsp] = kAt + 0x2000;
    QCOMPARE(core.runOne(), Outcome::Kicked);
    QCOMPARE(core.regs.rip, SoftMachine::kHandlers + kAlignment * 16);
    QCOMPARE(core.cpl(), 3U);
}

QTEST_APPLESS_MAIN(AlignmentTest)
#include "alignment_test.moc"
