// SPDX-License-Identifier: GPL-3.0-or-later
// Puts everything the firmware of our board asks for into its fw_cfg device.
#pragma once

#include "vmm/base/result.h"
#include "vmm/firmware/board_facts.h"
#include "vmm/firmware/fw_cfg.h"

namespace vmm::firmware {

/// Adds the items and files of the board. Called once, while the machine is built. The ACPI files
/// keep `facts` and are made again whenever the guest selects one of them, from the chipset as it
/// is then. New files must be added last (see FwCfg::addFile).
Result<void> populate(FwCfg& fwCfg, const BoardFacts& facts);

} // namespace vmm::firmware
