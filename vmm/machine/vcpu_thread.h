// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that runs one vCPU, and how it is stopped and let go.
#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <thread>

#include "vmm/base/mutex.h"
#include "vmm/cpu/vcpu.h"

namespace vmm::machine {

/// What a vCPU thread reports; it stands still then until resume(). vCPU threads; must not block.
class VcpuEvents {
public:
    virtual ~VcpuEvents() = default;
    virtual void vcpuExited(unsigned index, const cpu::Exit& exit) = 0;
};

/// Owns a vCPU and its thread. Starts standing. requestPause(), waitPaused() and resume() from the
/// machine's control thread; vcpu() may be touched by it only between waitPaused() and resume().
class VcpuThread {
public:
    VcpuThread(std::unique_ptr<cpu::Vcpu> vcpu, unsigned index, VcpuEvents& events);
    ~VcpuThread();
    VcpuThread(const VcpuThread&) = delete;
    VcpuThread& operator=(const VcpuThread&) = delete;

    void requestPause();
    void waitPaused();
    void resume();
    cpu::Vcpu& vcpu() { return *m_vcpu; }

private:
    enum class Wanted { Stand, Run, Quit };
    void loop();

    std::unique_ptr<cpu::Vcpu> m_vcpu;
    unsigned m_index;
    VcpuEvents& m_events;
    Mutex m_mutex;
    std::condition_variable m_changed;
    Wanted m_wanted GUARDED_BY(m_mutex) = Wanted::Stand;
    bool m_running GUARDED_BY(m_mutex) = false; // only the thread changes it
    std::thread m_thread;                       // last: starts when all else is made
};

} // namespace vmm::machine
