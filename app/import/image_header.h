// SPDX-License-Identifier: GPL-3.0-or-later
// What the first bytes of a file say it is: QEMU docs/interop/qcow2.rst and qed_spec.rst, VMware
// Virtual Disk Format 5.0, VHD 1.0, MS-VHDX 2.2, the headers of VDI, Parallels, Bochs, cloop, UDIF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace app::import {

/// How much of a file's start is looked at.
constexpr size_t kHeaderBytes = 64 * 1024;
/// How much of its end.
constexpr size_t kTrailerBytes = 512;

/// What a file claims to be. Everything in it is the file's own word.
struct ImageHeader {
    std::string format = "raw"; ///< qemu-img's name for it
    uint64_t virtualBytes = 0;  ///< 0: the header does not say
    bool encrypted = false;
    bool hasBackingFile = false;      ///< it holds only what differs from another image
    bool hasDataFile = false;         ///< its content is elsewhere
    bool describesOtherFiles = false; ///< VMDK in several pieces
    std::vector<std::string> extents; ///< their names, as written
    std::string problem;              ///< not a disk at all; one sentence without the file's name
};

/// How a whole file is packed.
enum class Packing : uint8_t { None, Gzip, Xz, Zstd, Bzip2 };

/// By its first six bytes. Pure; any thread.
Packing packingOf(std::span<const std::byte> start);

/// Never follows what a header refers to. `start`: the first kHeaderBytes, or the whole file;
/// `end`: the last kTrailerBytes, empty when unknown. Pure; any thread.
ImageHeader readImageHeader(std::span<const std::byte> start, std::span<const std::byte> end);

/// Fills in what a VMDK description says of pieces and parents (VMware Virtual Disk Format 5.0,
/// "The Disk Descriptor File"). For readImageHeader().
void readVmdkDescription(std::string_view text, ImageHeader& header);

} // namespace app::import
