// SPDX-License-Identifier: GPL-3.0-or-later
// What the scripts of osinfo-db leave open or get wrong.
#pragma once

#include <string>

#include "app/install/express_install.h"
#include "app/os/install_script.h"

namespace app::install {

/// Corrects `script` so that the installer really asks nothing; each change says in
/// mend_scripts.cpp which question it would have asked. Scripts it does not know stay as they are.
/// `answers`: as scriptAnswers() took them.
void mendScript(std::string& script, os::ScriptKind kind, const std::string& distro,
                const ExpressAnswers& answers);

} // namespace app::install
