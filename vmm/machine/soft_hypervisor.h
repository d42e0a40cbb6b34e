// SPDX-License-Identifier: GPL-3.0-or-later
// The software backend: executors of vmm/soft with the interrupt controllers of vmm/irqchip.
#pragma once

#include <memory>

#include "vmm/base/event_loop.h"
#include "vmm/bus/bus.h"
#include "vmm/cpu/vcpu.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::machine {

/// What a machine asks of the software backend. All outlive it.
struct SoftConfig {
    unsigned cpus = 1;
    bus::PioBus& pio;
    bus::MmioBus& mmio;
    EventLoop& loop;
    TimerService& clock;
};

/// vCPUs, interrupt controllers and clock without /dev/kvm. Threads as cpu::Hypervisor says.
class SoftHypervisor : public cpu::Hypervisor {
public:
    static Result<std::unique_ptr<SoftHypervisor>> create(const SoftConfig& config);
    /// The machine's RAM, once, before it is mapped: what devices write to it must be noticed.
    virtual Result<void> useMemory(memory::GuestMemory& memory) = 0;
};

} // namespace vmm::machine
