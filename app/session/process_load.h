// SPDX-License-Identifier: GPL-3.0-or-later
// What this process takes of the host.
#pragma once

#include <cstdint>
#include <vector>

#include "vmm/machine/machine.h"

namespace app::session {

/// Since the process started, but for the memory, which is what it takes now.
struct ProcessLoad {
    uint64_t cpuNanoseconds = 0; ///< of all threads
    uint64_t memoryBytes = 0;    ///< resident, the guest's memory included
    uint64_t diskBytesRead = 0;
    uint64_t diskBytesWritten = 0;
    uint64_t netBytesReceived = 0;
    uint64_t netBytesSent = 0;
};

/// The load now; `counters`: the machine's. What the host does not tell is 0. Any thread, some
/// microseconds.
ProcessLoad processLoad(const std::vector<vmm::machine::Counter>& counters);

} // namespace app::session
