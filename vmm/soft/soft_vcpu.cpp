// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/soft_vcpu.h"

#include <fmt/core.h>

namespace vmm::soft {

namespace {

Environment with(Environment environment, cpu::ExitCounters& counters)
{
    environment.counters = &counters;
    return environment;
}

} // namespace

SoftVcpu::SoftVcpu(Environment environment) : m_core(with(environment, m_counters))
{
    if (environment.apic != nullptr)
        environment.apic->attach(*this);
}

void SoftVcpu::request(uint32_t reason)
{
    m_core.raiseAttention(reason);
    wake();
}

void SoftVcpu::startup(uint8_t vector)
{
    m_core.requestStartup(vector);
    wake();
}

/// The order of the two atomics matters: a sleeper says so before it looks at attention.
void SoftVcpu::wake()
{
    if (!m_asleep.load(std::memory_order_seq_cst))
        return;
    MutexLock lock(m_sleepMutex);
    m_awake.notify_all();
}

void SoftVcpu::sleep()
{
    m_counters.add(cpu::ExitKind::Halt);
    MutexLock lock(m_sleepMutex);
    m_asleep.store(true, std::memory_order_seq_cst);
    lock.wait(m_awake, [this] { return m_core.attention() != 0; });
    m_asleep.store(false, std::memory_order_seq_cst);
}

cpu::Exit SoftVcpu::run()
{
    cpu::Exit exit;
    for (;;) {
        switch (m_singleStep ? m_core.runSingle() : m_core.run()) {
        case Outcome::Kicked:
            m_counters.add(cpu::ExitKind::Interrupted);
            exit.reason = cpu::ExitReason::Kicked;
            return exit;
        case Outcome::Halted:
            sleep();
            break;
        case Outcome::TripleFault:
            exit.reason = cpu::ExitReason::Shutdown;
            exit.sentence = fmt::format("triple fault on CPU {} at {}", m_core.environment().index,
                                        m_core.whereabouts(m_core.regs.rip));
            return exit;
        case Outcome::Debug:
            exit.reason = cpu::ExitReason::Debug;
            exit.debug = m_core.debugHit();
            return exit;
        case Outcome::Unknown:
            exit.reason = cpu::ExitReason::Stopped;
            exit.sentence = m_core.unknownInstruction();
            return exit;
        }
    }
}

Result<void> SoftVcpu::setDebug(const cpu::DebugRequest& request)
{
    m_singleStep = request.singleStep;
    m_core.setDebug(request);
    return {};
}

Result<cpu::CpuState> SoftVcpu::saveState()
{
    cpu::CpuState state;
    m_core.save(state);
    return state;
}

Result<void> SoftVcpu::loadState(const cpu::CpuState& state)
{
    return m_core.load(state);
}

Result<void> SoftVcpu::reset()
{
    if (m_core.environment().apic != nullptr)
        m_core.environment().apic->reset(false);
    m_core.powerOn();
    return {};
}

} // namespace vmm::soft
