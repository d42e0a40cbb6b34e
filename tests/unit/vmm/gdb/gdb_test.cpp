// SPDX-License-Identifier: GPL-3.0-or-later
// The GDB protocol: packets, what the server answers, addresses, page tables, and break- and
// watchpoints of the software vCPU.
#include <QtTest>

#include "tests/support/fake_debuggee.h"
#include "tests/support/soft_machine.h"
#include "vmm/gdb/address.h"
#include "vmm/gdb/page_walk.h"
#include "vmm/gdb/registers.h"
#include "vmm/gdb/server.h"
#include "vmm/soft/soft_vcpu.h"

using namespace vmm;
using namespace vmm::gdb;
using HitKind = cpu::DebugHit::Kind;

namespace {

/// A session whose acknowledgements are off, and the text inside its answers.
struct Session {
    tests::FakeDebuggee machine;
    Server server{machine};

    Session() { ask("QStartNoAckMode"); }
    std::string ask(std::string_view packet) { return inside(server.receive(packetOf(packet))); }
    static std::string inside(std::string_view answer)
    {
        const size_t start = answer.find('$');
        return start == std::string_view::npos
                   ? std::string()
                   : std::string(answer.substr(start + 1, answer.rfind('#') - start - 1));
    }
};

/// What the reader makes of a stream, one letter an event.
std::string eventsOf(std::string_view stream, std::string* payload = nullptr)
{
    PacketReader reader;
    std::string events;
    for (const char byte : stream)
        if (const auto kind = reader.take(byte)) {
            events += *kind == PacketReader::Kind::Packet      ? 'P'
                      : *kind == PacketReader::Kind::Broken    ? 'B'
                      : *kind == PacketReader::Kind::Interrupt ? 'I'
                                                               : 'R';
            if (payload != nullptr)
                *payload = reader.payload();
        }
    return events;
}

constexpr uint64_t kCode = tests::SoftMachine::kFree;
constexpr uint64_t kData = kCode + 0x4000;

/// A flat 32-bit program: five INC EAX, MOV [kData], EAX, NOP, MOV EBX, [kData], HLT.
struct Program : tests::SoftMachine {
    Program()
    {
        enter(Mode::Flat32);
        put(kCode, std::array<uint8_t, 18>{0x40, 0x40, 0x40, 0x40, 0x40, 0xa3, 0x00, 0x40, 0x10,
                                           0x00, 0x90, 0x8b, 0x1d, 0x00, 0x40, 0x10, 0x00, 0xf4});
        core.regs.rip = kCode;
        core.regs.general[soft::kRax] = 0;
        core.modeChanged();
    }
};

} // namespace

class GdbTest : public QObject {
    Q_OBJECT
private slots:
    void cutsPackets()
    {
        std::string payload;
        QCOMPARE(eventsOf("+$qC#b4", &payload), std::string("P"));
        QCOMPARE(payload, std::string("qC"));
        QCOMPARE(eventsOf("$qC#b5-\x03"), std::string("BRI"));
        QCOMPARE(eventsOf("$xx$qC#b4", &payload), std::string("P"));
        QCOMPARE(payload, std::string("qC"));
        const std::string odd = "a}b#c$d*";
        QCOMPARE(eventsOf(packetOf(odd), &payload), std::string("P"));
        QCOMPARE(payload, odd);
        QCOMPARE(eventsOf(packetOf(std::string(kMaxPayload, 'm'))), std::string("P"));
        QCOMPARE(eventsOf(packetOf(std::string(kMaxPayload + 1, 'm'))), std::string("B"));
    }

    void acknowledges()
    {
        tests::FakeDebuggee machine;
        Server server(machine);
        const std::string answer = server.receive("$qC#b4");
        QCOMPARE(answer, "+" + packetOf("QC1"));
        QCOMPARE(server.receive("-"), packetOf("QC1"));
        QCOMPARE(server.receive("$qC#00"), std::string("-"));
    }

    void registers()
    {
        Session session;
        session.machine.states[1].general[cpu::CpuState::Rbx] = 0x1122'3344'5566'7788;
        QCOMPARE(session.ask("Hg2"), std::string("OK"));
        QCOMPARE(session.ask("p1"), std::string("8877665544332211"));
        QCOMPARE(session.ask("P1=0100000000000000"), std::string("OK"));
        QCOMPARE(session.machine.states[1].general[cpu::CpuState::Rbx], uint64_t{1});
        const std::string all = session.ask("g");
        QCOMPARE(session.ask("G" + all), std::string("OK"));
        QCOMPARE(session.ask("g"), all);
        QCOMPARE(session.ask("Hg3"), std::string("E03"));
        QCOMPARE(session.ask("pfff"), std::string("E16"));
        QVERIFY(targetXml().find("name=\"fs_base\"") != std::string::npos);
        // Real mode: the base follows the selector.
        size_t cs = 0;
        for (; readRegister(session.machine.states[1], cs).size() == 8;)
            ++cs;
        cpu::CpuState state = session.machine.states[0];
        const std::array<std::byte, 4> selector{std::byte{0x34}, std::byte{0x12}};
        QVERIFY(writeRegister(state, cs + 1, selector));
        QCOMPARE(state.segments[cpu::CpuState::Cs].base, uint64_t{0x12340});
    }

    void memory()
    {
        Session session;
        QCOMPARE(session.ask("M1000,2:abcd"), std::string("OK"));
        QCOMPARE(session.ask("m1000,3"), std::string("abcd00"));
        QCOMPARE(session.ask("X1000,2:}\x03"), std::string("OK")); // packetOf() escapes the brace
        QCOMPARE(session.ask("mfffe,4"), std::string("0000"));
        QCOMPARE(session.ask("m20000,1"), std::string("E0e"));
        QCOMPARE(session.ask("mx"), std::string("E16"));
    }

    void addressModes()
    {
        Session session;
        auto& state = session.machine.states[0];
        state.cr0 = 0x8000'0001;
        state.cr3 = 0x1000;
        session.machine.memory[0x1000] = std::byte{0x03}; // page table at 0x2000
        session.machine.memory[0x1001] = std::byte{0x20};
        session.machine.memory[0x200c] = std::byte{0x01}; // 0x3000 lies at 0x5000
        session.machine.memory[0x200d] = std::byte{0x50};
        session.machine.memory[0x5004] = std::byte{0x77};
        QCOMPARE(session.ask("m3004,1"), std::string("77"));
        QCOMPARE(session.ask("m5004,1"), std::string("E0e"));
        QCOMPARE(session.ask("Qqemu.PhyMemMode:1"), std::string("OK"));
        QCOMPARE(session.ask("m5004,1"), std::string("77"));
        QCOMPARE(session.ask("qqemu.PhyMemMode"), std::string("1"));
    }

    void runsAndStops()
    {
        Session session;
        QCOMPARE(session.ask("Z0,7c00,1"), std::string("OK"));
        QCOMPARE(session.ask("Z2,100,4"), std::string("OK"));
        QCOMPARE(session.ask("vCont;s:1;c"), std::string());
        QVERIFY(session.machine.requests[0].singleStep && !session.machine.requests[1].singleStep);
        QCOMPARE(session.machine.runs, (std::vector<bool>{true, true}));
        QCOMPARE(session.ask("g"), std::string("E16"));
        QCOMPARE(Session::inside(session.server.stopped(1, {HitKind::Watchpoint, 0x100})),
                 std::string("T05thread:2;watch:100;"));
        QCOMPARE(session.ask("vCont;s:2"), std::string());
        QCOMPARE(session.machine.runs, (std::vector<bool>{false, true}));
        QCOMPARE(Session::inside(session.server.receive("\x03")), std::string("T02thread:2;"));
        QVERIFY(!session.machine.running);
        session.machine.mostBreakpoints = 1;
        QCOMPARE(session.ask("Z0,7c01,1"), std::string("E1c"));
        QCOMPARE(session.machine.requests[0].breakpoints, std::vector<uint64_t>{0x7c00});
        QCOMPARE(session.ask("D"), std::string("OK"));
        QVERIFY(session.machine.running && session.machine.requests[0].breakpoints.empty());
    }

    void refusesOtherHosts()
    {
        QCOMPARE(parseAddress("tcp::1234")->port, uint16_t{1234});
        QCOMPARE(parseAddress("tcp:127.0.0.1:99")->port, uint16_t{99});
        QCOMPARE(parseAddress("unix:/x/y")->path, std::string("/x/y"));
        for (const char* wrong :
             {"tcp:0.0.0.0:1", "tcp::", "tcp::0", "tcp::65536", "1234", "unix:"})
            QVERIFY(!parseAddress(wrong).has_value());
    }

    void softBreakpoints()
    {
        Program program;
        soft::Core& core = program.core;
        QVERIFY(core.runOne() == soft::Outcome::Kicked); // decoded without breakpoints
        core.regs.rip = kCode;
        core.setDebug({false, false, {kCode + 2, kCode + 3}, {}});
        QVERIFY(core.run() == soft::Outcome::Debug);
        QCOMPARE(core.regs.rip, kCode + 2);
        QVERIFY(core.debugHit().kind == HitKind::Breakpoint);
        QCOMPARE(core.debugHit().address, kCode + 2);
        QVERIFY(core.run() == soft::Outcome::Debug); // not passed: hit again
        QCOMPARE(core.regs.rip, kCode + 2);
        core.setDebug({false, true, {kCode + 2, kCode + 3}, {}});
        QVERIFY(core.run() == soft::Outcome::Debug);
        QCOMPARE(core.regs.rip, kCode + 3);
        QVERIFY(core.runSingle() == soft::Outcome::Debug);
        QVERIFY(core.debugHit().kind == HitKind::Step);
        QCOMPARE(core.regs.rip, kCode + 4);
        core.setDebug({});
        QVERIFY(core.run() == soft::Outcome::Halted);
        QCOMPARE(core.regs.general[soft::kRax], uint64_t{6}); // once more at the beginning
    }

    void softWatchpoints()
    {
        Program program;
        soft::Core& core = program.core;
        core.setDebug({false, false, {}, {{kData + 2, 1, false, true}}});
        QVERIFY(core.run() == soft::Outcome::Debug);
        QVERIFY(core.debugHit().kind == HitKind::Watchpoint);
        QCOMPARE(core.regs.rip, kCode + 10); // a trap: the store is done
        QCOMPARE(program.read(kData), uint64_t{5});
        core.setDebug({false, false, {}, {{kData, 4, true, false}}});
        QVERIFY(core.run() == soft::Outcome::Debug);
        QCOMPARE(core.regs.rip, kCode + 17);
        QCOMPARE(core.regs.general[soft::kRbx], uint64_t{5});
        QVERIFY(core.run() == soft::Outcome::Halted);
    }
};

QTEST_APPLESS_MAIN(GdbTest)
#include "gdb_test.moc"
