// SPDX-License-Identifier: GPL-3.0-or-later
// What is this file? ISO 9660 (ECMA-119), UDF (ECMA-167), El Torito 1.0, or a foreign disk format.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "vmm/base/result.h"

namespace vmm::block {

enum class ImageKind : uint8_t {
    Raw, ///< none of the below: the bytes of a disk, or anything else
    Optical,
    Qcow2,
    Vmdk,
    Vdi,
    Vhd,
    Vhdx,
};

/// What probing found. Text comes from the file: only printable ASCII is kept.
struct ImageFacts {
    ImageKind kind = ImageKind::Raw;
    bool iso9660 = false;
    bool udf = false;
    bool elTorito = false; ///< has a boot catalog: firmware can boot it as a CD-ROM
    bool hybrid = false;  ///< an optical image that also starts with a partition table or boot code
    std::string volumeId; ///< ISO 9660 volume identifier, trailing blanks removed
    uint64_t volumeBytes = 0; ///< what the file system says it takes; 0 when it says nothing
};

/// Reads bytes of the file at an offset; returns how many there were.
using ByteReader = std::function<Result<size_t>(uint64_t offset, std::span<std::byte> to)>;

/// Looks at the first 600 KiB and the last sector at most; never fails on hostile content, only
/// when reading fails. Any thread.
Result<ImageFacts> probeImage(const ByteReader& read, uint64_t size);

/// The name people know a foreign format by: "qcow2"; empty for Raw and Optical.
std::string_view foreignFormatName(ImageKind kind);

} // namespace vmm::block
