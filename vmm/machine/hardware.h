// SPDX-License-Identifier: GPL-3.0-or-later
// What can be changed about a machine's hardware while it runs: plain requests, by the ids of its
// description.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "vmm/base/result.h"
#include "vmm/spec/machine_spec.h"

namespace vmm::machine {

/// Puts a disk into a free PCIe slot (virtio-blk), or onto the SCSI controller.
struct AttachDrive {
    spec::DriveSpec drive;
};
/// Puts a network card into a free PCIe slot.
struct AttachNic {
    spec::NicSpec nic;
};
/// Asks the guest to let go of a drive or card that was attached; done when it did.
struct Detach {
    std::string id;
};
/// Takes over the size of the drive's file, after it is made `bytes` long (0: as it is now). Only
/// ever larger. Answers how many bytes it has then.
struct ResizeDrive {
    std::string id;
    uint64_t bytes = 0;
};
struct LimitDrive {
    std::string id;
    spec::DriveLimits limits;
};
/// Cuts or restores a network card's link.
struct SetLink {
    std::string id;
    bool up = true;
};
/// Answers the rule with the port that was chosen, one rule a line.
struct AddForward {
    std::string id;
    std::string rule;
};
struct RemoveForward {
    std::string id;
    std::string rule;
};
struct ListForwards {
    std::string id;
};
/// Asks the guest behind a card on NAT (empty: the first) which of the usual TCP ports it listens
/// on; takes up to two seconds. Answers "ADDRESS:PORT NAME", one port a line, without a name where
/// none is usual.
struct ListPorts {
    std::string id;
};
/// Writes every frame of a card to a pcap file from now on; an empty path ends that.
struct CaptureFrames {
    std::string id;
    std::string path;
};
/// How many bytes of its memory the guest shall keep; ends the automatic policy.
struct SetMemory {
    uint64_t bytes = 0;
};

using HardwareChange =
    std::variant<AttachDrive, AttachNic, Detach, ResizeDrive, LimitDrive, SetLink, AddForward,
                 RemoveForward, ListForwards, ListPorts, CaptureFrames, SetMemory>;

/// Called once on the machine's control thread; the text is what the request says it answers.
using HardwareCompletion = std::function<void(Result<std::string>)>;

} // namespace vmm::machine
