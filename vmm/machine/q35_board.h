// SPDX-License-Identifier: GPL-3.0-or-later
// "vitrine-q35": the chips of the board and where they sit (ARCHITECTURE.md, "Memory map").
// Room-internal.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/chipset/acpi_pm.h"
#include "vmm/chipset/debugcon.h"
#include "vmm/chipset/hpet.h"
#include "vmm/chipset/i8042.h"
#include "vmm/chipset/ich9_lpc.h"
#include "vmm/chipset/ich9_smbus.h"
#include "vmm/chipset/isa_debug_exit.h"
#include "vmm/chipset/legacy_replacement.h"
#include "vmm/chipset/port92.h"
#include "vmm/chipset/pvpanic.h"
#include "vmm/chipset/q35_host.h"
#include "vmm/chipset/rtc.h"
#include "vmm/chipset/test_device.h"
#include "vmm/chipset/uart16550.h"
#include "vmm/firmware/board_facts.h"
#include "vmm/firmware/fw_cfg.h"
#include "vmm/firmware/pflash.h"
#include "vmm/firmware/uefi.h"
#include "vmm/firmware/vmgenid.h"
#include "vmm/kvm/kvm_hypervisor.h"
#include "vmm/machine/assist.h"
#include "vmm/machine/board.h"
#include "vmm/machine/guest_clock_state.h"
#include "vmm/machine/serial_backend.h"
#include "vmm/machine/soft_hypervisor.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/pci_devices/ahci.h"
#include "vmm/pci_devices/vga_pci.h"

namespace vmm::machine {

/// PCIEXBAR as the guest programmed it, for the ACPI tables.
class LiveChipset final : public firmware::ChipsetView {
public:
    explicit LiveChipset(pci::PciBus& pciBus) : m_bus(pciBus) {}
    firmware::EcamRange ecam() const override;

private:
    pci::PciBus& m_bus;
};

/// The HPET took over IRQ 0: the in-kernel PIT stops driving it.
class PitGate final : public chipset::LegacyReplacementListener {
public:
    explicit PitGate(cpu::Hypervisor& hypervisor) : m_hypervisor(hypervisor) {}
    void legacyReplacement(bool on) override { m_hypervisor.setHpetLegacy(on); }

private:
    cpu::Hypervisor& m_hypervisor;
};

/// The other end of a serial port nobody listens to.
class NullSink final : public console::ByteSink {
public:
    void writeBytes(std::span<const std::byte>) override {}
};

/// The board on KVM. Members stand in the order of dependence: what is below uses what is above.
class Q35Board final : public Board {
public:
    Q35Board(const spec::MachineSpec& spec, bus::SystemControl& system, HardwareHost& host)
        : m_spec(spec), m_system(system), m_hardwareHost(host)
    {}
    ~Q35Board() override;
    /// Makes everything, each step a small function; once.
    Result<void> build();

    cpu::Hypervisor& hypervisor() override { return *m_hypervisor; }
    memory::GuestMemory& memory() override { return *m_memory; }
    std::vector<memory::MapRange> directMap() const override { return m_map->ranges(); }
    void pause() override;
    void resume() override;
    void reset() override;
    Result<void> prepareBoot(cpu::Vcpu& first) override;
    void setMediaListener(std::function<void()> listener) override;
    void pressPowerButton() override { m_pm->powerButton(); }
    Result<void> insertMedium(const std::string& path) override;
    Result<void> ejectMedium() override;
    std::string medium() const override;
    void describe(spec::MachineSpec& spec) const override;
    void change(HardwareChange change, HardwareCompletion done) override;
    input::KeyboardSink& keyboard() override { return *m_i8042; }
    input::PointerSink& pointer() override { return *m_i8042; }
    console::ScanoutSource& scanout() override { return m_vga->scanout(); }
    std::vector<std::pair<std::string, std::string>> consolePtys() const override
    {
        return m_virtio->ptys();
    }
    std::string serialPty() const override
    {
        return m_serial ? m_serial->ptyName() : std::string();
    }
    void restored() override;
    std::vector<state::Participant*> participants() override;
    std::vector<Counter> counters() const override;

private:
    Result<void> addHypervisor();
    Result<void> addMemory();
    Result<void> addBridges();
    Result<void> addIsaChips();
    Result<void> addTestDevices();
    Result<void> addSerialPorts();
    Result<void> addDisplay();
    Result<void> addDrives();
    Result<void> addVirtio();
    Result<void> addFirmwareFiles();
    firmware::BoardFacts facts() const;
    pci::PciServices services();
    /// Notes a device for saving and reset, in this order.
    template <class Device>
    void track(Device& device);

    const spec::MachineSpec m_spec;
    bus::SystemControl& m_system;
    HardwareHost& m_hardwareHost;
    bus::PioBus m_pio;
    bus::MmioBus m_mmio;
    HostWallClock m_wallClock;
    NullSink m_nullSink;
    block::IoCounts m_diskCounts;
    net::TrafficCounts m_netCounts;
    firmware::BootFirmware m_firmware;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<GuestClock> m_clock;
    std::optional<GuestClockParticipant> m_clockState;
    std::unique_ptr<Assist> m_assist; ///< with KVM
    std::unique_ptr<cpu::Hypervisor> m_hypervisor;
    SoftHypervisor* m_soft = nullptr; ///< m_hypervisor, when that is the software backend
    std::unique_ptr<memory::GuestMemory> m_memory;
    std::optional<memory::MemoryMap> m_map;
    std::optional<PitGate> m_pitGate;
    std::unique_ptr<chipset::Ich9Lpc> m_lpc;
    std::optional<pci::PciBus> m_pciBus;
    std::optional<pci::PciConfigPorts> m_configPorts;
    std::unique_ptr<bus::Registration> m_configPortsMapping;
    std::unique_ptr<chipset::Q35Host> m_host;
    std::optional<chipset::AcpiPm> m_pm;
    std::optional<chipset::Ich9Smbus> m_smbus;
    std::vector<std::unique_ptr<bus::GsiLine>> m_isaLines;
    std::unique_ptr<chipset::Rtc> m_rtc;
    std::unique_ptr<chipset::I8042> m_i8042;
    std::unique_ptr<chipset::Port92> m_port92;
    std::unique_ptr<chipset::Hpet> m_hpet;
    std::unique_ptr<chipset::Pvpanic> m_pvpanic;
    std::unique_ptr<chipset::IsaDebugExit> m_debugExit;
    std::unique_ptr<chipset::IsaDebugExit> m_usualDebugExit;
    std::unique_ptr<chipset::TestDevice> m_testDevice;
    std::unique_ptr<SerialBackend> m_serial;
    std::unique_ptr<SerialBackend> m_debugLog;
    std::unique_ptr<chipset::Uart16550> m_uart;
    std::unique_ptr<chipset::Debugcon> m_debugcon;
    std::unique_ptr<pci_devices::VgaPci> m_vga;
    std::unique_ptr<pci_devices::Ahci> m_ahci;
    std::optional<VirtioSet> m_virtio;
    std::optional<LiveChipset> m_liveChipset;
    std::unique_ptr<firmware::FwCfg> m_fwCfg;
    std::optional<firmware::VmGenId> m_generationId;
    std::unique_ptr<bus::Registration> m_fwCfgMapping;
    std::unique_ptr<firmware::Pflash> m_pflash; // only with UEFI firmware
    std::vector<state::Participant*> m_participants;
    std::vector<bus::Resettable*> m_resettables;
};

} // namespace vmm::machine
