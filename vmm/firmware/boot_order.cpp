// SPDX-License-Identifier: GPL-3.0-or-later
// The "bootorder" file. SeaBIOS 1.16 matches each line against "/pci@i0cf8/*@1f,2/drive@0/disk@0",
// OVMF 2022.11 wants the full unit name.
#include "vmm/firmware/boot_order.h"

#include <fmt/core.h>

namespace vmm::firmware {

std::string ahciDrivePath(size_t port)
{
    return fmt::format("/pci@i0cf8/pci8086,2922@1f,2/drive@{:x}/disk@0", port);
}

Bytes bootOrderFile(const std::vector<spec::DriveSpec>& drives, spec::BootOrder order)
{
    const auto first =
        order == spec::BootOrder::Disk ? spec::DriveKind::Disk : spec::DriveKind::Cdrom;
    std::string lines;
    for (const bool wantFirst : {true, false}) {
        for (size_t port = 0; port < drives.size(); ++port) {
            if ((drives[port].kind == first) == wantFirst)
                lines += (lines.empty() ? "" : "\n") + ahciDrivePath(port);
        }
    }
    return ByteWriter().textWithNul(lines).take();
}

} // namespace vmm::firmware
