// SPDX-License-Identifier: GPL-3.0-or-later
// MachineConfig: what a bundle's machine.toml says, plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/spec/machine_spec.h"

namespace app::library {

/// What becomes of the guest when its window is closed.
enum class CloseAction : uint8_t { Keep, Suspend, ShutDown };

/// An installation under way: how the machine starts until the guest has been installed.
struct InstallConfig {
    bool pending = false;
    std::string kernel;      ///< started instead of firmware: "FILE.iso:/PATH"; empty: none
    std::string initrd;      ///< likewise
    std::string commandLine; ///< of that kernel
    std::string scriptDisc;  ///< medium with the answers to the installer's questions; empty: none
};

/// A machine of the library. `hardware` holds everything the guest sees; its name is the machine's,
/// and paths of files inside the bundle are relative to it.
struct MachineConfig {
    static constexpr int64_t kSchema = 1;
    static constexpr size_t kIdDigits = 32;
    static constexpr size_t kMaxGroups = 16;

    std::string id;                  ///< hexadecimal digits; never changes, unique
    std::string os;                  ///< libosinfo's id ("http://debian.org/debian/12") or empty
    std::vector<std::string> groups; ///< as the person sorts machines
    std::string notes;               ///< the person's own words
    CloseAction onClose = CloseAction::Suspend;
    bool disposable = false; ///< live medium: deleted when its window is closed
    InstallConfig install;
    vmm::spec::MachineSpec hardware = vmm::spec::usualMachine();

    const std::string& name() const { return hardware.name; }
};

} // namespace app::library
