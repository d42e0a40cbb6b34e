// SPDX-License-Identifier: GPL-3.0-or-later
// A script that knows a password without telling it.
#pragma once

#include <string>

#include "app/install/express_install.h"
#include "app/os/install_script.h"
#include "vmm/base/result.h"

namespace app::install {

/// `password` as an installed Linux keeps it: crypt(5), sha512crypt with a salt of its own.
vmm::Result<std::string> hashedPassword(const std::string& password);

/// Puts `hash` in the place of the password wherever `script`'s language takes one: preseed and
/// kickstart. Lines of another form, and the other languages, keep the password, for a user whom
/// nobody can log in as would be worse.
void hidePassword(std::string& script, os::ScriptKind kind, const os::ScriptAnswers& answers,
                  const std::string& hash);

} // namespace app::install
