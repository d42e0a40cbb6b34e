// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of machine.toml: for each, how it is read and how it is written.
#pragma once

#include <span>
#include <string_view>

#include "app/library/machine_config.h"
#include "app/library/toml_text.h"
#include "vmm/base/result.h"

namespace app::library {

/// One key of a T. `always`: written in a new file even where it says what goes without saying.
template <class T>
struct ConfigField {
    std::string_view section; ///< of a machine's own keys; empty for those of a device
    std::string_view key;
    bool always;
    /// Takes the value over; the error is a sentence about it.
    vmm::Result<void> (*read)(const TomlValue& value, T& target);
    /// monostate: there is nothing to say.
    TomlValue (*write)(const T& source);
};

/// Keys of [machine], [resources], [boot], [devices], [install] and [window], in that order.
std::span<const ConfigField<MachineConfig>> machineFields();
/// Of [[disk]] and [[cdrom]].
std::span<const ConfigField<vmm::spec::DriveSpec>> driveFields();
/// Of [[network]].
std::span<const ConfigField<vmm::spec::NicSpec>> nicFields();
/// Of [[console]].
std::span<const ConfigField<vmm::spec::ConsolePortSpec>> consoleFields();

} // namespace app::library
