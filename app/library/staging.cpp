// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/staging.h"

#include <cerrno>
#include <fmt/core.h>

#include <sys/stat.h>

#include "app/library/file_ops.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

constexpr std::string_view kPrefix = ".vitrine-new-";
constexpr int kAttempts = 100; // others clean up between our steps, or have the name

fs::path hiddenName(const fs::path& folder)
{
    return folder / (std::string(kPrefix) + randomId());
}

} // namespace

Result<Staging> Staging::make(const fs::path& folder)
{
    TRY(ensureFolder(folder));
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const fs::path path = hiddenName(folder);
        if (::mkdir(path.c_str(), 0700) != 0)
            return Error::fromErrno(folder.string(), errno);
        if (auto lock = BundleLock::acquire(path))
            return Staging(path, std::move(*lock)); // else somebody took it for a dead one
    }
    return Error(ErrorCode::Busy, folder.string() + ": no new machine can be begun here");
}

Staging::Staging(Staging&& other) noexcept
    : m_path(std::exchange(other.m_path, {})), m_lock(std::exchange(other.m_lock, std::nullopt))
{}

Staging::~Staging()
{
    if (!m_path.empty())
        (void)removeTree(m_path); // what stays is found dead by whoever looks next
}

Result<fs::path> Staging::finish(const std::string& name)
{
    TRY(syncTree(m_path));
    fs::path bundle = TRY(renameToName(m_path, m_path.parent_path(), name));
    m_path.clear();
    m_lock.reset();
    return bundle;
}

bool Staging::isStaging(const fs::path& folder)
{
    return folder.filename().string().starts_with(kPrefix);
}

void Staging::removeDead(const fs::path& folder)
{
    if (auto lock = BundleLock::acquire(folder))
        (void)removeTree(folder); // tried again next time
}

Result<void> Staging::discard(const fs::path& bundle)
{
    const fs::path hidden = hiddenName(bundle.parent_path());
    TRY(renameNew(bundle, hidden));
    return removeTree(hidden);
}

Result<fs::path> renameToName(const fs::path& from, const fs::path& folder, const std::string& name)
{
    constexpr int kMost = 10000;
    for (int number = 1; number < kMost; ++number) {
        const std::string numbered = number == 1 ? name : fmt::format("{} ({})", name, number);
        fs::path bundle = folder / (numbered + std::string(Bundle::kSuffix));
        if (bundle == from)
            return bundle;
        auto renamed = renameNew(from, bundle);
        if (renamed)
            return bundle;
        if (renamed.error().code() != ErrorCode::Busy)
            return std::move(renamed).error();
    }
    return Error(ErrorCode::Exhausted, folder.string() + ": no name is left for " + name);
}

} // namespace app::library
