// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptors, gates, task switches, system calls and control registers: what is loaded, what is
// pushed, and which exceptions stand where the SDM has them.
#include <QtTest>

#include "tests/support/soft_machine.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kAt = SoftMachine::kFree;         ///< code, flat modes
constexpr uint64_t kUserStack = kAt + 0x2000;        ///< top of it
constexpr uint64_t kLong = 0x40'0000;                ///< the same pages in long mode
constexpr uint64_t kFlatLow = 0x00cf'0000'0000'ffff; ///< base 0, limit 4 GiB, no type
constexpr uint16_t kSpare = 0x48, kSecondTss = 0x50, kGate = 0x58;

uint64_t typed(uint64_t low, uint8_t access)
{
    return low | uint64_t{access} << 40;
}

class SystemMachine : public SoftMachine {
public:
    explicit SystemMachine(Mode mode)
    {
        mapPage(kLong, kAt, kUser | kWritable);
        mapPage(kLong + 0x1000, kAt + 0x1000, kUser | kWritable);
        enter(mode);
        m_code = mode == Mode::Long ? kLong : mode == Mode::Real ? 0 : kAt;
        if (mode == Mode::Real)
            core.regs.segment[kCs] = realCode();
        if (mode == Mode::Flat32) {
            core.sys.gdt.limit = 0xff;
            core.regs.segment[kTr].base = kTss;
            core.regs.segment[kTr].limit = 0x67;
            core.regs.segment[kTr].g = false;
            putValue<uint32_t>(kTss + 4, kStackTop);
            putValue<uint16_t>(kTss + 8, kKernelData);
        }
        core.regs.general[kRsp] = mode == Mode::Long   ? kLong + 0x2000
                                  : mode == Mode::Real ? 0x7000
                                                       : kUserStack;
        core.modeChanged();
    }
    static cpu::Segment realCode()
    {
        cpu::Segment segment;
        segment.base = kAt & 0xf'ffff;
        segment.selector = static_cast<uint16_t>(segment.base >> 4);
        segment.limit = 0xffff;
        segment.type = 0xb;
        segment.present = segment.s = true;
        return segment;
    }
    /// Ring 3 with flat segments (Flat32).
    void becomeUser()
    {
        for (const uint8_t name : {kSs, kDs, kEs}) {
            core.regs.segment[name].selector = kUserData;
            core.regs.segment[name].dpl = 3;
        }
        core.regs.segment[kCs].selector = kUserCode32;
        core.regs.segment[kCs].dpl = 3;
        core.modeChanged();
    }
    Outcome execute(std::initializer_list<uint8_t> bytes) { return executeAt(kAt, m_code, bytes); }
    /// Handlers and tasks are elsewhere.
    Outcome executeAt(uint64_t physical, uint64_t rip, std::initializer_list<uint8_t> bytes)
    {
        put(physical, std::vector<uint8_t>(bytes));
        core.regs.rip = rip;
        return core.runOne();
    }
    uint32_t word(uint64_t physical) const { return static_cast<uint32_t>(read(physical)); }
    uint64_t& rsp() { return core.regs.general[kRsp]; }
    uint64_t code() const { return m_code; }
    static uint64_t handler(unsigned vector) { return kHandlers + uint64_t{vector} * 16; }
    uint8_t access(uint16_t selector) const { return static_cast<uint8_t>(read(selector + 5U)); }

private:
    uint64_t m_code;
};

/// The exception noted, as vector and code.
std::pair<int, uint32_t> pending(Core& core)
{
    const PendingException taken = core.takePending();
    return {taken.present ? static_cast<int>(taken.vector) : -1, taken.code};
}

} // namespace

class SystemTest : public QObject {
    Q_OBJECT
private slots:
    void segmentLoads();
    void interruptChangesPrivilegeAndReturns();
    void realModeInterrupt();
    void virtual8086();
    void virtualInterruptFlag();
    void interruptsAreRedirected();
    void protectedModeVirtualInterrupts();
    void callGateCopiesParameters();
    void taskSwitch();
    void longModeInterruptReturn();
    void istIsUsed();
    void doubleAndTripleFault();
    void systemCall();
    void longModeIsEntered();
    void modelRegisters();
    void kvmClock();
    void cpuidModels();
};

void SystemTest::segmentLoads()
{
    SystemMachine m(Mode::Flat32);
    m.putValue(kSpare, typed(kFlatLow, 0x92));
    QVERIFY(m.core.loadSegment(kEs, kSpare));
    QCOMPARE(m.access(kSpare), uint8_t{0x93}); // accessed
    QCOMPARE(m.core.regs.segment[kEs].limit, 0xffff'ffffU);

    m.putValue(kSpare, typed(kFlatLow, 0x12)); // not present
    QVERIFY(!m.core.loadSegment(kEs, kSpare));
    QCOMPARE(pending(m.core), std::pair(11, 0x48U));
    QVERIFY(!m.core.loadSegment(kSs, kSpare));
    QCOMPARE(pending(m.core), std::pair(12, 0x48U));
    m.putValue(kSpare, typed(kFlatLow, 0x98)); // execute only
    QVERIFY(!m.core.loadSegment(kDs, kSpare));
    QCOMPARE(pending(m.core), std::pair(13, 0x48U));
    QVERIFY(!m.core.loadSegment(kSs, 0)); // null
    QCOMPARE(pending(m.core), std::pair(13, 0U));
    QVERIFY(!m.core.loadSegment(kDs, 0x100)); // beyond the limit
    QCOMPARE(pending(m.core), std::pair(13, 0x100U));
    QVERIFY(!m.core.loadSegment(kDs, 0x4c)); // no LDT
    QCOMPARE(pending(m.core), std::pair(13, 0x4cU));
    QVERIFY(m.core.loadSegment(kDs, 3));
    QVERIFY(m.core.regs.segment[kDs].unusable);

    m.becomeUser();
    QVERIFY(!m.core.loadSegment(kDs, SoftMachine::kKernelData));
    QCOMPARE(pending(m.core), std::pair(13, 0x18U));
}

void SystemTest::interruptChangesPrivilegeAndReturns()
{
    SystemMachine m(Mode::Flat32);
    m.becomeUser();
    m.execute({0xcd, 0x80}); // the gate's DPL is 0
    QCOMPARE(m.core.regs.rip, m.handler(13));
    QCOMPARE(m.word(m.rsp()), 0x80U * 8 + 2);
    QCOMPARE(m.core.cpl(), 0U);

    m.enter(Mode::Flat32);
    m.core.regs.segment[kTr].base = SoftMachine::kTss;
    m.becomeUser();
    m.rsp() = kUserStack;
    m.putValue<uint8_t>(SoftMachine::kIdt + 0x80 * 8 + 5, 0xee);
    m.core.regs.systemFlags |= flag::kIf;
    m.execute({0xcd, 0x80});
    QCOMPARE(m.core.regs.rip, m.handler(0x80));
    QCOMPARE(m.rsp(), SoftMachine::kStackTop - 20);
    QCOMPARE(m.core.regs.systemFlags & flag::kIf, uint64_t{0});
    QCOMPARE(m.word(m.rsp()), uint32_t{kAt + 2});
    QCOMPARE(m.word(m.rsp() + 4), uint32_t{SoftMachine::kUserCode32});
    QCOMPARE(m.word(m.rsp() + 12), uint32_t{kUserStack});
    QCOMPARE(m.word(m.rsp() + 16), uint32_t{SoftMachine::kUserData});

    m.core.regs.segment[kEs].dpl = 0; // what the handler may have and its caller not
    m.executeAt(m.handler(0x80), m.handler(0x80), {0xcf});
    QCOMPARE(m.core.regs.rip, kAt + 2);
    QCOMPARE(m.rsp(), kUserStack);
    QCOMPARE(m.core.cpl(), 3U);
    QVERIFY((m.core.regs.systemFlags & flag::kIf) != 0);
    QVERIFY(m.core.regs.segment[kEs].unusable);
    QVERIFY(!m.core.regs.segment[kDs].unusable);
}

void SystemTest::realModeInterrupt()
{
    SystemMachine m(Mode::Real);
    m.core.regs.segment[kCs].base = 0x5000;
    m.core.regs.segment[kCs].selector = 0x500;
    m.putValue<uint32_t>(0x21 * 4, 0x0600'0010);
    m.core.regs.systemFlags |= flag::kIf;
    m.executeAt(0x5000, 0, {0xcd, 0x21});
    QCOMPARE(m.core.regs.segment[kCs].base, uint64_t{0x6000});
    QCOMPARE(m.core.regs.rip, uint64_t{0x10});
    QCOMPARE(m.rsp(), uint64_t{0x6ffa});
    QCOMPARE(m.word(0x6ffa), 0x0500'0002U);
    m.executeAt(0x6010, 0x10, {0xcf});
    QCOMPARE(m.core.regs.segment[kCs].selector, uint16_t{0x500});
    QCOMPARE(m.core.regs.rip, uint64_t{2});
    QVERIFY((m.core.regs.systemFlags & flag::kIf) != 0);
    // Far call and return.
    m.executeAt(0x5000, 0, {0x9a, 0x20, 0x00, 0x00, 0x06});
    QCOMPARE(m.core.codeLinear(m.core.regs.rip), uint64_t{0x6020});
    m.executeAt(0x6020, 0x20, {0xca, 0x04, 0x00});
    QCOMPARE(m.core.regs.rip, uint64_t{5});
    QCOMPARE(m.rsp(), uint64_t{0x7004});
}

void SystemTest::virtual8086()
{
    SystemMachine m(Mode::Flat32);
    const uint64_t frame = kUserStack - 36;
    const std::array<uint32_t, 9> image = {0x10, 0x500, 0x2'3202, 0x100, 0x700,
                                           1,    2,     3,        4}; // IOPL 3
    for (size_t i = 0; i < image.size(); ++i)
        m.putValue(frame + i * 4, image[i]);
    m.rsp() = frame;
    m.execute({0xcf});
    QVERIFY(m.core.v8086());
    QCOMPARE(m.core.cpl(), 3U);
    QCOMPARE(m.core.codeLinear(m.core.regs.rip), uint64_t{0x5010});
    QCOMPARE(m.core.regs.segment[kGs].base, uint64_t{0x40});

    m.putValue<uint8_t>(SoftMachine::kIdt + 0x80 * 8 + 5, 0xee);
    m.executeAt(0x5010, 0x10, {0xcd, 0x80});
    QVERIFY(!m.core.v8086());
    QCOMPARE(m.core.regs.rip, m.handler(0x80));
    QCOMPARE(m.rsp(), SoftMachine::kStackTop - 36);
    QCOMPARE(m.word(m.rsp()), 0x12U);
    QCOMPARE(m.word(m.rsp() + 16), 0x700U);
    QCOMPARE(m.word(m.rsp() + 32), 4U);
    QVERIFY(m.core.regs.segment[kDs].unusable);
}

/// A virtual-8086 program at 0x500:0x10 with its stack at 0x700:0x100.
void enterVirtual8086(SystemMachine& m, uint32_t eflags)
{
    const uint64_t frame = kUserStack - 36;
    const std::array<uint32_t, 9> image = {0x10, 0x500, eflags | 0x2'0002, 0x100, 0x700, 0, 0,
                                           0,    0};
    m.enter(Mode::Flat32);
    m.core.sys.gdt.limit = 0xff;
    m.core.regs.segment[kTr].base = SoftMachine::kTss;
    m.core.regs.segment[kTr].limit = 0x107;
    m.core.regs.segment[kTr].g = false;
    m.core.sys.cr4 |= cr::k4Vme;
    for (size_t i = 0; i < image.size(); ++i)
        m.putValue(frame + i * 4, image[i]);
    m.rsp() = frame;
    m.execute({0xcf});
}

void SystemTest::virtualInterruptFlag()
{
    SystemMachine m(Mode::Flat32);
    const auto run = [&m](std::initializer_list<uint8_t> bytes) {
        m.executeAt(0x5010, 0x10, bytes);
        return m.core.v8086();
    };
    const auto has = [&m](uint64_t flags) { return (m.core.regs.systemFlags & flags) == flags; };
    enterVirtual8086(m, flag::kIf); // IOPL 0
    QVERIFY(m.core.v8086());
    QVERIFY(run({0xfb}) && has(flag::kVif)); // STI
    QVERIFY(run({0x9c}));                    // PUSHF
    QCOMPARE(m.word(0x70fe) & 0xffff, 0x3202U);
    QVERIFY(run({0xfa}) && !has(flag::kVif) && has(flag::kIf)); // CLI
    QVERIFY(run({0x9c}));
    QCOMPARE(m.word(0x70fc) & 0xffff, 0x3002U);
    m.putValue<uint16_t>(0x70fc, 0x0201);
    QVERIFY(run({0x9d}) && has(flag::kVif | flag::kIf) && m.core.regs.flags.cf()); // POPF
    QCOMPARE(m.core.iopl(), 0U);
    // IRET
    m.rsp() = 0xf0;
    m.putValue<uint32_t>(0x70f0, 0x0500'0020);
    m.putValue<uint16_t>(0x70f4, 0x3002);
    QVERIFY(run({0xcf}) && !has(flag::kVif) && has(flag::kIf));
    QCOMPARE(m.core.regs.rip, uint64_t{0x20});
    QCOMPARE(m.core.iopl(), 0U);
    QVERIFY(!run({0x66, 0x9c})); // PUSHFD goes to the monitor
    QCOMPARE(m.core.regs.rip, m.handler(13));

    enterVirtual8086(m, flag::kVip); // a virtual interrupt waits
    QVERIFY(!run({0xfb}));
    QCOMPARE(m.core.regs.rip, m.handler(13));
    enterVirtual8086(m, flag::kVip);
    m.putValue<uint16_t>(0x7100, 0x0202);
    QVERIFY(!run({0x9d}));
    QCOMPARE(m.rsp(), SoftMachine::kStackTop - 40);
    QCOMPARE(m.word(m.rsp() + 16), 0x100U); // SP as it was
    enterVirtual8086(m, 0);
    m.putValue<uint16_t>(0x7100, 0x0100); // TF
    QVERIFY(!run({0x9d}));
    enterVirtual8086(m, flag::kVip | flag::kVif); // faults at its first instruction
    QCOMPARE(m.core.regs.rip, m.handler(13));
    QCOMPARE(m.word(m.rsp() + 4), 0x10U);
    QCOMPARE(m.word(m.rsp() + 8), 0x500U);
}

void SystemTest::interruptsAreRedirected()
{
    SystemMachine m(Mode::Flat32);
    m.putValue<uint16_t>(SoftMachine::kTss + 0x66, 0x88); // the map of vectors at 0x68
    m.putValue<uint32_t>(SoftMachine::kTss + 0x68 + 0x20 / 8, 2);
    enterVirtual8086(m, flag::kIf | flag::kVif);
    m.putValue<uint32_t>(0x20 * 4, 0x0600'0030);
    m.executeAt(0x5010, 0x10, {0xcd, 0x20});
    QVERIFY(m.core.v8086());
    QCOMPARE(m.core.codeLinear(m.core.regs.rip), uint64_t{0x6030});
    QCOMPARE(m.rsp(), uint64_t{0xfa});
    QCOMPARE(m.word(0x70fa), 0x0500'0012U);
    QCOMPARE(m.word(0x70fe) & 0xffff, 0x3202U);
    QVERIFY((m.core.regs.systemFlags & flag::kVif) == 0);
    QVERIFY((m.core.regs.systemFlags & flag::kIf) != 0);

    enterVirtual8086(m, flag::kIf | flag::kIopl); // IOPL 3: IF itself
    m.executeAt(0x5010, 0x10, {0xcd, 0x20});
    QVERIFY(m.core.v8086());
    QVERIFY((m.core.regs.systemFlags & flag::kIf) == 0);

    enterVirtual8086(m, flag::kIopl); // not redirected: through the gate
    m.putValue<uint8_t>(SoftMachine::kIdt + 0x21 * 8 + 5, 0xee);
    m.executeAt(0x5010, 0x10, {0xcd, 0x21});
    QCOMPARE(m.core.regs.rip, m.handler(0x21));
    enterVirtual8086(m, 0); // which needs IOPL 3
    m.putValue<uint8_t>(SoftMachine::kIdt + 0x21 * 8 + 5, 0xee);
    m.executeAt(0x5010, 0x10, {0xcd, 0x21});
    QCOMPARE(m.core.regs.rip, m.handler(13));
    enterVirtual8086(m, 0); // the map ends before the vector
    m.core.regs.segment[kTr].limit = 0x68;
    m.executeAt(0x5010, 0x10, {0xcd, 0x20});
    QCOMPARE(m.core.regs.rip, m.handler(13));
}

void SystemTest::protectedModeVirtualInterrupts()
{
    SystemMachine m(Mode::Flat32);
    m.becomeUser();
    m.core.regs.systemFlags |= flag::kIf;
    m.core.sys.cr4 |= cr::k4Pvi;
    m.execute({0xfb}); // STI
    QCOMPARE(m.core.regs.rip, kAt + 1);
    QVERIFY((m.core.regs.systemFlags & flag::kVif) != 0);
    m.execute({0x9c}); // PUSHF knows nothing of it
    QCOMPARE(m.word(m.rsp()) & 0x3200, 0x200U);
    m.execute({0xfa}); // CLI
    QVERIFY((m.core.regs.systemFlags & (flag::kVif | flag::kIf)) == flag::kIf);
    m.core.regs.systemFlags |= flag::kVip;
    m.execute({0xfb});
    QCOMPARE(m.core.regs.rip, m.handler(13));

    SystemMachine inner(Mode::Flat32); // only CPL 3 has it
    inner.becomeUser();
    inner.core.sys.cr4 |= cr::k4Vme;
    inner.execute({0xfa});
    QCOMPARE(inner.core.regs.rip, inner.handler(13));
}

void SystemTest::callGateCopiesParameters()
{
    SystemMachine m(Mode::Flat32);
    m.becomeUser();
    constexpr uint64_t kTarget = kAt + 0x100;
    m.putValue(kGate, (kTarget & 0xffff) | uint64_t{SoftMachine::kKernelCode} << 16 |
                          uint64_t{2} << 32 | uint64_t{0xec} << 40 | (kTarget & 0xffff'0000) << 32);
    m.rsp() = kUserStack - 8;
    m.putValue<uint32_t>(kUserStack - 8, 0x1111);
    m.putValue<uint32_t>(kUserStack - 4, 0x2222);
    m.execute({0x9a, 0, 0, 0, 0, kGate | 3, 0});
    QCOMPARE(m.core.regs.rip, kTarget);
    QCOMPARE(m.core.cpl(), 0U);
    QCOMPARE(m.rsp(), SoftMachine::kStackTop - 24);
    QCOMPARE(m.word(m.rsp()), uint32_t{kAt + 7});
    QCOMPARE(m.word(m.rsp() + 8), 0x1111U);
    QCOMPARE(m.word(m.rsp() + 12), 0x2222U);
    m.executeAt(kTarget, kTarget, {0xca, 0x08, 0x00});
    QCOMPARE(m.core.regs.rip, kAt + 7);
    QCOMPARE(m.core.cpl(), 3U);
    QCOMPARE(m.rsp(), kUserStack);
}

void SystemTest::taskSwitch()
{
    SystemMachine m(Mode::Flat32);
    constexpr uint64_t kTss2 = kAt + 0x800, kThere = kAt + 0x200;
    m.putValue(kSecondTss, uint64_t{0x89} << 40 | (kTss2 & 0xff'ffff) << 16 | 0x67);
    m.putValue<uint32_t>(kTss2 + 32, kThere);
    m.putValue<uint32_t>(kTss2 + 36, 2);
    m.putValue<uint32_t>(kTss2 + 40, 0xabcd); // EAX
    m.putValue<uint32_t>(kTss2 + 56, kUserStack);
    for (unsigned n = 0; n < 6; ++n)
        m.putValue<uint32_t>(kTss2 + 72 + n * 4, n == 1   ? SoftMachine::kKernelCode
                                                 : n == 2 ? SoftMachine::kKernelData
                                                          : 0);
    m.core.regs.general[kRax] = 0x1234;
    m.execute({0x9a, 0, 0, 0, 0, kSecondTss, 0});
    QCOMPARE(m.core.regs.rip, kThere);
    QCOMPARE(m.core.regs.general[kRax], uint64_t{0xabcd});
    QVERIFY((m.core.regs.systemFlags & flag::kNt) != 0);
    QVERIFY((m.core.sys.cr0 & cr::k0Ts) != 0);
    QCOMPARE(m.access(kSecondTss), uint8_t{0x8b});
    QCOMPARE(m.word(kTss2) & 0xffff, uint32_t{SoftMachine::kTssSelector});
    QCOMPARE(m.word(SoftMachine::kTss + 32), uint32_t{kAt + 7});

    m.executeAt(kThere, kThere, {0xcf}); // back over the link
    QCOMPARE(m.core.regs.rip, kAt + 7);
    QCOMPARE(m.core.regs.general[kRax], uint64_t{0x1234});
    QCOMPARE(m.access(kSecondTss), uint8_t{0x89});
    QVERIFY((m.core.regs.systemFlags & flag::kNt) == 0);

    m.putValue<uint32_t>(kTss2 + 80, 0x100); // an impossible SS: #TS in the new task
    m.execute({0xea, 0, 0, 0, 0, kSecondTss, 0});
    QCOMPARE(m.core.regs.segment[kTr].selector, kSecondTss);
}

void SystemTest::longModeInterruptReturn()
{
    SystemMachine m(Mode::Long);
    m.execute({0x0f, 0x0b});
    const auto event = m.takenEvent();
    QVERIFY(event.has_value());
    QCOMPARE(event->vector, 6U);
    QCOMPARE(event->rip, kLong);
    QVERIFY((event->rflags & flag::kRf) != 0);
    m.executeAt(m.handler(6), SoftMachine::kSystem + m.handler(6), {0x48, 0xcf});
    QCOMPARE(m.core.regs.rip, kLong);
    QCOMPARE(m.core.cpl(), 3U);
    QCOMPARE(m.rsp(), kLong + 0x2000);
    QVERIFY(m.core.inLong64());
}

void SystemTest::istIsUsed()
{
    SystemMachine m(Mode::Long);
    m.putValue<uint64_t>(SoftMachine::kTss + 0x24 + 8, SoftMachine::kSystem + 0x4008); // IST2
    m.putValue<uint8_t>(SoftMachine::kIdt + 6 * 16 + 4, 2);
    m.execute({0x0f, 0x0b});
    QCOMPARE(m.rsp(), SoftMachine::kSystem + 0x4000 - 40);
}

void SystemTest::doubleAndTripleFault()
{
    SystemMachine m(Mode::Long);
    m.putValue<uint8_t>(SoftMachine::kIdt + 13 * 16 + 5, 0x0e); // #GP's gate is gone
    QVERIFY(m.execute({0xf4}) != Outcome::TripleFault);
    QCOMPARE(m.takenEvent().value_or(tests::TakenEvent{}).vector, 8U);
    QCOMPARE(m.takenEvent()->rip, kLong);

    m.enter(Mode::Long);
    m.putValue<uint8_t>(SoftMachine::kIdt + 13 * 16 + 5, 0x0e);
    m.putValue<uint8_t>(SoftMachine::kIdt + 8 * 16 + 5, 0x0e);
    QVERIFY(m.execute({0xf4}) == Outcome::TripleFault);
}

void SystemTest::systemCall()
{
    SystemMachine m(Mode::Long);
    m.core.sys.star = uint64_t{0x23} << 48 | uint64_t{SoftMachine::kKernelCode} << 32;
    m.core.sys.lstar = SoftMachine::kSystem + 0x9000;
    m.core.sys.fmask = flag::kIf;
    m.core.regs.systemFlags |= flag::kIf;
    m.execute({0x0f, 0x05});
    QCOMPARE(m.core.regs.rip, m.core.sys.lstar);
    QCOMPARE(m.core.cpl(), 0U);
    QCOMPARE(m.core.regs.general[kRcx], kLong + 2);
    QVERIFY((m.core.regs.systemFlags & flag::kIf) == 0);
    QCOMPARE(m.core.regs.segment[kSs].selector, uint16_t{0x18});
    m.executeAt(0x9000, m.core.sys.lstar, {0x48, 0x0f, 0x07});
    QCOMPARE(m.core.regs.rip, kLong + 2);
    QCOMPARE(m.core.regs.segment[kCs].selector, SoftMachine::kUserCode64);
    QCOMPARE(m.core.regs.segment[kSs].selector, SoftMachine::kUserData);
    QVERIFY((m.core.regs.systemFlags & flag::kIf) != 0);
}

void SystemTest::longModeIsEntered()
{
    SystemMachine m(Mode::Flat32);
    m.mapPage(kAt, kAt, SoftMachine::kWritable);
    m.core.regs.general[kRax] = cr::k0Pe | cr::k0Pg | cr::k0Et;
    m.core.sys.cr3 = SoftMachine::kTables;
    m.core.sys.efer = cr::kEferLme;
    m.execute({0x0f, 0x22, 0xc0}); // without PAE
    QCOMPARE(m.core.regs.rip, m.handler(13));
    m.core.sys.cr4 |= cr::k4Pae;
    m.execute({0x0f, 0x22, 0xc0});
    QCOMPARE(m.core.regs.rip, kAt + 3);
    QVERIFY(m.core.longActive());
    QVERIFY(!m.core.inLong64());
    // A far jump into a 64-bit segment; the GDT lies where paging maps it.
    m.mapPage(SoftMachine::kGdt, SoftMachine::kGdt, SoftMachine::kWritable);
    m.putValue(kSpare, typed(0x00af'0000'0000'ffff, 0x9a));
    m.execute({0xea, 0x00, 0x03, 0x10, 0x00, kSpare, 0});
    QVERIFY(m.core.inLong64());
    QCOMPARE(m.core.regs.rip, kAt + 0x300);
}

void SystemTest::modelRegisters()
{
    SystemMachine m(Mode::Long);
    uint64_t value = 0;
    QVERIFY(!m.core.readMsr(0x1234, value));
    QVERIFY(!m.core.writeMsr(0xc000'0080, cr::kEferSce)); // LME while paging
    QVERIFY(m.core.writeMsr(0xc000'0080, m.core.sys.efer & ~cr::kEferSce));
    QVERIFY(m.core.longActive());
    QVERIFY(!m.core.writeMsr(0xc000'0082, uint64_t{1} << 60));
    QVERIFY(!m.core.writeMsr(0x277, 2)); // no such memory type
    QVERIFY(m.core.readMsr(0xfe, value));
    QCOMPARE(value, uint64_t{0x508});
    QVERIFY(m.core.writeMsr(0x10, 5000));
    QCOMPARE(m.core.timestamp(), uint64_t{5000});
    QVERIFY(m.core.readMsr(0x3b, value));
    QCOMPARE(value, uint64_t{4000}); // the fake counter stands at 1000
    QVERIFY(m.core.writeMsr(0x3b, 0));
    QCOMPARE(m.core.timestamp(), uint64_t{1000});
}

void SystemTest::kvmClock()
{
    SystemMachine m(Mode::Long);
    m.tsc.ticks = 7'000'000;
    QVERIFY(m.core.writeMsr(0x4b56'4d01, (kAt + 0x400) | 1));
    QCOMPARE(m.word(kAt + 0x400) & 1, 0U);
    QVERIFY(m.word(kAt + 0x400) != 0);
    QCOMPARE(m.read(kAt + 0x408), uint64_t{7'000'000});
    QCOMPARE(m.read(kAt + 0x410), uint64_t{7'000'000}); // 1 GHz: a tick is a nanosecond
    const uint64_t mul = m.word(kAt + 0x418);
    const auto shift = static_cast<int8_t>(m.read(kAt + 0x41c));
    QCOMPARE(shift, int8_t{1});
    QCOMPARE(mul << 1 >> 32, uint64_t{1});
    QVERIFY(m.core.writeMsr(0x4b56'4d01, ~uint64_t{0})); // nowhere: nothing happens
}

void SystemTest::cpuidModels()
{
    const cpu::CpuidModel* v2 = cpu::CpuidModel::find("vitrine-v2");
    const cpu::CpuidModel* v3 = cpu::CpuidModel::find("vitrine-v3");
    QVERIFY(v2 != nullptr && v3 != nullptr && cpu::CpuidModel::find("none") == nullptr);
    cpu::CpuidContext context;
    context.index = 2;
    context.cpus = 4;
    constexpr uint32_t kAvx = 1U << 28;
    QCOMPARE(v2->query(1, 0, context).ecx & kAvx, 0U);
    QCOMPARE(v3->query(1, 0, context).ecx & kAvx, kAvx);
    QCOMPARE(v2->query(1, 0, context).ebx >> 24, 2U);
    QCOMPARE(v2->query(0xb, 1, context).eax, 2U);
    QCOMPARE(v2->query(0xb, 1, context).edx, 2U);
    QCOMPARE(v2->query(0xd, 0, context).ecx, 576U);
    context.xcr0 = 7;
    QCOMPARE(v3->query(0xd, 0, context).ebx, 832U);
    QCOMPARE(v3->query(0x8000'0008, 0, context).eax, 0x3028U);
}

QTEST_APPLESS_MAIN(SystemTest)
#include "system_test.moc"
