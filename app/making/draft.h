// SPDX-License-Identifier: GPL-3.0-or-later
// Draft: what Vitrine proposes for a file, before a machine is made of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app/install/express_install.h"
#include "app/library/machine_config.h"
#include "app/os/os_database.h"
#include "vmm/base/result.h"

namespace app::making {

/// What the computer can give a machine.
struct HostMeans {
    uint64_t memoryBytes = 0;
    uint32_t cpus = 1;
    uint64_t freeDiskBytes = 0; ///< where the machines are
};
/// Asks the kernel; some microseconds. `home`: where the machines are, or will be.
HostMeans hostMeans(const std::filesystem::path& home);

/// A disk to make: empty, or the content of an image.
struct DraftDisk {
    uint64_t bytes = 0;           ///< at least the image's
    std::filesystem::path source; ///< image of any format, or an appliance; empty: none
};

/// Plain data. `config` has the drives of media; disks are added when the machine is made.
struct Draft {
    enum class Source : uint8_t { Empty, Installer, LiveMedium, DiskImage, Appliance };
    Source source = Source::Empty;
    std::filesystem::path file; ///< what it was made of; empty: nothing
    std::string osName;         ///< as detected; empty when unknown
    std::string osFamily;       ///< of the database, for a picture
    std::string osDistro;
    bool canBios = true;
    bool canUefi = true;
    bool canTryLive = false;
    bool canExpress = false;
    bool needsProductKey = false;
    uint64_t minimumMemory = 0; ///< the system's; 0: not known
    uint64_t recommendedMemory = 0;
    HostMeans host;
    vmm::spec::DriveBus diskBus = vmm::spec::DriveBus::VirtioBlk;
    std::vector<DraftDisk> disks;
    bool tryLive = false; ///< no disk, deleted when closed unless kept
    library::MachineConfig config;
    bool express = false;
    install::ExpressAnswers answers;          ///< with `express`
    std::vector<install::DriverFile> drivers; ///< likewise
};

/// A machine without a medium, for a system nobody has named.
Draft plainDraft(const HostMeans& means);

/// Whether `file` is a machine already, to be imported as it is: a bundle's folder, or one that was
/// exported.
bool isMachine(const std::filesystem::path& file);

/// The draft for `file`, which is hostile: a disc, a disk image of any format, an appliance.
/// `database` may be null: then nothing is known of systems. The error says why no machine can be
/// made of it. Takes seconds; a thread on which the database may be asked.
vmm::Result<Draft> draftFor(const std::filesystem::path& file, const os::OsDatabase* database,
                            const HostMeans& means);

/// Fills in what `facts` recommend, within the host's means: at most half of the memory.
void recommend(Draft& draft, const os::OsFacts& facts);

} // namespace app::making
