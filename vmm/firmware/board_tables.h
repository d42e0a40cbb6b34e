// SPDX-License-Identifier: GPL-3.0-or-later
// Puts ACPI and SMBIOS tables into memory as firmware would have, for kernels started without it.
#pragma once

#include <optional>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/firmware/board_facts.h"
#include "vmm/firmware/e820.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::firmware {

/// Where the tables are and what is left.
struct PlacedTables {
    memory::GuestPhys rsdp;
    std::vector<E820Entry> memoryMap; ///< RAM without the tables, which are reserved
    /// Where the generation ID is, for VmGenId::placedAt(), if the machine has one.
    std::optional<memory::GuestPhys> generationId;
};

/// Writes the ACPI tables to the end of the RAM below 4 GiB, and the RSDP (ACPI 6.4
/// section 5.2.5.1) and SMBIOS (DSP0134 2.8.0 section 5.2.1) to the segment F0000, where systems
/// look for them; the chipset must show RAM there (setUpChipset). Any thread, no vCPU running.
Result<PlacedTables> placeTables(memory::GuestMemory& memory, const BoardFacts& facts);

} // namespace vmm::firmware
