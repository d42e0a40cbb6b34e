// SPDX-License-Identifier: GPL-3.0-or-later
// A virtio device at 00:02.0 of a small machine, with its driver.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "tests/support/fakes.h"
#include "tests/support/virtio_pci_driver.h"
#include "vmm/base/event_loop.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/virtio/virtio_pci.h"

namespace tests {

struct VirtioRig {
    static constexpr vmm::pci::PciBdf kBdf{0, 2, 0};
    static constexpr uint32_t kBase = 0xe000'0000;
    static constexpr uint64_t kRings = 0x1000;
    static constexpr uint64_t kData = 0x10'0000;
    using MakeDevice = std::function<std::unique_ptr<vmm::virtio::Device>(vmm::EventLoop&)>;
    /// For devices that are handed more of the machine than their loop.
    using MakeDeviceOn =
        std::function<std::unique_ptr<vmm::virtio::Device>(vmm::EventLoop&, FakeBoard&)>;

    explicit VirtioRig(const MakeDevice& make, vmm::bus::Doorbells* doorbells = nullptr)
        : VirtioRig([&make](vmm::EventLoop& on, FakeBoard&) { return make(on); }, doorbells)
    {}
    explicit VirtioRig(const MakeDeviceOn& make, vmm::bus::Doorbells* doorbells = nullptr)
        : loop(std::move(*vmm::EventLoop::create("virtio-test")))
    {
        board.doorbells = doorbells;
        function =
            std::move(*vmm::virtio::VirtioPci::create(board.pciServices(), make(*loop, board)));
        CHECK(bus.attach(kBdf, *function));
        function->connectIntx(bus.intxLine(kBdf, 1));
        mapping = std::move(*board.pio.map("pci", vmm::memory::GuestPort(0xcf8), 8, ports));
        function->resume();
        driver.emplace(board.mmio, pci, kBase);
    }

    /// The device works on its own thread: waits until `ready()`, for ten seconds at most.
    static bool eventually(const std::function<bool()>& ready)
    {
        for (int i = 0; i < 10'000; ++i) {
            if (ready())
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return false;
    }
    /// Until everything posted to the device's thread so far is done.
    void settle() const
    {
        for (int i = 0; i < 3; ++i) { // a callback may signal a descriptor that posts again
            std::atomic<bool> done{false};
            loop->post([&done] { done = true; });
            CHECK(eventually([&done] { return done.load(); }));
        }
    }

    struct Pirqs final : vmm::pci::PirqSink {
        void setPirq(unsigned index, bool level) override { levels.at(index) = level; }
        std::array<std::atomic<bool>, 8> levels{};
        bool any() const
        {
            return std::any_of(levels.begin(), levels.end(),
                               [](const auto& level) { return level.load(); });
        }
    };
    struct ResetControl final : vmm::bus::PioHandler {
        uint32_t readPort(uint16_t, unsigned) override { return 0; }
        void writePort(uint16_t, uint32_t, unsigned) override {}
    };

    FakeBoard board;
    PciDriver pci{board.pio, kBdf};
    Pirqs pirqs;
    ResetControl resetControl;
    vmm::pci::PciBus bus{pirqs};
    vmm::pci::PciConfigPorts ports{bus, resetControl};
    std::unique_ptr<vmm::bus::Registration> mapping;
    std::unique_ptr<vmm::EventLoop> loop;
    std::unique_ptr<vmm::virtio::VirtioPci> function;
    std::optional<VirtioPciDriver> driver;
};

} // namespace tests
