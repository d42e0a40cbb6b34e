// SPDX-License-Identifier: GPL-3.0-or-later
// RunRequest: what a person asked for on the command line, and the machine that follows from it.
#pragma once

#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/spec/machine_spec.h"

namespace app::session {

/// A drive as it was typed: device_options.h says how.
struct DriveWish {
    vmm::spec::DriveKind kind = vmm::spec::DriveKind::Cdrom;
    std::string text;
};

/// The wish as it was typed; empty strings are "not given". Plain data.
struct RunRequest {
    std::vector<DriveWish> drives;         ///< in the order given; paths may be relative
    std::vector<std::string> nics;         ///< "user,mac=..."; "none": no card
    std::vector<std::string> forwards;     ///< of the first card on NAT
    std::vector<std::string> consolePorts; ///< "pty,name=..."
    std::string vsock;                     ///< "3,socket=PATH"
    std::string balloon;                   ///< auto, manual or none
    std::string pcieSlots;                 ///< how many for what comes later: "4"
    std::string memory;                    ///< "2G"
    std::string cpus;                      ///< "2"
    std::string name;
    std::string boot;   ///< cdrom, disk or menu
    std::string serial; ///< stdio, pty or file:PATH
    std::string firmware;
    std::string debugcon;
    std::string kernel;
    std::string initrd;
    std::string append;  ///< the kernel's command line
    std::string accel;   ///< auto, kvm or soft; also goes with `restore`
    std::string restore; ///< file written by `save`; excludes what describes a machine
    std::string gdb;     ///< where a debugger may come in; also goes with `restore`
    bool headless = false;
    bool testDevices = false;
};

/// The machine for `request`, checked; file paths are made absolute, so that a saved machine finds
/// its files from anywhere. What a person expects and did not say is there too: an empty CD-ROM
/// drive to insert media into, a network card on NAT, entropy, a balloon, slots.
vmm::Result<vmm::spec::MachineSpec> specFor(const RunRequest& request);

/// What is to run the CPUs, as `request` says: Auto unless it says more. The error is a sentence.
vmm::Result<vmm::spec::Accel> accelFor(const RunRequest& request);

/// `path` as an absolute path, without touching the file system beyond the working directory.
std::string absolutePath(const std::string& path);

} // namespace app::session
