// SPDX-License-Identifier: GPL-3.0-or-later
// qemu-img, told exactly what to open (QEMU docs/tools/qemu-img.rst).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app/import/part.h"
#include "vmm/base/result.h"

namespace app::import {

/// An image as qemu-img shall open it: by its driver, never by probing, and without whatever its
/// header refers to.
struct QemuImage {
    std::string format;
    int fd = -1; ///< the file, open for reading
    /// Only for a VMDK in several pieces: its absolute name, and those of its pieces.
    std::filesystem::path description;
    std::vector<std::filesystem::path> pieces;
    std::string name; ///< for sentences
};

/// The size of the disk inside. Limited in time and memory. Blocks.
vmm::Result<uint64_t> qemuVirtualBytes(const QemuImage& image);

/// Writes the disk's content to the empty file open as `target`, sparse. Cancellable. Blocks.
/// The error is Exhausted when the target's disk is full: the caller knows more about that.
vmm::Result<void> qemuConvert(const QemuImage& image, int target, Part& part);

} // namespace app::import
