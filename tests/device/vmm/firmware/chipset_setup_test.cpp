// SPDX-License-Identifier: GPL-3.0-or-later
// What a kernel that is started without firmware finds on PCI.
#include <QtTest>

#include "tests/device/vmm/chipset/q35_rig.h"
#include "tests/device/vmm/pci/port_rig.h"
#include "vmm/firmware/chipset_setup.h"

using namespace vmm;
using tests::CardFunction;
using tests::PortRig;

class ChipsetSetupTest : public QObject {
    Q_OBJECT

private slots:
    void bridgesAreNumberedAndClosed()
    {
        PortRig rig;
        QVERIFY(rig.ports[0]->plug({&rig.card}, pci::RootPort::PlugTime::PowerOn).has_value());
        firmware::setUpChipset(rig.bus);
        QCOMPARE(rig.port(0).read(pci::kPrimaryBus, 4), 0x0001'0100U);
        QCOMPARE(rig.port(1).read(pci::kPrimaryBus, 4), 0x0002'0200U);
        QCOMPARE(rig.at(1).read(pci::kVendorId, 4), 0x9abc'1234U);
        for (unsigned index = 0; index < PortRig::kPorts; ++index) {
            const auto port = rig.port(index);
            QVERIFY(port.read(pci::kIoBase, 1) > port.read(pci::kIoLimit, 1));
            QVERIFY(port.read(pci::kMemoryBase, 2) > port.read(pci::kMemoryLimit, 2));
            QVERIFY(port.read(pci::kPrefetchBase, 2) > port.read(pci::kPrefetchLimit, 2));
        }
        rig.port(0).command(pci::kCommandMemory | pci::kCommandIo);
        rig.placeCard(1);
        QVERIFY(!rig.card.told[CardFunction::kMmioBar] && !rig.card.told[CardFunction::kIoBar] &&
                !rig.card.told[CardFunction::kRamBar]);
        QCOMPARE(rig.port(0).read(pci::kCommand, 2), 0x3U);
    }

    void chipsetAsFirmwareLeavesIt()
    {
        tests::Q35Rig rig;
        firmware::setUpChipset(rig.pciBus);
        QCOMPARE(rig.driver(tests::Q35Rig::kHostBdf).read(0x60, 4), 0xb000'0001U);
        QCOMPARE(rig.board.mmio.read(memory::GuestPhys(0xb000'0000), 4), uint64_t{0x29c0'8086});
        QCOMPARE(rig.driver(tests::Q35Rig::kLpcBdf).read(0x40, 4), 0x601U);
    }
};

QTEST_GUILESS_MAIN(ChipsetSetupTest)
#include "chipset_setup_test.moc"
