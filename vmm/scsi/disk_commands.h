// SPDX-License-Identifier: GPL-3.0-or-later
// A row of the disk's table of commands. Only for vmm/scsi.
#pragma once

#include <vector>

#include "vmm/scsi/disk.h"

namespace vmm::scsi {

/// How a command is treated, and what REPORT SUPPORTED OPERATION CODES says of it.
struct Disk::Row {
    enum class Attentions : uint8_t {
        Reported,
        Ignored ///< works while a unit attention is pending (SPC-4 section 5.14)
    };
    Attentions attentions;
    Handler handler;
    std::vector<uint8_t> usage;                    ///< as long as the command
    std::optional<unsigned> action = std::nullopt; ///< service action of commands that have one
};

} // namespace vmm::scsi
