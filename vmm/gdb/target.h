// SPDX-License-Identifier: GPL-3.0-or-later
// What the debugger's server needs of a machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/cpu/vcpu.h"

namespace vmm::gdb {

/// A machine as the debugger sees it. Everything on the thread the server is used on; all but
/// resume() and powerOff() while it stands.
class Target {
public:
    virtual ~Target() = default;
    virtual unsigned cpus() const = 0;
    virtual Result<cpu::CpuState> readState(unsigned cpu) = 0;
    virtual Result<void> writeState(unsigned cpu, const cpu::CpuState& state) = 0;
    /// RAM and ROM. OutOfBounds, with nothing read, when a byte is neither: devices are not read.
    virtual Result<void> readPhysical(uint64_t address, std::span<std::byte> to) = 0;
    /// RAM only.
    virtual Result<void> writePhysical(uint64_t address, std::span<const std::byte> from) = 0;
    virtual Result<void> setDebug(unsigned cpu, const cpu::DebugRequest& request) = 0;
    /// Lets the vCPUs run whose place in `run` is true; the others stand.
    virtual void resume(const std::vector<bool>& run) = 0;
    /// Stops all; nothing is reported. The machine stands when it returns.
    virtual void stop() = 0;
    virtual void powerOff() = 0;
};

} // namespace vmm::gdb
