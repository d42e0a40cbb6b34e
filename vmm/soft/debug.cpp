// SPDX-License-Identifier: GPL-3.0-or-later
// What the debugger asks of an executor: breakpoints, watchpoints, single steps.
#include <algorithm>
#include <utility>

#include "vmm/soft/core_internal.h"

namespace vmm::soft {

using Kind = cpu::DebugHit::Kind;

void Core::setDebug(const cpu::DebugRequest& request)
{
    cpu::DebugRequest& now = m_internal->debug;
    if (now.breakpoints != request.breakpoints)
        m_blocks->clear();
    if (now.watchpoints != request.watchpoints)
        flushTlb(true);
    now = request;
    m_internal->passAt = request.passFirst ? codeLinear(regs.rip) : Internal::kNowhere;
    m_attention.fetch_and(~uint32_t{kDebug}, std::memory_order_seq_cst);
}

const cpu::DebugHit& Core::debugHit() const
{
    return m_internal->hit;
}

bool Core::stopsAt(uint64_t rip) const
{
    const auto& all = m_internal->debug.breakpoints;
    return !all.empty() && std::find(all.begin(), all.end(), codeLinear(rip)) != all.end();
}

const Op* Core::breakpoint(Core& core, const Op& op)
{
    Internal& internal = *core.m_internal;
    const uint64_t linear = core.codeLinear(op.rip);
    if (std::exchange(internal.passAt, Internal::kNowhere) == linear)
        return core.next(op);
    internal.hit = {Kind::Breakpoint, linear};
    internal.stopped = true;
    core.raiseAttention(kDebug);
    return core.leave(op.rip);
}

/// Did a breakpoint keep the instruction from running?
bool Core::stoppedBefore() const
{
    return (attention() & kDebug) != 0 && m_internal->hit.kind == Kind::Breakpoint;
}

/// After attend() said to go: for the debugger, or because of a kick?
Outcome Core::takeHit()
{
    return std::exchange(m_internal->stopped, false) ? Outcome::Debug : Outcome::Kicked;
}

/// Does the page hold a watchpoint?
bool Core::watched(uint64_t linear) const
{
    const auto& all = m_internal->debug.watchpoints;
    return std::any_of(all.begin(), all.end(), [&](const cpu::Watchpoint& watch) {
        const uint64_t page = linear >> 12;
        return page >= watch.address >> 12 && page <= (watch.address + watch.size - 1) >> 12;
    });
}

/// Data breakpoints are traps: the instruction ends first (SDM volume 3 section 17.2.5).
void Core::noteWatched(uint64_t linear, unsigned size, Access access)
{
    for (const cpu::Watchpoint& watch : m_internal->debug.watchpoints) {
        const bool wanted = access == Access::Write ? watch.onWrite : watch.onRead;
        if (!wanted || (linear - watch.address >= watch.size && watch.address - linear >= size))
            continue;
        m_internal->hit = {Kind::Watchpoint, watch.address};
        m_internal->stopped = true;
        raiseAttention(kDebug);
        if (m_running != nullptr)
            m_blocks->stopRunning();
        return;
    }
}

Outcome Core::runSingle()
{
    if (attention() != 0 && !attend())
        return takeHit();
    if (m_waitForSipi)
        return Outcome::Halted;
    Outcome outcome = Outcome::Kicked;
    m_internal->hit = {Kind::Step, 0};
    if (m_halted) {
        if (!takeInterrupt())
            return Outcome::Halted;
        if (m_pending.present && !deliverPending())
            return Outcome::TripleFault;
    } else {
        m_internal->passAt = codeLinear(regs.rip);
        outcome = runOne();
        m_internal->passAt = Internal::kNowhere;
        m_internal->stopped = false;
        m_attention.fetch_and(~uint32_t{kDebug}, std::memory_order_seq_cst);
    }
    return outcome == Outcome::Kicked ? Outcome::Debug : outcome;
}

} // namespace vmm::soft
