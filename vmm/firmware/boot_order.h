// SPDX-License-Identifier: GPL-3.0-or-later
// What firmware boots from, as it names drives. Open Firmware (IEEE 1275-1994) device paths.
#pragma once

#include <string>
#include <vector>

#include "vmm/firmware/byte_writer.h"
#include "vmm/spec/machine_spec.h"

namespace vmm::firmware {

/// A drive firmware may boot from.
struct BootDrive {
    spec::DriveKind kind = spec::DriveKind::Disk;
    std::string path;
};

/// The path of a drive on port `port` of the AHCI controller at 00:1f.2.
std::string ahciDrivePath(size_t port);
/// Of the virtio-blk disk at 00:`device`.0.
std::string virtioDiskPath(unsigned device);
/// Of logical unit 0 of `target` of the virtio-scsi host at 00:`device`.0.
std::string scsiDrivePath(unsigned device, unsigned target);

/// The file "bootorder": one path a line, NUL-terminated. Every drive is in it; CD-ROMs first,
/// unless the order is Disk.
Bytes bootOrderFile(const std::vector<BootDrive>& drives, spec::BootOrder order);

} // namespace vmm::firmware
