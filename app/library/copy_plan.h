// SPDX-License-Identifier: GPL-3.0-or-later
// CopyPlan: which files make up a copy of a bundle, and under which names.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "app/library/bundle.h"
#include "app/library/job.h"
#include "app/library/machine_config.h"
#include "vmm/base/result.h"

namespace app::library {

/// What is copied, and as what; machine.toml is written apart.
struct CopyPlan {
    /// From (absolute), to (in the new bundle).
    std::vector<std::pair<std::filesystem::path, std::filesystem::path>> files;
};

/// Regular files below `bundle`, relative to it: no locks, nothing hidden, nothing behind links.
vmm::Result<std::vector<std::filesystem::path>> filesOf(const std::filesystem::path& bundle);

/// All a machine needs that is a copy of `original`, without its history. Disks outside of the
/// bundle come along: `config` names the copies.
vmm::Result<CopyPlan> planCopy(const Bundle& original, MachineConfig& config);

/// Copies what is planned into the folder `to`; not synced.
vmm::Result<void> copyAll(const CopyPlan& plan, const std::filesystem::path& to, Job& job);

/// The original's machine.toml made to say `config`: what a person wrote into it stays.
vmm::Result<std::string> copiedText(const Bundle& original, const MachineConfig& config);

} // namespace app::library
