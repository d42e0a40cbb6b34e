// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of a PCI Express capability. PCI Express Base 4.0 section 7.5.3.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/pci/pcie_regs.h"

namespace vmm::pci {

/// What a function is in the fabric; values of Device/Port Type (section 7.5.3.2).
enum class ExpressType : uint8_t {
    Endpoint = 0,
    RootPort = 4,
    RootComplexEndpoint = 9, ///< on bus 0: has no link
};

/// Reset values and writable bits, for PciDevice::addCapability().
struct ExpressCapability {
    std::array<uint8_t, kExpressSize> bytes{};
    std::array<uint8_t, kExpressSize> writable{};
};

/// Of an endpoint of either kind: a link of one lane at 2.5 GT/s unless it is on bus 0. Nothing is
/// ever transferred on it; guests only show it.
ExpressCapability endpointCapability(ExpressType type);

/// Of a root port with a hot-plug slot. Both numbers are what the guest calls them.
ExpressCapability rootPortCapability(uint8_t portNumber, uint16_t slotNumber);

} // namespace vmm::pci
