// SPDX-License-Identifier: GPL-3.0-or-later
// The memory images of x87, SSE and AVX state (SDM volume 1 sections 10.5 and 13.4).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/soft/lower.h"
#include "vmm/soft/registers.h"

namespace vmm::soft {

/// MXCSR bits that exist; setting another raises #GP.
inline constexpr uint32_t kMxcsrMask = 0xffff;

/// FXSAVE, FXRSTOR, the XSAVE family, LDMXCSR, STMXCSR, VZEROUPPER, VZEROALL. Part of
/// lowerNative(). False: none of them.
bool lowerXsave(const Decoded& decoded, Op& op);

/// Components that are not in their initial state (SDM volume 1 section 13.6, "XINUSE").
uint64_t componentsInUse(const Registers& regs);
/// Writes the state as XSAVE does (standard format): what is saved with a machine.
void packXsave(const VectorState& vector, uint64_t xcr0, std::vector<uint8_t>& area);
/// Takes such an area from anywhere. On failure `vector` stays as it was.
Result<void> unpackXsave(std::span<const uint8_t> area, VectorState& vector);

} // namespace vmm::soft
