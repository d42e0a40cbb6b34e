// SPDX-License-Identifier: GPL-3.0-or-later
// The local APIC as operating systems drive it. SDM volume 3 chapter 11.
#include <QtTest>

#include "tests/device/vmm/irqchip/rig.h"

using tests::IrqchipRig;

namespace {

void icr(IrqchipRig& rig, unsigned cpu, uint32_t high, uint32_t low)
{
    rig.apic(cpu).write(IrqchipRig::kIcr2, high);
    rig.apic(cpu).write(IrqchipRig::kIcr, low);
}

constexpr uint32_t kSelf = 1 << 18, kAll = 2 << 18, kOthers = 3 << 18, kLogical = 1 << 11;

} // namespace

class LocalApicTest : public QObject {
    Q_OBJECT

private slots:
    void powerOn()
    {
        IrqchipRig rig(2);
        QCOMPARE(rig.apic(0).base(), uint64_t{0xfee0'0900});
        QCOMPARE(rig.apic(1).base(), uint64_t{0xfee0'0800});
        QCOMPARE(rig.apic(1).read(0x20), 0x0100'0000U);
        QCOMPARE(rig.apic(0).read(0x30), 0x50014U);
        QCOMPARE(rig.apic(0).read(IrqchipRig::kSvr), 0xffU);
        QCOMPARE(rig.apic(0).read(IrqchipRig::kDfr), 0xffff'ffffU);
        QCOMPARE(rig.apic(1).read(IrqchipRig::kLvt0), 0x10000U);
        rig.apic(1).write(IrqchipRig::kLvtTimer, 0x40); // stays masked while disabled
        QCOMPARE(rig.apic(1).read(IrqchipRig::kLvtTimer), 0x10040U);
        icr(rig, 0, 0, kSelf | 0x40);
        QVERIFY(!rig.apic(0).pending());
    }

    void priorities()
    {
        IrqchipRig rig;
        rig.enable();
        icr(rig, 0, 0, kSelf | 0x41);
        icr(rig, 0, 0, kSelf | 0x52);
        icr(rig, 0, 0, kSelf | 0x55);
        QCOMPARE(rig.take(), 0x55);
        QCOMPARE(rig.apic().read(0xa0), 0x50U);
        QCOMPARE(rig.take(), -1); // same class
        icr(rig, 0, 0, kSelf | 0x61);
        QCOMPARE(rig.take(), 0x61);
        QCOMPARE(rig.apic().read(0x120), 1U << 0x15);
        rig.eoi();
        rig.eoi();
        QCOMPARE(rig.take(), 0x52);
        rig.eoi();
        QCOMPARE(rig.take(), 0x41);
        rig.eoi();
        rig.eoi(); // one too many
        QCOMPARE(rig.apic().read(0xa0), 0U);
    }

    void taskPriority()
    {
        IrqchipRig rig;
        rig.enable();
        rig.apic().setTaskPriority(5);
        QCOMPARE(rig.apic().read(IrqchipRig::kTpr), 0x50U);
        icr(rig, 0, 0, kSelf | 0x5f);
        QVERIFY(!rig.apic().pending());
        const int before = rig.sinks[0].interrupts;
        rig.apic().write(IrqchipRig::kTpr, 0x4f);
        QCOMPARE(rig.apic().taskPriority(), uint8_t{4});
        QVERIFY(rig.sinks[0].interrupts > before);
        QCOMPARE(rig.take(), 0x5f);
        QVERIFY(rig.apic().setBase(0xfee0'0100)); // CR8 works without an APIC too
        rig.apic().setTaskPriority(9);
        QCOMPARE(rig.apic().taskPriority(), uint8_t{9});
    }

    void shorthandsAndDestinations()
    {
        IrqchipRig rig(4);
        for (unsigned i = 0; i < 4; ++i)
            rig.enable(i);
        const auto who = [&rig](int vector) {
            unsigned mask = 0;
            for (unsigned i = 0; i < 4; ++i) {
                if (rig.take(i) == vector) {
                    mask |= 1U << i;
                    rig.eoi(i);
                }
            }
            return mask;
        };
        icr(rig, 1, 0, kAll | 0x40);
        QCOMPARE(who(0x40), 0xfU);
        icr(rig, 1, 0, kOthers | 0x40);
        QCOMPARE(who(0x40), 0xdU);
        icr(rig, 1, 0x0300'0000, 0x40);
        QCOMPARE(who(0x40), 0x8U);
        icr(rig, 1, 0xff00'0000, 0x40);
        QCOMPARE(who(0x40), 0xfU);
        for (unsigned i = 0; i < 4; ++i)
            rig.apic(i).write(IrqchipRig::kLdr, 1U << (24 + i)); // flat
        icr(rig, 1, 0x0500'0000, kLogical | 0x40);
        QCOMPARE(who(0x40), 0x5U);
        for (unsigned i = 0; i < 4; ++i) { // clusters 0 and 1
            rig.apic(i).write(IrqchipRig::kDfr, 0);
            rig.apic(i).write(IrqchipRig::kLdr, ((i / 2) << 4 | 1U << (i % 2)) << 24);
        }
        icr(rig, 1, 0x1300'0000, kLogical | 0x40);
        QCOMPARE(who(0x40), 0xcU);
        icr(rig, 1, 0x0100'0000, kLogical | 0x40);
        QCOMPARE(who(0x40), 0x1U);
        QCOMPARE(rig.apic(1).read(IrqchipRig::kIcr), kLogical | 0x40);
    }

    void startOfOtherProcessors()
    {
        IrqchipRig rig(3);
        rig.enable(0);
        icr(rig, 0, 0, kOthers | 0xc500); // INIT, assert
        QCOMPARE(rig.sinks[0].inits, 0);
        QCOMPARE(rig.sinks[1].inits, 1);
        icr(rig, 0, 0x0100'0000, 0x8500); // de-assert does nothing
        QCOMPARE(rig.sinks[1].inits, 1);
        icr(rig, 0, 0x0200'0000, 0x4600 | 0x9a);
        QCOMPARE(rig.sinks[1].startups.size(), size_t{0});
        QCOMPARE(rig.sinks[2].startups, std::vector<uint8_t>{0x9a});
        icr(rig, 0, 0x0100'0000, 0x4400);
        QCOMPARE(rig.sinks[1].nmis, 1);
        QVERIFY(rig.apic(1).setBase(0xfee0'0000));
        icr(rig, 0, 0x0100'0000, 0x4400);
        QCOMPARE(rig.sinks[1].nmis, 1);
    }

    void initKeepsBaseAndId()
    {
        IrqchipRig rig(2);
        QVERIFY(rig.apic(1).setBase(0xfed4'0800));
        rig.enable(1);
        rig.apic(1).write(0x20, 0x0900'0000);
        rig.apic(1).setTaskPriority(3);
        rig.apic(1).reset(true);
        QCOMPARE(rig.apic(1).base(), uint64_t{0xfed4'0800});
        QCOMPARE(rig.apic(1).read(0x20), 0x0900'0000U);
        QCOMPARE(rig.apic(1).read(IrqchipRig::kSvr), 0xffU);
        QCOMPARE(rig.apic(1).taskPriority(), uint8_t{0});
        rig.apic(1).reset(false);
        QCOMPARE(rig.apic(1).base(), uint64_t{0xfee0'0800});
        QCOMPARE(rig.apic(1).read(0x20), 0x0100'0000U);
    }

    void errors()
    {
        IrqchipRig rig;
        rig.enable();
        rig.apic().write(IrqchipRig::kLvtError, 0x31);
        icr(rig, 0, 0, kSelf | 0x05);
        QCOMPARE(rig.take(), 0x31);
        rig.eoi();
        QCOMPARE(rig.apic().read(IrqchipRig::kEsr), 0U);
        rig.apic().write(IrqchipRig::kEsr, 0);
        QCOMPARE(rig.apic().read(IrqchipRig::kEsr), 0x20U);
        static_cast<void>(rig.apic().read(0x500));
        QCOMPARE(rig.take(), 0x31);
        rig.apic().write(IrqchipRig::kEsr, 0);
        QCOMPARE(rig.apic().read(IrqchipRig::kEsr), 0x80U);
        rig.apic().write(IrqchipRig::kEsr, 0);
        QCOMPARE(rig.apic().read(IrqchipRig::kEsr), 0U);
    }

    void modes()
    {
        IrqchipRig rig(2);
        auto& apic = rig.apic(1);
        QVERIFY(!apic.readMsr(0x802));
        QVERIFY(!apic.setBase(0xfee0'0801));                     // reserved
        QVERIFY(!apic.setBase(uint64_t{1} << 40 | 0xfee0'0800)); // beyond MAXPHYADDR
        QVERIFY(!apic.setBase(0xfee0'0400));                     // EXTD without EN
        QVERIFY(apic.setBase(0xfee0'0c00));
        QVERIFY(!apic.setBase(0xfee0'0800)); // back only by disabling
        QCOMPARE(apic.readMsr(0x802), std::optional<uint64_t>(1));
        QCOMPARE(apic.readMsr(0x80d), std::optional<uint64_t>(2));
        QCOMPARE(apic.read(0x20), 0xffff'ffffU); // no page any more
        QVERIFY(apic.setBase(0xfee0'0000));
        QVERIFY(!apic.setBase(0xfee0'0c00)); // not straight from disabled
        QVERIFY(!apic.readMsr(0x802));
        QVERIFY(apic.setBase(0xfee0'0800));
        QCOMPARE(apic.read(0x20), 0x0100'0000U);
        QCOMPARE(apic.read(IrqchipRig::kSvr), 0xffU);
    }

    void x2Registers()
    {
        IrqchipRig rig(1);
        rig.enableX2(0);
        auto& apic = rig.apic();
        for (const uint32_t index :
             {0x80bU, 0x80eU, 0x831U, 0x83fU, 0x809U, 0x840U, 0x8ffU, 0x7ffU})
            QVERIFY2(!apic.readMsr(index), QByteArray::number(index, 16));
        for (const uint32_t index :
             {0x802U, 0x803U, 0x80aU, 0x80dU, 0x80eU, 0x810U, 0x839U, 0x840U})
            QVERIFY2(!apic.writeMsr(index, 0), QByteArray::number(index, 16));
        QVERIFY(!apic.writeMsr(0x80b, 1));
        QVERIFY(!apic.writeMsr(0x828, 1));
        QVERIFY(!apic.writeMsr(0x808, 0x100));
        QVERIFY(!apic.writeMsr(0x83f, 0x100));
        QVERIFY(!apic.writeMsr(0x830, 1 << 13));
        QVERIFY(!apic.writeMsr(0x838, uint64_t{1} << 32));
        QVERIFY(apic.writeMsr(0x83f, 0x77));
        QCOMPARE(rig.take(), 0x77);
        QCOMPARE(apic.readMsr(0x813), std::optional<uint64_t>(1 << 0x17));
        QVERIFY(apic.writeMsr(0x80b, 0));
        QCOMPARE(apic.readMsr(0x813), std::optional<uint64_t>(0));
        QVERIFY(apic.writeMsr(0x830, uint64_t{5} << 32 | 0x4044));
        QCOMPARE(apic.readMsr(0x830), std::optional<uint64_t>(uint64_t{5} << 32 | 0x4044));
    }

    void x2Destinations()
    {
        IrqchipRig rig(20);
        for (unsigned i = 0; i < 20; ++i)
            rig.enableX2(i);
        const auto send = [&rig](uint64_t destination, uint64_t low) {
            QVERIFY(rig.apic(0).writeMsr(0x830, destination << 32 | low));
        };
        send(17, 0x40);
        QCOMPARE(rig.take(17), 0x40);
        QCOMPARE(rig.apic(17).readMsr(0x80d), std::optional<uint64_t>(0x10002));
        QVERIFY(rig.apic(17).writeMsr(0x80b, 0));
        send(0x10003, kLogical | 0x41); // 16 and 17
        QCOMPARE(rig.take(16), 0x41);
        QCOMPARE(rig.take(17), 0x41);
        QCOMPARE(rig.take(0), -1);
        QCOMPARE(rig.take(18), -1);
        send(0xffff'ffff, 0x52);
        for (unsigned i = 0; i < 20; ++i)
            QCOMPARE(rig.take(i), 0x52);
        send(0xff, 0x63); // one ID that nobody has
        for (unsigned i = 0; i < 20; ++i)
            QCOMPARE(rig.take(i), -1);
    }

    void garbageIsSurvived()
    {
        IrqchipRig rig(2);
        std::mt19937_64 random(3);
        for (int i = 0; i < 50000; ++i) {
            auto& apic = rig.apic(random() % 2);
            const auto msr = static_cast<uint32_t>(0x800 + random() % 0x44);
            switch (random() % 8) {
            case 0:
                static_cast<void>(apic.setBase(0xfee0'0000 | (random() & 0xd00)));
                break;
            case 1:
            case 2:
                apic.write(static_cast<uint32_t>(random() % 0x1000),
                           static_cast<uint32_t>(random()));
                break;
            case 3:
                apic.write(static_cast<uint32_t>(random() % 0x40) << 4,
                           static_cast<uint32_t>(random()));
                break;
            case 4:
                static_cast<void>(apic.read(static_cast<uint32_t>(random() % 0x100) << 4));
                break;
            case 5:
                static_cast<void>(apic.writeMsr(msr, random() >> (random() % 64)));
                static_cast<void>(apic.writeMsr(0x6e0, random()));
                break;
            case 6:
                static_cast<void>(apic.readMsr(msr));
                static_cast<void>(apic.acknowledge());
                break;
            default:
                rig.board.clock.advance(random() % 100'000);
                break;
            }
        }
        vmm::cpu::CpuState state;
        rig.apic(0).save(state);
        QVERIFY(rig.apic(1).load(state).has_value());
    }
};

QTEST_GUILESS_MAIN(LocalApicTest)
#include "local_apic_test.moc"
