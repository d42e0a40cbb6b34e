// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/base/log.h"

#include <cstdlib>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace vmm {

namespace {

spdlog::logger& sink()
{
    // The one logger of the process: a sink for text, which no guest state depends on.
    static spdlog::logger logger = [] {
        spdlog::logger made("vitrine", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made.set_pattern("%H:%M:%S.%e %l %v");
        made.set_level(std::getenv("VITRINE_DEBUG") != nullptr ? spdlog::level::debug
                                                               : spdlog::level::info);
        made.flush_on(spdlog::level::debug);
        return made;
    }();
    return logger;
}

spdlog::level::level_enum toSpdlog(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return spdlog::level::debug;
    case LogLevel::Info:
        return spdlog::level::info;
    case LogLevel::Warning:
        return spdlog::level::warn;
    case LogLevel::Error:
        return spdlog::level::err;
    }
    return spdlog::level::err;
}

} // namespace

void log(LogLevel level, std::string_view category, std::string_view message)
{
    sink().log(toSpdlog(level), "{}: {}", category, message);
}

void GuestLog::warn(std::string_view message)
{
    const uint64_t earlier = m_count.fetch_add(1, std::memory_order_relaxed);
    if (earlier < kLines)
        log(LogLevel::Warning, m_category, message);
    if (earlier + 1 == kLines)
        log(LogLevel::Warning, m_category, "further lines of this kind are only counted");
}

} // namespace vmm
