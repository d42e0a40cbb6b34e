// SPDX-License-Identifier: GPL-3.0-or-later
// Finds and reads UEFI firmware with its variable store. OVMF, Debian package "ovmf".
#pragma once

#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/firmware/seabios.h"

namespace vmm::firmware {

/// What `--firmware` takes instead of a path to mean the UEFI firmware that is installed.
inline constexpr std::string_view kUefiName = "uefi";

/// What the board starts: an image for the top of the address space, and flash right below it.
struct BootFirmware {
    SeaBios images;  ///< `bios` is OVMF's code when there is flash
    Bytes variables; ///< contents of the flash: a scratch copy of the empty store; empty: none
};

/// The folders searched for UEFI firmware: those of VITRINE_FIRMWARE_PATH, then the usual ones.
std::vector<std::string> uefiFolders();

/// Firmware for `path`: kUefiName finds OVMF_CODE_4M.fd and OVMF_VARS_4M.fd in `folders`; a file
/// with CODE in its name takes the store of the same name with VARS from beside it; all else goes
/// to loadSeaBios(). Errors are sentences for the person. Any thread.
Result<BootFirmware> loadFirmware(const std::string& path, const std::vector<std::string>& folders);
inline Result<BootFirmware> loadFirmware(const std::string& path)
{
    return loadFirmware(path, uefiFolders());
}

} // namespace vmm::firmware
