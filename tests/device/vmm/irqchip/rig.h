// SPDX-License-Identifier: GPL-3.0-or-later
// A machine's interrupt controllers with vCPUs that only note what reaches them.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "tests/support/fakes.h"
#include "vmm/irqchip/irqchip.h"

namespace tests {

/// Two ticks a nanosecond of the fake clock.
class FakeTsc final : public vmm::cpu::TscSource {
public:
    explicit FakeTsc(const vmm::Clock& clock) : m_clock(clock) {}
    uint64_t nowTicks() const override { return m_clock.nowNs() * 2; }
    uint64_t ticksPerSecond() const override { return 2'000'000'000; }

private:
    const vmm::Clock& m_clock;
};

struct FakeSink final : vmm::cpu::ApicSink {
    void interrupt() override { ++interrupts; }
    void nmi() override { ++nmis; }
    void init() override { ++inits; }
    void startup(uint8_t vector) override { startups.push_back(vector); }
    void unhalt() override { ++unhalts; }
    std::atomic<int> interrupts{0};
    int nmis = 0;
    int inits = 0;
    int unhalts = 0;
    std::vector<uint8_t> startups;
};

struct IrqchipRig {
    static constexpr uint32_t kTpr = 0x80, kEoi = 0xb0, kLdr = 0xd0, kDfr = 0xe0, kSvr = 0xf0,
                              kEsr = 0x280, kIcr = 0x300, kIcr2 = 0x310, kLvtTimer = 0x320,
                              kLvt0 = 0x350, kLvtError = 0x370, kTmict = 0x380, kTmcct = 0x390,
                              kTdcr = 0x3e0;

    explicit IrqchipRig(unsigned cpus = 1, vmm::EventLoop* loop = nullptr)
        : sinks(cpus),
          chip(std::move(*vmm::irqchip::Irqchip::create(
              {cpus, board.pio, board.mmio, board.clock, tsc, loop, 40})))
    {
        for (unsigned i = 0; i < cpus; ++i)
            apic(i).attach(sinks[i]);
    }
    vmm::cpu::LocalApic& apic(unsigned index = 0) { return chip->localApic(index); }
    void enable(unsigned index = 0) { apic(index).write(kSvr, 0x1ff); }
    void enableX2(unsigned index)
    {
        CHECK(apic(index).setBase(apic(index).base() | 1 << 10));
        CHECK(apic(index).writeMsr(0x80f, 0x1ff));
    }
    /// The vector taken, or -1.
    int take(unsigned index = 0)
    {
        if (!apic(index).pending())
            return -1;
        const auto vector = apic(index).acknowledge();
        return vector ? *vector : -1;
    }
    void eoi(unsigned index = 0) { apic(index).write(kEoi, 0); }
    void out(unsigned port, unsigned value)
    {
        board.pio.write(vmm::memory::GuestPort(static_cast<uint16_t>(port)), value, 1);
    }
    unsigned in(unsigned port)
    {
        return board.pio.read(vmm::memory::GuestPort(static_cast<uint16_t>(port)), 1);
    }
    void line(unsigned gsi, bool level) { chip->setGsi(vmm::bus::Gsi(gsi), level); }
    void pulse(unsigned gsi)
    {
        line(gsi, true);
        line(gsi, false);
    }
    uint32_t io(uint32_t reg)
    {
        board.mmio.write(vmm::memory::GuestPhys(0xfec0'0000), reg, 4);
        return static_cast<uint32_t>(board.mmio.read(vmm::memory::GuestPhys(0xfec0'0010), 4));
    }
    void io(uint32_t reg, uint32_t value)
    {
        board.mmio.write(vmm::memory::GuestPhys(0xfec0'0000), reg, 4);
        board.mmio.write(vmm::memory::GuestPhys(0xfec0'0010), value, 4);
    }
    void route(unsigned pin, uint64_t entry)
    {
        io(0x11 + 2 * pin, static_cast<uint32_t>(entry >> 32));
        io(0x10 + 2 * pin, static_cast<uint32_t>(entry));
    }
    uint64_t entry(unsigned pin) { return uint64_t{io(0x11 + 2 * pin)} << 32 | io(0x10 + 2 * pin); }
    /// As SeaBIOS and Linux set the PICs up, all inputs open.
    void initPics(unsigned master = 0x20, unsigned slave = 0x28)
    {
        out(0x20, 0x11);
        out(0xa0, 0x11);
        out(0x21, master);
        out(0xa1, slave);
        out(0x21, 4);
        out(0xa1, 2);
        out(0x21, 1);
        out(0xa1, 1);
        out(0x21, 0);
        out(0xa1, 0);
    }

    FakeBoard board;
    FakeTsc tsc{board.clock};
    std::vector<FakeSink> sinks;
    std::unique_ptr<vmm::irqchip::Irqchip> chip;
};

} // namespace tests
