// SPDX-License-Identifier: GPL-3.0-or-later
// Library: a person's machines, wherever their bundles are.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/library/bundle.h"
#include "app/library/job.h"
#include "app/library/machine_config.h"
#include "vmm/base/result.h"

namespace app::library {

/// One machine as a listing shows it.
struct MachineEntry {
    std::filesystem::path bundle;
    MachineConfig config; ///< of a broken bundle: only the name, made of the folder's
    std::string problem;  ///< why it cannot be used; one sentence; empty when all is well
    bool suspended = false;
    bool running = false; ///< some process holds its BundleLock
    int64_t lastUsed = 0; ///< seconds since 1970; 0: never
};

/// A disk to be made with a machine: empty, or the content of a file.
struct NewDisk {
    uint64_t bytes = 0;             ///< its size; with `source`, at least that of the source
    std::filesystem::path source{}; ///< raw file to take over; empty: an empty disk
    bool moveSource = false;        ///< the source is ours to move instead of to copy
};

/// A machine that was deleted and can come back.
struct Deleted {
    std::string name;
    std::filesystem::path from;    ///< where the bundle was
    std::filesystem::path trashed; ///< where it lies in the trash (freedesktop.org Trash 1.0)
};

/// The machines in the default folder and in folders the person added. Holds nothing but the list
/// of folders; each call looks at the disk, so several processes can use it at once. Any thread;
/// calls with a Job may take long and belong on a thread of their own.
class Library {
public:
    /// `home`: $XDG_DATA_HOME/vitrine/machines unless told otherwise; `settings`: the file with the
    /// added folders ($XDG_CONFIG_HOME/vitrine/library.toml). Both are made when needed.
    static vmm::Result<Library> open(std::filesystem::path home = defaultHome(),
                                     std::filesystem::path settings = defaultSettings());
    static std::filesystem::path defaultHome();
    static std::filesystem::path defaultSettings();

    /// The folders that hold bundles, the default one first.
    std::vector<std::filesystem::path> folders() const;
    /// Whether the list of added folders can be read; folders() does without when it cannot. The
    /// error names the file and, where there is one, the line.
    vmm::Result<void> checkSettings() const;
    vmm::Result<void> addFolder(const std::filesystem::path& folder);
    vmm::Result<void> removeFolder(const std::filesystem::path& folder);

    /// Every bundle, sorted by name; broken ones with their problem.
    std::vector<MachineEntry> machines() const;
    /// The machine with this id or name, or the bundle at this path. NotFound, or Invalid when
    /// several have the name.
    vmm::Result<MachineEntry> find(const std::string& idOrName) const;

    /// A new bundle with its disks, complete or not there at all. `config.id` may be empty; a name
    /// that is taken gets a number: "Debian 12 (2)". Drives named in `config` without a file get
    /// `disks` in order.
    vmm::Result<MachineEntry> create(MachineConfig config, const std::vector<NewDisk>& disks,
                                     Job& job) const;
    /// "NAME" or "NAME (2)": not taken yet.
    std::string freeName(const std::string& wish) const;

    /// The folder follows the name when nobody runs the machine.
    vmm::Result<MachineEntry> rename(const std::string& id, const std::string& name) const;
    /// A copy with an id, MAC addresses and generation of its own; sparse, by reflink where the
    /// file system can.
    vmm::Result<MachineEntry> clone(const std::string& id, const std::string& name, Job& job) const;
    /// Into a folder that is or becomes one of the library's; also across file systems.
    vmm::Result<MachineEntry> moveTo(const std::string& id, const std::filesystem::path& folder,
                                     Job& job) const;
    /// Into the trash, and back.
    vmm::Result<Deleted> remove(const std::string& id) const;
    vmm::Result<void> restore(const Deleted& deleted) const;
    /// The ids of machines that were deleted by remove(), have left the trash since and are not in
    /// the library: they are gone for good, and so may be what is kept for them elsewhere. A trash
    /// that cannot be reached now keeps its machines.
    std::vector<std::string> gone() const;
    /// gone() need not name it again.
    void settle(const std::string& id) const;

    /// One file, "NAME.vitrine.tar.zst": tar with sparse disks, compressed by zstd. Not of a
    /// machine that runs.
    vmm::Result<void> exportTo(const std::string& id, const std::filesystem::path& file,
                               Job& job) const;
    /// A machine out of such a file or of a bundle's folder elsewhere; the original stays.
    vmm::Result<MachineEntry> importFrom(const std::filesystem::path& file, Job& job) const;

private:
    Library(std::filesystem::path home, std::filesystem::path settings)
        : m_home(std::move(home)), m_settings(std::move(settings))
    {}

    std::filesystem::path m_home;
    std::filesystem::path m_settings;
};

} // namespace app::library
