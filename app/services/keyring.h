// SPDX-License-Identifier: GPL-3.0-or-later
// The person's keyring (Secret Service API 0.2).
#pragma once

#include <string>

#include "vmm/base/result.h"

namespace app::services {

/// A guest's password for its user, as the keyring keeps it.
struct GuestPassword {
    std::string machine; ///< its id
    std::string user;
    std::string password;
    std::string label; ///< what the person reads in the keyring: "Password of anna on Debian 12"
};

/// Keeps it in the default keyring, in place of an older one. Waits for the person to unlock the
/// keyring, a minute at most: not on the GUI thread. Unsupported when there is none.
vmm::Result<void> storePassword(const GuestPassword& password);
/// Forgets all passwords of `machine`. As above.
vmm::Result<void> forgetPasswords(const std::string& machine);

} // namespace app::services
