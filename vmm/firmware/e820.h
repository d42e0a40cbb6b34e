// SPDX-License-Identifier: GPL-3.0-or-later
// The map of RAM and reserved ranges that firmware and PVH kernels get. ACPI 6.4 section 15.
#pragma once

#include <cstdint>
#include <vector>

#include "vmm/firmware/board_facts.h"
#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

/// ACPI 6.4 table 15.374, address range types.
enum class E820Type : uint32_t { Ram = 1, Reserved = 2 };

/// One entry of fw_cfg's etc/e820.
struct E820Entry {
    uint64_t base = 0;
    uint64_t size = 0;
    E820Type type = E820Type::Ram;
    bool operator==(const E820Entry&) const = default;
};

/// Four pages KVM keeps for its identity map and task state (Intel without unrestricted guest).
inline constexpr uint64_t kKvmPagesBase = 0xfeffc000;
inline constexpr uint64_t kKvmPagesSize = 4 * 4096;

/// The board as firmware wants it, sorted: RAM in one piece from address 0, which firmware itself
/// cuts at the VGA hole; the KVM pages; RAM above 4 GiB. ECAM is not in it: firmware decides where
/// that goes after reading this, and reserves it.
std::vector<E820Entry> firmwareMemoryMap(const memory::RamLayout& ram);

/// The board as an operating system started without firmware wants it: as above, without the hole
/// from 640 KiB to 1 MiB and with ECAM reserved when it is enabled.
std::vector<E820Entry> kernelMemoryMap(const memory::RamLayout& ram, const EcamRange& ecam);

/// The file "etc/e820": 20 bytes an entry.
Bytes e820File(const std::vector<E820Entry>& map);

} // namespace vmm::firmware
