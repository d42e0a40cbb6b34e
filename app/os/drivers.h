// SPDX-License-Identifier: GPL-3.0-or-later
// Drivers for our machines' devices that a system does not bring.
#pragma once

#include <string>
#include <vector>

#include "app/os/os_database.h"

namespace app::os {

/// Files of one folder on the web.
struct DriverSet {
    std::string location;           ///< "https://...", without a slash at its end
    std::vector<std::string> files; ///< names without folders, fit for any file system
};

/// What an unattended installation of `osId` on x86-64 takes from its script's disc, for virtio
/// devices; empty: the database knows nothing, or the system brings its own. Only what comes
/// encrypted: there is no sum to compare, and a guest's kernel runs it. The database's thread.
std::vector<DriverSet> driversFor(const OsDatabase& database, const std::string& osId);

} // namespace app::os
