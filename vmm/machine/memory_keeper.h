// SPDX-License-Identifier: GPL-3.0-or-later
// Carries the memory policy out: looks at host and guest every few seconds, moves the balloon.
#pragma once

#include <memory>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/machine/host_memory.h"
#include "vmm/machine/memory_policy.h"
#include "vmm/virtio/balloon.h"

namespace vmm::machine {

/// Looks every two seconds while memory moves, otherwise every five (some 10 us each), and at
/// once when the kernel raises the alarm. Guest time: a paused machine is left alone. Until told to
/// start it does nothing; stopped, the balloon keeps its target.
///
/// Owner: the board. start() and stop() on the control thread, alarm() on any, the rest on the
/// clock's. All that is handed in outlives it.
class MemoryKeeper {
public:
    MemoryKeeper(TimerService& clock, HostMemorySource& host, virtio::BalloonControl& balloon,
                 uint64_t ram);

    void start();
    void stop();
    /// The host is short of memory now: looks soon, at most once a second.
    void alarm();

private:
    void look();
    MemoryFacts facts();

    TimerService& m_clock;
    HostMemorySource& m_host;
    virtio::BalloonControl& m_balloon;
    const uint64_t m_ram;
    Mutex m_mutex;
    bool m_started GUARDED_BY(m_mutex) = false;
    uint64_t m_lookedNs GUARDED_BY(m_mutex) = 0;
    MemoryPolicy m_policy GUARDED_BY(m_mutex);
    std::unique_ptr<Timer> m_timer; // last: destroyed first, its callback uses the rest
};

} // namespace vmm::machine
