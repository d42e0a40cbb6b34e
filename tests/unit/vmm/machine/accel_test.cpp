// SPDX-License-Identifier: GPL-3.0-or-later
// What --accel auto means on hosts of every kind.
#include <QtTest>

#include "vmm/machine/accel.h"

using namespace vmm::machine;
using vmm::spec::Accel;

class AccelTest : public QObject {
    Q_OBJECT
private slots:
    void autoTakesHardware()
    {
        const auto choice = chooseAccel(Accel::Auto, {{}, true, 900e6});
        QVERIFY(choice.accel == Accel::Kvm);
        QCOMPARE(choice.reason, std::string("the CPU has VT-x or AMD-V: using KVM"));
    }
    void autoTakesWhatIsFast()
    {
        const auto choice = chooseAccel(Accel::Auto, {{}, false, 850e6});
        QVERIFY(choice.accel == Accel::Kvm);
        QCOMPARE(choice.reason,
                 std::string("KVM runs 850 million instructions a second: using KVM"));
    }
    void autoLeavesAnEmulatingKvm()
    {
        const auto choice = chooseAccel(Accel::Auto, {{}, false, 1.31e6});
        QVERIFY(choice.accel == Accel::Soft);
        QCOMPARE(choice.reason,
                 std::string("KVM here emulates the CPU instruction by instruction (1.3 million a "
                             "second): using the software CPU"));
    }
    void autoDoesWithoutKvm()
    {
        const auto choice = chooseAccel(Accel::Auto, {"/dev/kvm: Permission denied", true, {}});
        QVERIFY(choice.accel == Accel::Soft);
        QCOMPARE(choice.reason, std::string("KVM cannot be used here (/dev/kvm: Permission "
                                            "denied): using the software CPU"));
    }
    void wishesAreKept()
    {
        QVERIFY(chooseAccel(Accel::Kvm, {"no", false, {}}).accel == Accel::Kvm);
        QVERIFY(chooseAccel(Accel::Soft, {{}, true, 900e6}).accel == Accel::Soft);
        QVERIFY(!chooseAccel(Accel::Soft).reason.empty());
    }
    void softCpuHasAName() { QVERIFY(softCpuModel().starts_with("vitrine-")); }
};

QTEST_GUILESS_MAIN(AccelTest)
#include "accel_test.moc"
