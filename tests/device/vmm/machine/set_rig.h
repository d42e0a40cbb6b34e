// SPDX-License-Identifier: GPL-3.0-or-later
// The virtio devices of a machine with slots, a guest's hot-plug driver on the first of them, and a
// control thread whose work waits until the test does it.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/device/vmm/pci/test_function.h"
#include "tests/support/virtio_pci_driver.h"
#include "tests/support/virtqueue_driver.h"
#include "vmm/machine/virtio_set.h"
#include "vmm/pci/pcie_regs.h"

namespace tests {

struct SetRig final : private vmm::machine::HardwareHost {
    static constexpr unsigned kSlots = 2;
    static constexpr uint8_t kBus = 5; // behind the first slot
    static constexpr uint16_t kSlotControl = 0x40 + vmm::pci::kExpressSlotControl;
    static constexpr uint16_t kSlotStatus = 0x40 + vmm::pci::kExpressSlotStatus;
    static constexpr uint32_t kMemory = 0xe000'0000;  // the bridge's window of 1 MiB
    static constexpr uint32_t kBuiltIn = 0xd000'0000; // of devices on the first bus
    static constexpr uint32_t kListen = vmm::pci::kSlotButton | vmm::pci::kSlotPresenceChanged |
                                        vmm::pci::kSlotInterruptEnable |
                                        vmm::pci::kSlotLinkChangedEnable;
    static constexpr uint32_t kNewCard = vmm::pci::kSlotPresenceChanged | vmm::pci::kSlotButton;
    static constexpr uint32_t kNobody = 0xffff'ffff;
    static constexpr uint64_t kRings = 0x1000;
    static constexpr uint64_t kData = 0x10'0000;
    static constexpr uint16_t kRingSize = 16;
    using Outcome = std::shared_ptr<std::optional<vmm::Result<std::string>>>;

    SetRig() : loop(std::move(*vmm::EventLoop::create("set-test")))
    {
        machine.name = "test";
        machine.memoryBytes = board.memory->ramSize();
        machine.rootPorts = kSlots;
        mapping = std::move(*board.pio.map("pci", vmm::memory::GuestPort(0xcf8), 8, configPorts));
    }

    /// Makes `machine` run; its guest sets the first slot's bridge up, and `listens` to the slot.
    bool build(bool listens = true)
    {
        machine.nameDevices();
        set.emplace(vmm::machine::VirtioPlace{board.pciServices(), bus, *loop, board.clock, *this,
                                              disks, traffic});
        const auto built = set->build(machine);
        set->resume();
        runControl();
        if (!built)
            return false;
        const PciDriver bridge = port();
        bridge.write(vmm::pci::kSecondaryBus, kBus | uint32_t{kBus} << 8, 2);
        bridge.write(vmm::pci::kMemoryBase, kMemory >> 16 | kMemory, 4);
        bridge.command(vmm::pci::kCommandMemory | vmm::pci::kCommandMaster);
        if (listens)
            bridge.write(kSlotControl,
                         vmm::pci::kSlotPowerIndicatorOff | vmm::pci::kSlotPowerOff | kListen, 2);
        return true;
    }

    // --- the person ---

    /// Empty until the change is done or has failed.
    Outcome ask(const vmm::machine::HardwareChange& change)
    {
        auto outcome = std::make_shared<std::optional<vmm::Result<std::string>>>();
        set->change(change, [outcome](vmm::Result<std::string> result) {
            CHECK(!outcome->has_value()); // once
            outcome->emplace(std::move(result));
        });
        return outcome;
    }
    /// Of a change that is done at once and succeeds.
    std::string answer(const vmm::machine::HardwareChange& change)
    {
        const Outcome outcome = ask(change);
        CHECK(outcome->has_value() && (*outcome)->has_value());
        return ***outcome;
    }
    vmm::spec::MachineSpec described() const
    {
        vmm::spec::MachineSpec spec = machine;
        set->describe(spec);
        return spec;
    }
    /// What was posted to the control thread, and what that posts.
    void runControl()
    {
        for (;;) {
            std::vector<std::function<void()>> now;
            {
                const std::lock_guard<std::mutex> lock(m_mutex);
                now.swap(m_posted);
            }
            if (now.empty())
                return;
            for (const auto& function : now)
                function();
        }
    }

    /// Everything with state, standing.
    std::vector<vmm::state::Participant*> standing()
    {
        set->pause();
        return set->participants();
    }

    // --- the guest ---

    PciDriver port() { return {board.pio, vmm::pci::RootPort::bdf(0)}; }
    PciDriver card() { return {board.pio, {kBus, 0, 0}}; }
    /// What the slot's interrupt handler does: what happened since, cleared.
    uint32_t takeEvents()
    {
        const uint32_t events =
            port().read(kSlotStatus, 2) & (kNewCard | vmm::pci::kSlotLinkChanged);
        port().write(kSlotStatus, events, 2);
        return events;
    }
    void power(bool on, bool listens = true)
    {
        const uint32_t bits =
            on ? uint32_t{vmm::pci::kSlotPowerIndicatorOn}
               : uint32_t{vmm::pci::kSlotPowerIndicatorOff | vmm::pci::kSlotPowerOff};
        port().write(kSlotControl, bits | (listens ? kListen : 0), 2);
        runControl(); // a card is let go of, or one that was in use before is reset
    }
    /// A driver for the card in the slot, with its first queue; false when the card refuses.
    bool startDriver()
    {
        CHECK(board.memory->copyIn(vmm::memory::GuestPhys(kRings), std::vector<std::byte>(0x1000)));
        queue.emplace(*board.memory, kRings, kRingSize);
        cardConfig.emplace(card());
        driver.emplace(board.mmio, *cardConfig, kMemory);
        const bool agreed = driver->negotiate(driver->features());
        driver->setQueue(0, queue->layout());
        driver->go();
        return agreed;
    }
    /// A driver for the device at 00:`device`.0. One at a time.
    VirtioPciDriver builtIn(uint8_t device)
    {
        cardConfig.emplace(PciDriver{board.pio, {0, device, 0}});
        return {board.mmio, *cardConfig, kBuiltIn + 0x10'0000U * device};
    }

    vmm::spec::MachineSpec machine;
    bool isRestoring = false;
    std::vector<std::string> said; ///< to the person
    FakeBoard board;
    std::optional<VirtqueueDriver> queue;
    std::optional<PciDriver> cardConfig;
    std::optional<VirtioPciDriver> driver;

private:
    void runOnControl(std::function<void()> function) override
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_posted.push_back(std::move(function));
    }
    vmm::Result<void> whileStanding(const std::function<vmm::Result<void>()>& work) override
    {
        set->pause();
        auto result = work();
        set->resume();
        return result;
    }
    void requestPause(const std::string& sentence) override { tellPerson(sentence); }
    void tellPerson(const std::string& sentence) override
    {
        runOnControl([this, sentence] { said.push_back(sentence); });
    }
    bool restoring() const override { return isRestoring; }

    FakePirqs pirqs;
    FakeResetControl resetControl;
    vmm::pci::PciBus bus{pirqs};
    vmm::pci::PciConfigPorts configPorts{bus, resetControl};
    std::unique_ptr<vmm::bus::Registration> mapping;
    std::unique_ptr<vmm::EventLoop> loop;
    vmm::block::IoCounts disks;
    vmm::net::TrafficCounts traffic;
    std::mutex m_mutex;
    std::vector<std::function<void()>> m_posted;
    std::optional<vmm::machine::VirtioSet> set; // last: uses the rest
};

} // namespace tests
