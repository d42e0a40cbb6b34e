// SPDX-License-Identifier: GPL-3.0-or-later
// Log lines by room: "vmm.pci_devices.ahci". Lines a guest can cause go through GuestLog.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace vmm {

enum class LogLevel { Debug, Info, Warning, Error };

/// Writes one line to stderr (level Debug only when the environment has VITRINE_DEBUG). Any thread.
void log(LogLevel level, std::string_view category, std::string_view message);

/// Log lines a guest can cause: the first `kLines` are written, the rest are only counted. Any
/// thread.
class GuestLog {
public:
    static constexpr uint64_t kLines = 20;
    explicit GuestLog(std::string_view category) : m_category(category) {}
    void warn(std::string_view message);
    uint64_t count() const { return m_count.load(std::memory_order_relaxed); }

private:
    std::string_view m_category;
    std::atomic<uint64_t> m_count{0};
};

} // namespace vmm
