// SPDX-License-Identifier: GPL-3.0-or-later
// PCIEXBAR as a range. Intel 3 Series Express Chipset datasheet section 5.1.15.
#include "vmm/firmware/board_facts.h"

#include "vmm/base/bits.h"

namespace vmm::firmware {

EcamRange HostBridgeView::ecam() const
{
    constexpr uint16_t kPciExBar = 0x60;
    constexpr uint64_t kMiB = uint64_t{1} << 20;
    constexpr uint64_t kAddressMask = (uint64_t{1} << 36) - 1; // bits 63-36 are reserved
    const uint64_t low = m_hostBridge.readConfig(kPciExBar, 4);
    const uint64_t value = low | uint64_t{m_hostBridge.readConfig(kPciExBar + 4, 4)} << 32;
    constexpr std::array<uint64_t, 4> kSizes = {256 * kMiB, 128 * kMiB, 64 * kMiB, 256 * kMiB};
    EcamRange range;
    range.enabled = Field<0, 0>::get(value) != 0;
    range.size = kSizes[Field<2, 1>::get(value)];
    range.base = alignDown(value & kAddressMask, range.size);
    return range;
}

} // namespace vmm::firmware
