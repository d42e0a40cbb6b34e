// SPDX-License-Identifier: GPL-3.0-or-later
// The "bootorder" file. SeaBIOS 1.16 matches each line against patterns such as
// "/pci@i0cf8/*@1f,2/drive@0/disk@0", OVMF 2022.11 wants the full unit name.
#include "vmm/firmware/boot_order.h"

#include <fmt/core.h>

namespace vmm::firmware {

std::string ahciDrivePath(size_t port)
{
    return fmt::format("/pci@i0cf8/pci8086,2922@1f,2/drive@{:x}/disk@0", port);
}

std::string virtioDiskPath(unsigned device)
{
    return fmt::format("/pci@i0cf8/scsi@{:x}/disk@0,0", device);
}

std::string scsiDrivePath(unsigned device, unsigned target)
{
    return fmt::format("/pci@i0cf8/scsi@{:x}/channel@0/disk@{:x},0", device, target);
}

Bytes bootOrderFile(const std::vector<BootDrive>& drives, spec::BootOrder order)
{
    const auto first =
        order == spec::BootOrder::Disk ? spec::DriveKind::Disk : spec::DriveKind::Cdrom;
    std::string lines;
    for (const bool wantFirst : {true, false})
        for (const BootDrive& drive : drives)
            if ((drive.kind == first) == wantFirst)
                lines += (lines.empty() ? "" : "\n") + drive.path;
    return ByteWriter().textWithNul(lines).take();
}

} // namespace vmm::firmware
