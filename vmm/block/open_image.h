// SPDX-License-Identifier: GPL-3.0-or-later
// Opening what a person named as a disk or a CD-ROM, with a sentence when it cannot be one.
#pragma once

#include <memory>
#include <string>

#include "vmm/base/result.h"
#include "vmm/block/block_backend.h"
#include "vmm/block/image_probe.h"

namespace vmm::block {

/// Opens a raw disk image (or block device) for reading and writing. Refuses files that plainly are
/// another format (qcow2, VMDK, VDI, VHD, VHDX): their bytes are not the disk's. Any thread.
Result<std::unique_ptr<BlockBackend>> openDisk(const std::string& path);

/// Opens an ISO 9660 or UDF image read-only, in sectors of 2048 bytes; "not a CD or DVD image"
/// otherwise. `facts` (may be null) gets what the image is. Any thread.
Result<std::unique_ptr<BlockBackend>> openCdrom(const std::string& path,
                                                ImageFacts* facts = nullptr);

} // namespace vmm::block
