// SPDX-License-Identifier: GPL-3.0-or-later
// The generated part of the ACPI namespace: what depends on the machine or on the programmed
// chipset. ACPI 6.4 sections 6.2, 6.4 and 8.4.
#pragma once

#include "vmm/firmware/board_facts.h"
#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

/// SSDT with \_SB.PCI0._CRS and ._PRT, the ECAM range as a system resource, the CPUs, and \_S3 when
/// the board has it. Checksum still zero.
Bytes ssdtTable(const BoardFacts& facts, const EcamRange& ecam);

} // namespace vmm::firmware
