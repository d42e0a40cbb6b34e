// SPDX-License-Identifier: GPL-3.0-or-later
// The instruction assist: the software executor finishes what KVM hands back. Room-internal.
#pragma once

#include <memory>
#include <vector>

#include "vmm/bus/bus.h"
#include "vmm/cpu/vcpu.h"
#include "vmm/memory/memory_map.h"
#include "vmm/soft/core.h"

namespace vmm::machine {

/// One executor a vCPU, which sees the same memory: as a MapSink it passes the direct map on to
/// KVM's and keeps its own. Outlives the hypervisor's vCPUs.
class Assist final : public cpu::InstructionAssist, public memory::MapSink {
public:
    Assist(unsigned cpus, bus::PioBus& pio, bus::MmioBus& mmio);
    ~Assist() override;
    /// Whom ranges are passed on to. Before the first range.
    void passTo(memory::MapSink& sink) { m_sink = &sink; }

    Result<cpu::Assisted> runOne(unsigned index, cpu::CpuState& state) override;

    Result<void> addRange(const memory::MapRange& range) override;
    Result<void> removeRange(const memory::MapRange& range) override;
    Result<std::vector<uint64_t>> takeDirty(const memory::MapRange& range) override;

private:
    memory::MapSink* m_sink = nullptr;
    soft::PhysicalMap m_map;
    std::unique_ptr<cpu::TscSource> m_tsc;
    std::vector<std::unique_ptr<soft::Core>> m_cores;
};

} // namespace vmm::machine
