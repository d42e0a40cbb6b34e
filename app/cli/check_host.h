// SPDX-License-Identifier: GPL-3.0-or-later
// `vitrine check-host`.
#pragma once

#include <string>
#include <vector>

#include "app/cli/command_line.h"
#include "app/host/host_survey.h"

namespace app::cli {

/// What this computer offers machines, in whole words and without final periods. Plain data.
struct HostReport {
    std::string kvm;      ///< usable, or why not
    std::string speed;    ///< of ring 0 under KVM; empty: not measured
    std::string hardware; ///< virtualization in the CPU
    std::string cpuModel; ///< that the software CPU offers
    std::string choice;   ///< of --accel auto: "kvm" or "soft"
    std::string reason;
    std::vector<host::HostCheck> checks; ///< as the host check page shows them
};

/// Prints `report` to standard output.
void printHost(const HostReport& report, OutputFormat format);

} // namespace app::cli
