// SPDX-License-Identifier: GPL-3.0-or-later
// A file inside an ISO image, for kernels that are started from an installation medium.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vmm/base/result.h"
#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

/// "FILE.iso:/install.amd/vmlinuz", taken apart.
struct IsoPath {
    std::string image;
    std::string inside; ///< without the first slash
};

/// When `path` names no file itself, but a file with ":/" and more behind it. May touch the file
/// system.
std::optional<IsoPath> isoPathFrom(const std::string& path);

/// The bytes of a regular file in an image (ISO 9660 with Rock Ridge or Joliet, by libarchive).
/// Errors name both: no such file in it, larger than `limit` bytes, not an ISO image. Any thread;
/// may block. The image is hostile: what libarchive says of a size is believed only as far as bytes
/// come.
Result<Bytes> readFromIso(const IsoPath& path, uint64_t limit);

} // namespace vmm::firmware
