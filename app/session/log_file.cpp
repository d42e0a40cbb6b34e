// SPDX-License-Identifier: GPL-3.0-or-later
// Lines appended by write(2), so that none is lost with the process.
#include "app/session/log_file.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace app::session {

using vmm::MutexLock;

namespace {

/// "2026-11-22 18:04:24 ", local time.
std::string timeText()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts = {};
    std::array<char, 32> text = {};
    if (::localtime_r(&now, &parts) == nullptr)
        return {};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S ", &parts)};
}

/// One line whatever `line` holds: guests have a say in some.
std::string cleaned(std::string_view line)
{
    std::string text(line.substr(0, LogFile::kMaxLine));
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

} // namespace

std::filesystem::path LogFile::olderPath() const
{
    std::filesystem::path older = m_path;
    older.replace_extension();
    older += ".1";
    older += m_path.extension();
    return older;
}

void LogFile::openLocked()
{
    m_fd.reset(
        ::open(m_path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    struct stat status = {};
    m_size = 0;
    if (m_fd.valid() && ::fstat(m_fd.get(), &status) == 0 && S_ISREG(status.st_mode))
        m_size = static_cast<uint64_t>(status.st_size);
    else
        m_fd.reset();
}

void LogFile::rotateLocked()
{
    m_fd.reset();
    if (::rename(m_path.c_str(), olderPath().c_str()) != 0)
        return; // then no more is written
    openLocked();
}

void LogFile::add(std::string_view line)
{
    const std::string text = timeText() + cleaned(line) + "\n";
    const MutexLock lock(m_mutex);
    if (!m_fd.valid())
        openLocked();
    if (m_fd.valid() && m_size + text.size() > m_maxBytes)
        rotateLocked();
    if (m_fd.valid() && ::write(m_fd.get(), text.data(), text.size()) > 0)
        m_size += text.size();
}

} // namespace app::session
