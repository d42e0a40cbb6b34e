// SPDX-License-Identifier: GPL-3.0-or-later
// Fakes a device test hands to a real device: clock, interrupt lines and controller, map sink, and
// a small machine (RAM and buses) to put it in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "vmm/base/check.h"
#include "vmm/base/clock.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/memory/memory_map.h"
#include "vmm/pci/pci_device.h"

namespace tests {

/// Time that only moves when told; due timers fire inside advance(), in order of deadline.
class FakeClock final : public vmm::TimerService {
public:
    uint64_t nowNs() const override { return m_now; }
    std::unique_ptr<vmm::Timer> createTimer(std::function<void()> callback) override
    {
        return std::make_unique<FakeTimer>(*this, std::move(callback));
    }
    void advance(uint64_t ns)
    {
        const uint64_t end = m_now + ns;
        while (!m_armed.empty() && m_armed.begin()->first <= end) {
            FakeTimer* timer = m_armed.begin()->second;
            m_now = std::max(m_now, m_armed.begin()->first);
            timer->disarm();
            timer->callback();
        }
        m_now = end;
    }
    size_t armedTimers() const { return m_armed.size(); }

private:
    class FakeTimer final : public vmm::Timer {
    public:
        FakeTimer(FakeClock& clock, std::function<void()> callback)
            : m_clock(clock), m_callback(std::move(callback))
        {}
        ~FakeTimer() override { disarm(); }
        void arm(uint64_t deadlineNs) override
        {
            disarm();
            m_clock.m_armed.emplace(deadlineNs, this);
        }
        void disarm() override
        {
            std::erase_if(m_clock.m_armed,
                          [this](const auto& item) { return item.second == this; });
        }
        void callback() { m_callback(); }

    private:
        FakeClock& m_clock;
        std::function<void()> m_callback;
    };
    uint64_t m_now = 0;
    std::multimap<uint64_t, FakeTimer*> m_armed;
};

/// Wall clock that stands at what the test sets.
class FakeWallClock final : public vmm::WallClock {
public:
    int64_t utcNs() const override { return now; }
    int64_t now = 1'700'000'000'000'000'000; // 2023-11-14 22:13:20 UTC
};

/// Remembers level and rising edges. Thread-safe.
class FakeIrqLine final : public vmm::bus::IrqLine {
public:
    void set(bool level) override
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_edges += (level && !m_level) ? 1 : 0;
        m_level = level;
    }
    bool level() const
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_level;
    }
    unsigned edges() const
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_edges;
    }

private:
    mutable std::mutex m_mutex;
    bool m_level = false;
    unsigned m_edges = 0;
};

/// Interrupt controller that remembers GSI levels and sent MSIs. Thread-safe.
class FakeInterruptController final : public vmm::bus::InterruptController {
public:
    void setGsi(vmm::bus::Gsi gsi, bool level) override { m_lines[gsi.value() % 64].set(level); }
    vmm::Result<std::unique_ptr<vmm::bus::MsiVector>> createMsiVector() override
    {
        return std::unique_ptr<vmm::bus::MsiVector>(std::make_unique<FakeMsi>(*this));
    }
    const FakeIrqLine& line(unsigned gsi) const { return m_lines[gsi]; }
    std::vector<vmm::bus::MsiMessage> sent() const
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_sent;
    }

private:
    class FakeMsi final : public vmm::bus::MsiVector {
    public:
        explicit FakeMsi(FakeInterruptController& owner) : m_owner(owner) {}
        void setMessage(const vmm::bus::MsiMessage& message) override
        {
            const std::lock_guard<std::mutex> lock(m_owner.m_mutex);
            m_message = message;
        }
        void trigger() override
        {
            const std::lock_guard<std::mutex> lock(m_owner.m_mutex);
            m_owner.m_sent.push_back(m_message);
        }
        const vmm::EventFd& eventFd() const override { return m_event; }

    private:
        FakeInterruptController& m_owner;
        vmm::bus::MsiMessage m_message;
        vmm::EventFd m_event = *vmm::EventFd::create();
    };
    mutable std::mutex m_mutex;
    FakeIrqLine m_lines[64];
    std::vector<vmm::bus::MsiMessage> m_sent;
};

/// Map sink that keeps the ranges; dirty bits are what the test sets in `dirty` (taken by the next
/// call).
class FakeMapSink final : public vmm::memory::MapSink {
public:
    vmm::Result<void> addRange(const vmm::memory::MapRange& range) override
    {
        ranges.push_back(range);
        return {};
    }
    vmm::Result<void> removeRange(const vmm::memory::MapRange& range) override
    {
        std::erase(ranges, range);
        return {};
    }
    vmm::Result<std::vector<uint64_t>> takeDirty(const vmm::memory::MapRange& range) override
    {
        std::vector<uint64_t> bits((range.size / 4096 + 63) / 64);
        for (size_t i = 0; i < bits.size() && i < dirty.size(); ++i)
            bits[i] = dirty[i];
        dirty.clear();
        return bits;
    }
    std::vector<vmm::memory::MapRange> ranges;
    std::vector<uint64_t> dirty;
};

/// Notes what the guest asked for.
class FakeSystemControl final : public vmm::bus::SystemControl {
public:
    void requestReset(vmm::bus::ResetKind) override { ++resets; }
    void requestPowerOff() override { ++powerOffs; }
    void requestSuspend() override { ++suspends; }
    void guestPanicked() override { ++panics; }
    void requestExit(int status) override { exitStatus = status; }
    int resets = 0;
    int powerOffs = 0;
    int suspends = 0;
    int panics = 0;
    int exitStatus = -1;
};

/// RAM, buses and controllers to put a device in.
struct FakeBoard {
    explicit FakeBoard(uint64_t ramSize = uint64_t{16} << 20)
        : memory(std::move(*vmm::memory::GuestMemory::create({ramSize, 0})))
    {}
    vmm::pci::PciServices pciServices() { return {pio, mmio, map, *memory, interrupts, doorbells}; }

    FakeClock clock;
    FakeWallClock wallClock;
    FakeInterruptController interrupts;
    FakeSystemControl system;
    FakeMapSink mapSink;
    vmm::memory::MemoryMap map{mapSink};
    std::unique_ptr<vmm::memory::GuestMemory> memory;
    vmm::bus::Doorbells* doorbells = nullptr;
    vmm::bus::PioBus pio;
    vmm::bus::MmioBus mmio;
};

} // namespace tests
