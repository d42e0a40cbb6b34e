// SPDX-License-Identifier: GPL-3.0-or-later
// A PCI function with one BAR of each kind, MSI and MSI-X, on a bus of its own.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fakes.h"
#include "tests/support/pci_driver.h"
#include "vmm/pci/msix.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/pci/pci_device.h"

namespace tests {

/// Checks that every access lies inside its range; reads give `fill`.
class CheckedRange final : public vmm::bus::MmioHandler, public vmm::bus::PioHandler {
public:
    CheckedRange(uint64_t size, uint8_t fill) : m_size(size), m_fill(fill) {}
    uint64_t readMmio(uint64_t offset, unsigned size) override
    {
        note(offset, size);
        return 0x0101'0101'0101'0101 * m_fill;
    }
    void writeMmio(uint64_t offset, uint64_t, unsigned size) override { note(offset, size); }
    uint32_t readPort(uint16_t offset, unsigned size) override
    {
        return static_cast<uint32_t>(readMmio(offset, size));
    }
    void writePort(uint16_t offset, uint32_t, unsigned size) override { note(offset, size); }
    unsigned accesses = 0;
    bool outside = false;

private:
    void note(uint64_t offset, unsigned size)
    {
        ++accesses;
        outside = outside || offset >= m_size || size > m_size - offset;
    }
    uint64_t m_size;
    uint8_t m_fill;
};

struct TestFunctionState {
    static constexpr vmm::state::Tag kTag{"test-function", 1, 1};
    vmm::pci::PciConfigState pci;
    vmm::pci::MsixState msix;
    template <class A>
    void visit(A& a)
    {
        a.field("pci", pci).field("msix", msix);
    }
};

class TestFunction final : public vmm::pci::PciDevice,
                           public vmm::bus::Resettable,
                           public vmm::state::Stateful<TestFunction, TestFunctionState> {
public:
    static constexpr unsigned kMmioBar = 0;
    static constexpr unsigned kIoBar = 1;
    static constexpr unsigned kRamBar = 2;
    static constexpr unsigned kMsixBar = 4;
    static constexpr uint64_t kMmioSize = 0x1000;
    static constexpr uint32_t kIoSize = 0x20;
    static constexpr uint64_t kRamSize = 0x1'0000;
    static constexpr uint8_t kMsi = 0x50;
    static constexpr uint8_t kMsix = 0x70;
    static constexpr unsigned kVectors = 3;

    TestFunction(std::string name, const vmm::pci::PciServices& services, uint8_t fill = 0x5a)
        : PciDevice(
              std::move(name), services,
              {.vendor = 0x1234, .device = 0x5678, .classCode = 0xff'0000, .interruptPin = 1}),
          mmio(kMmioSize, fill),
          io(kIoSize, fill),
          ram(kRamSize),
          msix(std::move(*vmm::pci::Msix::create(services.interrupts, kVectors)))
    {
        addMmioBar(kMmioBar, kMmioSize, mmio);
        addIoBar(kIoBar, kIoSize, io);
        addRamBar(kRamBar, kRamSize, ram.data());
        addMmioBar(kMsixBar, msix->barSize(), *msix);
        const std::array<std::byte, 512> rom{std::byte{0x55}, std::byte{0xaa}};
        CHECK(addRom(rom));
        CHECK(addMsi(kMsi));
        addCapability(kMsix, msix->capability(kMsixBar), vmm::pci::Msix::writable());
        defineConfig(0x40, 4, 0x1111'1111, 0x00ff'0000);
    }
    void raise(bool level)
    {
        publishIntx(level);
        deliverIntx();
    }
    bool message() { return sendMsi(); }
    bool master() const { return busMaster(); }
    void reset() override
    {
        resetConfig();
        msix->reset();
    }
    TestFunctionState save() const { return {saveConfig(), msix->save()}; }
    vmm::Result<void> load(const TestFunctionState& state)
    {
        TRY(loadConfig(state.pci));
        TRY(msix->load(state.msix));
        msix->setControl(static_cast<uint16_t>(config(kMsix + 2, 2)));
        return {};
    }

    CheckedRange mmio;
    CheckedRange io;
    std::vector<std::byte> ram;
    std::unique_ptr<vmm::pci::Msix> msix;
    /// Where the BARs are as barMoved() told it, and how often it did.
    std::array<std::optional<uint64_t>, 7> told;
    unsigned moves = 0;

private:
    void barMoved(unsigned index, std::optional<uint64_t> base) override
    {
        told.at(index) = base;
        ++moves;
        static_cast<void>(config(0, 4)); // may be asked here
    }
    void configWritten(uint16_t, unsigned) override
    {
        msix->setControl(static_cast<uint16_t>(config(kMsix + 2, 2)));
    }
};

/// Remembers PIRQ levels.
class FakePirqs final : public vmm::pci::PirqSink {
public:
    void setPirq(unsigned index, bool level) override { levels.at(index) = level; }
    std::array<bool, 8> levels{};
};

/// Answers at 0xcf9.
class FakeResetControl final : public vmm::bus::PioHandler {
public:
    uint32_t readPort(uint16_t, unsigned) override { return 0x0a; }
    void writePort(uint16_t, uint32_t value, unsigned) override { written = value; }
    uint32_t written = 0;
};

/// A bus with configuration ports and one TestFunction at 00:03.0.
struct PciRig {
    static constexpr vmm::pci::PciBdf kBdf{0, 3, 0};
    PciRig()
    {
        CHECK(bus.attach(kBdf, function));
        function.connectIntx(bus.intxLine(kBdf, 1));
        mapping = std::move(*board.pio.map("pci", vmm::memory::GuestPort(0xcf8), 8, ports));
    }

    FakeBoard board;
    PciDriver driver{board.pio, kBdf};
    FakePirqs pirqs;
    FakeResetControl resetControl;
    vmm::pci::PciBus bus{pirqs};
    vmm::pci::PciConfigPorts ports{bus, resetControl};
    TestFunction function{"test", board.pciServices()};
    std::unique_ptr<vmm::bus::Registration> mapping;
};

} // namespace tests
