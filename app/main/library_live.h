// SPDX-License-Identifier: GPL-3.0-or-later
// What of a changed configuration a running machine can take over, as calls of
// org.vitrine.Machine1.
#pragma once

#include <filesystem>

#include <QList>
#include <QStringList>

#include "app/library/machine_config.h"

namespace app::main {

/// One call: a method and its strings.
struct LiveCall {
    QString method;
    QStringList arguments;
    bool operator==(const LiveCall&) const = default;
};

/// What is done now, and whether something is left for the machine's next start.
struct LivePlan {
    QList<LiveCall> calls;
    bool atNextStart = false;
};

/// From the configuration a machine runs with to the one wished for: media, disks, links, forwards
/// and limits change while it runs. What only the library wants to know (name, groups, notes) needs
/// no start. `bundle` is where files without a folder lie. Any thread.
LivePlan livePlan(const library::MachineConfig& running, const library::MachineConfig& wished,
                  const std::filesystem::path& bundle);

} // namespace app::main
