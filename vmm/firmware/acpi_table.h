// SPDX-License-Identifier: GPL-3.0-or-later
// AcpiTable: a system description table with its header. ACPI 6.4 section 5.2.6.
#pragma once

#include <cstdint>
#include <string_view>

#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

inline constexpr std::string_view kAcpiOemId = "VITRIN";
inline constexpr size_t kAcpiHeaderSize = 36;
inline constexpr size_t kAcpiLengthOffset = 4;
inline constexpr size_t kAcpiChecksumOffset = 9;

/// A generic address (ACPI 6.4 section 5.2.3.2) in I/O space; port 0: the register is not there.
inline void putIoAddress(ByteWriter& table, uint16_t port, unsigned bytes)
{
    constexpr uint8_t kSystemIo = 1;
    if (port == 0)
        table.zeros(12);
    else
        table.u8(kSystemIo).u8(bytes * 8).u8(0).u8(0).u64(port);
}

/// A table under construction: write the body, then finish().
class AcpiTable : public ByteWriter {
public:
    /// `signature` has four characters.
    AcpiTable(std::string_view signature, uint8_t revision)
    {
        text(signature, 4).u32(0).u8(revision).u8(0).text(kAcpiOemId, 6);
        text("VITRQ35", 8).u32(1).text("VTRN", 4).u32(1);
    }
    /// The table with its length; the checksum stays zero, for the loader to make it last.
    Bytes finish()
    {
        patch(kAcpiLengthOffset, static_cast<uint32_t>(size()));
        return take();
    }
};

} // namespace vmm::firmware
