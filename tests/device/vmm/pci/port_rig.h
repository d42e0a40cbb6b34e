// SPDX-License-Identifier: GPL-3.0-or-later
// Root ports on a bus, a card to plug into them, and a board that notes what they ask for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/device/vmm/pci/test_function.h"
#include "vmm/pci/pcie_regs.h"
#include "vmm/pci/root_port.h"

namespace tests {

/// A PCI Express endpoint with 64-bit BARs.
class CardFunction final : public vmm::pci::PciDevice {
public:
    static constexpr unsigned kMmioBar = 0; // and 1
    static constexpr unsigned kIoBar = 2;
    static constexpr unsigned kRamBar = 4; // and 5
    static constexpr uint64_t kMmioSize = 0x4000;
    static constexpr uint32_t kIoSize = 0x40;
    static constexpr uint64_t kRamSize = 0x10'0000;
    static constexpr uint16_t kExpress = 0x90;

    CardFunction(std::string name, const vmm::pci::PciServices& services, uint8_t fill = 0x5a)
        : PciDevice(
              std::move(name), services,
              {.vendor = 0x1234, .device = 0x9abc, .classCode = 0xff'0000, .interruptPin = 1}),
          mmio(kMmioSize, fill),
          io(kIoSize, fill),
          ram(kRamSize)
    {
        addMmioBar(kMmioBar, kMmioSize, mmio, 8, vmm::pci::BarPlace::Anywhere);
        addIoBar(kIoBar, kIoSize, io);
        addRamBar(kRamBar, kRamSize, ram.data(), vmm::pci::BarPlace::Anywhere);
        addExpress(kExpress);
    }
    void raise(bool level)
    {
        publishIntx(level);
        deliverIntx();
    }
    void reset() { resetConfig(); }

    CheckedRange mmio;
    CheckedRange io;
    std::vector<std::byte> ram;
    std::array<std::optional<uint64_t>, 7> told;

private:
    void barMoved(unsigned index, std::optional<uint64_t> base) override { told.at(index) = base; }
};

class FakeSlotListener final : public vmm::pci::SlotListener {
public:
    void slotReleased(vmm::pci::RootPort&) override { ++released; }
    void cardNeedsReset(vmm::pci::RootPort&) override { ++resets; }
    unsigned released = 0;
    unsigned resets = 0;
};

/// `kPorts` ports as 00:1c.0 and following, nothing behind them, bus numbers not given yet.
struct PortRig {
    static constexpr unsigned kPorts = 2;
    static constexpr uint8_t kBus = 5; // behind the first port, after openBus()
    static constexpr uint16_t kSlotControl = 0x40 + vmm::pci::kExpressSlotControl;
    static constexpr uint16_t kSlotStatus = 0x40 + vmm::pci::kExpressSlotStatus;
    static constexpr uint16_t kLinkControl = 0x40 + vmm::pci::kExpressLinkControl;
    static constexpr uint16_t kLinkStatus = 0x40 + vmm::pci::kExpressLinkStatus;
    static constexpr uint32_t kMemory = 0xe000'0000;
    static constexpr uint64_t kHigh = 0x8'0000'0000;
    static constexpr uint32_t kIo = 0xc000;
    static constexpr uint32_t kPowerOn = vmm::pci::kSlotPowerIndicatorOn;
    static constexpr uint32_t kPowerGone =
        vmm::pci::kSlotPowerIndicatorOff | vmm::pci::kSlotPowerOff;
    static constexpr uint32_t kListen = vmm::pci::kSlotButton | vmm::pci::kSlotPresenceChanged |
                                        vmm::pci::kSlotInterruptEnable |
                                        vmm::pci::kSlotLinkChangedEnable;

    PortRig()
    {
        using vmm::pci::RootPort;
        for (unsigned i = 0; i < kPorts; ++i) {
            ports.push_back(std::move(*RootPort::create(board.pciServices(), i, kPorts, listener)));
            CHECK(bus.attach(RootPort::bdf(i), *ports[i]));
            ports[i]->connectIntx(bus.intxLine(RootPort::bdf(i), RootPort::interruptPin(i)));
        }
        mapping = std::move(*board.pio.map("pci", vmm::memory::GuestPort(0xcf8), 8, configPorts));
    }
    PciDriver port(unsigned index = 0) { return {board.pio, vmm::pci::RootPort::bdf(index)}; }
    PciDriver at(uint8_t busNumber, uint8_t device = 0, uint8_t function = 0)
    {
        return {board.pio, {busNumber, device, function}};
    }
    void setBuses(unsigned index, uint32_t secondary, uint32_t subordinate)
    {
        port(index).write(vmm::pci::kSecondaryBus, secondary | subordinate << 8, 2);
    }
    /// As firmware sets a bridge up: a bus number, windows of every kind, decoding on.
    void openBus(unsigned index = 0, uint8_t busNumber = kBus)
    {
        setBuses(index, busNumber, busNumber);
        const PciDriver driver = port(index);
        driver.write(vmm::pci::kIoBase, kIo >> 8 | (kIo >> 8) << 8, 2);
        driver.write(vmm::pci::kMemoryBase, kMemory >> 16 | kMemory, 4);
        driver.write(vmm::pci::kPrefetchBase, 0x3ff0'0000, 4);
        driver.write(vmm::pci::kPrefetchBaseUpper, kHigh >> 32, 4);
        driver.write(vmm::pci::kPrefetchLimitUpper, kHigh >> 32, 4);
        driver.command(vmm::pci::kCommandIo | vmm::pci::kCommandMemory | vmm::pci::kCommandMaster);
    }
    /// Places the card's BARs inside the windows.
    void placeCard(uint8_t busNumber = kBus)
    {
        const PciDriver driver = at(busNumber);
        driver.placeBar(CardFunction::kMmioBar, kMemory);
        driver.placeBar(CardFunction::kMmioBar + 1, 0);
        driver.placeBar(CardFunction::kIoBar, kIo);
        driver.placeBar(CardFunction::kRamBar, static_cast<uint32_t>(kHigh));
        driver.placeBar(CardFunction::kRamBar + 1, kHigh >> 32);
        driver.command(vmm::pci::kCommandIo | vmm::pci::kCommandMemory);
    }
    uint32_t status(unsigned index = 0) { return port(index).read(kSlotStatus, 2); }
    bool linkActive(unsigned index = 0)
    {
        return (port(index).read(kLinkStatus, 2) & vmm::pci::kLinkStatusActive) != 0;
    }
    uint32_t mmio(uint64_t address, unsigned size = 4)
    {
        return static_cast<uint32_t>(board.mmio.read(vmm::memory::GuestPhys(address), size));
    }
    bool ramMapped(uint64_t address)
    {
        for (const auto& range : board.mapSink.ranges)
            if (range.base == vmm::memory::GuestPhys(address))
                return true;
        return false;
    }

    FakeBoard board;
    FakePirqs pirqs;
    FakeResetControl resetControl;
    FakeSlotListener listener;
    vmm::pci::PciBus bus{pirqs};
    vmm::pci::PciConfigPorts configPorts{bus, resetControl};
    std::vector<std::unique_ptr<vmm::pci::RootPort>> ports;
    std::unique_ptr<vmm::bus::Registration> mapping;
    CardFunction card{"card", board.pciServices()};
    CardFunction other{"other", board.pciServices(), 0x77};
};

} // namespace tests
