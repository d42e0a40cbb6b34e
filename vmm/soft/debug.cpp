// SPDX-License-Identifier: GPL-3.0-or-later
// Breakpoints and watchpoints, the debugger's and those of the guest's own debug registers, and the
// debugger's single steps. Intel SDM volume 3 sections 17.2 and 17.3.
//
// Both are found the same way: an instruction with a breakpoint has an op of no length before it,
// and pages with watched data stay out of the TLB, so that code that meets neither runs as ever.
#include <algorithm>
#include <utility>

#include "vmm/soft/core_internal.h"

namespace vmm::soft {

using Kind = cpu::DebugHit::Kind;
using Point = Core::Internal::GuestPoint;

namespace {

constexpr uint64_t kDetected = 1 << 13; // DR6.BD and DR7.GD
constexpr uint64_t kMet = 0xf;          // DR6.B0-B3

constexpr unsigned conditions(Point::Condition condition)
{
    return 1U << condition;
}
constexpr unsigned kData = conditions(Point::Write) | conditions(Point::ReadWrite);

bool uses(const Point& point, unsigned wanted)
{
    return point.enabled && point.size != 0 && (wanted >> point.condition & 1) != 0;
}

/// What DR0-DR3 number n watches (section 17.2.4). Addresses count from a multiple of the length.
Point guestPoint(const SystemRegisters& sys, unsigned n)
{
    constexpr std::array<uint64_t, 4> kSizes = {1, 2, 8, 4};
    Point point;
    point.condition = static_cast<Point::Condition>(sys.dr7 >> (16 + 4 * n) & 3);
    point.enabled = (sys.dr7 >> (2 * n) & 3) != 0;
    const bool undefined = point.condition == Point::Port && (sys.cr4 & cr::k4De) == 0;
    point.size = undefined                           ? 0
                 : point.condition == Point::Execute ? 1
                                                     : kSizes[sys.dr7 >> (18 + 4 * n) & 3];
    point.first = sys.dr[n] & ~(point.size - 1);
    return point;
}

/// Does it follow an instruction, whose accesses count then? All but DR7.GD; instruction
/// breakpoints come before theirs too, but nothing has been accessed by then.
bool debugTrap(const PendingException& pending)
{
    return pending.vector == Vector::Db && (pending.debugBits & kDetected) == 0;
}

} // namespace

uint8_t Core::Internal::met(unsigned conditions, uint64_t at, uint64_t bytes) const
{
    unsigned all = 0;
    bool enabled = false;
    for (unsigned n = 0; n < guest.size(); ++n) {
        if ((conditions >> guest[n].condition & 1) == 0 || !guest[n].meets(at, bytes))
            continue;
        all |= 1U << n;
        enabled |= guest[n].enabled;
    }
    return enabled ? static_cast<uint8_t>(all) : uint8_t{0};
}

void Core::debugRegistersChanged()
{
    Internal& internal = *m_internal;
    bool dataChanged = false;
    bool ports = false;
    internal.guestCode = internal.guestData = false;
    for (unsigned n = 0; n < internal.guest.size(); ++n) {
        const Point now = guestPoint(sys, n);
        const Point was = std::exchange(internal.guest[n], now);
        internal.guestCode |= uses(now, conditions(Point::Execute));
        internal.guestData |= uses(now, kData);
        ports |= uses(now, conditions(Point::Port));
        if (now == was)
            continue;
        dataChanged |= uses(was, kData) || uses(now, kData);
        for (const Point& point : {was, now})
            if (uses(point, conditions(Point::Execute)))
                m_blocks->forgetAt(point.first);
    }
    if (dataChanged)
        flushTlb(true);
    m_watching = internal.guestData || ports || !internal.debug.watchpoints.empty();
}

void Core::setDebug(const cpu::DebugRequest& request)
{
    cpu::DebugRequest& now = m_internal->debug;
    if (now.breakpoints != request.breakpoints)
        m_blocks->clear();
    if (now.watchpoints != request.watchpoints)
        flushTlb(true);
    now = request;
    debugRegistersChanged();
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
    if (all.empty() && !m_internal->guestCode)
        return false;
    const uint64_t linear = codeLinear(rip);
    return std::find(all.begin(), all.end(), linear) != all.end() ||
           m_internal->met(conditions(Point::Execute), linear, 1) != 0;
}

const Op* Core::breakpoint(Core& core, const Op& op)
{
    Internal& internal = *core.m_internal;
    const uint64_t linear = core.codeLinear(op.rip);
    const auto& all = internal.debug.breakpoints;
    const bool passed = std::exchange(internal.passAt, Internal::kNowhere) == linear;
    if (!passed && std::find(all.begin(), all.end(), linear) != all.end()) {
        internal.hit = {Kind::Breakpoint, linear};
        internal.stopped = true;
        core.raiseAttention(kDebug);
        return core.leave(op.rip);
    }
    const bool met = core.meetsBreakpoint(linear);
    core.regs.systemFlags &= ~flag::kRf; // the instruction begins
    return met ? core.fault(op) : core.next(op);
}

/// Notes the #DB of an instruction breakpoint, if the guest has one there and may meet it now.
bool Core::meetsBreakpoint(uint64_t linear)
{
    if ((regs.systemFlags & flag::kRf) != 0 || m_internal->behindMovSs)
        return false;
    const uint8_t met = m_internal->met(conditions(Point::Execute), linear, 1);
    return met != 0 && !noteDebug(met);
}

/// An instruction breakpoint comes before a fault of fetching the instruction (section 6.9). Always
/// false.
bool Core::refuseFetch()
{
    if (m_internal->guestCode)
        static_cast<void>(meetsBreakpoint(codeLinear(regs.rip)));
    return false;
}

/// RF is for one instruction: where no breakpoint is to be passed, it ends here.
void Core::resume()
{
    if ((regs.systemFlags & flag::kRf) != 0 && !stopsAt(regs.rip))
        regs.systemFlags &= ~flag::kRf;
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
    if (!m_watching)
        return false;
    const uint64_t page = linear >> 12;
    const auto& all = m_internal->debug.watchpoints;
    return std::any_of(all.begin(), all.end(),
                       [page](const cpu::Watchpoint& watch) {
                           return page >= watch.address >> 12 &&
                                  page <= (watch.address + watch.size - 1) >> 12;
                       }) ||
           std::any_of(m_internal->guest.begin(), m_internal->guest.end(), [page](const Point& at) {
               return uses(at, kData) && at.first >> 12 == page; // aligned: never in two
           });
}

/// Data breakpoints are traps: the instruction ends first (SDM volume 3 section 17.2.5).
void Core::noteWatched(uint64_t linear, unsigned size, Access access)
{
    if (m_internal->guestData) {
        const unsigned both = conditions(Point::ReadWrite);
        noteHits(m_internal->met(access == Access::Write ? kData : both, linear, size));
    }
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

void Core::notePort(uint16_t port, unsigned size)
{
    noteHits(m_internal->met(conditions(Point::Port), port, size));
}

void Core::noteHits(uint8_t met)
{
    if (met == 0)
        return;
    m_internal->hits |= met;
    raiseAttention(kTraps);
    if (m_running != nullptr)
        m_blocks->stopRunning();
}

/// What the instruction met waits for the next boundary; a fault forgets it, as the instruction
/// will run again. What MOV SS put off stays.
void Core::endHits()
{
    const uint8_t met = std::exchange(m_internal->hits, uint8_t{0});
    const bool faulted = m_pending.present && !debugTrap(m_pending);
    if (!faulted)
        m_internal->traps |= met;
    else if (m_internal->traps != 0)
        raiseAttention(kTraps);
}

/// Notes the #DB for what was met, unless MOV SS or POP SS puts it off (section 6.8.3).
void Core::settleTraps()
{
    endHits();
    if (m_internal->traps != 0 && m_shadow != Shadow::MovSs && !m_pending.present)
        noteDebug(takeTraps());
}

uint64_t Core::takeTraps()
{
    return std::exchange(m_internal->traps, uint8_t{0});
}

void Core::enterDebug(uint64_t bits)
{
    sys.dr6 = (sys.dr6 & ~kMet) | bits | takeTraps();
    sys.dr7 &= ~kDetected;
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
