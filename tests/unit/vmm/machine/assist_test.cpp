// SPDX-License-Identifier: GPL-3.0-or-later
// The instruction assist without KVM: what comes in as a vCPU's state goes out as the state behind
// one instruction, or inside the handler of what came before it.
#include <QtTest>

#include "vmm/machine/assist.h"

using namespace vmm;
using cpu::CpuState;

namespace {

constexpr uint64_t kMemory = 1 << 20;
constexpr uint64_t kCode = 0x4000, kHandlers = 0x3000, kGdt = 0x1000, kIdt = 0x2000;
constexpr uint64_t kStackBase = 0x2'0000; // of the stack segment in protected mode
constexpr uint64_t kStack = 0x8000;
constexpr uint64_t kCarry = 1, kInterruptFlag = 1 << 9;

/// Takes every range and knows nothing of it.
class NoSink final : public memory::MapSink {
public:
    Result<void> addRange(const memory::MapRange&) override { return {}; }
    Result<void> removeRange(const memory::MapRange&) override { return {}; }
    Result<std::vector<uint64_t>> takeDirty(const memory::MapRange&) override
    {
        return std::vector<uint64_t>{};
    }
};

/// One megabyte with an assist and the state of a vCPU, in real mode or in 32-bit protected mode
/// with a stack segment that does not begin at 0. Vector n's handler is at kHandlers + n.
class Fixture {
public:
    explicit Fixture(bool protectedMode) : memory(kMemory + 4096), assist(1, m_pio, m_mmio)
    {
        const auto begin = reinterpret_cast<uintptr_t>(memory.data());
        ram = memory.data() + (4096 - begin % 4096) % 4096;
        assist.passTo(m_sink);
        QVERIFY(assist.addRange({memory::GuestPhys(0), kMemory, ram}).has_value());
        for (uint32_t vector = 0; vector < 64; ++vector)
            protectedMode ? put<uint64_t>(kIdt + vector * 8, 0x8e00'0008'0000 + kHandlers + vector)
                          : put<uint32_t>(vector * 4, kHandlers + vector);
        state.rip = kCode;
        state.general[CpuState::Rsp] = kStack;
        state.xsave.resize(4096);
        state.idt = {0, 64 * 4 - 1};
        for (cpu::Segment& segment : state.segments)
            segment = data(protectedMode ? 0x10 : 0, 0);
        state.segments[CpuState::Cs].type = 0xb;
        state.segments[CpuState::Ldtr].unusable = true;
        if (protectedMode)
            enterProtectedMode();
    }
    template <class T>
    void put(uint64_t at, T value)
    {
        std::memcpy(ram + at, &value, sizeof value);
    }
    template <class T>
    T get(uint64_t at) const
    {
        T value;
        std::memcpy(&value, ram + at, sizeof value);
        return value;
    }
    Result<cpu::Assisted> run(std::initializer_list<uint8_t> code)
    {
        std::copy(code.begin(), code.end(), reinterpret_cast<uint8_t*>(ram) + kCode);
        return assist.runOne(0, state);
    }
    CpuState state;

private:
    static cpu::Segment data(uint16_t selector, uint64_t base)
    {
        cpu::Segment segment;
        segment.selector = selector;
        segment.base = base;
        segment.limit = selector == 0 ? 0xffff : 0xffff'ffff;
        segment.type = 3;
        segment.present = segment.s = true;
        segment.db = segment.g = selector != 0;
        return segment;
    }
    void enterProtectedMode()
    {
        put<uint64_t>(kGdt + 8, 0x00cf'9b00'0000'ffff);
        put<uint64_t>(kGdt + 16, 0x00cf'9300'0000'ffff);
        state.cr0 = 0x11;
        state.gdt = {kGdt, 0x1f};
        state.idt = {kIdt, 64 * 8 - 1};
        state.segments[CpuState::Cs].selector = 8;
        state.segments[CpuState::Ss] = data(0x18, kStackBase);
    }

    bus::PioBus m_pio;
    bus::MmioBus m_mmio;
    NoSink m_sink;

public:
    std::vector<std::byte> memory;
    std::byte* ram = nullptr;
    machine::Assist assist;
};

} // namespace

class AssistTest : public QObject {
    Q_OBJECT
private slots:
    void onlyOneInstructionRuns()
    {
        Fixture f(false);
        f.state.rflags = 2 | kCarry;
        QVERIFY(f.run({0xf5, 0xf9}).has_value()); // cmc; stc
        QCOMPARE(f.state.rip, kCode + 1);
        QCOMPARE(f.state.rflags & kCarry, uint64_t{0});
    }
    void memoryIsWhatItIsNow()
    {
        Fixture f(false);
        QVERIFY(f.run({0xf9}).has_value()); // stc
        f.state.rip = kCode;
        QVERIFY(f.run({0xf8}).has_value()); // clc: KVM's guest wrote it meanwhile
        QCOMPARE(f.state.rflags & kCarry, uint64_t{0});
    }
    /// KVM does not know this one in protected mode. The frame lies where the stack segment is.
    void returnsFromInterruptsInASegmentWithABase()
    {
        Fixture f(true);
        f.put<uint32_t>(kStackBase + kStack, 0x5678);
        f.put<uint32_t>(kStackBase + kStack + 4, 8);
        f.put<uint32_t>(kStackBase + kStack + 8, 2 | kInterruptFlag);
        QVERIFY(f.run({0xcf}).has_value()); // iret
        QCOMPARE(f.state.rip, uint64_t{0x5678});
        QCOMPARE(f.state.rflags, 2 | kInterruptFlag);
        QCOMPARE(f.state.general[CpuState::Rsp], kStack + 12);
        QCOMPARE(f.state.segments[CpuState::Ss].base, kStackBase);
    }
    void instructionsMayRaise()
    {
        Fixture f(true);
        QVERIFY(f.run({0x0f, 0x0b}).has_value()); // ud2
        QCOMPARE(f.state.rip, kHandlers + 6);
        QCOMPARE(uint64_t{f.get<uint32_t>(kStackBase + kStack - 12)}, kCode);
        QVERIFY(!f.state.events.exceptionInjected);
    }
    void whatWaitsComesBeforeTheInstruction_data()
    {
        QTest::addColumn<unsigned>("vector");
        QTest::newRow("exception") << 4U;
        QTest::newRow("interrupt") << 0x21U;
        QTest::newRow("NMI") << 2U;
    }
    void whatWaitsComesBeforeTheInstruction()
    {
        QFETCH(const unsigned, vector);
        for (const bool protectedMode : {false, true}) {
            Fixture f(protectedMode);
            f.state.rflags = 2 | kInterruptFlag;
            cpu::PendingEvents& events = f.state.events;
            events.exceptionInjected = vector == 4;
            events.exceptionVector = 4;
            events.interruptInjected = vector == 0x21;
            events.interruptVector = 0x21;
            events.nmiInjected = events.nmiMasked = vector == 2;
            QVERIFY(f.run({0xf9}).has_value()); // stc
            QCOMPARE(f.state.rip, kHandlers + vector);
            const uint64_t size = protectedMode ? 4 : 2;
            const uint64_t top = (protectedMode ? kStackBase : 0) + kStack;
            QCOMPARE(f.state.general[CpuState::Rsp], kStack - 3 * size);
            QCOMPARE(uint64_t{f.get<uint16_t>(top - 3 * size)}, kCode);
            QCOMPARE(uint64_t{f.get<uint16_t>(top - size)}, 2 | kInterruptFlag); // no carry: no stc
            QVERIFY(!events.exceptionInjected && !events.interruptInjected);
            QVERIFY(!events.nmiInjected && !events.nmiPending);
            QCOMPARE(events.nmiMasked, vector == 2);
        }
    }
    void anotherNmiKeepsWaiting()
    {
        Fixture f(true);
        f.state.events.nmiInjected = f.state.events.nmiMasked = f.state.events.nmiPending = true;
        QVERIFY(f.run({0xf9}).has_value());
        QCOMPARE(f.state.rip, kHandlers + 2);
        QVERIFY(f.state.events.nmiPending && f.state.events.nmiMasked);
    }
    void tripleFaultsAreTold()
    {
        Fixture f(true);
        f.state.idt.limit = 0;
        const auto result = f.run({0x0f, 0x0b}); // ud2
        QVERIFY(result.has_value() && *result == cpu::Assisted::TripleFault);
        QCOMPARE(f.state.rip, kCode);
    }
};

QTEST_GUILESS_MAIN(AssistTest)
#include "assist_test.moc"
