// SPDX-License-Identifier: GPL-3.0-or-later
// What runs a machine's CPUs on this host: KVM or the software CPU, and why.
#pragma once

#include <optional>
#include <string>

#include "vmm/spec/machine_spec.h"

namespace vmm::machine {

/// What is known about KVM here.
struct KvmFacts {
    std::string problem;                           ///< why it cannot be used; empty: it can
    bool hardware = false;                         ///< the CPU has VT-x or AMD-V
    std::optional<double> instructionsPerSecond{}; ///< of ring 0, measured
};

/// Asks the CPU, opens /dev/kvm and measures it in a throwaway virtual machine: some milliseconds.
/// Any thread.
KvmFacts probeKvm();

/// What was chosen, never Auto, and one sentence why.
struct AccelChoice {
    spec::Accel accel = spec::Accel::Kvm;
    std::string reason;
};

/// What `wish` means on a host with `facts`. Auto takes KVM where it has hardware behind it or is
/// as fast; a wish is kept even where it will fail.
AccelChoice chooseAccel(spec::Accel wish, const KvmFacts& facts);
/// As above on this host; KVM is looked at only when `wish` is Auto.
AccelChoice chooseAccel(spec::Accel wish);

/// Name of the CPU model that the software CPU offers here.
std::string softCpuModel();

/// "1.3 million", "850 million": instructions a second for people.
std::string speedText(double instructionsPerSecond);

} // namespace vmm::machine
