// SPDX-License-Identifier: GPL-3.0-or-later
// Devices as people write them, "FILE,bus=virtio,serial=A1", and as the machine has them.
#pragma once

#include <string>

#include "vmm/base/result.h"
#include "vmm/spec/machine_spec.h"

namespace app::session {

/// "FILE[,bus=ahci|virtio|scsi][,serial=TEXT][,cache=writeback|writethrough|direct]
/// [,when-full=pause|report][,readonly][,id=ID][,bps=SIZE][,iops=N]". A file's name may hold
/// commas: options are taken from the end for as long as they are known. Paths become absolute.
/// Errors are sentences that name the option.
vmm::Result<vmm::spec::DriveSpec> driveFrom(vmm::spec::DriveKind kind, const std::string& text);

/// "bps=SIZE" and "iops=N", any of them, comma between; 0 or left out: no limit.
vmm::Result<vmm::spec::DriveLimits> limitsFrom(const std::string& text);

/// "user[,forward=RULE]...[,restrict]", "tap,interface=NAME", "tap,fd=N[,fd=N]...",
/// "passt,socket=PATH" or "disconnected", each with
/// "[,mac=MAC][,link=up|down][,capture=FILE][,id=ID]".
vmm::Result<vmm::spec::NicSpec> nicFrom(const std::string& text);

/// "pty", "stdio", "socket=PATH" or "file=PATH", each with "[,name=NAME]".
vmm::Result<vmm::spec::ConsolePortSpec> consolePortFrom(const std::string& text);

/// "CID,socket=PATH".
vmm::Result<vmm::spec::VsockSpec> vsockFrom(const std::string& text);

/// "auto", "manual" or "none".
vmm::Result<vmm::spec::BalloonKind> balloonFrom(const std::string& text);

/// A whole number of at most `most`; else "OPTION TEXT: not a NOUN".
vmm::Result<uint64_t> numberFrom(const std::string& text, const std::string& option,
                                 const std::string& noun, uint64_t most);

} // namespace app::session
