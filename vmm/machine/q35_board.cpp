// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/q35_board.h"

#include <cpuid.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstring>

#include "vmm/block/open_image.h"
#include "vmm/firmware/board_files.h"
#include "vmm/firmware/board_tables.h"
#include "vmm/firmware/chipset_setup.h"
#include "vmm/firmware/kernel_loader.h"

namespace vmm::machine {

namespace {

constexpr pci::PciBdf kHostBridge{0, 0, 0};
constexpr pci::PciBdf kVga{0, 1, 0};
constexpr pci::PciBdf kLpc{0, 0x1f, 0};
constexpr pci::PciBdf kAhci{0, 0x1f, 2};
constexpr pci::PciBdf kSmbus{0, 0x1f, 3};
constexpr unsigned kIntA = 1;
constexpr unsigned kIntB = 2;
constexpr unsigned kKeyboardIrq = 1;
constexpr unsigned kSerialIrq = 4;
constexpr unsigned kRtcIrq = 8;
constexpr unsigned kMouseIrq = 12;
constexpr uint16_t kSerialPort = 0x3f8;
constexpr size_t kVideoMemory = size_t{64} << 20; // 3840x2160 in 32 bits needs 32 MiB

/// RAM below 4 GiB ends where PCIEXBAR may begin; from there on PCI has 1 to 2 GiB of addresses
/// (facts of SeaBIOS and OVMF: configuration space at 0xb0000000).
memory::RamLayout layoutFor(uint64_t bytes)
{
    constexpr uint64_t kEcamBase = 0xb000'0000;
    constexpr uint64_t kLowWhenSplit = 0x8000'0000;
    if (bytes < kEcamBase)
        return {bytes, 0};
    return {kLowWhenSplit, bytes - kLowWhenSplit};
}

/// RAM is given out as the guest touches it, so the host would take any size and kill somebody
/// later.
Result<void> checkHostMemory(uint64_t wanted)
{
    const auto host = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                      static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    if (wanted > host)
        return Error(ErrorCode::Exhausted,
                     fmt::format("the machine wants {} MiB of memory, this computer has {} MiB",
                                 wanted >> 20, host >> 20));
    return {};
}

unsigned physicalAddressBits()
{
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    return __get_cpuid(0x8000'0008, &eax, &ebx, &ecx, &edx) != 0 ? eax & 0xff : 0;
}

std::array<uint8_t, 3> cmosBootOrder(spec::BootOrder order)
{
    constexpr uint8_t kDisk = 2;
    constexpr uint8_t kCdrom = 3;
    if (order == spec::BootOrder::Disk)
        return {kDisk, kCdrom, 0};
    return {kCdrom, kDisk, 0};
}

/// Flat segments in the mode the kernel wants, interrupts off.
void setSegments(cpu::CpuState& state, const firmware::KernelEntry& entry)
{
    constexpr uint8_t kCode = 0xb;
    constexpr uint8_t kData = 0x3;
    constexpr uint8_t kBusyTss = 0xb;
    const bool wide = entry.mode == firmware::KernelMode::Long64;
    for (const auto which : {cpu::CpuState::Es, cpu::CpuState::Cs, cpu::CpuState::Ss,
                             cpu::CpuState::Ds, cpu::CpuState::Fs, cpu::CpuState::Gs}) {
        const bool code = which == cpu::CpuState::Cs;
        cpu::Segment segment;
        segment.limit = 0xffff'ffff;
        segment.present = true;
        segment.s = true;
        segment.g = true;
        segment.l = code && wide;
        segment.db = !segment.l;
        segment.type = code ? kCode : kData;
        segment.selector = code ? entry.codeSelector : entry.dataSelector;
        state.segments[which] = segment;
    }
    cpu::Segment& task = state.segments[cpu::CpuState::Tr];
    task = {};
    task.limit = 0x67;
    task.type = kBusyTss;
    task.present = true;
}

/// The registers as the kernel's boot protocol has them.
void enterKernel(cpu::CpuState& state, const firmware::KernelEntry& entry)
{
    setSegments(state, entry);
    state.gdt = {entry.gdt.value(), entry.gdtLimit};
    state.cr0 = 0x11; // PE, ET
    if (entry.mode == firmware::KernelMode::Long64) {
        state.cr0 |= 0x8000'0000; // PG
        state.cr3 = entry.pageTable.value();
        state.cr4 |= 0x20;   // PAE
        state.efer |= 0x500; // LME, LMA
    }
    state.rflags = 2;
    state.rip = entry.entry.value();
    state.general[cpu::CpuState::Rax] = entry.eax;
    state.general[cpu::CpuState::Rbx] = entry.ebx;
    state.general[cpu::CpuState::Rsi] = entry.rsi;
}

/// Interrupts of the 8259A pair reach the first CPU through its APIC, which the operating system
/// finds like this (MultiProcessor Specification 1.4 section 3.6.2.2).
void enterVirtualWire(cpu::CpuState& state)
{
    constexpr size_t kSpurious = 0xf0;
    constexpr size_t kLint0 = 0x350;
    constexpr size_t kLint1 = 0x360;
    const auto put = [&state](size_t offset, uint32_t value) {
        std::memcpy(&state.lapic.at(offset), &value, sizeof value);
    };
    put(kSpurious, 0x1ff); // enabled, vector 0xff
    put(kLint0, 0x700);    // ExtINT
    put(kLint1, 0x400);    // NMI
}

} // namespace

firmware::EcamRange LiveChipset::ecam() const
{
    // PCIEXBAR: bit 0 enable, bits 2:1 the size from 256 down to 64 MiB (datasheet 316966
    // section 5.1.15).
    const uint32_t low = m_bus.readConfig(kHostBridge, 0x60, 4);
    const uint32_t high = m_bus.readConfig(kHostBridge, 0x64, 4);
    const unsigned sizeBits = low >> 1 & 3;
    firmware::EcamRange range;
    range.enabled = (low & 1) != 0 && sizeBits != 3;
    range.size = (uint64_t{256} << 20) >> sizeBits;
    range.base = (uint64_t{high} << 32 | low) & ~(range.size - 1);
    return range;
}

Result<std::unique_ptr<Board>> Board::create(const spec::MachineSpec& spec,
                                             bus::SystemControl& system, HardwareHost& host)
{
    auto board = std::make_unique<Q35Board>(spec, system, host);
    TRY(board->build());
    return std::unique_ptr<Board>(std::move(board));
}

Q35Board::~Q35Board()
{
    if (m_serial)
        m_serial->disconnect(); // before the UART it feeds goes away
}

template <class Device>
void Q35Board::track(Device& device)
{
    if constexpr (std::is_base_of_v<state::Participant, Device>)
        m_participants.push_back(&device);
    if constexpr (std::is_base_of_v<bus::Resettable, Device>)
        m_resettables.push_back(&device);
}

/// Order of construction is the order of saving, loading and resetting too: time first, bridges
/// before what sits behind them.
Result<void> Q35Board::build()
{
    if (m_spec.kernelPath.empty())
        m_firmware = TRY(firmware::loadFirmware(m_spec.firmwarePath));
    m_loop = TRY(EventLoop::create("devices"));
    m_clock = TRY(GuestClock::create(*m_loop));
    m_clockState.emplace(*m_clock);
    track(*m_clockState);
    TRY(addHypervisor());
    TRY(addMemory());
    TRY(addBridges());
    TRY(addIsaChips());
    TRY(addSerialPorts());
    TRY(addDisplay());
    TRY(addDrives());
    TRY(addVirtio());
    return addFirmwareFiles();
}

Result<void> Q35Board::addHypervisor()
{
    if (m_spec.accel == spec::Accel::Soft) {
        auto soft = TRY(SoftHypervisor::create({m_spec.cpus, m_pio, m_mmio, *m_loop, *m_clock}));
        m_soft = soft.get();
        m_hypervisor = std::move(soft);
    } else {
        m_assist = std::make_unique<Assist>(m_spec.cpus, m_pio, m_mmio);
        m_hypervisor =
            TRY(kvm::KvmHypervisor::create({m_spec.cpus, m_pio, m_mmio, m_assist.get()}));
        m_assist->passTo(m_hypervisor->mapSink());
    }
    m_pitGate.emplace(*m_hypervisor);
    return {};
}

Result<void> Q35Board::addMemory()
{
    TRY(checkHostMemory(m_spec.memoryBytes));
    m_memory = TRY(memory::GuestMemory::create(layoutFor(m_spec.memoryBytes)));
    if (m_soft != nullptr)
        TRY(m_soft->useMemory(*m_memory));
    m_map.emplace(m_assist ? *m_assist : m_hypervisor->mapSink());
    return {};
}

pci::PciServices Q35Board::services()
{
    return {
        m_pio, m_mmio, *m_map, *m_memory, m_hypervisor->interrupts(), m_hypervisor->doorbells()};
}

Result<void> Q35Board::addBridges()
{
    m_lpc = TRY(chipset::Ich9Lpc::create(services(), m_system));
    m_pciBus.emplace(*m_lpc);
    m_configPorts.emplace(*m_pciBus, m_lpc->resetControl());
    m_configPortsMapping =
        TRY(m_pio.map("pci-config", memory::GuestPort(pci::PciConfigPorts::kPort),
                      pci::PciConfigPorts::kPortCount, *m_configPorts));
    m_host = TRY(chipset::Q35Host::create(services(), *m_pciBus, m_firmware.images.bios));
    m_pm.emplace(*m_clock, m_system, m_lpc->sciLine());
    m_lpc->connectPm(*m_pm);
    m_smbus.emplace(services());
    m_smbus->connectIntx(m_pciBus->intxLine(kSmbus, kIntB));
    TRY(m_pciBus->attach(kHostBridge, *m_host));
    TRY(m_pciBus->attach(kLpc, *m_lpc));
    TRY(m_pciBus->attach(kSmbus, *m_smbus));
    track(*m_lpc);
    track(*m_configPorts);
    track(*m_host);
    track(*m_pm);
    track(*m_smbus);
    return {};
}

Result<void> Q35Board::addIsaChips()
{
    chipset::CmosSetup cmos;
    cmos.memoryBelow4G = m_memory->layout().lowSize;
    cmos.memoryAbove4G = m_memory->layout().highSize;
    cmos.cpus = m_spec.cpus;
    cmos.bootOrder = cmosBootOrder(m_spec.boot);
    m_rtc = TRY(chipset::Rtc::create(m_pio, m_lpc->isaLine(kRtcIrq), *m_clock, m_wallClock, cmos));
    m_i8042 = TRY(chipset::I8042::create(m_pio, m_lpc->isaLine(kKeyboardIrq),
                                         m_lpc->isaLine(kMouseIrq), m_system));
    m_port92 = TRY(chipset::Port92::create(m_pio, m_system));
    m_hpet = TRY(chipset::Hpet::create(m_mmio, m_hypervisor->interrupts(), *m_clock,
                                       {&*m_pitGate, m_rtc.get()}));
    m_pvpanic = TRY(chipset::Pvpanic::create(m_pio, m_system));
    if (m_spec.testDevices)
        TRY(addTestDevices());
    track(*m_rtc);
    track(*m_i8042);
    track(*m_port92);
    track(*m_hpet);
    return {};
}

Result<void> Q35Board::addTestDevices()
{
    constexpr memory::GuestPort kUsualExitPort(0xf4); // where public test suites expect it
    m_debugExit = TRY(chipset::IsaDebugExit::create(m_pio, m_system));
    m_usualDebugExit = TRY(chipset::IsaDebugExit::create(m_pio, m_system, kUsualExitPort));
    m_testDevice = TRY(chipset::TestDevice::create(m_pio, m_mmio, m_hypervisor->interrupts()));
    return {};
}

Result<void> Q35Board::addSerialPorts()
{
    if (m_spec.serial != spec::SerialKind::None)
        m_serial = TRY(SerialBackend::create(m_spec.serial, m_spec.serialPath));
    console::ByteSink& sink = m_serial ? static_cast<console::ByteSink&>(*m_serial) : m_nullSink;
    m_uart = TRY(chipset::Uart16550::create(m_pio, memory::GuestPort(kSerialPort),
                                            m_lpc->isaLine(kSerialIrq), *m_clock, sink));
    if (m_serial)
        m_serial->connect(*m_uart);
    if (!m_spec.debugconPath.empty()) {
        m_debugLog = TRY(SerialBackend::create(spec::SerialKind::File, m_spec.debugconPath));
        m_debugcon = TRY(chipset::Debugcon::create(m_pio, *m_debugLog));
    }
    track(*m_uart);
    return {};
}

Result<void> Q35Board::addDisplay()
{
    m_vga = TRY(
        pci_devices::VgaPci::create(services(), *m_clock, m_firmware.images.vgaBios, kVideoMemory));
    TRY(m_pciBus->attach(kVga, *m_vga));
    track(*m_vga);
    track(m_vga->vram());
    return {};
}

Result<void> Q35Board::addDrives()
{
    std::vector<pci_devices::AhciDrive> drives;
    for (const spec::DriveSpec& wanted : m_spec.drives) {
        if (wanted.bus != spec::DriveBus::Ahci)
            continue;
        const bool cdrom = wanted.kind == spec::DriveKind::Cdrom;
        pci_devices::AhciDrive drive;
        drive.port = static_cast<unsigned>(drives.size());
        drive.type = cdrom ? pci_devices::DriveType::Cdrom : pci_devices::DriveType::Disk;
        if (!wanted.path.empty())
            drive.backend =
                TRY(cdrom ? block::openCdrom(wanted.path, nullptr, nullptr, &m_diskCounts)
                          : block::openDisk(wanted.path, {.counts = &m_diskCounts}));
        drives.push_back(std::move(drive));
    }
    m_ahci = TRY(pci_devices::Ahci::create(services(), std::move(drives)));
    m_ahci->connectIntx(m_pciBus->intxLine(kAhci, kIntA));
    TRY(m_pciBus->attach(kAhci, *m_ahci));
    track(*m_ahci);
    return {};
}

Result<void> Q35Board::addVirtio()
{
    m_virtio.emplace(VirtioPlace{services(), *m_pciBus, *m_loop, *m_clock, m_hardwareHost,
                                 m_diskCounts, m_netCounts});
    return m_virtio->build(m_spec);
}

std::vector<state::Participant*> Q35Board::participants()
{
    std::vector<state::Participant*> all = m_participants;
    const auto virtio = m_virtio->participants();
    all.insert(all.end(), virtio.begin(), virtio.end());
    return all;
}

/// What firmware and kernels are told about the machine.
firmware::BoardFacts Q35Board::facts() const
{
    firmware::BoardFacts facts{.chipset = *m_liveChipset,
                               .name = m_spec.name,
                               .cpus = m_spec.cpus,
                               .sockets = 1,
                               .ram = m_memory->layout(),
                               .drives = m_virtio->bootDrives(),
                               .boot = m_spec.boot,
                               .physicalAddressBits = physicalAddressBits()};
    if (m_generationId)
        facts.generationId = m_generationId->id();
    return facts;
}

void Q35Board::restored()
{
    if (m_generationId)
        m_generationId->restored();
}

Result<void> Q35Board::addFirmwareFiles()
{
    m_liveChipset.emplace(*m_pciBus);
    m_fwCfg = std::make_unique<firmware::FwCfg>(*m_memory);
    m_fwCfgMapping = TRY(m_pio.map("fw-cfg", memory::GuestPort(firmware::FwCfg::kPort),
                                   firmware::FwCfg::kPortCount, *m_fwCfg));
    if (m_spec.generationId)
        m_generationId.emplace(*m_memory, *m_fwCfg,
                               [this] { m_pm->raiseEvent(firmware::kGenerationIdEvent); });
    TRY(firmware::populate(*m_fwCfg, facts()));
    track(*m_fwCfg);
    if (m_firmware.variables.empty())
        return {};
    const uint64_t flash =
        (uint64_t{1} << 32) - m_firmware.images.bios.size() - m_firmware.variables.size();
    m_pflash = TRY(
        firmware::Pflash::create(m_mmio, *m_map, memory::GuestPhys(flash), m_firmware.variables));
    track(*m_pflash);
    return {};
}

Result<void> Q35Board::prepareBoot(cpu::Vcpu& first)
{
    if (m_spec.kernelPath.empty())
        return {};
    firmware::setUpChipset(*m_pciBus);
    firmware::setUpInterrupts(m_pio);
    auto tables = TRY(firmware::placeTables(*m_memory, facts()));
    if (tables.generationId)
        m_generationId->placedAt(*tables.generationId);
    firmware::KernelBoot boot{std::move(tables.memoryMap), m_spec.commandLine};
    boot.rsdp = tables.rsdp;
    const firmware::KernelEntry entry = TRY(
        firmware::loadKernel(*m_memory, {m_spec.kernelPath, m_spec.initrdPath}, std::move(boot)));
    cpu::CpuState state = TRY(first.saveState());
    enterKernel(state, entry);
    enterVirtualWire(state);
    return first.loadState(state);
}

void Q35Board::pause()
{
    m_clock->pause();
    m_ahci->pause();
    m_virtio->pause();
    m_hypervisor->clockPaused();
}

void Q35Board::resume()
{
    m_hypervisor->clockResumed();
    m_ahci->resume();
    m_virtio->resume();
    m_clock->resume();
}

void Q35Board::reset()
{
    for (bus::Resettable* device : m_resettables)
        device->reset();
    m_virtio->reset();
}

void Q35Board::setMediaListener(std::function<void()> listener)
{
    m_virtio->setMediaListener(listener);
    m_ahci->setMediaListener([listener = std::move(listener)](unsigned) { listener(); });
}

Result<void> Q35Board::insertMedium(const std::string& path)
{
    if (const auto port = m_ahci->cdromPort())
        return m_ahci->insertMedium(*port,
                                    TRY(block::openCdrom(path, nullptr, nullptr, &m_diskCounts)));
    if (!m_virtio->hasCdrom())
        return Error(ErrorCode::NotFound, "the machine has no CD-ROM drive");
    return m_virtio->insertMedium(path);
}

Result<void> Q35Board::ejectMedium()
{
    if (const auto port = m_ahci->cdromPort())
        return m_ahci->ejectMedium(*port, pci_devices::EjectMode::Force);
    if (!m_virtio->hasCdrom())
        return Error(ErrorCode::NotFound, "the machine has no CD-ROM drive");
    return m_virtio->ejectMedium();
}

std::string Q35Board::medium() const
{
    if (const auto port = m_ahci->cdromPort())
        return m_ahci->mediumPath(*port);
    return m_virtio->hasCdrom() ? m_virtio->medium() : std::string();
}

void Q35Board::change(HardwareChange change, HardwareCompletion done)
{
    m_virtio->change(change, std::move(done));
}

void Q35Board::describe(spec::MachineSpec& spec) const
{
    m_virtio->describe(spec);
    unsigned port = 0;
    for (spec::DriveSpec& drive : spec.drives) {
        if (drive.bus == spec::DriveBus::Ahci && drive.kind == spec::DriveKind::Cdrom)
            drive.path = m_ahci->mediumPath(port);
        port += drive.bus == spec::DriveBus::Ahci ? 1 : 0;
    }
}

std::vector<Counter> Q35Board::counters() const
{
    std::vector<Counter> all;
    const auto add = [&all](const char* space,
                            const std::vector<const bus::AccessCounters*>& counters) {
        for (const bus::AccessCounters* counter : counters) {
            all.push_back({fmt::format("{}.{}.reads", space, counter->name),
                           counter->reads.load(std::memory_order_relaxed)});
            all.push_back({fmt::format("{}.{}.writes", space, counter->name),
                           counter->writes.load(std::memory_order_relaxed)});
        }
    };
    add("pio", m_pio.counters());
    add("mmio", m_mmio.counters());
    const auto count = [&all](const char* name, const std::atomic<uint64_t>& value) {
        all.push_back({name, value.load(std::memory_order_relaxed)});
    };
    count("disk.bytes-read", m_diskCounts.read);
    count("disk.bytes-written", m_diskCounts.written);
    count("net.bytes-received", m_netCounts.received);
    count("net.bytes-sent", m_netCounts.sent);
    const auto virtio = m_virtio->counters();
    all.insert(all.end(), virtio.begin(), virtio.end());
    if (m_serial)
        all.push_back({"serial.dropped", m_serial->dropped()});
    return all;
}

} // namespace vmm::machine
