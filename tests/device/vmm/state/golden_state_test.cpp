// SPDX-License-Identifier: GPL-3.0-or-later
// Saved machines of earlier versions (tests/data/state) load into today's devices, and a save of
// today's devices is one of those files: a change of a saved struct without a new version shows.
#include <QTemporaryDir>
#include <QtTest>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "tests/device/vmm/chipset/byte_recorder.h"
#include "tests/device/vmm/chipset/q35_rig.h"
#include "tests/device/vmm/machine/set_rig.h"
#include "vmm/chipset/hpet.h"
#include "vmm/chipset/i8042.h"
#include "vmm/chipset/port92.h"
#include "vmm/chipset/rtc.h"
#include "vmm/chipset/uart16550.h"
#include "vmm/cpu/cpu_state.h"
#include "vmm/cpu/irqchip_state.h"
#include "vmm/pci_devices/ahci.h"
#include "vmm/pci_devices/vga_pci.h"
#include "vmm/spec/machine_spec.h"
#include "vmm/state/state_file.h"

using namespace vmm;
using memory::GuestPhys;
using memory::GuestPort;

namespace {

/// What has no device outside a running machine: kept as a struct.
template <class S>
class Plain final : public state::Stateful<Plain<S>, S> {
public:
    explicit Plain(S value) : m_value(std::move(value)) {}
    S save() const { return m_value; }
    Result<void> load(const S& value)
    {
        m_value = value;
        return {};
    }

private:
    S m_value;
};

spec::MachineSpec sampleSpec()
{
    spec::MachineSpec spec;
    spec.name = "golden";
    spec.drives = {{spec::DriveKind::Cdrom, "/nowhere/system.iso"},
                   {spec::DriveKind::Disk, "/nowhere/disk.raw"}};
    spec.drives[1].bus = spec::DriveBus::VirtioBlk;
    spec.nics.resize(1);
    spec.nics[0].forwards = {"tcp:127.0.0.1:2222-:22"};
    spec.consolePorts.resize(1);
    spec.vsock = {3, "/nowhere/vsock"};
    spec.entropy = true;
    spec.rootPorts = 4;
    return spec;
}

cpu::CpuState sampleCpu()
{
    cpu::CpuState state = cpu::CpuState::powerOn(0);
    state.general[cpu::CpuState::Rax] = 0x1122'3344'5566'7788;
    state.msrs = {{0xc000'0080, 0x500}};
    state.xsave.assign(4096, 0);
    return state;
}

std::vector<pci_devices::AhciDrive> emptyDrive()
{
    std::vector<pci_devices::AhciDrive> drives(1);
    drives[0].port = 1;
    return drives;
}

/// Root ports and every virtio device, one of the cards in a slot.
struct VirtioDevices {
    static constexpr size_t kDiskSize = size_t{1} << 20;
    VirtioDevices()
    {
        spec::MachineSpec& machine = rig.machine;
        machine.nics.resize(2);
        for (spec::NicSpec& nic : machine.nics)
            nic.kind = spec::NicKind::None;
        machine.nics[1].slot = 1;
        for (const auto bus : {spec::DriveBus::VirtioBlk, spec::DriveBus::VirtioScsi}) {
            spec::DriveSpec drive{spec::DriveKind::Disk, inside("disk")};
            drive.bus = bus;
            drive.readOnly = true;
            machine.drives.push_back(drive);
        }
        machine.balloon = spec::BalloonKind::Manual;
        machine.entropy = true;
        machine.consolePorts = {{"", spec::PortEnd::File, inside("printed")}};
        machine.vsock = {3, inside("vsock")};
        std::ofstream(inside("disk")) << std::string(kDiskSize, '\0');
        CHECK(rig.build());
    }
    /// Each has a driver that agreed to nothing but the standard, and gave it its first queue.
    void use()
    {
        rig.power(true);
        for (const unsigned device : {0x02U, 0x0aU, 0x17U, 0x18U, 0x19U, 0x1aU, 0x1bU}) {
            auto driver = rig.builtIn(static_cast<uint8_t>(device));
            CHECK(driver.negotiate(virtio::VIRTIO_F_VERSION_1));
            const uint64_t rings = tests::SetRig::kRings + 0x1000U * device;
            driver.setQueue(
                0, tests::VirtqueueDriver(*rig.board.memory, rings, tests::SetRig::kRingSize)
                       .layout());
            driver.programVector(0, device);
            driver.go();
        }
    }
    std::string inside(const char* name) const { return folder.filePath(name).toStdString(); }

    QTemporaryDir folder;
    tests::SetRig rig;
};

/// Every kind of device with state, fresh.
struct Devices {
    std::vector<state::Participant*> all()
    {
        auto every = virtio.rig.standing();
        const auto others = chips();
        every.insert(every.begin(), others.begin(), others.end());
        return every;
    }
    std::vector<state::Participant*> chips()
    {
        return {&spec,     &cpu,        &irqchip,    core.host.get(), core.lpc.get(),
                &core.pm,  &core.smbus, &core.ports, port92.get(),    hpet.get(),
                rtc.get(), i8042.get(), uart.get(),  ahci.get(),      vga.get()};
    }
    /// As firmware leaves a machine that has begun to work.
    void use()
    {
        core.enablePm();
        core.driver(tests::Q35Rig::kHostBdf).write(0x60, 0xb000'0001, 4);
        core.driver(tests::Q35Rig::kHostBdf).write(0x91, 0x33, 1);
        core.out(0x43, 0x34, 1);
        core.out(0x70, 0x0b, 1);
        core.out(0x71, 0x42, 1);
        core.out(0x3f9, 0x01, 1);
        core.out(0x92, 0x02, 1);
        core.board.mmio.write(GuestPhys(chipset::Hpet::kBase + 0x10), 1, 8);
        core.board.clock.advance(1'000'000);
        i8042->key({30, true});
        uart->receiveBytes(std::as_bytes(std::span("hi", 2)));
        virtio.use();
    }

    tests::Q35Rig core{tests::patternRom(size_t{128} << 10)};
    tests::FakeIrqLine irq;
    tests::ByteRecorder printed;
    Plain<spec::MachineSpec> spec{sampleSpec()};
    Plain<cpu::CpuState> cpu{sampleCpu()};
    Plain<cpu::IrqchipState> irqchip{{}};
    std::unique_ptr<chipset::Port92> port92 =
        std::move(*chipset::Port92::create(core.board.pio, core.board.system));
    std::unique_ptr<chipset::Hpet> hpet = std::move(
        *chipset::Hpet::create(core.board.mmio, core.board.interrupts, core.board.clock, {}));
    std::unique_ptr<chipset::Rtc> rtc = std::move(*chipset::Rtc::create(
        core.board.pio, irq, core.board.clock, core.board.wallClock, chipset::CmosSetup{}));
    std::unique_ptr<chipset::I8042> i8042 =
        std::move(*chipset::I8042::create(core.board.pio, irq, irq, core.board.system));
    std::unique_ptr<chipset::Uart16550> uart = std::move(*chipset::Uart16550::create(
        core.board.pio, GuestPort(0x3f8), irq, core.board.clock, printed));
    std::unique_ptr<pci_devices::Ahci> ahci =
        std::move(*pci_devices::Ahci::create(core.board.pciServices(), emptyDrive()));
    VirtioDevices virtio;
    std::unique_ptr<pci_devices::VgaPci> vga = std::move(*pci_devices::VgaPci::create(
        core.board.pciServices(), core.board.clock, {}, uint64_t{1} << 20));
};

using Records = std::map<std::string, state::Record>;

Records read(const std::string& path)
{
    Records records;
    const auto result = state::readFile(
        path,
        [&](state::NamedRecord named) -> Result<void> {
            records.insert_or_assign(named.participant, std::move(named.record));
            return {};
        },
        [](uint64_t, std::span<const std::byte>) -> Result<void> { return {}; });
    if (!result)
        qWarning("%s", result.error().sentence().c_str());
    return records;
}

Result<void> write(const std::string& path, Devices& devices)
{
    auto writer = TRY(state::FileWriter::create(path));
    for (const state::Participant* device : devices.all())
        TRY(writer.writeRecord(device->stateName(), device->saveState()));
    TRY(writer.writeRam(0, std::vector<std::byte>(4096, std::byte{0xf4})));
    return writer.finish();
}

} // namespace

class GoldenStateTest : public QObject {
    Q_OBJECT

private slots:
    void eachFileLoads_data()
    {
        QTest::addColumn<QString>("path");
        for (const auto& entry : std::filesystem::directory_iterator(GOLDEN_FOLDER)) {
            if (entry.path().extension() == ".vitrine")
                QTest::newRow(entry.path().filename().c_str())
                    << QString::fromStdString(entry.path().string());
        }
    }
    void eachFileLoads()
    {
        QFETCH(QString, path);
        const Records records = read(path.toStdString());
        QVERIFY(!records.empty());
        Devices devices;
        for (state::Participant* device : devices.all()) {
            const auto it = records.find(device->stateName());
            if (it == records.end())
                continue; // a device that version did not have
            const auto result = device->loadState(it->second);
            QVERIFY2(result.has_value(), result ? "" : result.error().sentence().c_str());
        }
    }

    /// Fails when a saved struct changed: give its tag a new version, keep reading the old one, and
    /// add a file (tests/data/state/README.md).
    void todaysSaveIsAmongThem()
    {
        Devices devices;
        devices.use();
        const char* wanted = std::getenv("VITRINE_WRITE_STATE");
        if (wanted != nullptr) {
            const auto result = write(wanted, devices);
            QVERIFY2(result.has_value(), result ? "" : result.error().sentence().c_str());
        }
        std::vector<Records> files;
        for (const auto& entry : std::filesystem::directory_iterator(GOLDEN_FOLDER)) {
            if (entry.path().extension() == ".vitrine")
                files.push_back(read(entry.path().string()));
        }
        for (const state::Participant* device : devices.all()) {
            const auto now = state::encode(device->saveState());
            const bool known = std::any_of(files.begin(), files.end(), [&](const Records& records) {
                const auto it = records.find(device->stateName());
                return it != records.end() && state::encode(it->second) == now;
            });
            QVERIFY2(known, device->stateName().c_str());
        }
    }
};

QTEST_GUILESS_MAIN(GoldenStateTest)
#include "golden_state_test.moc"
