// SPDX-License-Identifier: GPL-3.0-or-later
// Opening what a person named as a disk or a CD-ROM, with a sentence when it cannot be one.
#pragma once

#include <memory>
#include <string>

#include "vmm/base/event_loop.h"
#include "vmm/base/result.h"
#include "vmm/block/block_backend.h"
#include "vmm/block/disk_file.h"
#include "vmm/block/image_probe.h"

namespace vmm::block {

/// What carries requests out on a loop: io_uring where the host has it, or threads in any case.
enum class IoEngine : uint8_t { Best, Threads };

/// How a disk is opened.
struct DiskOptions {
    OpenMode mode = OpenMode::ReadWrite;
    CacheMode cache = CacheMode::Writeback;
    /// Where completions run (outlives the backend); null: on a thread of the disk's own, and
    /// requests are carried out one after the other.
    EventLoop* loop = nullptr;
    IoEngine engine = IoEngine::Best;
    IoCounts* counts = nullptr; ///< where requests are counted; outlives the backend
};

/// Opens a raw disk image (or block device). Refuses files that plainly are another format (qcow2,
/// VMDK, VDI, VHD, VHDX): their bytes are not the disk's. Any thread.
Result<std::unique_ptr<BlockBackend>> openDisk(const std::string& path,
                                               const DiskOptions& options = {});

/// Opens an ISO 9660 or UDF image read-only, in sectors of 2048 bytes; "not a CD or DVD image"
/// otherwise. `facts` (may be null) gets what the image is. `loop` and `counts` as in DiskOptions.
/// Any thread.
Result<std::unique_ptr<BlockBackend>> openCdrom(const std::string& path,
                                                ImageFacts* facts = nullptr,
                                                EventLoop* loop = nullptr,
                                                IoCounts* counts = nullptr);

} // namespace vmm::block
