// SPDX-License-Identifier: GPL-3.0-or-later
// PCI Express Base 4.0 section 7.5.3.
#include "vmm/pci/pci_express.h"

#include "vmm/base/bits.h"

namespace vmm::pci {

namespace {

constexpr unsigned kTypeShift = 4;
constexpr uint16_t kRootControlWritable = 0x000f;  // errors as system errors, PME interrupt
constexpr uint16_t kLinkControl2Writable = 0x000f; // target speed
constexpr uint16_t kSlotNumberMax = 0x1fff;

void put16(std::array<uint8_t, kExpressSize>& at, uint16_t offset, uint32_t value)
{
    storeLe(&at.at(offset), static_cast<uint16_t>(value));
}
void put32(std::array<uint8_t, kExpressSize>& at, uint16_t offset, uint32_t value)
{
    storeLe(&at.at(offset), value);
}

/// What every function with the capability has (sections 7.5.3.2 to 7.5.3.4, 7.5.3.15, 7.5.3.16).
ExpressCapability common(ExpressType type)
{
    ExpressCapability capability;
    capability.bytes[0] = kCapabilityExpress;
    put16(capability.bytes, kExpressFlags,
          kExpressVersion | static_cast<uint32_t>(type) << kTypeShift);
    put32(capability.bytes, kExpressDeviceCaps, kDeviceCapsRoleBased);
    put16(capability.bytes, kExpressDeviceControl, kDeviceControlReset);
    put16(capability.writable, kExpressDeviceControl, kDeviceControlWritable);
    put32(capability.bytes, kExpressDeviceCaps2, kTimeoutDisable);
    put16(capability.writable, kExpressDeviceControl2, kTimeoutDisable);
    return capability;
}

/// Sections 7.5.3.6 to 7.5.3.8, 7.5.3.18, 7.5.3.19.
void addLink(ExpressCapability& capability)
{
    constexpr uint32_t kRate = kLinkSpeed2500 | kLinkWidth1;
    put32(capability.bytes, kExpressLinkCaps, kRate | kLinkCapsAspmOptional);
    put16(capability.writable, kExpressLinkControl, kLinkControlWritable);
    put16(capability.bytes, kExpressLinkStatus, kRate);
    put32(capability.bytes, kExpressLinkCaps2, kLinkCaps2Speed2500);
    put16(capability.bytes, kExpressLinkControl2, kLinkSpeed2500);
    put16(capability.writable, kExpressLinkControl2, kLinkControl2Writable);
}

} // namespace

ExpressCapability endpointCapability(ExpressType type)
{
    ExpressCapability capability = common(type);
    if (type != ExpressType::RootComplexEndpoint)
        addLink(capability);
    return capability;
}

ExpressCapability rootPortCapability(uint8_t portNumber, uint16_t slotNumber)
{
    ExpressCapability capability = common(ExpressType::RootPort);
    auto& [bytes, writable] = capability;
    put16(bytes, kExpressFlags,
          loadLe<uint16_t>(&bytes.at(kExpressFlags)) | uint32_t{kExpressSlotImplemented});
    addLink(capability);
    put32(bytes, kExpressLinkCaps,
          kLinkSpeed2500 | kLinkWidth1 | kLinkCapsAspmOptional | kLinkCapsActiveReporting |
              uint32_t{portNumber} << kLinkCapsPortShift);
    put16(writable, kExpressLinkControl, kLinkControlWritable | kLinkControlDisable);
    // Commands take effect at once, so their completion need not be told; what is pulled by force
    // is pulled by surprise.
    put32(bytes, kExpressSlotCaps,
          kSlotCapsButton | kSlotCapsPowerController | kSlotCapsPowerIndicator | kSlotCapsSurprise |
              kSlotCapsHotPlug | kSlotCapsNoCommandCompleted |
              static_cast<uint32_t>(slotNumber & kSlotNumberMax) << kSlotCapsNumberShift);
    put16(bytes, kExpressSlotControl, kSlotPowerIndicatorOff | kSlotPowerOff);
    put16(writable, kExpressSlotControl, kSlotControlWritable);
    put16(writable, kExpressRootControl, kRootControlWritable);
    return capability;
}

} // namespace vmm::pci
