// SPDX-License-Identifier: GPL-3.0-or-later
// The board's ACPI tables as the three files firmware loads. ACPI 6.4; FADT as ACPI 2.0.
#pragma once

#include "vmm/firmware/board_facts.h"
#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

inline constexpr std::string_view kAcpiTablesFile = "etc/acpi/tables";
inline constexpr std::string_view kAcpiRsdpFile = "etc/acpi/rsdp";
inline constexpr std::string_view kAcpiLoaderFile = "etc/table-loader";

/// Contents that belong together. Their sizes are the same whatever the guest programmed, because
/// firmware has read them from the file directory before.
struct AcpiFiles {
    Bytes tables;
    Bytes rsdp;
    Bytes loader;
};

/// Builds all tables from `facts` and the chipset as it is now.
AcpiFiles acpiFiles(const BoardFacts& facts);

/// Single tables, with the checksum still zero.
Bytes facsTable();
Bytes dsdtTable();
Bytes fadtTable(const BoardFacts& facts);
Bytes madtTable(const BoardFacts& facts);
Bytes hpetTable();
Bytes mcfgTable(const EcamRange& ecam);
Bytes waetTable();

} // namespace vmm::firmware
