// SPDX-License-Identifier: GPL-3.0-or-later
// Devices attached and detached while a machine runs, as a guest's hot-plug driver and a person see
// it; and cards of a saved machine whose network is gone.
#include <QTemporaryDir>
#include <QtTest>

#include "tests/device/vmm/machine/set_rig.h"
#include "tests/support/loopback.h"
#include "vmm/virtio/blk_regs.h"
#include "vmm/virtio/net_regs.h"

using namespace vmm;
using namespace vmm::machine;
using spec::DriveBus;
using spec::DriveKind;
using spec::NicKind;
using tests::SetRig;

namespace {

constexpr uint64_t kPatienceNs = uint64_t{60} * 1'000'000'000;
constexpr uint64_t kDiskSize = uint64_t{1} << 20;

spec::NicSpec card(NicKind kind)
{
    spec::NicSpec nic;
    nic.kind = kind;
    return nic;
}

spec::MachineSpec machineWith(const spec::NicSpec& nic)
{
    spec::MachineSpec machine;
    machine.nics = {nic};
    return machine;
}

} // namespace

class VirtioSetTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_rig = std::make_unique<SetRig>();
        QVERIFY(m_rig->build());
    }
    void cleanup() { m_rig.reset(); }

    void cardComesAndGoes()
    {
        QCOMPARE(attach(card(NicKind::None)), std::string("nic0"));
        QCOMPARE(m_rig->takeEvents(), SetRig::kNewCard);
        m_rig->power(true);
        QCOMPARE(m_rig->card().read(0, 4), 0x1041'1af4U);
        QVERIFY(m_rig->startDriver());

        const auto outcome = m_rig->ask(Detach{"nic0"});
        QVERIFY(!*outcome); // up to the guest
        QVERIFY((m_rig->takeEvents() & pci::kSlotButton) != 0);
        m_rig->power(false);
        QVERIFY(*outcome && (*outcome)->has_value());
        QCOMPARE(m_rig->card().read(0, 4), SetRig::kNobody);
        QVERIFY(m_rig->described().nics.empty());
        QCOMPARE(attach(card(NicKind::None)), std::string("nic0")); // the slot is free again
    }

    void diskComesAndGoes()
    {
        const auto disk = newDisk();
        QCOMPARE(m_rig->answer(AttachDrive{disk}), std::string("disk0"));
        m_rig->takeEvents();
        m_rig->power(true);
        QCOMPARE(m_rig->card().read(0, 4), 0x1042'1af4U);
        QVERIFY(m_rig->startDriver());
        QCOMPARE(readSector(3), uint8_t{3});

        const auto outcome = m_rig->ask(Detach{"disk0"});
        m_rig->power(false);
        QVERIFY(*outcome && (*outcome)->has_value());
        QVERIFY(m_rig->described().drives.empty());
    }

    /// The link goes down with requests on their way, and the device with them.
    void diskGoesWhileItReads()
    {
        for (int round = 0; round < 20; ++round) {
            QCOMPARE(m_rig->answer(AttachDrive{newDisk()}), std::string("disk0"));
            m_rig->takeEvents();
            m_rig->power(true);
            QVERIFY(m_rig->startDriver());
            for (uint16_t i = 0; i < 5; ++i)
                offerRead(i, i);
            m_rig->driver->notify(0);
            const auto outcome = m_rig->ask(Detach{"disk0"});
            m_rig->power(false);
            QVERIFY(*outcome && (*outcome)->has_value());
        }
    }

    /// Who asked is told after a minute; the guest may let go later all the same.
    void guestKeepsItsCard()
    {
        attach(card(NicKind::None));
        m_rig->takeEvents();
        m_rig->power(true);
        const auto first = m_rig->ask(Detach{"nic0"});
        m_rig->board.clock.advance(kPatienceNs - 1);
        m_rig->runControl();
        QVERIFY(!*first);
        const auto second = m_rig->ask(Detach{"nic0"});
        QVERIFY(*second && (*second)->error().code() == ErrorCode::Busy);
        m_rig->board.clock.advance(1);
        m_rig->runControl();
        QVERIFY(*first && !**first);
        QCOMPARE((*first)->error().sentence(), std::string("the guest does not let go of nic0"));
        QCOMPARE(m_rig->described().nics.size(), size_t{1});

        m_rig->power(false);
        QVERIFY(m_rig->described().nics.empty());
        m_rig->board.clock.advance(kPatienceNs);
        m_rig->runControl();
    }

    void askedAgain()
    {
        attach(card(NicKind::None));
        m_rig->takeEvents();
        m_rig->power(true);
        m_rig->ask(Detach{"nic0"});
        m_rig->board.clock.advance(kPatienceNs);
        m_rig->runControl();
        const auto again = m_rig->ask(Detach{"nic0"});
        QVERIFY(!*again);
        m_rig->power(false);
        QVERIFY(*again && (*again)->has_value());
    }

    void noGuestListens()
    {
        SetRig rig;
        QVERIFY(rig.build(false));
        QCOMPARE(rig.answer(AttachNic{card(NicKind::None)}), std::string("nic0"));
        rig.power(true, false);
        const auto outcome = rig.ask(Detach{"nic0"});
        QVERIFY(*outcome && (*outcome)->error().code() == ErrorCode::Unsupported);
    }

    /// Nobody uses a card without power.
    void cardWithoutPower()
    {
        attach(card(NicKind::None));
        const auto outcome = m_rig->ask(Detach{"nic0"});
        m_rig->runControl();
        QVERIFY(*outcome && (*outcome)->has_value());
    }

    void allSlotsTaken()
    {
        for (unsigned i = 0; i < SetRig::kSlots; ++i)
            QVERIFY(!attach(card(NicKind::None)).empty());
        const auto outcome = m_rig->ask(AttachNic{card(NicKind::None)});
        QVERIFY(*outcome && (*outcome)->error().code() == ErrorCode::Exhausted);
        QCOMPARE(m_rig->described().nics.size(), size_t{SetRig::kSlots});
    }

    void whatCannotBeAttached()
    {
        spec::NicSpec passt = card(NicKind::Passt);
        passt.socketPath = "/nowhere/passt";
        spec::DriveSpec disk = newDisk();
        disk.path = "/nowhere/disk";
        for (const HardwareChange& change :
             {HardwareChange(AttachNic{passt}), HardwareChange(AttachDrive{disk}),
              HardwareChange(Detach{"nic7"})}) {
            const auto outcome = m_rig->ask(change);
            QVERIFY(*outcome && !**outcome);
        }
        QVERIFY(m_rig->described().nics.empty() && m_rig->described().drives.empty());
        QCOMPARE(m_rig->takeEvents(), 0U);
        QCOMPARE(attach(card(NicKind::None)), std::string("nic0"));
    }

    void builtInStays()
    {
        SetRig rig;
        rig.machine = machineWith(card(NicKind::None));
        QVERIFY(rig.build());
        const auto outcome = rig.ask(Detach{"nic0"});
        QVERIFY(*outcome && (*outcome)->error().code() == ErrorCode::Unsupported);
    }

    // --- saved machines ---

    void savedNetworkIsGone()
    {
        spec::NicSpec passt = card(NicKind::Passt);
        passt.socketPath = "/nowhere/passt";
        for (const auto& nic : {passt, card(NicKind::Tap)}) {
            SetRig rig;
            rig.machine = machineWith(nic);
            rig.isRestoring = true;
            QVERIFY(rig.build());
            QCOMPARE(rig.said.size(), size_t{1});
            QVERIFY(rig.said[0].starts_with("nic0 goes on unplugged: "));
            auto driver = rig.builtIn(2);
            // All that any network may have offered: the saved driver reckons with it.
            constexpr uint64_t kAll = virtio::VIRTIO_NET_F_CSUM | virtio::kGuestOffloads |
                                      virtio::VIRTIO_NET_F_HOST_TSO4 |
                                      virtio::VIRTIO_NET_F_HOST_TSO6;
            QCOMPARE(driver.features() & kAll, kAll);
            QCOMPARE(driver.read(tests::VirtioPciDriver::Kind::Device, 6, 2), uint64_t{0});
            const auto outcome = rig.ask(SetLink{"nic0", true});
            QVERIFY(*outcome && !**outcome);
            QVERIFY(rig.described().nics[0].linkUp); // with its network it is plugged in again
        }
    }

    void newNetworkIsGone()
    {
        SetRig rig;
        rig.machine = machineWith(card(NicKind::Passt));
        rig.machine.nics[0].socketPath = "/nowhere/passt";
        QVERIFY(!rig.build());
        QVERIFY(rig.said.empty());
    }

    void savedForwardIsTaken()
    {
        const UniqueFd taken = test::boundSocket(SOCK_STREAM);
        QVERIFY(taken.valid() && ::listen(taken.get(), 1) == 0);
        const std::string port = std::to_string(test::portOf(taken.get()));
        for (const bool restoring : {true, false}) {
            SetRig rig;
            rig.machine = machineWith(card(NicKind::User));
            rig.machine.nics[0].forwards = {"tcp:127.0.0.1:" + port + "-:22",
                                            "tcp:127.0.0.1:0-:80"};
            rig.isRestoring = restoring;
            QCOMPARE(rig.build(), restoring);
            if (!restoring)
                continue;
            QCOMPARE(rig.said.size(), size_t{1});
            QVERIFY(rig.said[0].starts_with("nic0 goes on without a forward: "));
            QVERIFY(rig.said[0].find(port) != std::string::npos);
            const std::string left = rig.answer(ListForwards{"nic0"});
            QVERIFY(left.find("-:80") != std::string::npos);
            QVERIFY(left.find("-:22") == std::string::npos);
        }
    }

    /// Who asks for the guest's ports hears of it on the control thread, also when the card goes.
    void portsAreAskedForOnNat()
    {
        SetRig rig;
        rig.machine = machineWith(card(NicKind::None));
        rig.machine.nics.push_back(card(NicKind::User));
        QVERIFY(rig.build());
        const auto refused = [&rig](const std::string& id) {
            const auto outcome = rig.ask(ListPorts{id});
            return *outcome && !**outcome ? (*outcome)->error().sentence() : std::string();
        };
        QVERIFY(refused("nic0").find("not on NAT") != std::string::npos);
        QVERIFY(refused("nic7").find("no device nic7") != std::string::npos);
        for (const char* id : {"", "nic1"}) {
            const auto outcome = rig.ask(ListPorts{id}); // no driver uses the card
            QTRY_VERIFY((rig.runControl(), outcome->has_value()));
            QCOMPARE((*outcome)->error().code(), ErrorCode::Unsupported);
        }
        rig.standing();
        QVERIFY(refused("").find("paused") != std::string::npos);
    }

private:
    std::string attach(const spec::NicSpec& nic) { return m_rig->answer(AttachNic{nic}); }

    /// Each of its sectors begins with its number.
    spec::DriveSpec newDisk()
    {
        spec::DriveSpec drive;
        drive.kind = DriveKind::Disk;
        drive.bus = DriveBus::VirtioBlk;
        drive.path = m_folder.filePath("disk").toStdString();
        QFile file(QString::fromStdString(drive.path));
        QByteArray content(kDiskSize, '\0');
        for (qsizetype at = 0; at < content.size(); at += 512)
            content[at] = static_cast<char>(at / 512);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("no disk");
        return drive;
    }

    void offerRead(uint16_t slot, uint64_t sector)
    {
        const uint64_t at = SetRig::kData + 0x1000U * slot;
        auto& memory = *m_rig->board.memory;
        QVERIFY(memory.write(memory::GuestPhys(at), uint64_t{virtio::VIRTIO_BLK_T_IN}).has_value());
        QVERIFY(memory.write(memory::GuestPhys(at + 8), sector).has_value());
        m_rig->queue->offer({{at, 16, false}, {at + 0x200, 512, true}, {at + 0x100, 1, true}},
                            static_cast<uint16_t>(3 * slot));
    }

    /// Its first byte.
    uint8_t readSector(uint64_t sector)
    {
        offerRead(0, sector);
        m_rig->driver->notify(0);
        if (!QTest::qWaitFor([this] { return m_rig->queue->usedIndex() == 1; }))
            return 0xff;
        return *m_rig->board.memory->read<uint8_t>(memory::GuestPhys(SetRig::kData + 0x200));
    }

    QTemporaryDir m_folder;
    std::unique_ptr<SetRig> m_rig;
};

QTEST_GUILESS_MAIN(VirtioSetTest)
#include "virtio_set_test.moc"
