// SPDX-License-Identifier: GPL-3.0-or-later
// The PICs as BIOS, DOS and Linux drive them. Intel 8259A datasheet.
#include <QtTest>

#include "tests/device/vmm/irqchip/rig.h"

using tests::IrqchipRig;

class PicTest : public QObject {
    Q_OBJECT

private slots:
    void initialisationAndVectors()
    {
        IrqchipRig rig;
        rig.initPics(0x30, 0x70);
        rig.pulse(1);
        QVERIFY(rig.sinks[0].interrupts > 0);
        QCOMPARE(rig.take(), 0x31);
        QCOMPARE(rig.take(), -1);
        rig.pulse(12);
        QCOMPARE(rig.take(), -1); // behind IRQ 1
        rig.out(0x20, 0x20);
        QCOMPARE(rig.take(), 0x74);
        rig.out(0x20, 0x0b); // OCW3: read ISR
        rig.out(0xa0, 0x0b);
        QCOMPARE(rig.in(0x20), 0x04U);
        QCOMPARE(rig.in(0xa0), 0x10U);
        rig.out(0xa0, 0x20);
        rig.out(0x20, 0x20);
        QCOMPARE(rig.in(0x20), 0U);
        QCOMPARE(rig.in(0xa0), 0U);
    }

    void maskAndRequestRegister()
    {
        IrqchipRig rig;
        rig.initPics();
        rig.out(0x21, 0xfd);
        QCOMPARE(rig.in(0x21), 0xfdU);
        rig.pulse(4);
        QCOMPARE(rig.take(), -1);
        QCOMPARE(rig.in(0x20), 0x10U); // IRR after ICW1
        rig.out(0x21, 0);              // the edge was kept
        QCOMPARE(rig.take(), 0x24);
        QCOMPARE(rig.in(0x20), 0U);
    }

    void priorities()
    {
        IrqchipRig rig;
        rig.initPics();
        rig.pulse(5);
        rig.pulse(3);
        rig.pulse(9);
        QCOMPARE(rig.take(), 0x29); // the slave's come in at 2
        rig.pulse(0);
        QCOMPARE(rig.take(), 0x20); // nests
        rig.out(0x20, 0x20);
        QCOMPARE(rig.take(), -1);
        rig.out(0xa0, 0x61); // specific EOI
        rig.out(0x20, 0x62);
        QCOMPARE(rig.take(), 0x23);
        rig.out(0x20, 0x20);
        QCOMPARE(rig.take(), 0x25);
    }

    void oneEdgeCountsOnce()
    {
        IrqchipRig rig;
        rig.initPics();
        rig.line(3, true);
        rig.line(3, true);
        QCOMPARE(rig.take(), 0x23);
        rig.out(0x20, 0x20);
        QCOMPARE(rig.take(), -1);
        rig.line(3, false);
        rig.line(3, true);
        QCOMPARE(rig.take(), 0x23);
    }

    void levelTriggered()
    {
        IrqchipRig rig;
        rig.initPics();
        rig.out(0x4d0, 0xff);
        rig.out(0x4d1, 0xff);
        QCOMPARE(rig.in(0x4d0), 0xf8U);
        QCOMPARE(rig.in(0x4d1), 0xdeU);
        rig.line(11, true);
        QCOMPARE(rig.take(), 0x2b);
        rig.out(0xa0, 0x20);
        rig.out(0x20, 0x20);
        QCOMPARE(rig.take(), 0x2b); // still high
        rig.line(11, false);
        rig.out(0xa0, 0x20);
        rig.out(0x20, 0x20);
        QCOMPARE(rig.take(), -1);
        rig.line(11, true);
        rig.line(11, false); // gone before anyone looked
        QVERIFY(!rig.apic().pending());
    }

    void rotation()
    {
        IrqchipRig rig;
        rig.initPics();
        rig.out(0x20, 0xc3); // IRQ 3 lowest, 4 highest
        rig.pulse(3);
        rig.pulse(4);
        QCOMPARE(rig.take(), 0x24);
        rig.out(0x20, 0xa0); // rotate on non-specific EOI: 4 lowest
        rig.pulse(4);
        QCOMPARE(rig.take(), 0x23);
        rig.out(0x20, 0x20);
        QCOMPARE(rig.take(), 0x24);
    }

    void specialMask()
    {
        IrqchipRig rig;
        rig.initPics();
        rig.pulse(1);
        QCOMPARE(rig.take(), 0x21);
        rig.pulse(6);
        QCOMPARE(rig.take(), -1);
        rig.out(0x21, 0x02);
        rig.out(0x20, 0x68); // special mask mode
        QCOMPARE(rig.take(), 0x26);
        rig.out(0x20, 0x20); // ends 6, not the masked 1
        rig.out(0x20, 0x0b);
        QCOMPARE(rig.in(0x20), 0x02U);
    }

    void automaticEnd()
    {
        IrqchipRig rig;
        rig.initPics();
        for (const unsigned value : {0x11U})
            rig.out(0x20, value);
        rig.out(0x21, 0x20);
        rig.out(0x21, 4);
        rig.out(0x21, 3); // auto EOI
        rig.pulse(5);
        QCOMPARE(rig.take(), 0x25);
        rig.pulse(7);
        QCOMPARE(rig.take(), 0x27);
    }

    void poll()
    {
        IrqchipRig rig;
        rig.initPics();
        rig.out(0x20, 0x0c);
        QCOMPARE(rig.in(0x20), 0x07U);
        rig.pulse(6);
        rig.out(0x20, 0x0c);
        QCOMPARE(rig.in(0x20), 0x86U);
        QVERIFY(!rig.apic().pending());
        rig.out(0x20, 0x0b);
        QCOMPARE(rig.in(0x20), 0x40U);
    }

    void throughTheLocalApic()
    {
        IrqchipRig rig(2);
        rig.initPics();
        rig.enable();
        QCOMPARE(rig.apic().read(IrqchipRig::kLvt0), 0x700U);
        rig.apic().write(IrqchipRig::kTpr, 0xff); // ExtINT does not care
        rig.pulse(1);
        QVERIFY(rig.apic().pending());
        QVERIFY(!rig.apic(1).pending());
        rig.apic().write(IrqchipRig::kLvt0, 0x10700);
        QVERIFY(!rig.apic().pending());
        QVERIFY(rig.apic().setBase(0xfee0'0100)); // disabled: straight to the CPU
        QCOMPARE(rig.take(), 0x21);
        QVERIFY(rig.apic().setBase(0xfee0'0900));
        rig.enable();
        rig.apic().write(IrqchipRig::kLvt0, 0x66); // INTR as an ordinary interrupt
        rig.out(0x20, 0x20);
        rig.pulse(1);
        QCOMPARE(rig.take(), 0x66);
        rig.apic().write(IrqchipRig::kLvt0, 0x400); // as an NMI
        rig.chip->reset();
        rig.initPics();
        rig.pulse(0);
        QCOMPARE(rig.sinks[0].nmis, 1);
    }
};

QTEST_GUILESS_MAIN(PicTest)
#include "pic_test.moc"
