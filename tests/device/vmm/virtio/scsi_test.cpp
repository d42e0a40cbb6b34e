// SPDX-License-Identifier: GPL-3.0-or-later
// The SCSI host as its driver and the board see it. Virtio 1.2 section 5.6.
#include <QtTest>

#include <QTemporaryFile>

#include "tests/device/vmm/virtio/scsi_rig.h"
#include "tests/support/suites.h"
#include "vmm/block/open_image.h"

using namespace vmm;
using namespace vmm::virtio;
using namespace tests;
using Kind = CapabilityKind;

namespace {

constexpr uint8_t kDisk = ScsiRig::kDisk;
constexpr uint8_t kCdrom = ScsiRig::kCdrom;
const Bytes kReady = {0, 0, 0, 0, 0, 0};
const Bytes kInquiry = {0x12, 0, 0, 0, 36, 0};
const Bytes kCapacity = {0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0};

} // namespace

class ScsiTest : public QObject {
    Q_OBJECT

private slots:
    void init() { m_rig = std::make_unique<ScsiRig>(); }
    void cleanup() { m_rig.reset(); }

    void configuration()
    {
        const auto field = [&](unsigned offset, unsigned size) {
            return m_rig->rig.driver->read(Kind::Device, offset, size);
        };
        QCOMPARE(field(0, 4), uint64_t{2});
        QCOMPARE(field(4, 4), uint64_t{254});
        QCOMPARE(field(16, 4), uint64_t{16});
        QCOMPARE(field(20, 4), uint64_t{96});
        QCOMPARE(field(24, 4), uint64_t{32});
        QCOMPARE(field(30, 2), uint64_t{255});
        QVERIFY((m_rig->rig.driver->features() & (VIRTIO_SCSI_F_HOTPLUG | VIRTIO_SCSI_F_CHANGE)) ==
                (VIRTIO_SCSI_F_HOTPLUG | VIRTIO_SCSI_F_CHANGE));
        m_rig->rig.driver->write(Kind::Device, 20, 18, 4);
        m_rig->rig.driver->write(Kind::Device, 24, 16, 4);
        m_rig->rig.driver->write(Kind::Device, 0, 77, 4); // not the driver's
        QCOMPARE(field(20, 4), uint64_t{18});
        QCOMPARE(field(24, 4), uint64_t{16});
        QCOMPARE(field(0, 4), uint64_t{2});
        m_rig->start();
        m_rig->rig.driver->setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->rig.driver->status() == 0; }));
        QCOMPARE(field(20, 4), uint64_t{96});
        QCOMPARE(field(24, 4), uint64_t{32});
    }

    /// What firmware does: look for targets, ask who is there, wait until it is ready, read.
    void asFirmwareDoes()
    {
        m_rig->start();
        QCOMPARE(m_rig->execute(1, kInquiry, 0, 36).header.response,
                 uint8_t{VIRTIO_SCSI_S_BAD_TARGET});
        const Bytes luns = {0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0};
        QCOMPARE(m_rig->ask(kDisk, luns, 16),
                 (Bytes{0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
        QCOMPARE(m_rig->ask(kDisk, kInquiry, 36)[0], uint8_t{0});
        QCOMPARE(m_rig->ask(kCdrom, kInquiry, 36)[0], uint8_t{5});
        const auto power = m_rig->execute(kDisk, kReady);
        QCOMPARE(power.header.status, uint8_t{2});
        QCOMPARE(power.sense, 0x062901U);
        QVERIFY(m_rig->execute(kDisk, kReady).good());
        QCOMPARE(m_rig->ask(kDisk, kCapacity, 8), (Bytes{0, 0, 0x0f, 0xff, 0, 0, 2, 0}));
        {
            const std::lock_guard<std::mutex> lock(m_rig->disk->mutex);
            m_rig->disk->bytes[512 * 5] = std::byte{0x42};
        }
        QCOMPARE(m_rig->ask(kDisk, read10(5, 1), 512)[0], uint8_t{0x42});
    }

    void readsAndWrites()
    {
        m_rig->startReady();
        Bytes data(8 * 512);
        for (size_t i = 0; i < data.size(); ++i)
            data[i] = static_cast<uint8_t>(i * 7);
        m_rig->put(m_rig->dataAt(0), data);
        const auto wrote = m_rig->execute(kDisk, write10(100, 8), 8 * 512);
        QVERIFY(wrote.good());
        QCOMPARE(wrote.header.residual, 0U);
        QCOMPARE(wrote.written, 12U);
        QCOMPARE(m_rig->stored(100 * 512, data.size()), data);
        m_rig->put(m_rig->dataAt(0), Bytes(data.size()));
        const auto read = m_rig->execute(kDisk, read10(100, 8), 0, 8 * 512);
        QVERIFY(read.good());
        QCOMPARE(read.written, ScsiRig::kAnswerSize + 8 * 512);
        QCOMPARE(m_rig->get(m_rig->dataAt(0), data.size()), data);
    }

    /// Buffers cut in any way, as section 2.7.4.2 allows.
    void anyFraming()
    {
        m_rig->startReady();
        auto& queue = m_rig->queues[2];
        const uint64_t at = m_rig->commandAt(0);
        m_rig->send(kDisk, read10(1, 1), 0, 512, 1); // fills in header and data
        m_rig->put(at, m_rig->get(m_rig->commandAt(1), ScsiRig::kRequestSize));
        queue.offer({{at, 3, false},
                     {at + 3, ScsiRig::kRequestSize - 3, false},
                     {at + 0x400, 5, true},
                     {at + 0x405, ScsiRig::kAnswerSize - 5 + 100, true},
                     {m_rig->dataAt(0), 412, true}},
                    40);
        m_rig->notify();
        m_rig->collect();
        const auto answer = m_rig->collect();
        QCOMPARE(answer.head, uint16_t{40});
        ScsiResponseHeader header;
        const auto bytes = m_rig->get(at + 0x400, sizeof header);
        std::memcpy(&header, bytes.data(), sizeof header);
        QCOMPARE(header.response, uint8_t{0});
        QCOMPARE(answer.written, ScsiRig::kAnswerSize + 512);
    }

    void residuals()
    {
        m_rig->startReady();
        auto answer = m_rig->execute(kDisk, read10(0, 1), 0, 4096); // more room than data
        QVERIFY(answer.good());
        QCOMPARE(answer.header.residual, 4096U - 512);
        QCOMPARE(answer.written, ScsiRig::kAnswerSize + 512);
        answer = m_rig->execute(kDisk, read10(0, 9), 0, 4096); // less
        QCOMPARE(answer.header.response, uint8_t{VIRTIO_SCSI_S_OVERRUN});
        QCOMPARE(answer.header.residual, 4096U);
        answer = m_rig->execute(kDisk, write10(0, 2), 512);
        QCOMPARE(answer.header.response, uint8_t{VIRTIO_SCSI_S_OVERRUN});
        QCOMPARE(m_rig->execute(kDisk, read10(0, 1), 512).header.response,
                 uint8_t{VIRTIO_SCSI_S_OVERRUN}); // wrong direction
        QCOMPARE(m_rig->execute(kDisk, kInquiry, 0, 20).header.response,
                 uint8_t{VIRTIO_SCSI_S_OVERRUN});
        QCOMPARE(m_rig->execute(kDisk, read10(0, 1), 512, 512).header.response,
                 uint8_t{VIRTIO_SCSI_S_FAILURE}); // both directions
        answer = m_rig->execute(kDisk, read10(0xffff'ffff, 1), 0, 512);
        QCOMPARE(answer.sense, 0x052100U);
        QCOMPARE(answer.header.residual, 512U);
        QCOMPARE(m_rig->disk->log.size(), size_t{1});
    }

    void addresses()
    {
        m_rig->startReady();
        const auto at = [&](const ScsiLun& lun) {
            m_rig->send(lun, kReady, 0, 0);
            m_rig->notify();
            return m_rig->collect();
        };
        QVERIFY(at({1, 0, 0, 0, 0, 0, 0, 0}).good());
        QVERIFY(at({1, 0, 0x40, 0, 0, 0, 0, 0}).good()); // flat space addressing
        QCOMPARE(at({1, 0, 0x40, 1, 0, 0, 0, 0}).sense, 0x052500U);
        for (const auto& wrong :
             {ScsiLun{0, 0, 0, 0, 0, 0, 0, 0}, ScsiLun{1, 9, 0, 0, 0, 0, 0, 0},
              ScsiLun{1, 0, 0x80, 0, 0, 0, 0, 0}, ScsiLun{1, 0, 0xc0, 0, 0, 0, 0, 0},
              ScsiLun{1, 0, 0, 0, 1, 0, 0, 0}, ScsiLun{0xc1, 1, 0, 0, 0, 0, 0, 1}})
            QCOMPARE(at(wrong).header.response, uint8_t{VIRTIO_SCSI_S_BAD_TARGET});
        m_rig->send({1, 0, 0, 5, 0, 0, 0, 0}, kInquiry, 0, 36);
        m_rig->notify();
        QVERIFY(m_rig->collect().good());
        QCOMPARE(m_rig->get(m_rig->dataAt(0), 1)[0], uint8_t{0x7f});
    }

    void wellKnownUnit()
    {
        m_rig->start();
        m_rig->send({0xc1, 1, 0, 0, 0, 0, 0, 0}, {0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, 0, 256);
        m_rig->notify();
        const auto answer = m_rig->collect();
        QVERIFY(answer.good());
        QCOMPARE(answer.header.residual, 256U - 24);
        const auto data = m_rig->get(m_rig->dataAt(0), 24);
        QCOMPARE(data[3], uint8_t{16});
        QCOMPARE(data[9], kDisk);
        QCOMPARE(data[17], kCdrom);
        m_rig->send({0xc1, 1, 0, 0, 0, 0, 0, 0}, read10(0, 1), 0, 512);
        m_rig->notify();
        QCOMPARE(m_rig->collect().sense, 0x052000U);
    }

    void manyOnManyQueues()
    {
        m_rig->startReady();
        for (uint16_t slot = 0; slot < 8; ++slot) {
            m_rig->put(m_rig->dataAt(slot), Bytes(512, static_cast<uint8_t>(slot + 1)));
            m_rig->send(kDisk, write10(slot, 1), 512, 0, slot, 2, slot);
            m_rig->send(kCdrom, read10(slot, 1), 0, 2048, static_cast<uint16_t>(8 + slot), 3);
        }
        m_rig->notify(2);
        m_rig->notify(3);
        for (int i = 0; i < 8; ++i) {
            QVERIFY(m_rig->collect(2).good());
            QVERIFY(m_rig->collect(3).good());
        }
        for (uint8_t slot = 0; slot < 8; ++slot)
            QCOMPARE(m_rig->stored(slot * 512, 512), Bytes(512, static_cast<uint8_t>(slot + 1)));
    }

    void trimAndPattern()
    {
        m_rig->startReady();
        Bytes list = {0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 4, 0, 0, 0, 0};
        m_rig->put(m_rig->dataAt(0), list);
        QVERIFY(m_rig->execute(kDisk, {0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}, 24).good());
        QCOMPARE(m_rig->disk->discards.size(), size_t{1});
        QCOMPARE(m_rig->disk->discards[0].offset, uint64_t{5120});
        QCOMPARE(m_rig->disk->discards[0].length, uint64_t{2048});
        m_rig->put(m_rig->dataAt(0), Bytes(512, 0x5a));
        const auto same = m_rig->execute(kDisk, read10(200, 1000, 0x41), 512);
        QVERIFY(same.good());
        QCOMPARE(same.header.residual, 0U);
        QCOMPARE(m_rig->stored(199 * 512, 512), Bytes(512));
        QCOMPARE(m_rig->stored(200 * 512, 1000 * 512), Bytes(1000 * 512, 0x5a));
        QCOMPARE(m_rig->stored(1200 * 512, 512), Bytes(512));
    }

    void hostErrors()
    {
        m_rig->startReady();
        m_rig->disk->status = block::IoStatus::Failed;
        QCOMPARE(m_rig->execute(kDisk, read10(0, 1), 0, 512).sense, 0x031100U);
        QCOMPARE(m_rig->execute(kDisk, write10(0, 1), 512).sense, 0x030c00U);
        m_rig->disk->status = block::IoStatus::NoSpace;
        const auto full = m_rig->execute(kDisk, write10(0, 1), 512);
        QCOMPARE(full.sense, 0x072707U);
        QCOMPARE(full.header.residual, 512U);
        QCOMPARE(m_rig->full.load(), 0U);
    }

    void smallSenseBuffer()
    {
        m_rig->rig.driver->write(Kind::Device, 20, 0, 4);
        m_rig->start();
        m_rig->send(kDisk, kReady);
        m_rig->notify();
        const auto answer = m_rig->collect();
        QCOMPARE(answer.header.status, uint8_t{2});
        QCOMPARE(answer.header.senseLength, 0U);
        QCOMPARE(answer.written, 12U);
    }

    void aFullDiskWaits()
    {
        m_rig.reset();
        m_rig = std::make_unique<ScsiRig>(block::WhenFull::Pause);
        m_rig->startReady();
        m_rig->put(m_rig->dataAt(0), Bytes(512, 0x77));
        m_rig->put(m_rig->dataAt(1), Bytes(512, 0x78));
        m_rig->disk->status = block::IoStatus::NoSpace;
        m_rig->send(kDisk, write10(7, 1), 512, 0, 0);
        m_rig->send(kDisk, write10(8, 1), 512, 0, 1);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->full == 1; }));
        m_rig->rig.settle();
        QVERIFY(!m_rig->look());
        m_rig->rig.function->pause();
        m_rig->disk->status = block::IoStatus::Ok;
        m_rig->rig.function->resume();
        QVERIFY(m_rig->collect().good());
        QVERIFY(m_rig->collect().good());
        QCOMPARE(m_rig->stored(7 * 512, 512), Bytes(512, 0x77));
        QCOMPARE(m_rig->stored(8 * 512, 512), Bytes(512, 0x78));
        QCOMPARE(m_rig->full.load(), 1U);
    }

    void fullSavedAndContinuedElsewhere()
    {
        m_rig.reset();
        m_rig = std::make_unique<ScsiRig>(block::WhenFull::Pause);
        m_rig->startReady();
        m_rig->put(m_rig->dataAt(0), Bytes(512, 0x77));
        m_rig->disk->status = block::IoStatus::NoSpace;
        m_rig->send(kDisk, write10(7, 1), 512);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->full == 1; }));
        m_rig->rig.function->pause();
        auto other = std::make_unique<ScsiRig>(block::WhenFull::Pause);
        moveTo(*other);
        skip(*other, 2);
        other->rig.function->resume();
        const auto answer = other->collect();
        QVERIFY(answer.good());
        QCOMPARE(other->stored(7 * 512, 512), Bytes(512, 0x77));
        m_rig->disk->status = block::IoStatus::Ok;
        m_rig->rig.function->resume();
        QVERIFY(m_rig->collect().good());
    }

    /// What the disk keeps for long is taken back from it, and done when the machine goes on: here
    /// or where it was saved to.
    void pausedWithRequestsInFlight()
    {
        m_rig->startReady();
        m_rig->disk->held = true;
        m_rig->put(m_rig->dataAt(0), Bytes(512, 0x55));
        m_rig->send(kDisk, write10(1, 1), 512);
        m_rig->send(kDisk, read10(2, 1), 0, 512, 1, 3);
        m_rig->notify();
        m_rig->notify(3);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disk->waiting == 2; }));
        m_rig->rig.function->pause();
        QVERIFY(!m_rig->look() && !m_rig->look(3));
        QCOMPARE(m_rig->disk->waiting.load(), 0U);
        m_rig->send(kDisk, kReady, 0, 0, 2);
        m_rig->notify(); // nobody looks now
        auto other = std::make_unique<ScsiRig>();
        moveTo(*other);
        skip(*other, 2);
        other->rig.function->resume();
        QVERIFY(other->collect().good());
        QVERIFY(other->collect().good());
        QVERIFY(other->collect(3).good());
        QCOMPARE(other->stored(512, 512), Bytes(512, 0x55));
        m_rig->disk->held = false;
        m_rig->rig.function->resume();
        QVERIFY(m_rig->collect().good());
        QVERIFY(m_rig->collect().good());
        QVERIFY(m_rig->collect(3).good());
        QCOMPARE(m_rig->stored(512, 512), Bytes(512, 0x55));
    }

    /// What is too late to be taken back is waited for.
    void pauseWaits()
    {
        m_rig->startReady();
        m_rig->disk->held = m_rig->disk->stubborn = true;
        m_rig->send(kDisk, write10(1, 1), 512);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disk->waiting == 1; }));
        m_rig->disk->doneAnyway = true;
        std::thread pausing([&] { m_rig->rig.function->pause(); });
        m_rig->rig.settle();
        QVERIFY(!m_rig->look());
        m_rig->release();
        pausing.join();
        QVERIFY(m_rig->collect().good());
        m_rig->rig.function->resume();
        QVERIFY(m_rig->execute(kDisk, kReady).good());
    }

    void resetWithRequestsInFlight()
    {
        m_rig->startReady();
        m_rig->disk->held = true;
        m_rig->put(m_rig->dataAt(0), Bytes(512, 0x11));
        m_rig->send(kDisk, write10(9, 1), 512);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disk->waiting == 1; }));
        m_rig->rig.driver->setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->rig.driver->status() == 0; }));
        QCOMPARE(m_rig->disk->waiting.load(), 0U);
        QVERIFY(m_rig->disk->cancels >= 1);
        QCOMPARE(m_rig->stored(9 * 512, 512), Bytes(512));
        QCOMPARE(m_rig->stored(0, 512), Bytes(512)); // CVE-2023-5088
        m_rig->disk->held = false;
        m_rig->freshQueues();
        m_rig->start();
        QCOMPARE(m_rig->execute(kDisk, kReady).sense, 0x062901U);
    }

    void abortTask()
    {
        m_rig->startReady();
        m_rig->disk->held = true;
        m_rig->send(kDisk, write10(1, 1), 512, 0, 0, 2, 10);
        m_rig->send(kDisk, write10(2, 1), 512, 0, 1, 2, 11);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disk->waiting == 2; }));
        m_rig->manage(VIRTIO_SCSI_T_TMF_QUERY_TASK, kDisk, 11);
        QCOMPARE(m_rig->managed(), uint8_t{VIRTIO_SCSI_S_FUNCTION_SUCCEEDED});
        m_rig->manage(VIRTIO_SCSI_T_TMF_ABORT_TASK, kDisk, 11);
        QCOMPARE(m_rig->managed(), uint8_t{VIRTIO_SCSI_S_FUNCTION_COMPLETE});
        const auto aborted = m_rig->look(); // it is over when its end is told
        QVERIFY(aborted.has_value());
        QCOMPARE(aborted->head, uint16_t{ScsiRig::kChain});
        QCOMPARE(aborted->header.response, uint8_t{VIRTIO_SCSI_S_ABORTED});
        QVERIFY(!m_rig->look());
        QCOMPARE(m_rig->disk->waiting.load(), 1U); // the other began anew
        m_rig->manage(VIRTIO_SCSI_T_TMF_QUERY_TASK, kDisk, 11);
        QCOMPARE(m_rig->managed(), uint8_t{VIRTIO_SCSI_S_FUNCTION_COMPLETE});
        m_rig->release();
        QVERIFY(m_rig->collect().good());
    }

    void abortOfAWaitingRequest()
    {
        m_rig.reset();
        m_rig = std::make_unique<ScsiRig>(block::WhenFull::Pause);
        m_rig->startReady();
        m_rig->disk->status = block::IoStatus::NoSpace;
        m_rig->send(kDisk, write10(7, 1), 512, 0, 0, 2, 5);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->full == 1; }));
        m_rig->rig.settle();
        m_rig->manage(VIRTIO_SCSI_T_TMF_ABORT_TASK, kDisk, 5);
        QCOMPARE(m_rig->managed(), uint8_t{VIRTIO_SCSI_S_FUNCTION_COMPLETE});
        QCOMPARE(m_rig->collect().header.response, uint8_t{VIRTIO_SCSI_S_ABORTED});
    }

    void logicalUnitReset()
    {
        m_rig->startReady();
        m_rig->disk->held = true;
        m_rig->disc->held = true;
        for (uint16_t slot = 0; slot < 4; ++slot)
            m_rig->send(kDisk, write10(slot, 1), 512, 0, slot, 2, slot);
        m_rig->send(kCdrom, read10(0, 1), 0, 2048, 5, 3);
        m_rig->notify(2);
        m_rig->notify(3);
        QVERIFY(VirtioRig::eventually(
            [&] { return m_rig->disk->waiting == 4 && m_rig->disc->waiting == 1; }));
        m_rig->manage(VIRTIO_SCSI_T_TMF_QUERY_TASK_SET, kDisk, 0);
        QCOMPARE(m_rig->managed(), uint8_t{VIRTIO_SCSI_S_FUNCTION_SUCCEEDED});
        m_rig->manage(VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET, kDisk);
        QCOMPARE(m_rig->managed(), uint8_t{VIRTIO_SCSI_S_FUNCTION_COMPLETE});
        for (int i = 0; i < 4; ++i) {
            const auto answer = m_rig->look();
            QVERIFY(answer.has_value());
            QCOMPARE(answer->header.response, uint8_t{VIRTIO_SCSI_S_RESET});
        }
        QVERIFY(!m_rig->look(3)); // another unit's
        QCOMPARE(m_rig->disk->waiting.load(), 0U);
        m_rig->disk->held = false;
        QCOMPARE(m_rig->execute(kDisk, kReady).sense, 0x062903U);
        m_rig->release(1);
        QVERIFY(m_rig->collect(3).good());
    }

    void otherFunctions()
    {
        m_rig->startReady();
        const auto manage = [&](uint32_t function, uint8_t target, uint8_t lun = 0) {
            m_rig->manage(function, target, 0, 0, lun);
            return m_rig->managed();
        };
        for (const uint32_t function :
             {VIRTIO_SCSI_T_TMF_ABORT_TASK, VIRTIO_SCSI_T_TMF_ABORT_TASK_SET,
              VIRTIO_SCSI_T_TMF_CLEAR_TASK_SET, VIRTIO_SCSI_T_TMF_QUERY_TASK_SET,
              VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET}) {
            QCOMPARE(manage(function, kDisk), uint8_t{VIRTIO_SCSI_S_FUNCTION_COMPLETE});
            QCOMPARE(manage(function, 77), uint8_t{VIRTIO_SCSI_S_BAD_TARGET});
        }
        QCOMPARE(manage(VIRTIO_SCSI_T_TMF_ABORT_TASK, kDisk, 1),
                 uint8_t{VIRTIO_SCSI_S_INCORRECT_LUN});
        QCOMPARE(manage(VIRTIO_SCSI_T_TMF_CLEAR_ACA, kDisk),
                 uint8_t{VIRTIO_SCSI_S_FUNCTION_REJECTED});
        QCOMPARE(manage(99, kDisk), uint8_t{VIRTIO_SCSI_S_FUNCTION_REJECTED});
    }

    void hotPlug()
    {
        m_rig->startReady();
        m_rig->offerEvents(4);
        auto face = std::make_shared<LoopDiskFace>();
        auto& device = m_rig->device();
        QVERIFY(!attach(kDisk, face)); // taken
        QVERIFY(face->gone);
        face = std::make_shared<LoopDiskFace>();
        QVERIFY(attach(9, face));
        auto event = m_rig->event();
        QVERIFY(event.has_value());
        QCOMPARE(event->event, VIRTIO_SCSI_T_TRANSPORT_RESET);
        QCOMPARE(event->lun[1], uint8_t{9});
        QCOMPARE(event->reason, VIRTIO_SCSI_EVT_RESET_RESCAN);
        QCOMPARE(m_rig->execute(9, kReady).sense, 0x062901U);
        QVERIFY(m_rig->execute(9, read10(0, 1), 0, 512).good());

        face->held = true;
        m_rig->send(9, write10(0, 1), 512);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return face->waiting == 1; }));
        std::atomic<bool> gone{false};
        QVERIFY(device.detach(9, [&] { gone = true; }).has_value());
        QVERIFY(!device.detach(9, [] {}).has_value());
        QCOMPARE(m_rig->collect().header.response, uint8_t{VIRTIO_SCSI_S_FAILURE});
        QVERIFY(VirtioRig::eventually([&] { return gone.load(); }));
        QVERIFY(face->gone);
        event = m_rig->event();
        QVERIFY(event.has_value());
        QCOMPARE(event->reason, VIRTIO_SCSI_EVT_RESET_REMOVED);
        QCOMPARE(m_rig->execute(9, kReady).header.response, uint8_t{VIRTIO_SCSI_S_BAD_TARGET});
    }

    void missedEvents()
    {
        m_rig->startReady();
        QVERIFY(attach(9, std::make_shared<LoopDiskFace>()));
        QVERIFY(attach(10, std::make_shared<LoopDiskFace>()));
        m_rig->offerEvents(1);
        const auto event = m_rig->event();
        QVERIFY(event.has_value());
        QCOMPARE(event->event, VIRTIO_SCSI_T_EVENTS_MISSED);
        m_rig->offerEvents(1);
        QVERIFY(!m_rig->event());
        QVERIFY(attach(11, std::make_shared<LoopDiskFace>()));
        QCOMPARE(m_rig->event()->event, VIRTIO_SCSI_T_TRANSPORT_RESET);
    }

    /// Changes while the machine is paused or saved are told when it goes on.
    void changedWhilePaused()
    {
        m_rig->startReady();
        m_rig->offerEvents(2);
        m_rig->rig.function->pause();
        QVERIFY(attach(9, std::make_shared<LoopDiskFace>()));
        QVERIFY(!m_rig->event());
        m_rig->rig.function->resume();
        m_rig->rig.settle();
        QCOMPARE(m_rig->event()->event, VIRTIO_SCSI_T_EVENTS_MISSED);
        QCOMPARE(m_rig->execute(9, kReady).sense, 0x062901U);
    }

    void withoutHotPlugFeature()
    {
        m_rig->start(0);
        m_rig->offerEvents(2);
        QVERIFY(attach(9, std::make_shared<LoopDiskFace>()));
        QVERIFY(m_rig->device().resize(kDisk, 8192 * 512).has_value());
        m_rig->rig.settle();
        QVERIFY(!m_rig->event());
    }

    /// With files and the host's own input and output, plugged out under load.
    void realFiles()
    {
        QTemporaryFile file;
        QVERIFY(file.open() && file.resize(1 << 20));
        m_rig->startReady();
        auto opened =
            block::openDisk(file.fileName().toStdString(), {.loop = m_rig->rig.loop.get()});
        QVERIFY2(opened.has_value(), opened ? "" : opened.error().sentence().c_str());
        auto disk = std::make_unique<scsi::Disk>(std::move(*opened), "file");
        QVERIFY(m_rig->device().attachDisk(5, std::move(disk), block::WhenFull::Report));
        static_cast<void>(m_rig->execute(5, kReady));
        m_rig->put(m_rig->dataAt(0), Bytes(8192, 0x3c));
        QVERIFY(m_rig->execute(5, write10(64, 16), 8192).good());
        QVERIFY(m_rig->execute(5, read10(0, 0, 0x35)).good()); // flushed
        QVERIFY(file.seek(64 * 512));
        QCOMPARE(file.read(8192), QByteArray(8192, 0x3c));
        m_rig->put(m_rig->dataAt(0), Bytes(8192));
        QVERIFY(m_rig->execute(5, read10(64, 16), 0, 8192).good());
        QCOMPARE(m_rig->get(m_rig->dataAt(0), 8192), Bytes(8192, 0x3c));
        m_rig->put(m_rig->dataAt(0),
                   {0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 16, 0, 0, 0, 0});
        QVERIFY(m_rig->execute(5, {0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}, 24).good());
        QVERIFY(file.seek(64 * 512));
        QCOMPARE(file.read(8192), QByteArray(8192, 0));
        for (uint16_t slot = 0; slot < 16; ++slot)
            m_rig->send(5, write10(slot * 16U, 16), 8192, 0, slot, 2, slot);
        m_rig->notify();
        std::atomic<bool> gone{false};
        QVERIFY(m_rig->device().detach(5, [&] { gone = true; }).has_value());
        for (int i = 0; i < 16; ++i) { // done, cancelled, or too late
            const auto answer = m_rig->collect();
            QVERIFY(answer.good() || answer.header.response == VIRTIO_SCSI_S_FAILURE ||
                    answer.header.response == VIRTIO_SCSI_S_BAD_TARGET);
        }
        QVERIFY(VirtioRig::eventually([&] { return gone.load(); }));
        const auto again = block::openDisk(file.fileName().toStdString());
        QVERIFY(again.has_value()); // nobody else holds it
    }

    void resized()
    {
        m_rig->startReady();
        m_rig->offerEvents(2);
        QVERIFY(m_rig->device().resize(kDisk, 8192 * 512).has_value());
        const auto event = m_rig->event();
        QVERIFY(event.has_value());
        QCOMPARE(event->event, VIRTIO_SCSI_T_PARAM_CHANGE);
        QCOMPARE(event->reason, 0x092aU);
        QCOMPARE(m_rig->execute(kDisk, kCapacity, 0, 8).sense, 0x062a09U);
        QCOMPARE(m_rig->ask(kDisk, kCapacity, 8), (Bytes{0, 0, 0x1f, 0xff, 0, 0, 2, 0}));
        QVERIFY(m_rig->execute(kDisk, write10(8191, 1), 512).good());
        QVERIFY(!m_rig->device().resize(kCdrom, 512).has_value());
        QVERIFY(!m_rig->device().resize(200, 512).has_value());
    }

    void mediaChange()
    {
        m_rig->startReady();
        m_rig->offerEvents(4);
        Bytes subscribe = {2, 0, 0, 0, 1, kCdrom, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0};
        m_rig->control(subscribe, 5);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->queues[0].collect().has_value(); }));
        QCOMPARE(m_rig->get(ScsiRig::controlAt(0) + 0x80, 5), (Bytes{16, 0, 0, 0, 0}));
        subscribe[5] = kDisk;
        m_rig->control(subscribe, 5);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->queues[0].collect().has_value(); }));
        QCOMPARE(m_rig->get(ScsiRig::controlAt(0) + 0x80, 5), (Bytes{0, 0, 0, 0, 0}));

        auto& device = m_rig->device();
        const Bytes lock = {0x1e, 0, 0, 0, 1, 0};
        const Bytes unlock = {0x1e, 0, 0, 0, 0, 0};
        QCOMPARE(device.mediumPath(kCdrom), std::string("loop disk"));
        QVERIFY(m_rig->execute(kCdrom, lock).good());
        QVERIFY(!device.ejectMedium(kCdrom, scsi::EjectMode::Ask).has_value());
        const Bytes events = {0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0};
        QCOMPARE(m_rig->ask(kCdrom, events, 8)[4], uint8_t{1}); // eject request
        QVERIFY(m_rig->execute(kCdrom, unlock).good());
        m_rig->backends.pop_back();
        QVERIFY(device.ejectMedium(kCdrom, scsi::EjectMode::Ask).has_value());
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disc->gone.load(); }));
        QCOMPARE(device.mediumPath(kCdrom), std::string());
        QCOMPARE(m_rig->execute(kCdrom, kReady).sense, 0x023a02U);
        auto face = std::make_shared<LoopDiskFace>();
        QVERIFY(
            device
                .insertMedium(kCdrom, std::make_unique<LoopDisk>(*m_rig->rig.loop, face, 800, true))
                .has_value());
        QCOMPARE(m_rig->execute(kCdrom, kReady).sense, 0x062800U);
        QVERIFY(m_rig->execute(kCdrom, kReady).good());
        QCOMPARE(m_rig->ask(kCdrom, kCapacity, 8), (Bytes{0, 0, 0, 199, 0, 0, 8, 0}));
        for (int i = 0; i < 3; ++i) {
            const auto event = m_rig->event();
            QVERIFY(event.has_value());
            QCOMPARE(event->event, VIRTIO_SCSI_T_ASYNC_NOTIFY);
            QCOMPARE(event->reason, VIRTIO_SCSI_EVT_ASYNC_MEDIA_CHANGE);
        }
        QVERIFY(!device.ejectMedium(kDisk, scsi::EjectMode::Force).has_value());
    }

    void ejectedWhileRead()
    {
        m_rig->startReady();
        m_rig->disc->held = true;
        m_rig->send(kCdrom, read10(0, 4), 0, 8192);
        m_rig->notify();
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disc->waiting == 1; }));
        m_rig->backends.pop_back();
        QVERIFY(m_rig->device().ejectMedium(kCdrom, scsi::EjectMode::Force).has_value());
        QCOMPARE(m_rig->collect().sense, 0x023a02U);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->disc->gone.load(); }));
    }

    void guestMovesTheTray()
    {
        m_rig->startReady();
        QVERIFY(m_rig->execute(kCdrom, {0x1b, 0, 0, 0, 2, 0}).good());
        QVERIFY(VirtioRig::eventually([&] { return m_rig->trayMoved == kCdrom; }));
        QCOMPARE(m_rig->device().mediumPath(kCdrom), std::string());
    }

    void stateSuite()
    {
        m_rig->startReady();
        QVERIFY(m_rig->execute(kCdrom, {0x1e, 0, 0, 0, 1, 0}).good());
        QVERIFY(m_rig->device().resize(kDisk, 8192 * 512).has_value());
        m_rig->rig.function->pause();
        std::vector<std::unique_ptr<ScsiRig>> rigs;
        struct Borrowed final : state::Participant {
            explicit Borrowed(Scsi& device) : m_device(device) {}
            std::string stateName() const override { return m_device.stateName(); }
            state::Record saveState() const override { return m_device.saveState(); }
            Result<void> loadState(const state::Record& record) override
            {
                return m_device.loadState(record);
            }
            Scsi& m_device;
        };
        deviceStateSuite(m_rig->device(), [&]() -> std::unique_ptr<state::Participant> {
            if (rigs.size() > 8)
                rigs.clear();
            rigs.push_back(std::make_unique<ScsiRig>());
            return std::make_unique<Borrowed>(rigs.back()->device());
        });
    }

private:
    bool attach(uint8_t target, std::shared_ptr<LoopDiskFace> face)
    {
        auto backend = std::make_unique<LoopDisk>(*m_rig->rig.loop, std::move(face), 1024);
        return m_rig->device()
            .attachDisk(target, std::make_unique<scsi::Disk>(std::move(backend), "hot"),
                        block::WhenFull::Report)
            .has_value();
    }
    /// Memory, transport and device of the paused machine go to another one, through a file's
    /// bytes.
    void moveTo(ScsiRig& other)
    {
        const auto pass = [](const state::Participant& from, state::Participant& to) {
            const auto record = state::decode(state::encode(from.saveState()));
            CHECK(record.has_value());
            const auto loaded = to.loadState(*record);
            QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().sentence().c_str());
        };
        other.put(0, m_rig->get(0, VirtioRig::kData + 0x20'0000));
        pass(*m_rig->rig.function, *other.rig.function);
        pass(m_rig->device(), other.device());
    }

    /// Answers the other machine gave.
    static void skip(ScsiRig& rig, int count)
    {
        for (int i = 0; i < count; ++i)
            QVERIFY(rig.look().has_value());
        QVERIFY(!rig.look());
    }

    std::unique_ptr<ScsiRig> m_rig;
};

QTEST_GUILESS_MAIN(ScsiTest)
#include "scsi_test.moc"
