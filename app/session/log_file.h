// SPDX-License-Identifier: GPL-3.0-or-later
// LogFile: what a machine of the library said, kept in its bundle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "vmm/base/mutex.h"
#include "vmm/base/unique_fd.h"

namespace app::session {

/// Lines with their time. When the file has kMaxBytes it becomes "NAME.1.EXT", in place of the one
/// before, so that a machine that talks without end takes no more than twice that. What cannot be
/// written is lost: a full disk is no reason to stop a machine. Any thread.
class LogFile {
public:
    static constexpr uint64_t kMaxBytes = uint64_t{1} << 20;
    static constexpr size_t kMaxLine = 4096;

    explicit LogFile(std::filesystem::path path, uint64_t maxBytes = kMaxBytes)
        : m_path(std::move(path)), m_maxBytes(maxBytes)
    {}
    void add(std::string_view line);
    /// "log.1.txt" of "log.txt".
    std::filesystem::path olderPath() const;

private:
    void openLocked() REQUIRES(m_mutex);
    void rotateLocked() REQUIRES(m_mutex);

    const std::filesystem::path m_path;
    const uint64_t m_maxBytes;
    vmm::Mutex m_mutex;
    vmm::UniqueFd m_fd GUARDED_BY(m_mutex);
    uint64_t m_size GUARDED_BY(m_mutex) = 0;
};

} // namespace app::session
