// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/vcpu_thread.h"

#include <fmt/core.h>
#include <pthread.h>

namespace vmm::machine {

VcpuThread::VcpuThread(std::unique_ptr<cpu::Vcpu> vcpu, unsigned index, VcpuEvents& events)
    : m_vcpu(std::move(vcpu)), m_index(index), m_events(events), m_thread([this] { loop(); })
{
    ::pthread_setname_np(m_thread.native_handle(), fmt::format("vcpu{}", index).c_str());
}

VcpuThread::~VcpuThread()
{
    {
        MutexLock lock(m_mutex);
        m_wanted = Wanted::Quit;
    }
    m_vcpu->kick();
    m_changed.notify_all();
    m_thread.join();
}

void VcpuThread::requestPause()
{
    {
        MutexLock lock(m_mutex);
        m_wanted = Wanted::Stand;
    }
    m_vcpu->kick();
}

void VcpuThread::waitPaused()
{
    MutexLock lock(m_mutex);
    lock.wait(m_changed,
              [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) { return !m_running; });
}

void VcpuThread::resume()
{
    {
        MutexLock lock(m_mutex);
        m_wanted = Wanted::Run;
    }
    m_changed.notify_all();
}

void VcpuThread::loop()
{
    for (;;) {
        {
            MutexLock lock(m_mutex);
            m_running = false;
            m_changed.notify_all();
            lock.wait(m_changed, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
                return m_wanted != Wanted::Stand;
            });
            if (m_wanted == Wanted::Quit)
                return;
            m_running = true;
        }
        const cpu::Exit exit = m_vcpu->run();
        if (exit.reason == cpu::ExitReason::Kicked)
            continue;
        m_events.vcpuExited(m_index, exit);
        MutexLock lock(m_mutex);
        if (m_wanted == Wanted::Run)
            m_wanted = Wanted::Stand;
    }
}

} // namespace vmm::machine
