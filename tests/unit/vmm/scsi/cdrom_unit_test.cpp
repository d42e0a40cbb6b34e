// SPDX-License-Identifier: GPL-3.0-or-later
// What a CD-ROM drive does as a logical unit of its own; its commands are tested behind ATAPI.
// MMC-5.
#include <QtTest>

#include "tests/unit/vmm/scsi/still_backend.h"
#include "vmm/scsi/cdrom.h"

using namespace vmm;
using namespace vmm::scsi;
using namespace tests;

namespace {

const Bytes kReady = {0, 0, 0, 0, 0, 0};
const Bytes kEvent = {0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0};

std::unique_ptr<Cdrom> drive(PhysicalInterface interface = PhysicalInterface::Scsi)
{
    return std::make_unique<Cdrom>(std::make_unique<StillBackend>(4000), "CD", interface);
}

uint32_t sense(Cdrom& cdrom, const Bytes& cdb)
{
    return senseOf(cdrom.begin(cdbOf(cdb)));
}

} // namespace

class CdromUnitTest final : public QObject {
    Q_OBJECT

private slots:
    void powerComes()
    {
        auto cdrom = drive();
        QCOMPARE(sense(*cdrom, {0x12, 0, 0, 0, 36, 0}), 0U);
        QCOMPARE(sense(*cdrom, kReady), 0x062901U);
        QCOMPARE(sense(*cdrom, kReady), 0U);
        QCOMPARE(sense(*drive(PhysicalInterface::SerialAtapi), kReady), 0U);
    }

    void interfaceInConfiguration()
    {
        const Bytes core = {0x46, 2, 0, 1, 0, 0, 0, 0, 64, 0};
        auto scsi = drive();
        QCOMPARE(be<uint32_t>(bytesOf(scsi->begin(cdbOf(core))), 12), 1U);
        auto atapi = drive(PhysicalInterface::SerialAtapi);
        QCOMPARE(be<uint32_t>(bytesOf(atapi->begin(cdbOf(core))), 12), 8U);
    }

    void resetAndMediumInTurn()
    {
        auto cdrom = drive();
        static_cast<void>(sense(*cdrom, kReady));
        static_cast<void>(cdrom->insert(std::make_unique<StillBackend>(4000)));
        cdrom->reset(Attention::Reset);
        QCOMPARE(sense(*cdrom, kReady), 0x062903U);
        QCOMPARE(sense(*cdrom, kReady), 0x023a02U);
        QCOMPARE(sense(*cdrom, kReady), 0x062800U);
        QCOMPARE(sense(*cdrom, kReady), 0U);
        QCOMPARE(bytesOf(cdrom->begin(cdbOf(kEvent)))[4], uint8_t{2});
        QCOMPARE(bytesOf(cdrom->begin(cdbOf(kEvent)))[4], uint8_t{0});
    }

    void reading()
    {
        auto cdrom = drive();
        static_cast<void>(sense(*cdrom, kReady));
        const auto step = cdrom->begin(cdbOf(cdb10(0x28, 7, 3)));
        QCOMPARE(step.kind, Step::Kind::Media);
        QCOMPARE(step.offset, uint64_t{7 * 2048});
        QCOMPARE(step.length, uint64_t{3 * 2048});
        QCOMPARE(sense(*cdrom, cdb10(0x28, 999, 2)), 0x052100U);
        QCOMPARE(sense(*cdrom, cdb10(0x28, 0xffff'ffff, 1)), 0x052100U);
        QCOMPARE(sense(*cdrom, cdb10(0x2a, 0, 1)), 0x052000U);
    }

    void state()
    {
        auto cdrom = drive();
        static_cast<void>(sense(*cdrom, kReady));
        static_cast<void>(sense(*cdrom, {0x1e, 0, 0, 0, 1, 0}));
        cdrom->raise(Attention::Reset);
        auto saved = cdrom->save();
        auto other = drive();
        QVERIFY(other->load(saved).has_value());
        QCOMPARE(sense(*other, kReady), 0x062903U);
        QVERIFY(!other->eject(EjectMode::Ask).has_value());
        saved.cdrom.mediaEvent = 4;
        QVERIFY(!other->load(saved).has_value());
    }
};

QTEST_GUILESS_MAIN(CdromUnitTest)
#include "cdrom_unit_test.moc"
