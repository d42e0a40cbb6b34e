// SPDX-License-Identifier: GPL-3.0-or-later
// A person's answers, made fit for the language a script is written in.
#pragma once

#include <string>
#include <string_view>

#include "app/install/express_install.h"
#include "app/os/install_script.h"
#include "vmm/base/result.h"

namespace app::install {

/// What the scripts ask beyond what a person answered.
struct ScriptFacts {
    os::ScriptKind kind = os::ScriptKind::Preseed;
    bool needsProductKey = false;
    std::string productKeyFormat; ///< as InstallScripts has it
    std::string targetDisk;
};

/// A name for the guest on its network that every installer takes, as close to the machine's as it
/// gets: letters, digits and single '-', at most 15.
std::string hostNameOf(std::string_view machine);

/// Checks every answer and quotes it for the script: libosinfo escapes what goes into XML, and
/// nothing that goes into text. Invalid, naming the answer, when one cannot be written down there.
vmm::Result<os::ScriptAnswers> scriptAnswers(const ExpressAnswers& answers,
                                             const ScriptFacts& script);

} // namespace app::install
