// SPDX-License-Identifier: GPL-3.0-or-later
// Bundle: the folder that is one machine.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "app/library/machine_config.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace app::library {

/// "NAME.vitrine": machine.toml, disks, and what a run leaves behind. Every write is atomic
/// (written beside, fsync, rename, fsync of the folder), so a bundle can be opened whenever a
/// program died. Plain value; any thread, and any process: who changes machine.toml holds its lock
/// meanwhile.
class Bundle {
public:
    static constexpr std::string_view kSuffix = ".vitrine";

    /// Reads machine.toml. The error names the file, and the line where it is wrong.
    static vmm::Result<Bundle> open(const std::filesystem::path& folder);

    const std::filesystem::path& path() const { return m_path; }
    const MachineConfig& config() const { return m_config; }

    /// Reads machine.toml anew, lets `edit` change it, and writes what it changed; comments, order
    /// and keys we do not know stay. What `edit` refuses, or MachineSpec::check(), is not written.
    vmm::Result<void> change(const std::function<vmm::Result<void>(MachineConfig&)>& edit);

    /// machine.toml as it stands; replacing it by text a person edited: checked first, and the old
    /// text is kept beside it as machine.toml.bak.
    vmm::Result<std::string> text() const;
    vmm::Result<void> replaceText(std::string_view text);

    /// The machine to start: paths absolute, the installation's start applied while one is pending;
    /// drives whose medium is gone are empty, unless a start needs it.
    vmm::spec::MachineSpec spec() const;

    std::filesystem::path statePath() const { return m_path / "suspended.state"; }
    std::filesystem::path thumbnailPath() const { return m_path / "thumbnail.png"; }
    std::filesystem::path logPath() const { return m_path / "log.txt"; }
    /// There is a suspended state to go on with.
    bool suspended() const;
    /// What the bundle takes of the host's disk.
    uint64_t bytesOnDisk() const;

private:
    Bundle(std::filesystem::path path, MachineConfig config)
        : m_path(std::move(path)), m_config(std::move(config))
    {}

    std::filesystem::path m_path;
    MachineConfig m_config;
};

/// Held by the process that runs the machine, or that moves, clones or deletes its bundle: two can
/// never write one disk. A process that dies lets go. Move-only.
class BundleLock {
public:
    /// Busy, with a sentence, when another process holds it.
    static vmm::Result<BundleLock> acquire(const std::filesystem::path& bundle);
    /// Whether a process holds it now.
    static bool held(const std::filesystem::path& bundle);

private:
    explicit BundleLock(vmm::UniqueFd fd) : m_fd(std::move(fd)) {}
    vmm::UniqueFd m_fd;
};

} // namespace app::library
