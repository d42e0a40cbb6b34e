// SPDX-License-Identifier: GPL-3.0-or-later
// Processor time (clock_gettime(2)) and memory (proc(5), statm) of this process.
#include "app/session/process_load.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string_view>

#include <unistd.h>

namespace app::session {

using vmm::machine::Counter;

namespace {

uint64_t cpuTime()
{
    constexpr uint64_t kSecond = 1'000'000'000;
    timespec time = {};
    if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0)
        return 0;
    return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

/// The second number of statm: resident pages. smaps_rollup would know shares, but walks all of the
/// guest's memory for it.
uint64_t residentBytes()
{
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    const std::unique_ptr<std::FILE, Close> file(std::fopen("/proc/self/statm", "re"));
    unsigned long long total = 0;
    unsigned long long resident = 0;
    if (!file || std::fscanf(file.get(), "%llu %llu", &total, &resident) != 2)
        return 0;
    return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

uint64_t valueOf(const std::vector<Counter>& counters, std::string_view name)
{
    const auto found = std::find_if(counters.begin(), counters.end(),
                                    [name](const Counter& c) { return c.name == name; });
    return found == counters.end() ? 0 : found->value;
}

} // namespace

ProcessLoad processLoad(const std::vector<Counter>& counters)
{
    ProcessLoad load;
    load.cpuNanoseconds = cpuTime();
    load.memoryBytes = residentBytes();
    load.diskBytesRead = valueOf(counters, "disk.bytes-read");
    load.diskBytesWritten = valueOf(counters, "disk.bytes-written");
    load.netBytesReceived = valueOf(counters, "net.bytes-received");
    load.netBytesSent = valueOf(counters, "net.bytes-sent");
    return load;
}

} // namespace app::session
