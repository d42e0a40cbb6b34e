// SPDX-License-Identifier: GPL-3.0-or-later
// The micro-guest `exits` on vmm/kvm and vmm/bus, put together as the machine does it.
#include "tests/bench/exit_loop.h"
#include "tests/guest/micro/exits.h"
#include "vmm/firmware/pvh_loader.h"
#include "vmm/kvm/kvm_hypervisor.h"

namespace bench {

namespace {

using vmm::Error;
using vmm::Result;
namespace cpu = vmm::cpu;

/// The device: answers 1, and makes the vCPU stand when the guest reports.
class Device final : public vmm::bus::PioHandler, public vmm::bus::MmioHandler {
public:
    uint32_t readPort(uint16_t, unsigned) override { return 1; }
    void writePort(uint16_t offset, uint32_t value, unsigned) override
    {
        m_batch = {offset / 4U, value};
        m_vcpu->kick();
    }
    uint64_t readMmio(uint64_t, unsigned) override { return 1; }
    void writeMmio(uint64_t, uint64_t, unsigned) override {}
    void setVcpu(cpu::Vcpu& vcpu) { m_vcpu = &vcpu; }
    const Batch& batch() const { return m_batch; }

private:
    cpu::Vcpu* m_vcpu = nullptr;
    Batch m_batch;
};

class VitrineLoop final : public ExitLoop {
public:
    Result<void> setUp(const std::string& guest)
    {
        m_memory = TRY(vmm::memory::GuestMemory::create({kGuestRam, 0}));
        const auto entry = TRY(vmm::firmware::loadPvhKernel(*m_memory, guest, {}));
        m_hypervisor = TRY(vmm::kvm::KvmHypervisor::create({1, m_pio, m_mmio}));
        m_map = std::make_unique<vmm::memory::MemoryMap>(m_hypervisor->mapSink());
        TRY(m_map->setLayer("ram", 0,
                            {{vmm::memory::GuestPhys(0), kGuestRam, m_memory->hostBase()}}));
        m_doorbellEvent = std::make_unique<vmm::EventFd>(TRY(vmm::EventFd::create()));
        m_doorbell = TRY(m_hypervisor->doorbells()->create(
            vmm::memory::GuestPhys(micro::exits::kDoorbell), *m_doorbellEvent));
        TRY(mapDevice());
        TRY(mapNeighbours());
        m_vcpu = TRY(m_hypervisor->createVcpu(0));
        m_device.setVcpu(*m_vcpu);
        return enter(entry);
    }

    Result<Batch> runBatch() override
    {
        const cpu::Exit exit = m_vcpu->run();
        if (exit.reason != cpu::ExitReason::Kicked)
            return Error(vmm::ErrorCode::Unsupported, "our guest stopped: " + exit.sentence);
        return m_device.batch();
    }

private:
    Result<void> mapDevice()
    {
        using vmm::memory::GuestPhys;
        using vmm::memory::GuestPort;
        m_mapped.push_back(TRY(m_pio.map("register", GuestPort(micro::exits::kPort), 4, m_device)));
        m_mapped.push_back(TRY(m_pio.map("report", GuestPort(micro::exits::kReport),
                                         4 * micro::exits::kKinds, m_device)));
        m_mapped.push_back(
            TRY(m_mmio.map("register", GuestPhys(micro::exits::kRegister), 4096, m_device)));
        return {};
    }

    /// As many others on the buses as a machine has, so that the look-up is as deep.
    Result<void> mapNeighbours()
    {
        constexpr uint16_t kPorts = 40;
        constexpr uint64_t kRanges = 12;
        for (uint16_t i = 0; i < kPorts; ++i) {
            const vmm::memory::GuestPort port(static_cast<uint16_t>(0x400 + 16 * i));
            m_mapped.push_back(TRY(m_pio.map("neighbour", port, 8, m_device)));
        }
        for (uint64_t i = 0; i < kRanges; ++i) {
            const vmm::memory::GuestPhys base(0xfd00'0000 + 0x10000 * i);
            m_mapped.push_back(TRY(m_mmio.map("neighbour", base, 4096, m_device)));
        }
        return {};
    }

    /// 32-bit protected mode with flat segments and paging off (Xen docs/misc/pvh.pandoc).
    Result<void> enter(const vmm::firmware::PvhEntry& entry)
    {
        cpu::CpuState state = TRY(m_vcpu->saveState());
        for (const auto which : {cpu::CpuState::Es, cpu::CpuState::Cs, cpu::CpuState::Ss,
                                 cpu::CpuState::Ds, cpu::CpuState::Fs, cpu::CpuState::Gs}) {
            const bool code = which == cpu::CpuState::Cs;
            cpu::Segment& segment = state.segments[which];
            segment = {};
            segment.limit = 0xffff'ffff;
            segment.selector = code ? 0x08 : 0x10;
            segment.type = code ? 0xb : 0x3;
            segment.present = segment.s = segment.db = segment.g = true;
        }
        state.cr0 = 0x11; // PE, ET
        state.rip = entry.entry.value();
        state.general[cpu::CpuState::Rbx] = entry.startInfo.value();
        return m_vcpu->loadState(state);
    }

    vmm::bus::PioBus m_pio;
    vmm::bus::MmioBus m_mmio;
    Device m_device;
    std::vector<std::unique_ptr<vmm::bus::Registration>> m_mapped;
    std::unique_ptr<vmm::memory::GuestMemory> m_memory;
    std::unique_ptr<vmm::kvm::KvmHypervisor> m_hypervisor;
    std::unique_ptr<vmm::memory::MemoryMap> m_map;
    std::unique_ptr<vmm::EventFd> m_doorbellEvent;
    std::unique_ptr<vmm::bus::Doorbell> m_doorbell;
    std::unique_ptr<cpu::Vcpu> m_vcpu;
};

} // namespace

Result<std::unique_ptr<ExitLoop>> createVitrineLoop(const std::string& guest)
{
    auto loop = std::make_unique<VitrineLoop>();
    TRY(loop->setUp(guest));
    return std::unique_ptr<ExitLoop>(std::move(loop));
}

} // namespace bench
