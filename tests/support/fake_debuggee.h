// SPDX-License-Identifier: GPL-3.0-or-later
// A machine for the debugger's server that only notes what is asked of it.
#pragma once

#include <algorithm>
#include <vector>

#include "vmm/gdb/target.h"

namespace tests {

/// Two vCPUs at power-on and 64 KiB of memory.
class FakeDebuggee final : public vmm::gdb::Target {
public:
    FakeDebuggee() : states{vmm::cpu::CpuState::powerOn(0), vmm::cpu::CpuState::powerOn(1)}
    {
        for (auto& state : states)
            state.xsave.assign(4096, 0);
    }
    unsigned cpus() const override { return 2; }
    vmm::Result<vmm::cpu::CpuState> readState(unsigned cpu) override { return states[cpu]; }
    vmm::Result<void> writeState(unsigned cpu, const vmm::cpu::CpuState& state) override
    {
        states[cpu] = state;
        return {};
    }
    vmm::Result<void> readPhysical(uint64_t address, std::span<std::byte> to) override
    {
        if (address > memory.size() || to.size() > memory.size() - address)
            return vmm::Error(vmm::ErrorCode::OutOfBounds, "no memory");
        std::copy_n(memory.begin() + static_cast<ptrdiff_t>(address), to.size(), to.begin());
        return {};
    }
    vmm::Result<void> writePhysical(uint64_t address, std::span<const std::byte> from) override
    {
        if (address > memory.size() || from.size() > memory.size() - address)
            return vmm::Error(vmm::ErrorCode::OutOfBounds, "no memory");
        std::copy(from.begin(), from.end(), memory.begin() + static_cast<ptrdiff_t>(address));
        return {};
    }
    vmm::Result<void> setDebug(unsigned cpu, const vmm::cpu::DebugRequest& request) override
    {
        if (request.breakpoints.size() > mostBreakpoints)
            return vmm::Error(vmm::ErrorCode::Unsupported, "too many");
        requests[cpu] = request;
        return {};
    }
    void resume(const std::vector<bool>& run) override
    {
        runs = run;
        running = true;
    }
    void stop() override { running = false; }
    void powerOff() override { off = true; }

    std::vector<vmm::cpu::CpuState> states;
    std::vector<std::byte> memory = std::vector<std::byte>(65536);
    std::vector<vmm::cpu::DebugRequest> requests = std::vector<vmm::cpu::DebugRequest>(2);
    std::vector<bool> runs;
    size_t mostBreakpoints = 1000;
    bool running = false;
    bool off = false;
};

} // namespace tests
