// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/assist.h"

#include <algorithm>
#include <x86intrin.h>

#include "vmm/cpu/cpuid_model.h"

namespace vmm::machine {

namespace {

/// RDTSC is one of the instructions KVM always knows: no guest sees this clock.
class HostTsc final : public cpu::TscSource {
public:
    uint64_t nowTicks() const override { return __rdtsc(); }
    uint64_t ticksPerSecond() const override { return 1'000'000'000; }
};

/// An interrupt or NMI that was on its way comes before the instruction. True when one did, or
/// raised something.
bool deliverWaiting(soft::Core& core, const cpu::PendingEvents& events)
{
    if (events.nmiInjected) {
        core.m_nmiPending = events.nmiPending ? 1 : 0;
        core.m_nmiMasked = true;
        core.deliverEvent(static_cast<uint8_t>(soft::Vector::Nmi), soft::EventKind::Nmi, false, 0);
        return true;
    }
    if (!core.m_injected)
        return false;
    const uint8_t vector = *core.m_injected;
    core.m_injected.reset();
    core.deliverEvent(vector, soft::EventKind::HardwareInterrupt, false, 0);
    return true;
}

/// Runs one instruction, or delivers what waits: exceptions come first.
soft::Outcome advance(soft::Core& core, const cpu::PendingEvents& events)
{
    if (!core.hasPending() && !deliverWaiting(core, events))
        return core.runOne();
    return core.hasPending() && !core.deliverPending() ? soft::Outcome::TripleFault
                                                       : soft::Outcome::Kicked;
}

} // namespace

Assist::Assist(unsigned cpus, bus::PioBus& pio, bus::MmioBus& mmio)
    : m_tsc(std::make_unique<HostTsc>())
{
    for (unsigned index = 0; index < cpus; ++index) {
        soft::Environment environment{m_map, pio, mmio, *m_tsc, cpu::CpuidModel::best()};
        environment.index = index;
        environment.cpus = cpus;
        environment.stopAtUnknown = true;
        m_cores.push_back(std::make_unique<soft::Core>(environment));
    }
}

Assist::~Assist() = default;

Result<cpu::Assisted> Assist::runOne(unsigned index, cpu::CpuState& state)
{
    soft::Core& core = *m_cores[index];
    TRY(core.load(state)); // forgets what was decoded: KVM's guest wrote to memory meanwhile
    switch (advance(core, state.events)) {
    case soft::Outcome::Unknown:
        return Error(ErrorCode::Unsupported, core.unknownInstruction());
    case soft::Outcome::TripleFault:
        return cpu::Assisted::TripleFault;
    case soft::Outcome::Kicked:
    case soft::Outcome::Halted:
    case soft::Outcome::Debug:
        break;
    }
    core.save(state);
    return cpu::Assisted::Done;
}

Result<void> Assist::addRange(const memory::MapRange& range)
{
    TRY(m_map.addRange(range));
    return m_sink->addRange(range);
}

Result<void> Assist::removeRange(const memory::MapRange& range)
{
    TRY(m_map.removeRange(range));
    return m_sink->removeRange(range);
}

Result<std::vector<uint64_t>> Assist::takeDirty(const memory::MapRange& range)
{
    auto pages = TRY(m_sink->takeDirty(range));
    const auto ours = TRY(m_map.takeDirty(range));
    for (size_t i = 0; i < std::min(pages.size(), ours.size()); ++i)
        pages[i] |= ours[i];
    return pages;
}

} // namespace vmm::machine
