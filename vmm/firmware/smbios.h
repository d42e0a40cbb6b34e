// SPDX-License-Identifier: GPL-3.0-or-later
// SMBIOS tables: what operating systems show as the computer's make. DMTF DSP0134 2.8.0.
#pragma once

#include "vmm/firmware/board_facts.h"
#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

/// "etc/smbios/smbios-anchor", the entry point whose address and checksums firmware completes, and
/// "etc/smbios/smbios-tables", the structures.
struct SmbiosFiles {
    Bytes anchor;
    Bytes tables;
};

/// The SMBIOS tables that describe this board.
SmbiosFiles smbiosFiles(const BoardFacts& facts);

} // namespace vmm::firmware
