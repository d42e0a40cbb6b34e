// SPDX-License-Identifier: GPL-3.0-or-later
// Saved state of the in-kernel PICs, IOAPIC, PIT and kvmclock
// (api.rst 4.26-4.27, 4.29-4.30, 4.71-4.72). Room-internal.
#pragma once

#include "vmm/base/result.h"
#include "vmm/cpu/irqchip_state.h"

namespace vmm::kvm {

/// All vCPUs stopped.
Result<cpu::IrqchipState> saveIrqchip(int vmFd);
Result<void> loadIrqchip(int vmFd, const cpu::IrqchipState& state);
/// Sets or clears the PIT's "the HPET drives IRQ 0" flag.
Result<void> setPitHpetLegacy(int vmFd, bool on);

/// Time of the guest's paravirtual clock in ns.
Result<uint64_t> readClock(int vmFd);
Result<void> writeClock(int vmFd, uint64_t ns);

} // namespace vmm::kvm
