// SPDX-License-Identifier: GPL-3.0-or-later
// Intel 3 Series Express Chipset Family datasheet (316966-002) section 5.1; ICH9 (316972-004)
// section 13.1; PCI-to-PCI Bridge Architecture 1.2 section 3.2.5.
#include "vmm/firmware/chipset_setup.h"

#include <array>

#include "vmm/pci/pci_ids.h"
#include "vmm/pci/pcie_regs.h"

namespace vmm::firmware {

namespace {

constexpr pci::PciBdf kHostBridge{0, 0, 0};
constexpr pci::PciBdf kLpc{0, 0x1f, 0};

struct ConfigWrite {
    pci::PciBdf device;
    uint16_t offset;
    uint32_t value;
    unsigned size;
};
constexpr auto kWrites = std::to_array<ConfigWrite>({
    {kHostBridge, 0x64, 0, 4},           // PCIEXBAR, high half first: enabled by the low one
    {kHostBridge, 0x60, 0xb000'0001, 4}, // 256 MiB
    {kHostBridge, 0x90, 0x30, 1},        // PAM0: F0000 reads and writes RAM
    {kHostBridge, 0x91, 0x3333'3333, 4}, // PAM1-PAM4
    {kHostBridge, 0x95, 0x3333, 2},      // PAM5-PAM6
    {kLpc, 0x40, 0x601, 4},              // PMBASE
    {kLpc, 0x44, 0x80, 1},               // ACPI_CNTL: enabled, SCI on 9
    {kLpc, 0x60, 0x0b0b'0a0a, 4},        // PIRQA-D
    {kLpc, 0x68, 0x0b0b'0a0a, 4},        // PIRQE-H
    {kLpc, 0xf0, 0xfed1'c001, 4},        // RCBA
});

constexpr unsigned kDevices = 32;
constexpr unsigned kFunctions = 8;

/// A bus number, and windows that are closed (base above limit).
void setUpBridge(pci::PciBus& bus, pci::PciBdf bridge, uint32_t number)
{
    bus.writeConfig(bridge, pci::kSecondaryBus, number | number << 8, 2);
    bus.writeConfig(bridge, pci::kIoBase, 0x00f0, 2);
    bus.writeConfig(bridge, pci::kMemoryBase, 0x0000'fff0, 4);
    bus.writeConfig(bridge, pci::kPrefetchBase, 0x0000'fff0, 4);
}

void numberBuses(pci::PciBus& bus)
{
    uint32_t number = 0;
    for (uint8_t device = 0; device < kDevices; ++device)
        for (uint8_t function = 0; function < kFunctions; ++function) {
            const pci::PciBdf bdf{0, device, function};
            const uint32_t type = bus.readConfig(bdf, pci::kHeaderType, 1);
            if (bus.readConfig(bdf, pci::kVendorId, 2) != 0xffff &&
                (type & 0x7f) == pci::kHeaderTypeBridge)
                setUpBridge(bus, bdf, ++number);
        }
}

struct PortWrite {
    uint16_t port;
    uint32_t value;
};
/// ICW1 to ICW4, then OCW1, the masks (8259A datasheet, "Programming the 8259A").
constexpr auto kPicWrites = std::to_array<PortWrite>({
    {0x20, 0x11},
    {0x21, 0x08},
    {0x21, 0x04},
    {0x21, 0x01},
    {0x21, 0},
    {0xa0, 0x11},
    {0xa1, 0x70},
    {0xa1, 0x02},
    {0xa1, 0x01},
    {0xa1, 0},
});

} // namespace

void setUpInterrupts(bus::PioBus& ports)
{
    for (const PortWrite& write : kPicWrites)
        ports.write(memory::GuestPort(write.port), write.value, 1);
}

void setUpChipset(pci::PciBus& bus)
{
    for (const ConfigWrite& write : kWrites)
        bus.writeConfig(write.device, write.offset, write.value, write.size);
    numberBuses(bus);
}

} // namespace vmm::firmware
