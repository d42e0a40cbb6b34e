// SPDX-License-Identifier: GPL-3.0-or-later
// All controllers together: MSI, saved state, and garbage.
#include <chrono>
#include <thread>

#include <QtTest>

#include "tests/device/vmm/irqchip/rig.h"
#include "tests/support/suites.h"

using namespace vmm;
using tests::IrqchipRig;

namespace {

/// The chips' state as a participant, for the shared suite; one vCPU's part is in `cpu`.
struct Saved final : state::Participant {
    std::string stateName() const override { return "irqchip"; }
    state::Record saveState() const override { return state::save(rig.chip->save()); }
    Result<void> loadState(const state::Record& record) override
    {
        return rig.chip->load(TRY(state::load<cpu::IrqchipState>(record)));
    }
    IrqchipRig rig;
};

void drive(IrqchipRig& rig)
{
    rig.initPics(0x30, 0x70);
    rig.out(0x4d1, 0x0c);
    rig.line(11, true);
    rig.pulse(3);
    rig.pulse(4);
    static_cast<void>(rig.apic().acknowledge());
    rig.out(0x21, 0x01);
    rig.io(0, 0x0300'0000);
    rig.route(20, 0x60 | 1 << 15);
    rig.route(21, 0x61 | 1 << 16);
    rig.line(20, true);
    rig.line(21, true);
    rig.out(0x43, 0x34);
    rig.out(0x40, 0x34);
    rig.out(0x40, 0x12);
    rig.out(0x61, 3);
    rig.out(0x43, 0xb6);
    rig.out(0x42, 0x34);
    rig.board.clock.advance(123'456);
    rig.out(0x43, 0xce);
}

} // namespace

class IrqchipTest : public QObject {
    Q_OBJECT

private slots:
    void messages()
    {
        IrqchipRig rig(2);
        rig.enable(0);
        rig.enable(1);
        const auto vector = std::move(*rig.chip->createMsiVector());
        vector->trigger(); // nothing set yet
        QVERIFY(!rig.apic(0).pending() && !rig.apic(1).pending());
        vector->setMessage({0xfee0'1000, 0x4045});
        vector->trigger();
        QCOMPARE(rig.take(1), 0x45);
        QCOMPARE(rig.take(0), -1);
        rig.eoi(1);
        vector->setMessage({0xfeef'f000, 0x46}); // broadcast
        vector->trigger();
        QCOMPARE(rig.take(0), 0x46);
        QCOMPARE(rig.take(1), 0x46);
        rig.eoi(0);
        rig.eoi(1);
        rig.apic(1).write(IrqchipRig::kLdr, 0x0200'0000);
        vector->setMessage({0xfee0'200c, 0x147}); // logical, any one, lowest priority
        vector->trigger();
        QCOMPARE(rig.take(1), 0x47);
        vector->setMessage({0xfee0'0000, 0x400}); // NMI
        vector->trigger();
        QCOMPARE(rig.sinks[0].nmis, 1);
        vector->setMessage({0x1'fee0'0000, 0x48}); // not the window
        vector->trigger();
        vector->setMessage({0x1000, 0x48});
        vector->trigger();
        QCOMPARE(rig.take(0), -1);
    }

    void messagesByDescriptor()
    {
        auto loop = std::move(*EventLoop::create("irqchip test"));
        IrqchipRig rig(1, loop.get());
        rig.enable();
        {
            const auto vector = std::move(*rig.chip->createMsiVector());
            vector->setMessage({0xfee0'0000, 0x45});
            vector->eventFd().signal();
            QTRY_VERIFY(rig.apic().pending());
            QCOMPARE(rig.take(), 0x45);
            vector->eventFd().signal();
        }
        rig.eoi();
    }

    void interruptsFromManyThreads()
    {
        IrqchipRig rig(2);
        rig.enable(0);
        rig.enable(1);
        rig.route(20, 0x60 | 1 << 15);
        rig.route(5, uint64_t{1} << 56 | 0x51);
        std::atomic<bool> stop{false};
        std::thread device([&] {
            for (int i = 0; i < 20000; ++i) {
                rig.line(20, true);
                rig.pulse(5);
                rig.line(20, false);
            }
            stop = true;
        });
        std::thread second([&] {
            while (!stop) {
                if (rig.take(1) > 0)
                    rig.eoi(1);
                rig.apic(1).write(IrqchipRig::kIcr, 0x40); // to CPU 0
            }
        });
        while (!stop)
            if (rig.take(0) > 0)
                rig.eoi(0);
        device.join();
        second.join();
        while (rig.take(0) > 0)
            rig.eoi(0);
        QCOMPARE(rig.entry(20), uint64_t{0x60 | 1 << 15});
        rig.line(20, true);
        QCOMPARE(rig.take(0), 0x60);
    }

    void state()
    {
        Saved saved;
        drive(saved.rig);
        tests::deviceStateSuite(saved, [] { return std::make_unique<Saved>(); });
    }

    void resumesMidInterrupt()
    {
        IrqchipRig rig(2);
        rig.enable();
        drive(rig);
        QCOMPARE(rig.entry(20) & 1 << 14, uint64_t{1 << 14});
        cpu::CpuState first, second;
        rig.apic(0).save(first);
        rig.apic(1).save(second);
        IrqchipRig other(2);
        QVERIFY(other.chip->load(rig.chip->save()).has_value());
        QVERIFY(other.apic(0).load(first).has_value());
        QVERIFY(other.apic(1).load(second).has_value());
        QVERIFY(encode(state::save(other.chip->save())) == encode(state::save(rig.chip->save())));
        cpu::CpuState again;
        other.apic(0).save(again);
        QVERIFY(encode(state::save(again)) == encode(state::save(first)));
        // The PICs wait for the end of IRQ 11.
        QCOMPARE(other.take(), 0x60);
        other.eoi();
        QCOMPARE(other.take(), 0x60); // the line is still high
    }

    void undeliveredInterruptGoesOutAfterLoad()
    {
        IrqchipRig rig(2);
        cpu::IrqchipState state = rig.chip->save();
        state.ioapic.irr = 1 << 20 | 1 << 21;
        state.ioapic.redirection[20] = uint64_t{1} << 56 | 0x60 | 1 << 15;
        state.ioapic.redirection[21] = uint64_t{1} << 56 | 0x71;
        rig.enable(0);
        rig.enable(1);
        cpu::CpuState first, second;
        rig.apic(0).save(first);
        rig.apic(1).save(second);
        QVERIFY(rig.chip->load(state).has_value());
        QVERIFY(rig.apic(0).load(first).has_value());
        QVERIFY(rig.apic(1).load(second).has_value());
        QCOMPARE(rig.take(1), 0x71);
        rig.eoi(1);
        QCOMPARE(rig.take(1), 0x60);
    }

    void impossibleStatesAreRefused()
    {
        using Change = std::function<void(cpu::IrqchipState&)>;
        const std::vector<Change> changes = {
            [](auto& s) { s.pics[0].priorityAdd = 8; }, [](auto& s) { s.pics[1].initState = 4; },
            [](auto& s) { s.pics[1].elcr = 1; },        [](auto& s) { s.pics[0].elcrMask = 0xff; },
            [](auto& s) { s.pics[0].irqBase = 0x21; },  [](auto& s) { s.ioapic.base = 0; },
            [](auto& s) { s.ioapic.irr = 1 << 24; },    [](auto& s) { s.ioapic.id = 16; },
            [](auto& s) { s.ioapic.ioregsel = 256; },   [](auto& s) { s.pit[0].count = 0x10001; },
            [](auto& s) { s.pit[1].mode = 8; },         [](auto& s) { s.pit[2].elapsedNs = -1; },
            [](auto& s) { s.pit[2].readState = 5; },
        };
        IrqchipRig rig;
        drive(rig);
        const cpu::IrqchipState good = rig.chip->save();
        for (const Change& change : changes) {
            cpu::IrqchipState bad = good;
            change(bad);
            QVERIFY(!rig.chip->load(bad).has_value());
            QVERIFY(encode(state::save(rig.chip->save())) == encode(state::save(good)));
        }
        cpu::CpuState cpu;
        rig.apic().save(cpu);
        cpu.apicBase = 0xfee0'0400;
        QVERIFY(!rig.apic().load(cpu).has_value());
    }

    void anyPageAndTimesLoad()
    {
        IrqchipRig rig;
        std::mt19937_64 random(7);
        for (int round = 0; round < 2000; ++round) {
            cpu::CpuState cpu;
            rig.apic().save(cpu);
            cpu.apicBase = 0xfee0'0800 | (round % 2 != 0 ? 0x400U : 0U);
            for (auto& byte : cpu.lapic)
                byte = static_cast<uint8_t>(random());
            cpu.msrs = {{0x6e0, random()}};
            QVERIFY(rig.apic().load(cpu).has_value());
            cpu::IrqchipState state = rig.chip->save();
            for (auto& counter : state.pit) {
                counter.count = static_cast<uint32_t>(random() % 0x10001);
                counter.mode = random() % 8;
                counter.bcd = random() % 2;
                counter.gate = random() % 2;
                counter.elapsedNs = static_cast<int64_t>(random() >> 1);
            }
            for (auto& entry : state.ioapic.redirection)
                entry = random();
            state.ioapic.irr = random() & 0xff'ffff;
            QVERIFY(rig.chip->load(state).has_value());
            QVERIFY(rig.apic().load(cpu).has_value());
            rig.board.clock.advance(random() % 1'000'000);
            for (unsigned port = 0x40; port < 0x44; ++port)
                static_cast<void>(rig.in(port));
            static_cast<void>(rig.in(0x61));
            static_cast<void>(rig.take());
            rig.eoi();
            cpu::CpuState first, second;
            rig.apic().save(first);
            QVERIFY(rig.apic().load(first).has_value());
            rig.apic().save(second);
            QVERIFY(encode(state::save(first)) == encode(state::save(second)));
        }
    }

    void anyPortAccess()
    {
        IrqchipRig rig;
        std::mt19937 random(5);
        constexpr std::array<unsigned, 11> kPorts = {0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1,
                                                     0x40, 0x41, 0x42, 0x43, 0x61};
        for (int i = 0; i < 50000; ++i) {
            const unsigned port = kPorts[random() % kPorts.size()];
            if (random() % 2 == 0)
                rig.out(port, random() & 0xff);
            else
                static_cast<void>(rig.in(port));
            if (random() % 4 == 0)
                rig.line(static_cast<unsigned>(random() % 26), random() % 2 == 0);
            if (random() % 8 == 0)
                static_cast<void>(rig.apic().acknowledge());
            rig.board.clock.advance(random() % 5000);
        }
        tests::IrqchipRig io(2);
        for (int i = 0; i < 50000; ++i) {
            io.board.mmio.write(memory::GuestPhys(0xfec0'0000 + random() % 0x100), random(),
                                1U << random() % 4);
            io.io(static_cast<uint32_t>(0x10 + random() % 48), static_cast<uint32_t>(random()));
            io.line(static_cast<unsigned>(random() % 26), random() % 2 == 0);
        }
        QVERIFY(io.chip->load(io.chip->save()).has_value());
        QVERIFY(rig.chip->load(rig.chip->save()).has_value());
    }

    void resetIsPowerOn()
    {
        IrqchipRig rig;
        IrqchipRig fresh;
        drive(rig);
        rig.chip->reset();
        fresh.board.clock.advance(rig.board.clock.nowNs());
        fresh.chip->reset();
        QVERIFY(encode(state::save(rig.chip->save())) == encode(state::save(fresh.chip->save())));
        QVERIFY(!rig.apic().pending());
    }

    void limits()
    {
        tests::FakeBoard board;
        tests::FakeTsc tsc(board.clock);
        const auto make = [&](unsigned cpus) {
            return irqchip::Irqchip::create({cpus, board.pio, board.mmio, board.clock, tsc});
        };
        QVERIFY(!make(0).has_value());
        QVERIFY(!make(256).has_value());
        const auto one = make(255);
        QVERIFY(one.has_value());
        QVERIFY(!make(1).has_value()); // its ports are taken
    }
};

QTEST_GUILESS_MAIN(IrqchipTest)
#include "irqchip_test.moc"
