// SPDX-License-Identifier: GPL-3.0-or-later
// Where the components of an XSAVE area lie (SDM volume 1 sections 13.2, 13.4), and those that are
// only kept.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/soft/registers.h"

namespace vmm::soft::components {

/// One component beyond x87 and SSE, as this host has it.
struct Component {
    uint32_t size = 0;       ///< 0: there is none
    uint32_t offset = 0;     ///< in the standard format
    bool aligned = false;    ///< at 64 bytes in the compacted format
    bool supervisor = false; ///< belongs to IA32_XSS instead of XCR0
};

inline constexpr unsigned kAvx = 2;   ///< number of the YMM registers' upper halves
inline constexpr unsigned kFirst = 3; ///< first one that is only kept
inline constexpr unsigned kEnd = 63;

/// `number` from kAvx on.
const Component& at(unsigned number);
/// Bits of XCR0 that this host's CPU has beyond AVX.
uint64_t extraUser();
/// Size of an area with these components.
unsigned areaSize(uint64_t components, bool compacted);
/// Where component `number`, one of them, lies.
unsigned offsetOf(unsigned number, uint64_t components, bool compacted);

/// Takes what is only kept from an area in the standard format. The error says that this host has
/// no such component.
Result<void> unpackExtra(std::span<const uint8_t> area, ExtraState& extra);
/// Adds it to an area that packXsave() made.
void packExtra(const ExtraState& extra, std::vector<uint8_t>& area);

} // namespace vmm::soft::components
