// SPDX-License-Identifier: GPL-3.0-or-later
// The guest's own debug registers: which accesses they meet, when the #DB comes, what it pushes and
// what DR6 says then. Intel SDM volume 3 sections 17.2 and 17.3.
#include <QtTest>

#include "tests/support/soft_machine.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kAt = SoftMachine::kFree;
constexpr uint64_t kCode = 0x40'0000, kData = 0x40'1000, kAbsent = 0x40'3000;
constexpr uint64_t kStack = 0x40'2ff0;
constexpr uint64_t kDr6 = 0xffff'0ff0, kBs = 1 << 14, kBt = 1 << 15, kBd = 1 << 13;
enum Condition : unsigned { Execute, Write, Port, ReadWrite };
constexpr unsigned kByte = 0, kWord = 1, kQuad = 2, kDouble = 3;

class DebugMachine : public SoftMachine {
public:
    explicit DebugMachine(Mode mode = Mode::Long)
    {
        if (mode == Mode::Long)
            for (uint64_t page = 0; page < 0x3000; page += 0x1000)
                mapPage(kCode + page, kAt + page, kUser | kWritable);
        enter(mode);
        core.regs.general[kRsp] = mode == Mode::Long ? kStack : kAt + 0x3000;
        core.regs.general[kRdi] = kData;
    }
    /// What DR<n> watches.
    void watch(unsigned n, uint64_t address, Condition condition, unsigned length = kByte,
               bool enabled = true)
    {
        core.sys.dr[n] = address;
        core.sys.dr7 &= ~(uint64_t{0xf} << (16 + 4 * n) | uint64_t{3} << (2 * n));
        core.sys.dr7 |= uint64_t{condition | length << 2} << (16 + 4 * n) |
                        uint64_t{enabled ? 2U : 0U} << (2 * n);
        core.debugRegistersChanged();
    }
    void program(std::initializer_list<uint8_t> bytes) { put(kAt, std::vector<uint8_t>(bytes)); }
    /// Runs the program from `offset` until the first event's handler stops.
    tests::TakenEvent run(uint64_t offset = 0)
    {
        enterCode(Mode::Long);
        core.regs.general[kRsp] = kStack;
        core.regs.rip = kCode + offset;
        core.m_halted = false;
        core.sys.dr6 = kDr6;
        return goOn();
    }
    tests::TakenEvent goOn()
    {
        core.m_halted = false;
        if (core.run() != Outcome::Halted)
            return {};
        return takenEvent().value_or(tests::TakenEvent{});
    }
    /// The handler changes the frame's flags and returns.
    tests::TakenEvent returnWith(uint64_t rflags)
    {
        const uint64_t at = core.regs.rip & ~uint64_t{15};
        if (hasCode(static_cast<unsigned>((at - kSystem - kHandlers) / 16)))
            core.regs.general[kRsp] += 8;
        putValue(core.regs.general[kRsp] - kSystem + 16, rflags);
        put(at - kSystem, std::vector<uint8_t>{0x48, 0xcf}); // IRETQ
        core.regs.rip = at;
        const tests::TakenEvent event = goOnUntilOther();
        put(at - kSystem, std::vector<uint8_t>{0xf4});
        return event;
    }
    uint64_t dr6() const { return core.sys.dr6; }
    uint32_t word(uint64_t physical) const { return static_cast<uint32_t>(read(physical)); }

private:
    /// Past the IRETQ, then with the handler as it was.
    tests::TakenEvent goOnUntilOther()
    {
        core.m_halted = false;
        const uint64_t at = core.regs.rip;
        core.runOne();
        put(at - kSystem, std::vector<uint8_t>{0xf4, 0x90});
        return goOn();
    }
};

} // namespace

class DebugTest : public QObject {
    Q_OBJECT
private slots:
    void instructionBreakpoints();
    void resumeFlag();
    void breakpointBeforeFetchFault();
    void dataBreakpoints_data();
    void dataBreakpoints();
    void lengths();
    void stringsTrapBetweenIterations();
    void implicitAccesses();
    void faultsForgetWhatWasMet();
    void disabledOnesAreTold();
    void ports();
    void movSsPutsOff();
    void registers();
    void generalDetect();
    void wideValues();
    void int1();
    void taskSwitch();
    void systemCallSteps();
    void besideTheDebugger();
    void savedState();
};

void DebugTest::instructionBreakpoints()
{
    DebugMachine m;
    m.program({0x90, 0xff, 0xc0, 0x90, 0x0f, 0x0b}); // NOP, INC EAX, NOP, UD2
    QCOMPARE(m.run().vector, 6U);                    // decoded without
    m.watch(1, kCode + 1, Execute);
    m.core.regs.general[kRax] = 0;
    auto event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 1);
    QCOMPARE(event.rflags & flag::kRf, uint64_t{0});
    QCOMPARE(m.dr6(), kDr6 | 2);
    QCOMPARE(m.core.regs.general[kRax], uint64_t{0});
    event = m.returnWith(event.rflags); // without RF the same again
    QCOMPARE(event.vector, 1U);
    event = m.returnWith(event.rflags | flag::kRf);
    QCOMPARE(event.vector, 6U);
    QCOMPARE(m.core.regs.general[kRax], uint64_t{1});

    m.watch(1, kCode + 2, Execute); // not the first byte of an instruction
    QCOMPARE(m.run().vector, 6U);
    m.watch(1, kCode + 1, Execute, kByte, false);
    QCOMPARE(m.run().vector, 6U);
}

void DebugTest::resumeFlag()
{
    DebugMachine m;
    m.program({0x90, 0x90, 0x0f, 0x0b}); // NOP, NOP, UD2
    m.watch(0, kCode + 1, Execute);
    m.enterCode(Mode::Long);
    // RF is for one instruction, and that is the NOP before.
    m.core.regs.systemFlags |= flag::kRf;
    auto event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 1);
    event = m.returnWith(event.rflags | flag::kRf);
    QCOMPARE(event.vector, 6U);
    QVERIFY((event.rflags & flag::kRf) != 0); // faults push it
    // A fault's RF lets the instruction run again without the breakpoint on it.
    m.watch(0, kCode + 2, Execute);
    QCOMPARE(m.run(2).vector, 1U);
    event = m.returnWith(flag::kOne | flag::kRf);
    QCOMPARE(event.vector, 6U);
    event = m.returnWith(event.rflags);
    QCOMPARE(event.vector, 6U);

    // Single steps push none, but between iterations.
    m.watch(0, 0, Execute, kByte, false);
    m.core.regs.systemFlags |= flag::kTf;
    event = m.run();
    QCOMPARE(event.rip, kCode + 1);
    QCOMPARE(event.rflags & flag::kRf, uint64_t{0});
    m.program({0xf3, 0xaa, 0x90}); // REP STOSB
    m.core.regs.general[kRcx] = 2;
    m.core.regs.systemFlags |= flag::kTf;
    event = m.run();
    QCOMPARE(event.rip, kCode);
    QVERIFY((event.rflags & flag::kRf) != 0);
    event = m.returnWith(event.rflags);
    QCOMPARE(event.rip, kCode + 2);
    QCOMPARE(event.rflags & flag::kRf, uint64_t{0});
}

void DebugTest::breakpointBeforeFetchFault()
{
    DebugMachine m;
    m.watch(2, kAbsent, Execute);
    auto event = m.run(kAbsent - kCode);
    QCOMPARE(event.vector, 1U);
    QCOMPARE(m.dr6(), kDr6 | 4);
    event = m.returnWith(event.rflags | flag::kRf);
    QCOMPARE(event.vector, 14U);
    QVERIFY((event.rflags & flag::kRf) != 0);
}

void DebugTest::dataBreakpoints_data()
{
    QTest::addColumn<QByteArray>("code");
    QTest::addColumn<int>("reads"); ///< 1: meets ReadWrite
    QTest::addColumn<int>("writes");
    const auto row = [](const char* name, std::initializer_list<uint8_t> bytes, int reads,
                        int writes) {
        QByteArray code;
        for (const uint8_t byte : bytes)
            code.append(static_cast<char>(byte));
        QTest::newRow(name) << code << reads << writes;
    };
    row("load", {0x8b, 0x07}, 1, 0);
    row("store", {0x89, 0x07}, 1, 1);
    row("store beside", {0x89, 0x47, 0x04}, 0, 0);
    row("store before", {0x48, 0x89, 0x47, 0xf9}, 1, 1); // its last byte
    row("compare", {0x83, 0x3f, 0x00}, 1, 0);
    row("add", {0x01, 0x07}, 1, 1);
    row("LOCK XADD", {0xf0, 0x0f, 0xc1, 0x07}, 1, 1);
    row("LOCK CMPXCHG16B", {0xf0, 0x48, 0x0f, 0xc7, 0x0f}, 1, 1);
    row("push from memory", {0xff, 0x37}, 1, 0);
    row("pop to memory", {0x8f, 0x07}, 1, 1);
    row("STOSB", {0xaa}, 1, 1);
    row("SCASB", {0xae}, 1, 0);
    row("XMM load", {0x0f, 0x10, 0x07}, 1, 0);
    row("XMM store", {0x0f, 0x11, 0x07}, 1, 1);
    row("FNSTCW", {0xd9, 0x3f}, 1, 1);
    row("SGDT", {0x0f, 0x01, 0x07}, 1, 1);
    row("LEA", {0x8d, 0x07}, 0, 0);
    row("bit test", {0x0f, 0xa3, 0x07}, 1, 0);
    row("jump through memory", {0xff, 0x27}, 1, 0);
}

void DebugTest::dataBreakpoints()
{
    QFETCH(QByteArray, code);
    QFETCH(int, reads);
    QFETCH(int, writes);
    DebugMachine m;
    const auto length = static_cast<uint64_t>(code.size());
    code.append("\x0f\x0b", 2); // UD2
    for (const Condition condition : {Write, ReadWrite}) {
        const bool meets = (condition == Write ? writes : reads) != 0;
        m.watch(3, kData, condition);
        m.put(kAt, {reinterpret_cast<const uint8_t*>(code.constData()),
                    static_cast<size_t>(code.size())});
        m.core.regs.general[kRdi] = kData;
        m.core.regs.general[kRax] = 0;
        m.putValue(kAt + 0x1000, kCode + length);
        const auto event = m.run();
        QCOMPARE(event.vector, meets ? 1U : 6U);
        QCOMPARE(event.rip, kCode + length);
        QCOMPARE(m.dr6(), meets ? kDr6 | 8 : kDr6);
        if (meets)
            QCOMPARE(m.returnWith(event.rflags).vector, 6U);
    }
}

void DebugTest::lengths()
{
    DebugMachine m;
    m.program({0xc6, 0x07, 0x01, 0x0f, 0x0b}); // MOV BYTE [RDI], 1; UD2
    struct Case {
        unsigned code;
        unsigned bytes;
    };
    for (const Case length : {Case{kByte, 1}, Case{kWord, 2}, Case{kDouble, 4}, Case{kQuad, 8}}) {
        m.watch(0, kData + 8 + length.bytes - 1, Write, length.code); // counted from its multiple
        for (unsigned at = 0; at < 24; ++at) {
            m.core.regs.general[kRdi] = kData + at;
            const bool inside = at >= 8 && at < 8 + length.bytes;
            QCOMPARE(m.run().vector, inside ? 1U : 6U);
        }
    }
}

void DebugTest::stringsTrapBetweenIterations()
{
    DebugMachine m;
    m.program({0xf3, 0xaa, 0x0f, 0x0b}); // REP STOSB; UD2
    m.watch(0, kData + 3, Write);
    m.core.regs.general[kRdi] = kData;
    m.core.regs.general[kRcx] = 100;
    auto event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode);
    QVERIFY((event.rflags & flag::kRf) != 0);
    QCOMPARE(m.core.regs.general[kRcx], uint64_t{96});
    QCOMPARE(m.core.regs.general[kRdi], kData + 4);
    event = m.returnWith(event.rflags);
    QCOMPARE(event.vector, 6U);
    QCOMPARE(m.core.regs.general[kRcx], uint64_t{0});

    m.program({0xf3, 0xa4, 0x0f, 0x0b}); // REP MOVSB; the last one meets
    m.core.regs.general[kRsi] = kData + 0x100;
    m.core.regs.general[kRdi] = kData;
    m.core.regs.general[kRcx] = 4;
    event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 2);
    QCOMPARE(event.rflags & flag::kRf, uint64_t{0});
}

void DebugTest::implicitAccesses()
{
    DebugMachine m;
    m.program({0x50, 0x0f, 0x0b}); // PUSH RAX
    m.watch(0, kStack - 8, Write, kQuad);
    auto event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 1);
    // What an exception pushes: the #DB comes before its handler's first instruction.
    m.program({0xcc});
    m.watch(0, SoftMachine::kSystem + SoftMachine::kStackTop - 8, Write, kQuad);
    event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, SoftMachine::kSystem + SoftMachine::kHandlers + uint64_t{3} * 16);
    // Reads of the IDT.
    m.watch(0, m.core.sys.idt.base + uint64_t{3} * 16, ReadWrite, kQuad);
    event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, SoftMachine::kSystem + SoftMachine::kHandlers + uint64_t{3} * 16);
}

void DebugTest::faultsForgetWhatWasMet()
{
    DebugMachine m;
    m.program({0xa4, 0x0f, 0x0b}); // MOVSB
    m.watch(0, kData, ReadWrite);
    m.core.regs.general[kRsi] = kData;
    m.core.regs.general[kRdi] = kAbsent;
    auto event = m.run();
    QCOMPARE(event.vector, 14U);
    QCOMPARE(m.dr6(), kDr6);
    m.mapPage(kAbsent, kAt + 0x3000, SoftMachine::kUser | SoftMachine::kWritable);
    event = m.returnWith(event.rflags);
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 1);
}

void DebugTest::disabledOnesAreTold()
{
    DebugMachine m;
    m.program({0x89, 0x07, 0x0f, 0x0b}); // MOV [RDI], EAX
    m.watch(0, kData, Write, kDouble);
    m.watch(1, kData, Write, kByte, false);
    m.watch(2, kData + 4, Write, kByte, false);
    m.core.regs.general[kRdi] = kData;
    QCOMPARE(m.run().vector, 1U);
    QCOMPARE(m.dr6(), kDr6 | 3);
    m.watch(0, kData, Write, kDouble, false);
    QCOMPARE(m.run().vector, 6U);
    QCOMPARE(m.dr6(), kDr6);
}

void DebugTest::ports()
{
    DebugMachine m;
    m.core.regs.systemFlags |= flag::kIopl;
    m.program({0xe4, 0x61, 0xe6, 0x80, 0x0f, 0x0b}); // IN AL, 61; OUT 80, AL
    m.watch(0, 0x80, Port);
    QCOMPARE(m.run().vector, 6U); // without CR4.DE they mean nothing
    m.core.sys.cr4 |= cr::k4De;
    m.core.debugRegistersChanged();
    auto event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 4);
    QCOMPARE(m.dr6(), kDr6 | 1);
    m.watch(0, 0x60, Port, kDouble);
    QCOMPARE(m.run().rip, kCode + 2);
}

void DebugTest::movSsPutsOff()
{
    DebugMachine m;
    m.program({0x8e, 0x17, 0x90, 0x90, 0x0f, 0x0b}); // MOV SS, [RDI]; NOP; NOP
    m.putValue<uint16_t>(kAt + 0x1000, SoftMachine::kUserData);
    m.core.regs.general[kRdi] = kData;
    m.watch(0, kData, ReadWrite);
    m.watch(1, kCode + 2, Execute);
    auto event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 3);
    QCOMPARE(m.dr6(), kDr6 | 1);
    // A software interrupt behind it: its handler is entered, then that of the #DB.
    m.program({0x8e, 0x17, 0xcc});
    event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, SoftMachine::kSystem + SoftMachine::kHandlers + uint64_t{3} * 16);
    event = m.returnWith(event.rflags);
    QCOMPARE(event.vector, 3U);
    QCOMPARE(event.rip, kCode + 3);
    // So with a fault; INT1 takes it along.
    m.program({0x8e, 0x17, 0x0f, 0x0b});
    QCOMPARE(m.run().rip, SoftMachine::kSystem + SoftMachine::kHandlers + uint64_t{6} * 16);
    m.program({0x8e, 0x17, 0xf1, 0x0f, 0x0b});
    event = m.run();
    QCOMPARE(event.rip, kCode + 3);
    QCOMPARE(m.dr6(), kDr6 | 1);
    QCOMPARE(m.returnWith(event.rflags).vector, 6U);
}

void DebugTest::registers()
{
    DebugMachine m(Mode::Flat32);
    const auto execute = [&m](std::initializer_list<uint8_t> bytes) {
        m.program(bytes);
        m.core.regs.rip = kAt;
        m.core.runOne();
    };
    m.core.regs.general[kRax] = 0xffff'ffff;
    execute({0x0f, 0x23, 0xf0}); // MOV DR6, EAX
    QCOMPARE(m.dr6(), uint64_t{0xffff'efff});
    execute({0x0f, 0x23, 0xf8}); // MOV DR7, EAX
    QCOMPARE(m.core.sys.dr7, uint64_t{0xffff'27ff});
    m.core.sys.dr7 = 0x400; // without GD
    m.core.regs.general[kRax] = 0;
    execute({0x0f, 0x23, 0xf0});
    QCOMPARE(m.dr6(), kDr6);
    execute({0x0f, 0x23, 0xf8});
    QCOMPARE(m.core.sys.dr7, uint64_t{0x400});
    execute({0x0f, 0x21, 0xe3}); // MOV EBX, DR4
    QCOMPARE(m.core.regs.general[kRbx], kDr6);
    execute({0x0f, 0x21, 0xeb}); // MOV EBX, DR5
    QCOMPARE(m.core.regs.general[kRbx], uint64_t{0x400});
    m.core.sys.cr4 |= cr::k4De;
    execute({0x0f, 0x21, 0xe3});
    QCOMPARE(m.core.regs.rip, SoftMachine::kHandlers + uint64_t{6} * 16);
}

void DebugTest::generalDetect()
{
    DebugMachine m(Mode::Flat32);
    m.core.regs.general[kRax] = 1 << 13;
    m.program({0x0f, 0x23, 0xf8, 0x0f, 0x21, 0xc3, 0x90}); // MOV DR7, EAX; MOV EBX, DR0
    m.core.regs.rip = kAt;
    m.core.runOne();
    QCOMPARE(m.core.regs.rip, kAt + 3);
    m.core.runOne();
    QCOMPARE(m.core.regs.rip, SoftMachine::kHandlers + uint64_t{1} * 16);
    QCOMPARE(m.dr6(), kDr6 | kBd);
    QCOMPARE(m.core.sys.dr7, uint64_t{0x400});
    const uint64_t frame = m.core.regs.general[kRsp];
    QCOMPARE(uint64_t{m.word(frame)}, kAt + 3);
    QVERIFY((m.word(frame + 8) & flag::kRf) != 0);
}

void DebugTest::wideValues()
{
    DebugMachine m;
    m.core.regs.segment[kCs].dpl = m.core.regs.segment[kSs].dpl = 0;
    m.core.regs.segment[kCs].selector = SoftMachine::kKernelCode;
    m.core.regs.segment[kSs].selector = SoftMachine::kKernelData;
    m.core.modeChanged();
    m.mapPage(kCode, kAt, 0);
    m.core.flushTlb(true);
    m.core.regs.general[kRax] = uint64_t{1} << 32;
    m.program({0x0f, 0x23, 0xc0, 0x0f, 0x23, 0xf8}); // MOV DR0, RAX; MOV DR7, RAX
    m.core.regs.rip = kCode;
    m.core.runOne();
    QCOMPARE(m.core.sys.dr[0], uint64_t{1} << 32);
    m.core.runOne();
    QCOMPARE(m.takenEvent().value_or(tests::TakenEvent{}).vector, 13U);
}

void DebugTest::int1()
{
    DebugMachine m;
    m.program({0xf1, 0x0f, 0x0b});
    m.core.sys.dr7 |= 1 << 13;
    auto event = m.run();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 1);
    QCOMPARE(m.dr6(), kDr6);
    QCOMPARE(m.core.sys.dr7, uint64_t{0x400});
}

void DebugTest::taskSwitch()
{
    DebugMachine m(Mode::Flat32);
    constexpr uint64_t kTss2 = kAt + 0x800, kThere = kAt + 0x200;
    constexpr uint8_t kSelector = 0x48;
    m.core.regs.segment[kTr].base = SoftMachine::kTss;
    m.core.regs.segment[kTr].limit = 0x67;
    m.core.regs.segment[kTr].g = false;
    m.putValue(uint64_t{kSelector}, uint64_t{0x89} << 40 | kTss2 << 16 | 0x67);
    m.putValue<uint32_t>(kTss2 + 32, kThere);
    m.putValue<uint32_t>(kTss2 + 36, 2);
    m.putValue<uint32_t>(kTss2 + 56, kAt + 0x3000);
    m.putValue<uint16_t>(kTss2 + 76, SoftMachine::kKernelCode);
    m.putValue<uint16_t>(kTss2 + 80, SoftMachine::kKernelData);
    m.putValue<uint16_t>(kTss2 + 100, 1); // T
    m.core.sys.dr7 = 0x7ff;
    m.program({0xea, 0, 0, 0, 0, kSelector, 0});
    m.core.regs.rip = kAt;
    m.core.runOne();
    QCOMPARE(m.core.regs.rip, SoftMachine::kHandlers + uint64_t{1} * 16);
    QCOMPARE(m.dr6(), kDr6 | kBt);
    QCOMPARE(m.core.sys.dr7, uint64_t{0x6aa}); // the local ones are gone
    QCOMPARE(uint64_t{m.word(m.core.regs.general[kRsp])}, kThere);
}

void DebugTest::systemCallSteps()
{
    DebugMachine m;
    m.core.sys.star = uint64_t{0x23} << 48 | uint64_t{SoftMachine::kKernelCode} << 32;
    m.core.sys.lstar = SoftMachine::kSystem + 0x9000;
    m.putValue<uint8_t>(0x9000, 0xf4);
    m.program({0x0f, 0x05});
    m.core.regs.systemFlags |= flag::kTf;
    m.run();
    QCOMPARE(m.core.regs.rip, SoftMachine::kSystem + m.kHandlers + 16 + 1);
    QCOMPARE(m.read(m.core.regs.general[kRsp] - kCode + kAt), m.core.sys.lstar); // user stack
    QCOMPARE(m.dr6(), kDr6 | kBs);
    m.core.sys.fmask = flag::kTf;
    m.core.regs.systemFlags |= flag::kTf;
    QCOMPARE(m.run().vector, 0U);
    QCOMPARE(m.core.regs.rip, m.core.sys.lstar + 1);
    QCOMPARE(m.dr6(), kDr6);
}

void DebugTest::besideTheDebugger()
{
    DebugMachine m;
    m.program({0x89, 0x07, 0x90, 0x0f, 0x0b}); // MOV [RDI], EAX; NOP; UD2
    m.watch(0, kCode + 2, Execute);
    m.watch(1, kData, Write);
    m.core.regs.general[kRdi] = kData;
    m.core.regs.rip = kCode;
    m.core.sys.dr6 = kDr6;
    m.core.setDebug({false, false, {kCode + 2}, {}});
    QCOMPARE(m.goOn().rip, kCode + 2); // the guest's data, a trap, before both breakpoints
    m.watch(1, 0, Write, kByte, false);
    m.enterCode(Mode::Long);
    m.core.regs.rip = kCode;
    m.core.m_halted = false;
    QVERIFY(m.core.run() == Outcome::Debug);
    QCOMPARE(m.core.regs.rip, kCode + 2);
    m.core.setDebug({false, true, {kCode + 2}, {}});
    QCOMPARE(m.goOn().vector, 1U); // then the guest's
    QCOMPARE(m.dr6(), kDr6 | 1);
    m.core.setDebug({});
    QCOMPARE(m.run().vector, 1U); // and that one stays
}

void DebugTest::savedState()
{
    DebugMachine m;
    m.program({0x90, 0x0f, 0x0b}); // NOP, UD2
    m.watch(2, kCode + 1, Execute);
    m.core.regs.rip = kCode;
    cpu::CpuState state;
    m.core.save(state);
    m.watch(2, 0, Execute, kByte, false);
    QVERIFY(m.core.load(state).has_value());
    auto event = m.goOn();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode + 1);
    // What waits for its delivery.
    m.enterCode(Mode::Long);
    m.core.regs.rip = kCode;
    m.core.regs.general[kRsp] = kStack;
    m.core.sys.dr6 = kDr6;
    m.core.noteDebug(8);
    cpu::CpuState waiting;
    m.core.save(waiting);
    m.core.takePending();
    QVERIFY(m.core.load(waiting).has_value());
    event = m.goOn();
    QCOMPARE(event.vector, 1U);
    QCOMPARE(event.rip, kCode);
    QCOMPARE(m.dr6(), kDr6 | 8);
}

QTEST_APPLESS_MAIN(DebugTest)
#include "debug_test.moc"
