// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of the PCI transport. Virtio 1.2 sections 2.1 and 4.1.4.
#pragma once

#include <cstdint>

namespace vmm::virtio {

// Device status (section 2.1).
inline constexpr uint8_t ACKNOWLEDGE = 1;
inline constexpr uint8_t DRIVER = 2;
inline constexpr uint8_t DRIVER_OK = 4;
inline constexpr uint8_t FEATURES_OK = 8;
inline constexpr uint8_t DEVICE_NEEDS_RESET = 64;
inline constexpr uint8_t FAILED = 128;

// Features that are no device type's (section 6).
inline constexpr uint64_t VIRTIO_F_INDIRECT_DESC = uint64_t{1} << 28;
inline constexpr uint64_t VIRTIO_F_EVENT_IDX = uint64_t{1} << 29;
inline constexpr uint64_t VIRTIO_F_VERSION_1 = uint64_t{1} << 32;

// Interrupt causes (section 4.1.4.5).
inline constexpr uint8_t kIsrQueue = 1;
inline constexpr uint8_t kIsrConfig = 2;

inline constexpr uint16_t VIRTIO_MSI_NO_VECTOR = 0xffff;

// Vendor-specific PCI capability and its kinds (section 4.1.4).
inline constexpr uint8_t kCapabilityVendor = 0x09;
enum class CapabilityKind : uint8_t { Common = 1, Notify = 2, Isr = 3, Device = 4, PciConfig = 5 };

/// struct virtio_pci_common_cfg (section 4.1.4.3): what lies where.
namespace common {
inline constexpr unsigned kDeviceFeatureSelect = 0;
inline constexpr unsigned kDeviceFeature = 4;
inline constexpr unsigned kDriverFeatureSelect = 8;
inline constexpr unsigned kDriverFeature = 12;
inline constexpr unsigned kConfigVector = 16;
inline constexpr unsigned kQueueCount = 18;
inline constexpr unsigned kStatus = 20;
inline constexpr unsigned kGeneration = 21;
inline constexpr unsigned kQueueSelect = 22;
inline constexpr unsigned kQueueSize = 24;
inline constexpr unsigned kQueueVector = 26;
inline constexpr unsigned kQueueEnable = 28;
inline constexpr unsigned kQueueNotifyOffset = 30;
inline constexpr unsigned kQueueDescriptors = 32;
inline constexpr unsigned kQueueAvailable = 40;
inline constexpr unsigned kQueueUsed = 48;
inline constexpr unsigned kSize = 56;
} // namespace common

} // namespace vmm::virtio
