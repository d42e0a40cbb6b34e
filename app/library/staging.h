// SPDX-License-Identifier: GPL-3.0-or-later
// Staging: a bundle in the making, hidden until it is complete.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "app/library/bundle.h"
#include "vmm/base/result.h"

namespace app::library {

/// A hidden folder beside the bundles, locked while its maker lives. finish() makes it a bundle in
/// one step; without that it goes away again, at the latest when somebody looks at the folder after
/// its maker died. Move-only; one thread.
class Staging {
public:
    static vmm::Result<Staging> make(const std::filesystem::path& folder);
    Staging(Staging&& other) noexcept;
    Staging& operator=(Staging&&) = delete;
    ~Staging();

    const std::filesystem::path& path() const { return m_path; }
    /// Syncs everything and renames it to "NAME.vitrine", or "NAME (2).vitrine" where that is
    /// taken; the bundle's path.
    vmm::Result<std::filesystem::path> finish(const std::string& name);

    /// Whether a folder of this name is one in the making.
    static bool isStaging(const std::filesystem::path& folder);
    /// Removes `folder`, a staging whose maker died; nothing happens while it lives.
    static void removeDead(const std::filesystem::path& folder);
    /// Removes a bundle so that no moment shows half of it. The caller holds its lock.
    static vmm::Result<void> discard(const std::filesystem::path& bundle);

private:
    Staging(std::filesystem::path path, BundleLock lock)
        : m_path(std::move(path)), m_lock(std::move(lock))
    {}
    std::filesystem::path m_path; ///< empty: finished or moved from
    std::optional<BundleLock> m_lock;
};

/// Moves `from` to "NAME.vitrine" in `folder`, or to "NAME (2).vitrine"...; where it is then.
vmm::Result<std::filesystem::path> renameToName(const std::filesystem::path& from,
                                                const std::filesystem::path& folder,
                                                const std::string& name);

} // namespace app::library
