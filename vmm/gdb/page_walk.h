// SPDX-License-Identifier: GPL-3.0-or-later
// From linear to physical address without a trace: no faults, no accessed bits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "vmm/cpu/cpu_state.h"

namespace vmm::gdb {

/// Reads `size` (4 or 8) bytes of RAM at a physical address; null when there is none.
using ReadEntry = std::function<std::optional<uint64_t>(uint64_t physical, unsigned size)>;

/// Physical address of `linear` by the vCPU's page tables as they are now (SDM volume 3 chapter 4);
/// rights are not looked at. Null when it is not mapped.
std::optional<uint64_t> translate(const cpu::CpuState& state, uint64_t linear,
                                  const ReadEntry& read);

} // namespace vmm::gdb
