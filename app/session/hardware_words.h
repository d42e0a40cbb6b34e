// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of a running machine's hardware as words: what D-Bus methods and `vitrine ctl` say.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/machine/hardware.h"

namespace app::session {

/// One kind of change.
struct HardwareWord {
    const char* method;    ///< of org.vitrine.Machine1: takes `count` strings, answers one
    std::string_view verb; ///< of `vitrine ctl`
    size_t count = 0;
    size_t optional = 0; ///< how many of the last ones the verb may leave out: empty then
    std::string_view arguments;
    std::string_view help;
};

/// All of them; constant.
std::span<const HardwareWord> hardwareWords();

/// The change that `word` makes of `arguments`, as many as it takes. Paths must be absolute.
vmm::Result<vmm::machine::HardwareChange> changeFrom(const HardwareWord& word,
                                                     std::span<const std::string> arguments);

/// `arguments` of a verb with their paths made absolute, which the other side wants.
std::vector<std::string> withAbsolutePaths(const HardwareWord& word,
                                           std::vector<std::string> arguments);

} // namespace app::session
