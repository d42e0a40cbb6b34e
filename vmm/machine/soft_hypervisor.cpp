// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/soft_hypervisor.h"

#include <x86intrin.h>

#include <atomic>
#include <vector>

#include "vmm/base/host_time.h"
#include "vmm/cpu/cpuid_model.h"
#include "vmm/irqchip/irqchip.h"
#include "vmm/soft/soft_vcpu.h"

namespace vmm::machine {

namespace {

/// The host's time stamp counter against its clock, over two milliseconds: exact to some parts in
/// ten thousand, and a guest measures it again itself.
uint64_t measureTicksPerSecond()
{
    constexpr uint64_t kSpanNs = 2'000'000;
    const uint64_t startNs = hostNs();
    const uint64_t start = __rdtsc();
    uint64_t ns = 0;
    while ((ns = hostNs() - startNs) < kSpanNs)
        ;
    const uint64_t ticks = __rdtsc() - start;
    return static_cast<uint64_t>(static_cast<double>(ticks) * 1e9 / static_cast<double>(ns));
}

/// The host's counter, standing still while the machine does, so that a machine saved under KVM
/// finds it running as fast as before.
class PausableTsc final : public cpu::TscSource {
public:
    uint64_t nowTicks() const override
    {
        const uint64_t stopped = m_stoppedAt.load(std::memory_order_acquire);
        return (stopped != 0 ? stopped : __rdtsc()) - m_base.load(std::memory_order_acquire);
    }
    uint64_t ticksPerSecond() const override { return m_ticksPerSecond; }
    /// Sets the time, while paused.
    void setNowNs(uint64_t ns)
    {
        const auto ticks = static_cast<uint64_t>(static_cast<double>(ns) *
                                                 static_cast<double>(m_ticksPerSecond) / 1e9);
        m_base = m_stoppedAt - ticks;
    }
    uint64_t nowNs() const
    {
        return static_cast<uint64_t>(static_cast<double>(nowTicks()) * 1e9 /
                                     static_cast<double>(m_ticksPerSecond));
    }
    void pause()
    {
        if (m_stoppedAt == 0)
            m_stoppedAt = __rdtsc();
    }
    void resume()
    {
        if (m_stoppedAt == 0)
            return;
        m_base += __rdtsc() - m_stoppedAt;
        m_stoppedAt = 0;
    }

private:
    const uint64_t m_ticksPerSecond = measureTicksPerSecond();
    std::atomic<uint64_t> m_stoppedAt{__rdtsc()}; // 0: running
    std::atomic<uint64_t> m_base{m_stoppedAt.load()};
};

/// What the machine holds of a vCPU. The vCPU itself stays the hypervisor's: the interrupt
/// controllers and the memory map talk to it until the very end.
class VcpuHandle final : public cpu::Vcpu {
public:
    explicit VcpuHandle(soft::SoftVcpu& vcpu) : m_vcpu(vcpu) {}
    cpu::Exit run() override { return m_vcpu.run(); }
    void kick() override { m_vcpu.kick(); }
    Result<cpu::CpuState> saveState() override { return m_vcpu.saveState(); }
    Result<void> loadState(const cpu::CpuState& state) override { return m_vcpu.loadState(state); }
    Result<void> reset() override { return m_vcpu.reset(); }
    const cpu::ExitCounters& counters() const override { return m_vcpu.counters(); }
    Result<void> setDebug(const cpu::DebugRequest& request) override
    {
        return m_vcpu.setDebug(request);
    }

private:
    soft::SoftVcpu& m_vcpu;
};

class SoftwareHypervisor final : public SoftHypervisor, private memory::WriteObserver {
public:
    explicit SoftwareHypervisor(const SoftConfig& config) : m_config(config) {}

    Result<void> setUp()
    {
        m_irqchip = TRY(irqchip::Irqchip::create(
            {m_config.cpus, m_config.pio, m_config.mmio, m_config.clock, m_tsc, &m_config.loop}));
        m_map.onChange([this] { tellVcpus(); });
        return {};
    }
    Result<void> useMemory(memory::GuestMemory& memory) override
    {
        m_memory = &memory;
        memory.observeWrites(*this);
        return m_map.addHostMemory(memory.hostBase(), memory.ramSize());
    }

    memory::MapSink& mapSink() override { return m_map; }
    bus::InterruptController& interrupts() override { return *m_irqchip; }
    Result<std::unique_ptr<cpu::Vcpu>> createVcpu(unsigned index) override
    {
        auto vcpu = std::make_unique<soft::SoftVcpu>(
            soft::Environment{m_map, m_config.pio, m_config.mmio, m_tsc, cpu::CpuidModel::best(),
                              &m_irqchip->localApic(index), nullptr, index, m_config.cpus});
        MutexLock lock(m_mutex);
        m_vcpus.push_back(std::move(vcpu));
        return std::make_unique<VcpuHandle>(*m_vcpus.back());
    }
    Result<cpu::IrqchipState> saveIrqchip() override
    {
        cpu::IrqchipState state = m_irqchip->save();
        state.kvmclockNs = m_tsc.nowNs();
        return state;
    }
    Result<void> loadIrqchip(const cpu::IrqchipState& state) override
    {
        m_tsc.setNowNs(state.kvmclockNs);
        return m_irqchip->load(state);
    }
    Result<void> resetIrqchip() override
    {
        m_irqchip->reset();
        return {};
    }
    void clockPaused() override { m_tsc.pause(); }
    void clockResumed() override { m_tsc.resume(); }
    void setHpetLegacy(bool on) override { m_irqchip->setHpetLegacy(on); }

private:
    void written(uint64_t ramOffset, uint64_t size) override
    {
        m_map.deviceWrote(m_memory->hostBase() + ramOffset, size);
    }
    void tellVcpus()
    {
        MutexLock lock(m_mutex);
        for (const auto& vcpu : m_vcpus)
            vcpu->mapChanged();
    }

    SoftConfig m_config;
    PausableTsc m_tsc;
    soft::PhysicalMap m_map;
    memory::GuestMemory* m_memory = nullptr;
    Mutex m_mutex;
    std::vector<std::unique_ptr<soft::SoftVcpu>> m_vcpus GUARDED_BY(m_mutex);
    std::unique_ptr<irqchip::Irqchip> m_irqchip; // goes first: it talks to the vCPUs
};

} // namespace

Result<std::unique_ptr<SoftHypervisor>> SoftHypervisor::create(const SoftConfig& config)
{
    auto hypervisor = std::make_unique<SoftwareHypervisor>(config);
    TRY(hypervisor->setUp());
    return hypervisor;
}

} // namespace vmm::machine
