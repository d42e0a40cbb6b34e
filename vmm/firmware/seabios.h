// SPDX-License-Identifier: GPL-3.0-or-later
// Finds and reads the SeaBIOS images. SeaBIOS 1.16, Debian package "seabios".
#pragma once

#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

/// The BIOS for the top of the address space, and the option ROM of the VGA adapter.
struct SeaBios {
    std::string biosPath;
    Bytes bios; ///< a power of two from 64 KiB to 16 MiB
    std::string vgaBiosPath;
    Bytes vgaBios; ///< starts with 55 AA
};

/// The folders searched when no path is given: those of the environment variable
/// VITRINE_FIRMWARE_PATH (colon-separated), then the usual ones. Any thread.
std::vector<std::string> firmwareFolders();

/// Reads bios-256k.bin and vgabios-stdvga.bin. `path` is empty (search), a folder, or the BIOS file
/// itself; the option ROM is then looked for beside it first. Errors are sentences for the person:
/// NotFound names the package and the folders searched. Any thread.
Result<SeaBios> loadSeaBios(const std::string& path, const std::vector<std::string>& folders);
inline Result<SeaBios> loadSeaBios(const std::string& path)
{
    return loadSeaBios(path, firmwareFolders());
}

} // namespace vmm::firmware
