// SPDX-License-Identifier: GPL-3.0-or-later
// Keyring: the person's own (Secret Service API 0.2).
#pragma once

#include <memory>
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

/// Passwords of guests in the default keyring. Any thread but the GUI's: calls may wait for the
/// person, a minute at most. Unsupported, with the keyring's own words, when there is none.
class Keyring {
public:
    Keyring();

    /// Keeps it, in place of an older one. The person is asked to unlock the keyring if need be; an
    /// answer that comes after the minute still counts.
    vmm::Result<void> store(const GuestPassword& password);
    /// Forgets all passwords of `machine`, without asking the person; false when a locked keyring
    /// still has some.
    vmm::Result<bool> forget(const std::string& machine);
    /// Ends the waiting of all calls, now and later: the program wants to leave. Any thread.
    void giveUp();

private:
    struct Patience;

    std::shared_ptr<Patience> m_patience; ///< shared with the threads of calls that never end
};

} // namespace app::services
