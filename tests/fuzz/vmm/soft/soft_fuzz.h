// SPDX-License-Identifier: GPL-3.0-or-later
// What the fuzz targets of the software vCPU share: numbers from the input, and machine modes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "tests/support/soft_machine.h"
#include "vmm/cpu/cpu_state.h"

namespace fuzz {

/// Numbers out of the input; zeros when it is used up.
class Input {
public:
    Input(const uint8_t* data, size_t size) : m_left(data, size) {}
    bool empty() const { return m_left.empty(); }
    std::span<const uint8_t> rest(size_t most)
    {
        const auto taken = m_left.first(m_left.size() < most ? m_left.size() : most);
        m_left = m_left.subspan(taken.size());
        return taken;
    }
    uint64_t number(unsigned bytes)
    {
        uint64_t value = 0;
        for (unsigned n = 0; n < bytes && !m_left.empty(); ++n) {
            value |= uint64_t{m_left.front()} << (8 * n);
            m_left = m_left.subspan(1);
        }
        return value;
    }
    uint8_t byte() { return static_cast<uint8_t>(number(1)); }

private:
    std::span<const uint8_t> m_left;
};

inline constexpr uint64_t kMemory = 2 << 20;
inline constexpr uint64_t kCode = tests::SoftMachine::kFree; ///< physical; the same linear
inline constexpr uint64_t kCodePages = 4;

/// Puts the machine into one of all modes, with code to be run at kCode (in real mode, virtual-8086
/// mode and 16-bit protected mode: in a segment that begins there).
inline void enter(tests::SoftMachine& machine, unsigned mode)
{
    using namespace vmm::soft;
    using Machine = tests::SoftMachine;
    auto& core = machine.core;
    auto& segments = core.regs.segment;
    for (uint64_t n = 0; n < kCodePages; ++n)
        machine.mapPage(kCode + n * 4096, kCode + n * 4096, Machine::kUser | Machine::kWritable);
    core.regs.rip = kCode;
    core.regs.general[kRsp] = kCode + 0x1800;
    switch (mode % 7) {
    case 0:
    case 1: // real, big real
        machine.enter(Machine::Mode::Real);
        segments[kCs].base = kCode;
        segments[kSs].base = kCode;
        if (mode % 7 == 1)
            segments[kDs].limit = 0xffff'ffff;
        core.regs.rip = 0;
        core.regs.general[kRsp] = 0x1800;
        break;
    case 2: // 32-bit, ring 0, no paging
        machine.enter(Machine::Mode::Flat32);
        break;
    case 3: // 16-bit protected
        machine.enter(Machine::Mode::Flat32);
        segments[kCs].db = false;
        segments[kSs].db = false;
        segments[kCs].base = kCode;
        core.regs.rip = 0;
        break;
    case 4:
        machine.enter(Machine::Mode::Compatibility);
        break;
    case 5:
        machine.enter(Machine::Mode::Long);
        break;
    default: // 64-bit, ring 0
        machine.enter(Machine::Mode::Long);
        segments[kCs].dpl = 0;
        segments[kCs].selector = Machine::kKernelCode;
        segments[kSs].dpl = 0;
        segments[kSs].selector = Machine::kKernelData;
        break;
    }
    if (mode % 7 == 3 && (mode & 0x80) != 0) // virtual-8086
        core.regs.systemFlags |= flag::kVm | flag::kIopl;
    core.modeChanged();
}

/// The state goes out and in again, whatever the guest made of it.
inline void saveAndLoad(vmm::soft::Core& core)
{
    vmm::cpu::CpuState state;
    core.save(state);
    static_cast<void>(core.load(state));
}

} // namespace fuzz
