// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/soft_vcpu.h"

#include <fmt/core.h>

#include "vmm/soft/xsave_components.h"

namespace vmm::soft {

namespace {

Environment with(Environment environment, cpu::ExitCounters& counters)
{
    environment.counters = &counters;
    return environment;
}

/// What a machine saved under KVM may use and nothing here can go on with.
struct Absent {
    uint64_t cpu::CpuState::*field;
    uint64_t bit;
    const char* name;
};
constexpr Absent kAbsent[] = {
    {&cpu::CpuState::cr4, 1 << 12, "5-level paging"},
    {&cpu::CpuState::cr4, 1 << 13, "VT-x"},
    {&cpu::CpuState::cr4, 1 << 22, "protection keys"},
    {&cpu::CpuState::cr4, 1 << 23, "shadow stacks"},
    {&cpu::CpuState::cr4, 1 << 24, "protection keys"},
    {&cpu::CpuState::efer, 1 << 12, "AMD-V"},
};

Result<void> checkKnown(const cpu::CpuState& state)
{
    for (const Absent& absent : kAbsent)
        if ((state.*absent.field & absent.bit) != 0)
            return Error(ErrorCode::Unsupported,
                         fmt::format("the saved machine uses {}, which the software CPU does not "
                                     "have: restore it with --accel kvm",
                                     absent.name));
    ExtraState extra;
    TRY(components::unpackExtra(state.xsave, extra));
    if (extra.present != 0)
        return Error(ErrorCode::Unsupported,
                     "the saved machine has registers in use that the software CPU does not have "
                     "(AVX-512 or the like): restore it with --accel kvm");
    return {};
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
    TRY(checkKnown(state));
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
