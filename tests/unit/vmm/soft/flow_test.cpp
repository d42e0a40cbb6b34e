// SPDX-License-Identifier: GPL-3.0-or-later
// Near transfers, the stack and RFLAGS: what changes, and that nothing does when an instruction
// faults.
#include <QtTest>

#include "tests/support/soft_machine.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kCode = 0x40'0000, kStack = 0x50'0000; // linear
constexpr uint64_t kCodeAt = SoftMachine::kFree, kStackAt = SoftMachine::kFree + 0x1000;

class FlowMachine : public SoftMachine {
public:
    explicit FlowMachine(Mode mode) : m_code(mode == Mode::Long ? kCode : kCodeAt)
    {
        mapPage(kCode, kCodeAt, kUser | kWritable);
        mapPage(kStack, kStackAt, kUser | kWritable);
        enter(mode);
        if (mode == Mode::Real)
            core.regs.segment[kCs].base = kCodeAt;
        m_code = mode == Mode::Real ? 0 : m_code;
        core.regs.general[kRsp] = mode == Mode::Long ? kStack + 0x800 : 0x800;
        if (mode == Mode::Real || mode == Mode::Flat32)
            core.regs.segment[vmm::soft::kSs].base = kStackAt;
    }
    void execute(std::initializer_list<uint8_t> bytes)
    {
        put(kCodeAt, std::vector<uint8_t>(bytes));
        core.regs.rip = m_code;
        core.runOne();
    }
    uint64_t& reg(Gpr name) { return core.regs.general[name]; }
    uint64_t code() const { return m_code; }
    /// What lies on the stack's page at `offset`.
    uint64_t stack(uint64_t offset) const { return read(kStackAt + offset); }

private:
    uint64_t m_code;
};

bool conditionHolds(unsigned code, uint64_t flags)
{
    const auto is = [flags](uint64_t bit) { return (flags & bit) != 0; };
    const bool less = is(flag::kSf) != is(flag::kOf);
    const std::array<bool, 8> holds = {
        is(flag::kOf), is(flag::kCf), is(flag::kZf), is(flag::kCf) || is(flag::kZf),
        is(flag::kSf), is(flag::kPf), less,          less || is(flag::kZf)};
    return holds[code / 2] != (code % 2 != 0);
}

} // namespace

class FlowTest : public QObject {
    Q_OBJECT

private slots:
    void everyConditionWithEveryFlags()
    {
        FlowMachine machine(Mode::Long);
        for (unsigned code = 0; code < 16; ++code) {
            for (unsigned n = 0; n < 32; ++n) {
                const uint64_t flags =
                    ((n & 1) != 0 ? flag::kCf : 0) | ((n & 2) != 0 ? flag::kZf : 0) |
                    ((n & 4) != 0 ? flag::kSf : 0) | ((n & 8) != 0 ? flag::kOf : 0) |
                    ((n & 16) != 0 ? flag::kPf : 0);
                machine.core.regs.flags.set(flags);
                machine.execute({static_cast<uint8_t>(0x70 + code), 0x10});
                QCOMPARE(machine.core.regs.rip,
                         machine.code() + (conditionHolds(code, flags) ? 0x12 : 2));
            }
        }
    }

    /// More code than is kept: while it runs, all that was decoded is forgotten.
    void moreCodeThanIsKept()
    {
        constexpr uint64_t kStart = SoftMachine::kFree, kIncrements = 0x28'0000;
        FlowMachine machine(Mode::Flat32);
        std::fill_n(machine.at(kStart), kIncrements, std::byte{0x40}); // inc eax
        // At the end of each page: call the next one.
        const std::array<std::byte, 5> call = {std::byte{0xe8}};
        for (uint64_t at = kStart + 4096; at < kStart + kIncrements; at += 4096)
            std::copy(call.begin(), call.end(), machine.at(at - call.size()));
        machine.put(kStart + kIncrements, std::vector<uint8_t>{0xf4});
        constexpr uint64_t kCalls = kIncrements / 4096 - 1;
        for (unsigned n = 0; n < 2; ++n) {
            machine.core.regs.rip = kStart;
            machine.core.m_halted = false;
            machine.core.regs.segment[vmm::soft::kSs].base = 0;
            machine.reg(kRax) = 0;
            machine.reg(kRsp) = SoftMachine::kStackTop;
            QCOMPARE(machine.core.run(), Outcome::Halted);
            QCOMPARE(machine.reg(kRax), kIncrements - kCalls * call.size());
            QCOMPARE(machine.reg(kRsp), SoftMachine::kStackTop - 4 * kCalls);
        }
    }

    void callAndReturn()
    {
        FlowMachine machine(Mode::Long);
        machine.execute({0xe8, 0x00, 0x01, 0x00, 0x00});
        QCOMPARE(machine.core.regs.rip, kCode + 0x105);
        QCOMPARE(machine.reg(kRsp), kStack + 0x7f8);
        QCOMPARE(machine.stack(0x7f8), kCode + 5);
        machine.execute({0xc2, 0x10, 0x00});
        QCOMPARE(machine.core.regs.rip, kCode + 5);
        QCOMPARE(machine.reg(kRsp), kStack + 0x810);
    }

    /// A target that is not canonical: nothing is pushed or popped.
    void badTargetsChangeNothing()
    {
        FlowMachine machine(Mode::Long);
        machine.reg(kRax) = 0x8000'0000'0000;
        machine.execute({0xff, 0xd0});
        auto event = machine.takenEvent();
        QVERIFY(event.has_value());
        QCOMPARE(event->vector, 13U);
        QCOMPARE(event->rip, kCode);
        QCOMPARE(event->rsp, kStack + 0x800);
        QCOMPARE(machine.stack(0x7f8), uint64_t{0});

        machine.enterCode(Mode::Long);
        machine.putValue(kStackAt + 0x800, uint64_t{0x8000'0000'0000});
        machine.reg(kRsp) = kStack + 0x800;
        machine.execute({0xc3});
        event = machine.takenEvent();
        QCOMPARE(event->vector, 13U);
        QCOMPARE(event->rsp, kStack + 0x800);
    }

    void pushAndPopOfTheStackPointer()
    {
        FlowMachine machine(Mode::Long);
        machine.execute({0x54}); // push rsp
        QCOMPARE(machine.stack(0x7f8), kStack + 0x800);
        machine.execute({0x8f, 0x44, 0x24, 0x08}); // pop [rsp + 8]: rsp after the pop
        QCOMPARE(machine.reg(kRsp), kStack + 0x800);
        QCOMPARE(machine.stack(0x808), kStack + 0x800);
        machine.putValue(kStackAt + 0x800, uint64_t{0x1234});
        machine.execute({0x5c}); // pop rsp
        QCOMPARE(machine.reg(kRsp), uint64_t{0x1234});
    }

    void immediatesAreExtended()
    {
        FlowMachine machine(Mode::Long);
        machine.execute({0x6a, 0x80});
        QCOMPARE(machine.stack(0x7f8), ~uint64_t{0x7f});
        machine.execute({0x66, 0x68, 0x34, 0x12});
        QCOMPARE(machine.reg(kRsp), kStack + 0x7f6);
        QCOMPARE(machine.stack(0x7f6) & 0xffff, uint64_t{0x1234});
    }

    void realModeStackWraps()
    {
        FlowMachine machine(Mode::Real);
        machine.reg(kRsp) = 0x1234'0000;
        machine.execute({0x50});
        QCOMPARE(machine.reg(kRsp), uint64_t{0x1234'fffe});
        machine.reg(kRsp) = 0xfffe;
        machine.execute({0x58});
        QCOMPARE(machine.reg(kRsp) & 0xffff, uint64_t{0});
    }

    void pushAllPopAll()
    {
        FlowMachine machine(Mode::Flat32);
        for (unsigned n = 0; n < 8; ++n)
            if (n != kRsp)
                machine.core.regs.general[n] = 0x100 + n;
        machine.execute({0x60});
        QCOMPARE(machine.reg(kRsp), uint64_t{0x7e0});
        QCOMPARE(machine.stack(0x7ec) & 0xffff'ffff, uint64_t{0x800}); // the old ESP
        QCOMPARE(machine.stack(0x7fc) & 0xffff'ffff, uint64_t{0x100});
        machine.putValue<uint32_t>(kStackAt + 0x7e0, 0x777);
        machine.execute({0x61});
        QCOMPARE(machine.reg(kRdi), uint64_t{0x777});
        QCOMPARE(machine.reg(kRbp), uint64_t{0x105});
        QCOMPARE(machine.reg(kRsp), uint64_t{0x800});
    }

    void enterAndLeave()
    {
        FlowMachine machine(Mode::Long);
        machine.reg(kRbp) = kStack + 0x900;
        machine.putValue(kStackAt + 0x8f8, uint64_t{0xaaaa});
        machine.execute({0xc8, 0x20, 0x00, 0x02});
        QCOMPARE(machine.reg(kRbp), kStack + 0x7f8);
        QCOMPARE(machine.stack(0x7f8), kStack + 0x900);
        QCOMPARE(machine.stack(0x7f0), uint64_t{0xaaaa}); // the outer frame's pointer
        QCOMPARE(machine.stack(0x7e8), kStack + 0x7f8);
        QCOMPARE(machine.reg(kRsp), kStack + 0x7e8 - 0x20);
        machine.execute({0xc9});
        QCOMPARE(machine.reg(kRbp), kStack + 0x900);
        QCOMPARE(machine.reg(kRsp), kStack + 0x800);
    }

    /// ENTER whose locals reach an unmapped page changes no register.
    void enterFaults()
    {
        FlowMachine machine(Mode::Long);
        machine.reg(kRbp) = 0x55;
        machine.execute({0xc8, 0x00, 0x10, 0x00});
        const auto event = machine.takenEvent();
        QVERIFY(event.has_value());
        QCOMPARE(event->vector, 14U);
        QCOMPARE(event->rsp, kStack + 0x800);
        QCOMPARE(machine.reg(kRbp), uint64_t{0x55});
    }

    /// Table 4-21 of SDM volume 2: IF wants the I/O privilege, IOPL ring 0.
    void popFlagsRights()
    {
        FlowMachine machine(Mode::Long);
        const uint64_t all = ~uint64_t{0} & ~flag::kTf;
        machine.putValue(kStackAt + 0x800, all);
        machine.execute({0x9d});
        const uint64_t user = flag::kOne | flag::kDf | flag::kNt | flag::kAc | flag::kId;
        QCOMPARE(machine.core.regs.systemFlags, user);
        QCOMPARE(machine.core.regs.flags.get(), flag::kArithmetic);

        FlowMachine kernel(Mode::Flat32);
        kernel.putValue(kStackAt + 0x800, all);
        kernel.execute({0x9d});
        QCOMPARE(kernel.core.regs.systemFlags, user | flag::kIf | flag::kIopl);
        kernel.execute({0x9c});
        QCOMPARE(kernel.stack(0x800) & 0xffff'ffff,
                 user | flag::kIf | flag::kIopl | flag::kArithmetic);
        kernel.putValue(kStackAt + 0x800, uint16_t{0});
        kernel.execute({0x66, 0x9d});
        QCOMPARE(kernel.core.regs.systemFlags, flag::kOne | flag::kAc | flag::kId);
    }

    void stiShadowsOneInstruction()
    {
        FlowMachine machine(Mode::Flat32);
        machine.execute({0xfb});
        QVERIFY((machine.core.regs.systemFlags & flag::kIf) != 0);
        QVERIFY(machine.core.m_shadow == Core::Shadow::Sti);
        machine.execute({0xfb});
        QVERIFY(machine.core.m_shadow == Core::Shadow::None);
        machine.execute({0xfa});
        QVERIFY((machine.core.regs.systemFlags & flag::kIf) == 0);

        FlowMachine user(Mode::Long);
        user.execute({0xfa});
        QCOMPARE(user.takenEvent()->vector, 13U);
    }

    void softwareInterruptsReturnBehind()
    {
        FlowMachine machine(Mode::Long);
        machine.execute({0xcd, 0x80}); // the gate's DPL is 0
        auto event = machine.takenEvent();
        QCOMPARE(event->vector, 13U);
        QCOMPARE(event->error, uint64_t{0x80 * 8 + 2});
        QCOMPARE(event->rip, kCode);

        machine.enterCode(Mode::Long);
        const uint64_t gate = SoftMachine::kIdt + uint64_t{0x80} * 16;
        machine.putValue(gate, machine.read(gate) | uint64_t{3} << 45);
        machine.reg(kRsp) = kStack + 0x800;
        machine.execute({0xcd, 0x80});
        event = machine.takenEvent();
        QCOMPARE(event->vector, 0x80U);
        QCOMPARE(event->rip, kCode + 2);
    }

    void loopsCountByAddressSize()
    {
        FlowMachine machine(Mode::Long);
        machine.reg(kRcx) = 0x1'0000'0001;
        machine.execute({0xe2, 0x10});
        QCOMPARE(machine.reg(kRcx), 0x1'0000'0000ULL);
        QCOMPARE(machine.core.regs.rip, kCode + 0x12);
        machine.execute({0x67, 0xe3, 0x10}); // jecxz
        QCOMPARE(machine.core.regs.rip, kCode + 0x13);
        machine.reg(kRcx) = 2;
        machine.core.regs.flags.set(flag::kZf);
        machine.execute({0xe0, 0x10}); // loopne
        QCOMPARE(machine.reg(kRcx), uint64_t{1});
        QCOMPARE(machine.core.regs.rip, kCode + 2);
    }

    void nearTargetsAreCutToTheOperandSize()
    {
        FlowMachine machine(Mode::Real);
        machine.execute({0xe9, 0xf0, 0xff}); // below 0: the top of the segment
        QCOMPARE(machine.core.regs.rip, uint64_t{0xfff3});
        machine.reg(kRax) = 0x1'0010;
        machine.execute({0xff, 0xe0});
        QCOMPARE(machine.core.regs.rip, uint64_t{0x10});
    }
};

QTEST_GUILESS_MAIN(FlowTest)
#include "flow_test.moc"
