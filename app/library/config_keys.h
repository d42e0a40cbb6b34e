// SPDX-License-Identifier: GPL-3.0-or-later
// Single keys of machine.toml, as words: what `vitrine get` prints and `vitrine set` takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/library/machine_config.h"
#include "vmm/base/result.h"

namespace app::library {

/// A key with its section, "resources.memory", or with the id of its disk, disc drive or network
/// card, "nic0.kind"; and its value: "2G". Texts are bare, lists have commas.
struct ConfigWord {
    std::string key;
    std::string value;
};

/// Every key that says something, in the file's order.
std::vector<ConfigWord> configWords(const MachineConfig& config);

/// The value of `key`, written with or without its section; empty when it says nothing. Invalid,
/// with the keys there are, when it is no key.
vmm::Result<std::string> configWord(const MachineConfig& config, std::string_view key);

/// Makes `key` say `value`. The machine's name and ids are not changed this way: Invalid.
vmm::Result<void> setConfigWord(MachineConfig& config, std::string_view key,
                                const std::string& value);

} // namespace app::library
