// SPDX-License-Identifier: GPL-3.0-or-later
// LoaderScript: "etc/table-loader", the commands by which firmware places and links table files.
// QEMU hw/acpi/bios-linker-loader.c (7.2) describes the 128-byte commands.
#pragma once

#include <cstdint>
#include <string_view>

#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

/// Where firmware places a file: anywhere, or in the F segment where the RSDP is looked for.
enum class LoaderZone : uint8_t { High = 1, FSegment = 2 };

/// Builds the script. Firmware executes commands in order; those with number 0 it skips.
class LoaderScript {
public:
    static constexpr size_t kCommandSize = 128;
    static constexpr size_t kFileNameSize = 56;

    void allocate(std::string_view file, uint32_t alignment, LoaderZone zone);
    /// Adds the address of `target` to the number of `width` bytes at `offset` of `file`.
    void addPointer(std::string_view file, std::string_view target, uint32_t offset, uint8_t width);
    /// Makes [start, start + length) of `file` sum to zero by the byte at `offset`, now zero.
    void addChecksum(std::string_view file, uint32_t offset, uint32_t start, uint32_t length);

    /// Writes the address of `source` plus `sourceOffset`, in `width` bytes, to `offset` of the
    /// fw_cfg file `file`, which is writable: so the host learns it.
    void writePointer(std::string_view file, uint32_t offset, std::string_view source,
                      uint32_t sourceOffset, uint8_t width);

    /// The script, filled up with commands to skip to `size` bytes.
    Bytes take(size_t size);

private:
    ByteWriter m_commands;
};

} // namespace vmm::firmware
