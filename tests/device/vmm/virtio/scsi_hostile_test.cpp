// SPDX-License-Identifier: GPL-3.0-or-later
// The SCSI host and a driver that means harm. Virtio 1.2 section 5.6; CVE-2016-5403, CVE-2023-0330,
// CVE-2023-5088, CVE-2023-42467.
#include <QtTest>

#include <random>

#include "tests/device/vmm/virtio/scsi_rig.h"

using namespace vmm;
using namespace vmm::virtio;
using namespace tests;
using Kind = CapabilityKind;

namespace {

constexpr uint8_t kDisk = ScsiRig::kDisk;
constexpr uint8_t kCdrom = ScsiRig::kCdrom;
const Bytes kReady = {0, 0, 0, 0, 0, 0};

} // namespace

class ScsiHostileTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_rig = std::make_unique<ScsiRig>();
        m_rig->startReady();
    }
    void cleanup() { m_rig.reset(); }

    void tooShort_data()
    {
        QTest::addColumn<unsigned>("out");
        QTest::addColumn<unsigned>("in");
        QTest::newRow("no command") << 1U << ScsiRig::kAnswerSize;
        QTest::newRow("half a command") << ScsiRig::kRequestSize - 1 << ScsiRig::kAnswerSize;
        QTest::newRow("no answer") << ScsiRig::kRequestSize << 0U;
        QTest::newRow("half an answer") << ScsiRig::kRequestSize << ScsiRig::kAnswerSize - 1;
    }
    void tooShort()
    {
        QFETCH(unsigned, out);
        QFETCH(unsigned, in);
        m_rig->queues[2].offer({{m_rig->commandAt(0), out, false}, {m_rig->dataAt(0), in, true}});
        m_rig->notify();
        brokenAndBack();
    }

    void sizesOfTheDriver()
    {
        auto& driver = *m_rig->rig.driver;
        for (const uint64_t wrong : {uint64_t{0xffff'ffff}, uint64_t{1} << 20}) {
            driver.write(Kind::Device, 20, wrong, 4);
            driver.write(Kind::Device, 24, wrong, 4);
        }
        driver.write(Kind::Device, 24, 0, 4);
        QCOMPARE(driver.read(Kind::Device, 20, 4), uint64_t{96});
        QCOMPARE(driver.read(Kind::Device, 24, 4), uint64_t{32});
        driver.write(Kind::Device, 24, 4096, 4); // larger than what is sent
        m_rig->send(kDisk, kReady);
        m_rig->notify();
        brokenAndBack();
    }

    /// The head of a request under way, offered again and again: memory does not grow with it.
    void cve_2016_5403()
    {
        m_rig->disk->held = true;
        m_rig->send(kDisk, read10(0, 1), 0, 512);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disk->waiting == 1; }));
        m_rig->queues[2].makeAvailable(0);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->needsReset(); }));
        QCOMPARE(m_rig->disk->waiting.load(), 1U);
        m_rig->release();
        back();
    }

    /// As many functions as the queue holds wait for one command; one more was offered twice.
    void manyFunctionsForOneCommand()
    {
        m_rig->disk->stubborn = m_rig->disk->held = true;
        m_rig->send(kDisk, write10(0, 1), 512);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disk->waiting == 1; }));
        m_rig->manage(VIRTIO_SCSI_T_TMF_ABORT_TASK, kDisk, 1);
        for (int i = 1; i < ScsiRig::kRingSize; ++i)
            m_rig->queues[0].makeAvailable(0);
        m_rig->notify(0);
        m_rig->rig.settle();
        QVERIFY(!m_rig->needsReset());
        QCOMPARE(m_rig->queues[0].usedIndex(), uint16_t{0});
        m_rig->queues[0].makeAvailable(0);
        m_rig->notify(0);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->needsReset(); }));
        m_rig->release();
        QCOMPARE(m_rig->collect().header.response, uint8_t{VIRTIO_SCSI_S_ABORTED});
        back();
    }

    /// Cancelling what is in flight, from both queues at once and with a reset on top (class of
    /// CVE-2023-0330).
    void cancelAndReset()
    {
        for (int round = 0; round < 20; ++round) {
            m_rig->disk->held = true;
            for (uint16_t slot = 0; slot < 8; ++slot)
                m_rig->send(kDisk, write10(100 + slot, 1), 512, 0, slot, 2, slot);
            m_rig->notify();
            m_rig->manage(VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET, kDisk, 0, 1);
            m_rig->manage(VIRTIO_SCSI_T_TMF_ABORT_TASK, kDisk, 3, 2);
            m_rig->disk->held = false;
            back();
            QCOMPARE(m_rig->disk->waiting.load(), 0U);
            QCOMPARE(m_rig->stored(0, 512), Bytes(512)); // CVE-2023-5088
        }
    }

    void controlNonsense_data()
    {
        QTest::addColumn<QByteArray>("request");
        QTest::addColumn<unsigned>("answer");
        QTest::newRow("unknown") << QByteArray(24, 7) << 1U;
        QTest::newRow("short") << QByteArray(3, 0) << 1U;
        QTest::newRow("half a function") << QByteArray(23, 0) << 1U;
        QTest::newRow("no answer") << QByteArray(24, 0) << 0U;
        QTest::newRow("half a subscription") << QByteArray("\2\0\0\0\1\0\0\0", 8) << 5U;
        QTest::newRow("no room") << QByteArray("\2\0\0\0\1\3\0\0\0\0\0\0\0\0\0\0", 16) << 4U;
    }
    void controlNonsense()
    {
        QFETCH(QByteArray, request);
        QFETCH(unsigned, answer);
        m_rig->control(Bytes(request.begin(), request.end()), answer);
        brokenAndBack();
    }

    void eventBuffersTooSmall()
    {
        m_rig->offerEvents(2, 15);
        QVERIFY(m_rig->device().resize(kDisk, 8192 * 512).has_value());
        m_rig->rig.settle();
        QCOMPARE(m_rig->queues[1].collect()->length, 0U);
        QVERIFY(!m_rig->needsReset());
    }
    void eventBuffersThatLie()
    {
        m_rig->queues[1].offer({{0xffff'ffff'ffff'0000, 16, true}});
        m_rig->notify(1);
        m_rig->rig.settle();
        QVERIFY(m_rig->device().resize(kDisk, 8192 * 512).has_value());
        QVERIFY(VirtioRig::eventually([&] { return m_rig->needsReset(); }));
    }

    /// Data in MMIO, in holes, at the end of RAM, a ring that is its own data.
    void dataAnywhere()
    {
        const uint64_t end = uint64_t{16} << 20;
        for (const uint64_t at :
             {uint64_t{0xe000'0000}, uint64_t{0xfee0'0000}, end - 256, end, ~uint64_t{0} - 100}) {
            m_rig->send(kDisk, read10(0, 1), 0, 512);
            m_rig->queues[2].describe(2, {at, 512, 2, 0});
            m_rig->notify();
            brokenAndBack();
        }
        m_rig->send(kDisk, read10(0, 8), 0, 4096);
        m_rig->queues[2].describe(2, {m_rig->queues[2].layout().descriptors, 4096, 2, 0});
        m_rig->notify();
        m_rig->rig.settle(); // its rings are zeros now
        back();
        QVERIFY(m_rig->execute(kDisk, kReady).header.response == 0);
    }

    /// Large commands with little to back them.
    void hugeCounts()
    {
        for (const uint8_t opcode : Bytes{0x88, 0x8a, 0x91, 0x8f, 0x93}) {
            for (const uint64_t block : {uint64_t{0}, uint64_t{4095}, ~uint64_t{0}}) {
                Bytes cdb(16, 0xff);
                cdb[0] = opcode;
                cdb[1] = cdb[15] = 0;
                storeBe(cdb.data() + 2, block);
                const auto answer = m_rig->execute(kDisk, cdb, 0, 512);
                QVERIFY(!answer.good());
            }
        }
        Bytes readCd = {0xbe, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf8, 0, 0};
        QCOMPARE(m_rig->execute(kCdrom, readCd, 0, 4096).sense, 0x052100U);
        QCOMPARE(m_rig->disk->log.size(), size_t{0});
    }

    /// Raw sectors are put together in host memory, which has an end.
    void manyRawReads()
    {
        m_rig->disc->held = true;
        const Bytes cdb = {0xbe, 0, 0, 0, 0, 0, 0, 1, 0x90, 0xf8, 0, 0}; // 400 sectors
        for (uint16_t slot = 0; slot < 16; ++slot)
            m_rig->send(kCdrom, cdb, 0, 0xf000, slot, 2);
        for (uint16_t slot = 0; slot < 16; ++slot)
            m_rig->send(kCdrom, cdb, 0, 0xf000, slot, 3);
        m_rig->notify(2);
        m_rig->notify(3);
        const auto busy = m_rig->collect(3);
        QCOMPARE(busy.header.response, uint8_t{VIRTIO_SCSI_S_BUSY});
        m_rig->release(1);
        for (int i = 0; i < 16; ++i)
            QCOMPARE(m_rig->collect(2).header.response, uint8_t{VIRTIO_SCSI_S_OVERRUN});
    }

    void anyCommand()
    {
        std::mt19937 random(7);
        for (int round = 0; round < 3000; ++round) {
            Bytes cdb(32);
            for (auto& byte : cdb)
                byte = static_cast<uint8_t>(random() % 3 == 0 ? random() : 0);
            const bool out = random() % 2 == 0;
            const auto size = static_cast<uint32_t>(random() % 4096);
            const uint8_t target = random() % 2 == 0 ? kDisk : kCdrom;
            const auto answer = m_rig->execute(target, cdb, out ? size : 0, out ? 0 : size);
            QVERIFY(answer.header.residual <= size);
            QVERIFY(answer.header.senseLength <= 96);
        }
        QVERIFY(!m_rig->needsReset());
    }

private:
    /// The host wants a reset, does not take more, and works after one.
    void brokenAndBack()
    {
        QVERIFY(VirtioRig::eventually([&] { return m_rig->needsReset(); }));
        back();
        QCOMPARE(m_rig->execute(kDisk, kReady).sense, 0U);
    }
    void back()
    {
        m_rig->rig.driver->setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->rig.driver->status() == 0; }));
        m_rig->freshQueues();
        m_rig->startReady();
    }
    std::unique_ptr<ScsiRig> m_rig;
};

QTEST_GUILESS_MAIN(ScsiHostileTest)
#include "scsi_hostile_test.moc"
