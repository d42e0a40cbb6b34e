// SPDX-License-Identifier: GPL-3.0-or-later
// A vCPU that began under KVM: what it has there and the executor does not offer is kept, answered,
// or refused with a sentence.
#include <QtTest>

#include "tests/support/soft_machine.h"
#include "vmm/soft/soft_vcpu.h"
#include "vmm/soft/xsave.h"
#include "vmm/soft/xsave_components.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kAt = SoftMachine::kFree; ///< code
constexpr uint64_t kArea = kAt + 0x1000;     ///< an XSAVE area
constexpr uint64_t kHeader = 512;
constexpr uint32_t kStealTime = 0x4b56'4d03;

/// Takes nothing but what is sent.
class SentApic final : public cpu::LocalApic {
public:
    void attach(cpu::ApicSink&) override {}
    bool pending() override { return false; }
    std::optional<uint8_t> acknowledge() override { return std::nullopt; }
    uint64_t base() const override { return 0; }
    bool setBase(uint64_t) override { return true; }
    uint32_t read(uint32_t) override { return 0; }
    void write(uint32_t, uint32_t) override {}
    std::optional<uint64_t> readMsr(uint32_t) override { return std::nullopt; }
    bool writeMsr(uint32_t, uint64_t) override { return false; }
    void sendTo(uint32_t destination, uint32_t command) override
    {
        sent.emplace_back(destination, command);
    }
    uint8_t taskPriority() const override { return 0; }
    void setTaskPriority(uint8_t) override {}
    void save(cpu::CpuState&) const override {}
    Result<void> load(const cpu::CpuState&) override { return {}; }
    void reset(bool) override {}

    std::vector<std::pair<uint32_t, uint32_t>> sent;
};

/// Ring 0 without paging, on CPU 0 of four.
class Guest : public SoftMachine {
public:
    Guest()
        : vcpu({map, pio, mmio, tsc, *cpu::CpuidModel::find("vitrine-v3"), &apic, nullptr, 0, 4})
    {
        enter(Mode::Flat32);
    }
    void run(Core& runner, std::initializer_list<uint8_t> bytes)
    {
        put(kAt, std::vector<uint8_t>(bytes));
        runner.regs.rip = kAt;
        runner.runOne();
    }
    cpu::CpuState state()
    {
        cpu::CpuState state;
        core.save(state);
        return state;
    }

    SentApic apic;
    SoftVcpu vcpu;
};

/// A component that this host has and the executor does not compute with; 0 if there is none.
unsigned extraComponent()
{
    const uint64_t bits = components::extraUser();
    return bits == 0 ? 0 : static_cast<unsigned>(std::countr_zero(bits));
}

void setBit(std::vector<uint8_t>& area, unsigned number)
{
    uint64_t present = 0;
    std::memcpy(&present, area.data() + kHeader, sizeof present);
    present |= uint64_t{1} << number;
    std::memcpy(area.data() + kHeader, &present, sizeof present);
}

} // namespace

class ForeignTest : public QObject {
    Q_OBJECT
private slots:
    void keepsComponents();
    void savesKeptComponents();
    void supervisorSave();
    void refusesRegistersInUse();
    void refusesModes();
    void laterCpusMayFollow();
    void clearsPreempted();
    void sendsIpis();
    void kicksHaltedCpus();
};

void ForeignTest::keepsComponents()
{
    const unsigned number = extraComponent();
    if (number == 0)
        QSKIP("this host's CPU has no XSAVE component beyond AVX");
    const components::Component part = components::at(number);
    Guest guest;
    cpu::CpuState state = guest.state();
    state.xsave.resize(std::max<size_t>(state.xsave.size(), part.offset + part.size));
    std::fill_n(state.xsave.begin() + part.offset, part.size, uint8_t{0xa5});
    setBit(state.xsave, number);
    QVERIFY(guest.core.load(state).has_value());
    QCOMPARE(componentsInUse(guest.core.regs) >> number & 1, uint64_t{1});
    QCOMPARE(guest.state().xsave, state.xsave);
    setBit(state.xsave, 62); // no host has it
    QVERIFY(!guest.core.load(state).has_value());
    state.xsave.resize(576);
    QVERIFY(!guest.core.load(state).has_value());
}

void ForeignTest::savesKeptComponents()
{
    const unsigned number = extraComponent();
    if (number == 0)
        QSKIP("this host's CPU has no XSAVE component beyond AVX");
    const components::Component part = components::at(number);
    Guest guest;
    ExtraState& extra = guest.core.regs.extra;
    extra.present = uint64_t{1} << number;
    extra.area.assign(part.offset + part.size, 0x5a);
    guest.core.sys.xcr0 = 7 | extra.present;
    guest.core.regs.general[kRax] = 4 | extra.present; // AVX and this one
    guest.core.regs.general[kRdx] = 0;
    guest.core.regs.general[kRdi] = kArea;
    guest.run(guest.core, {0x0f, 0xc7, 0x27}); // XSAVEC [edi]
    QCOMPARE(guest.core.regs.rip, kAt + 3);
    QCOMPARE(guest.read(kArea + kHeader) >> number & 1, uint64_t{1});
    const unsigned compacted = components::offsetOf(number, 4 | extra.present, true);
    QCOMPARE(uint8_t(guest.read(kArea + compacted + part.size - 1)), uint8_t{0x5a});
    guest.run(guest.core, {0x0f, 0xae, 0x27}); // XSAVE [edi]: the standard format has it elsewhere
    QCOMPARE(uint8_t(guest.read(kArea + part.offset + part.size - 1)), uint8_t{0x5a});
    extra.area.assign(extra.area.size(), 0);
    guest.putValue(kArea + kHeader + 8, uint64_t{0});
    guest.run(guest.core, {0x0f, 0xae, 0x2f}); // XRSTOR [edi]
    QCOMPARE(guest.core.regs.rip, kAt + 3);
    QCOMPARE(extra.area[part.offset + part.size - 1], uint8_t{0x5a});
    guest.putValue(kArea + kHeader, uint64_t{0});
    guest.run(guest.core, {0x0f, 0xae, 0x2f});
    QCOMPARE(extra.present, uint64_t{0});
}

void ForeignTest::supervisorSave()
{
    Guest guest;
    Registers& regs = guest.core.regs;
    regs.vector.xmm(3)[5] = 77;
    regs.general[kRax] = 7;
    regs.general[kRdi] = kArea;
    guest.run(guest.core, {0x0f, 0xc7, 0x2f}); // XSAVES [edi]
    QCOMPARE(regs.rip, kAt + 3);
    QCOMPARE(guest.read(kArea + kHeader + 8), uint64_t{7} | uint64_t{1} << 63);
    regs.vector.xmm(3)[5] = 0;
    guest.run(guest.core, {0x0f, 0xc7, 0x1f}); // XRSTORS [edi]
    QCOMPARE(regs.rip, kAt + 3);
    QCOMPARE(regs.vector.xmm(3)[5], uint8_t{77});
    guest.putValue(kArea + kHeader + 8, uint64_t{0}); // not compacted
    guest.run(guest.core, {0x0f, 0xc7, 0x1f});
    QCOMPARE(regs.rip, SoftMachine::kHandlers + 13 * 16);
    guest.enter(Mode::Long);
    guest.mapPage(kAt, kAt, SoftMachine::kUser | SoftMachine::kWritable);
    guest.mapPage(kArea, kArea, SoftMachine::kUser | SoftMachine::kWritable);
    guest.run(guest.core, {0x0f, 0xc7, 0x2f}); // in ring 3
    QCOMPARE(guest.takenEvent()->vector, 13U);
}

void ForeignTest::refusesRegistersInUse()
{
    const unsigned number = extraComponent();
    if (number == 0)
        QSKIP("this host's CPU has no XSAVE component beyond AVX");
    Guest guest;
    cpu::CpuState state = guest.state();
    state.xcr0 = 7 | components::extraUser();
    QVERIFY(guest.vcpu.loadState(state).has_value()); // offered, but not in use
    setBit(state.xsave, number);
    const auto refused = guest.vcpu.loadState(state);
    QVERIFY(!refused.has_value());
    QVERIFY(refused.error().sentence().find("--accel kvm") != std::string::npos);
}

void ForeignTest::refusesModes()
{
    Guest guest;
    for (const unsigned bit : {12U, 13U, 22U, 23U, 24U}) {
        cpu::CpuState state = guest.state();
        state.cr4 |= uint64_t{1} << bit;
        QVERIFY(!guest.vcpu.loadState(state).has_value());
    }
    cpu::CpuState state = guest.state();
    state.efer |= 1 << 12;
    QVERIFY(!guest.vcpu.loadState(state).has_value());
}

void ForeignTest::laterCpusMayFollow()
{
    Guest guest;
    Core& core = guest.vcpu.core();
    cpu::CpuState state = guest.state();
    const auto turnOn = [&](uint64_t components) {
        core.regs.general[kRax] = components;
        core.regs.general[kRcx] = core.regs.general[kRdx] = 0;
        guest.run(core, {0x0f, 0x01, 0xd1}); // XSETBV
        return core.sys.xcr0 == components;
    };
    const uint64_t all = 7 | components::extraUser();
    if (all == 7)
        QSKIP("this host's CPU has no XSAVE component beyond AVX");
    QVERIFY(guest.vcpu.loadState(state).has_value());
    QVERIFY(!core.sys.foreign);
    QVERIFY(!turnOn(all));
    state.msrs.push_back({0x4b56'4d02, 0}); // asynchronous page faults: only KVM has them
    QVERIFY(guest.vcpu.loadState(state).has_value());
    QVERIFY(core.sys.foreign);
    QVERIFY(turnOn(all));
}

void ForeignTest::clearsPreempted()
{
    Guest guest;
    cpu::CpuState state = guest.state();
    guest.putValue(kArea + 16, uint64_t{0x0101});
    state.msrs.push_back({kStealTime, kArea}); // not enabled
    QVERIFY(guest.core.load(state).has_value());
    QCOMPARE(guest.read(kArea + 16), uint64_t{0x0101});
    state.msrs.back().value = kArea | 1;
    QVERIFY(guest.core.load(state).has_value());
    QCOMPARE(guest.read(kArea + 16), uint64_t{0x0100});
    state.msrs.back().value = ~uint64_t{0}; // nowhere: nothing happens
    QVERIFY(guest.core.load(state).has_value());
}

void ForeignTest::sendsIpis()
{
    Guest guest;
    QVERIFY(guest.vcpu.loadState(guest.state()).has_value());
    Core& core = guest.vcpu.core();
    const auto call = [&](uint32_t low, uint32_t high, uint32_t first, uint32_t command) {
        core.regs.general[kRax] = 10;
        core.regs.general[kRbx] = low;
        core.regs.general[kRcx] = high;
        core.regs.general[kRdx] = first;
        core.regs.general[kRsi] = command;
        guest.run(core, {0x0f, 0x01, 0xd9}); // VMMCALL
        return static_cast<int32_t>(core.regs.general[kRax]);
    };
    QCOMPARE(call(0b1011, 0, 1, 0xfd), 2); // the fourth bit is CPU 4: there is none
    const std::vector<std::pair<uint32_t, uint32_t>> expected{{1, 0xfd}, {2, 0xfd}};
    QCOMPARE(guest.apic.sent, expected);
    QCOMPARE(call(1, 0, 0, 0x800), -EINVAL);
    QCOMPARE(call(~0U, ~0U, ~0U, 0xfd), 0);
    QCOMPARE(call(0, ~0U, 0, 0xfd), 0);
    QCOMPARE(guest.apic.sent.size(), size_t{2});
}

void ForeignTest::kicksHaltedCpus()
{
    Guest guest;
    QVERIFY(guest.vcpu.loadState(guest.state()).has_value());
    Core& core = guest.vcpu.core();
    core.regs.general[kRax] = 5;
    core.regs.general[kRbx] = 0;
    core.regs.general[kRcx] = 2;
    guest.run(core, {0x0f, 0x01, 0xc1}); // VMCALL
    const std::vector<std::pair<uint32_t, uint32_t>> expected{{2, 0x300}};
    QCOMPARE(guest.apic.sent, expected);
    QCOMPARE(static_cast<uint32_t>(core.regs.general[kRax]), 0U);

    guest.put(kAt, std::vector<uint8_t>{0xf4, 0x40, 0xf4, 0x40,
                                        0xf4}); // HLT, INC EAX, HLT, INC EAX, HLT; interrupts off
    core.regs.rip = kAt;
    guest.vcpu.unhalt(); // before the first one: it does not wait
    QCOMPARE(core.run(), Outcome::Halted);
    QCOMPARE(core.regs.general[kRax], uint64_t{1});
    guest.vcpu.unhalt(); // while it waits
    QCOMPARE(core.run(), Outcome::Halted);
    QCOMPARE(core.regs.general[kRax], uint64_t{2});
    QCOMPARE(core.run(), Outcome::Halted);
    QCOMPARE(core.regs.general[kRax], uint64_t{2});
}

QTEST_APPLESS_MAIN(ForeignTest)
#include "foreign_test.moc"
