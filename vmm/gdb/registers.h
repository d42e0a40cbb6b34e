// SPDX-License-Identifier: GPL-3.0-or-later
// The registers GDB sees, by number: x86-64 with x87, SSE, segment bases and control registers
// (GDB manual, appendix "Target Descriptions", section "i386 Features").
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vmm/cpu/cpu_state.h"

namespace vmm::gdb {

/// How many there are.
size_t registerCount();
/// The bytes of register `number`, which is below registerCount().
std::vector<std::byte> readRegister(const cpu::CpuState& state, size_t number);
/// Bytes of register `number` in a packet.
size_t registerSize(size_t number);
/// Changes it in `state`. False: it cannot be written, or the size is wrong.
bool writeRegister(cpu::CpuState& state, size_t number, std::span<const std::byte> value);
/// The description of all of them: target.xml.
const std::string& targetXml();

} // namespace vmm::gdb
