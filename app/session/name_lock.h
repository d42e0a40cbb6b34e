// SPDX-License-Identifier: GPL-3.0-or-later
// NameLock: only one running machine of a name for one person, with or without a session bus.
#pragma once

#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace app::session {

/// Holds `<runtime directory>/vitrine/<name>.lock` by a file lock and removes it again. A process
/// that dies leaves at most the file, not the lock. Move-only; any one thread.
class NameLock {
public:
    /// Busy with the person's sentence when a machine of that name runs. `name` passed
    /// MachineSpec::check().
    static vmm::Result<NameLock> acquire(const std::string& name,
                                         const std::string& directory = defaultDirectory());
    NameLock(NameLock&& other) noexcept = default;
    NameLock& operator=(NameLock&& other) noexcept;
    ~NameLock() { release(); }

    /// Names that are locked now.
    static std::vector<std::string> held(const std::string& directory = defaultDirectory());

    /// $XDG_RUNTIME_DIR/vitrine, or /tmp/vitrine-<uid> where there is no runtime directory.
    static std::string defaultDirectory();

private:
    NameLock(vmm::UniqueFd fd, std::string path, std::string directory)
        : m_fd(std::move(fd)), m_path(std::move(path)), m_directory(std::move(directory))
    {}
    void release();

    vmm::UniqueFd m_fd;
    std::string m_path;
    std::string m_directory;
};

} // namespace app::session
