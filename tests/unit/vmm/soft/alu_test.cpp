// SPDX-License-Identifier: GPL-3.0-or-later
// What the comparison with the host CPU cannot reach in general-purpose instructions: 16-bit
// addresses, and operands across pages.
#include <QtTest>
#include <cstring>
#include <sys/mman.h>

#include "tests/support/soft_machine.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kCode = 0x40'0000, kData = 0x50'0000; // linear, with paging
constexpr uint64_t kCodeAt = SoftMachine::kFree, kDataAt = SoftMachine::kFree + 0x1000;

/// In real mode the code is at CS:0 and the data segment starts at physical kDataAt.
class AluMachine : public SoftMachine {
public:
    explicit AluMachine(Mode mode) : m_real(mode == Mode::Real)
    {
        mapPage(kCode, kCodeAt, kUser | kWritable);
        // The data's second page lies before its first.
        mapPage(kData, kDataAt + 0x1000, kUser | kWritable);
        mapPage(kData + 0x1000, kDataAt, kUser | kWritable);
        enter(mode);
        if (m_real) {
            core.regs.segment[vmm::soft::kCs].base = kCodeAt;
            core.regs.segment[vmm::soft::kDs].base = kDataAt;
        }
    }
    void execute(std::initializer_list<uint8_t> bytes)
    {
        put(kCodeAt, std::vector<uint8_t>(bytes));
        core.regs.rip = m_real ? 0 : kCode;
        core.runOne();
    }
    uint64_t& reg(Gpr name) { return core.regs.general[name]; }

private:
    bool m_real;
};

} // namespace

class AluTest : public QObject {
    Q_OBJECT

private slots:
    /// As the assist does it: nobody tells the executor that the map changed meanwhile.
    void loadedStateSeesTodaysMap()
    {
        constexpr uint64_t kAt = 4 << 20;
        SoftMachine machine;
        const auto page = [](uint8_t fill) {
            auto memory =
                MappedRegion::map(-1, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
            std::memset(memory->data(), fill, 4096);
            return std::move(*memory);
        };
        const auto before = page(0x11);
        const auto after = page(0x22);
        memory::MapRange range{memory::GuestPhys(kAt), 4096, before.data()};
        QVERIFY(machine.map.addRange(range));
        machine.enter(Mode::Flat32);
        uint8_t value = 0;
        QVERIFY(machine.core.loadLinear(kAt, value));
        QCOMPARE(value, uint8_t{0x11});
        cpu::CpuState state;
        machine.core.save(state);
        QVERIFY(machine.map.removeRange(range));
        range.host = after.data();
        QVERIFY(machine.map.addRange(range));
        QVERIFY(machine.core.load(state));
        QVERIFY(machine.core.loadLinear(kAt, value));
        QCOMPARE(value, uint8_t{0x22});
    }

    /// A write after the log was taken, through a translation from before, is in the next log.
    void writesBehindTheLogAreNotLost()
    {
        constexpr uint64_t kAt = 4 << 20;
        SoftMachine machine;
        auto memory =
            MappedRegion::map(-1, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
        const memory::MapRange range{memory::GuestPhys(kAt), 4096, memory->data(),
                                     memory::MapAccess::ReadWrite, memory::MapDirtyLog::On};
        QVERIFY(machine.map.addRange(range));
        machine.enter(Mode::Flat32);
        const auto logged = [&] { return (*machine.map.takeDirty(range))[0]; };
        QVERIFY(machine.core.storeLinear(kAt, uint32_t{1}));
        QCOMPARE(logged(), uint64_t{1});
        QVERIFY(machine.core.storeLinear(kAt, uint32_t{2}));
        cpu::CpuState state;
        machine.core.save(state);
        QVERIFY(machine.core.load(state)); // forgets translations, as a change of the map does
        QCOMPARE(logged(), uint64_t{1});
        QCOMPARE(logged(), uint64_t{0});
    }

    void leaWrapsAt64K()
    {
        AluMachine machine(Mode::Real);
        machine.reg(kRax) = 0x1234'5678;
        machine.execute({0x8d, 0x40, 0xff}); // lea ax, [bx+si-1]
        QCOMPARE(machine.reg(kRax), uint64_t{0x1234'ffff});
    }

    void xlatWrapsAt64K()
    {
        AluMachine machine(Mode::Real);
        machine.putValue<uint8_t>(kDataAt + 0x10, 0x5a);
        machine.reg(kRbx) = 0xfff0;
        machine.reg(kRax) = 0x20;
        machine.execute({0xd7});
        QCOMPARE(machine.reg(kRax), uint64_t{0x5a});
    }

    void bitStringReachesBelowItsStart()
    {
        AluMachine machine(Mode::Real);
        machine.reg(kRbx) = 0x10;
        machine.reg(kRax) = 0xffff;
        machine.execute({0x0f, 0xab, 0x07}); // bts [bx], ax
        QCOMPARE(machine.read(kDataAt + 0xe) & 0xffff, uint64_t{0x8000});
        QVERIFY(!machine.core.regs.flags.cf());
        machine.execute({0x0f, 0xb3, 0x07}); // btr [bx], ax
        QCOMPARE(machine.read(kDataAt + 0xe) & 0xffff, uint64_t{0});
        QVERIFY(machine.core.regs.flags.cf());
    }

    void lockedChangeAcrossPages()
    {
        AluMachine machine(Mode::Long);
        const uint64_t last = kDataAt + 0x1000 + 0xffe; // of the first page
        machine.putValue<uint16_t>(last, 0xffff);
        machine.reg(kRax) = kData + 0xffe;
        machine.execute({0xf0, 0xff, 0x00}); // lock inc dword [rax]
        QCOMPARE(machine.read(last) & 0xffff, uint64_t{0});
        QCOMPARE(machine.read(kDataAt) & 0xffff, uint64_t{1});
    }
};

QTEST_GUILESS_MAIN(AluTest)
#include "alu_test.moc"
