// SPDX-License-Identifier: GPL-3.0-or-later
// The same machine twice: one runs chained blocks with Core::run(), the other one instruction at a
// time with Core::runOne(). Whatever the program, both must end in the same state.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/support/soft_machine.h"
#include "vmm/cpu/cpu_state.h"

namespace tests {

/// A port that asks for things between two instructions: a write's bits 0-2 mean "look at what
/// changed", "run() shall return" and "NMI". Reads count.
class Doorbell final : public vmm::bus::PioHandler {
public:
    static constexpr uint16_t kPort = 0x80;
    static constexpr uint32_t kRecheck = 1, kKick = 2, kNmi = 4;

    /// With `asks` the core is told; without, only `nmis` counts.
    Doorbell(vmm::soft::Core& core, bool asks) : m_core(core), m_asks(asks) {}
    uint32_t readPort(uint16_t, unsigned) override { return m_reads++ * 0x0101'0101; }
    void writePort(uint16_t, uint32_t value, unsigned) override
    {
        using vmm::soft::Core;
        if ((value & kNmi) != 0)
            ++nmis;
        if (!m_asks)
            return;
        m_core.raiseAttention(((value & kRecheck) != 0 ? Core::kRecheck : 0U) |
                              ((value & kKick) != 0 ? Core::kKick : 0U) |
                              ((value & kNmi) != 0 ? Core::kNmi : 0U));
    }
    void reset() { m_reads = nmis = 0; }
    unsigned nmis = 0;

private:
    vmm::soft::Core& m_core;
    bool m_asks;
    uint32_t m_reads = 0;
};

/// Two machines that begin alike. One thread.
class SoftTwins {
public:
    explicit SoftTwins(uint64_t bytes)
        : blocks(bytes), steps(bytes), m_bell(blocks.core, true), m_quietBell(steps.core, false)
    {
        constexpr vmm::memory::GuestPort kPort{Doorbell::kPort};
        m_registrations.push_back(std::move(*blocks.pio.map("doorbell", kPort, 1, m_bell)));
        m_registrations.push_back(std::move(*steps.pio.map("doorbell", kPort, 1, m_quietBell)));
    }

    SoftMachine blocks; ///< runs chained blocks
    SoftMachine steps;  ///< runs one instruction at a time

    /// Does something to both.
    template <class Change>
    void both(Change change)
    {
        change(blocks);
        change(steps);
    }

    /// Runs both for `most` instructions or until they sleep or shut down. Returns what differs,
    /// empty if nothing. Memory is compared by whoever knows which part matters.
    std::string run(unsigned most)
    {
        m_bell.reset();
        m_quietBell.reset();
        const uint64_t tables = steps.core.sys.cr3;
        m_halfway = false;
        const End end = stepAlong(most);
        ended = end != End::Unfinished && end != End::Endless;
        // A REP that stopped halfway is fetched again, so it may be another instruction meanwhile;
        // and a fault later on restores the flags of its last start (SDM volume 2, REP).
        tolerated = end == End::Endless || m_halfway;
        if (tolerated)
            return {};
        const std::string difference = end == End::Unfinished ? follow(most) : finish(end);
        // The processor may go on with translations whose tables changed (SDM volume 3 section
        // 4.10.2), so a guest that makes tables of its own may see either.
        tolerated = steps.core.sys.cr3 != tables || blocks.core.sys.cr3 != tables;
        return tolerated ? std::string{} : difference;
    }
    /// May the last program differ, memory included?
    bool tolerated = false;
    /// Did the last program end by itself?
    bool ended = false;

private:
    enum class End { Unfinished, Endless, Halted, TripleFault, Unknown };

    static std::string_view name(End end)
    {
        switch (end) {
        case End::Halted:
            return "halted";
        case End::TripleFault:
            return "shut down";
        case End::Unknown:
            return "unknown instruction";
        default:
            return "runs on";
        }
    }

    /// What Core::run() does between instructions, by hand.
    End event(unsigned& nmis)
    {
        vmm::soft::Core& core = steps.core;
        nmis = std::min(nmis + std::exchange(m_quietBell.nmis, 0U), core.m_nmiMasked ? 1U : 2U);
        if (nmis != 0 && !core.m_nmiMasked && core.m_shadow == vmm::soft::Core::Shadow::None) {
            --nmis;
            core.m_nmiMasked = true;
            core.m_halted = false;
            core.deliverEvent(2, vmm::soft::EventKind::Nmi, false, 0);
            if (core.hasPending() && !core.deliverPending())
                return End::TripleFault;
        }
        return core.m_halted ? End::Halted : End::Unfinished;
    }

    End stepAlong(unsigned most)
    {
        constexpr unsigned kLongestRepeat = 5000; // a REP takes a step an iteration at worst
        vmm::soft::Core& core = steps.core;
        unsigned nmis = 0;
        unsigned repeated = 0;
        for (unsigned n = 0; n < most || repeated != 0; ++n) {
            const uint64_t rip = core.regs.rip;
            const uint64_t count = core.regs.general[vmm::soft::kRcx];
            const auto outcome = core.runOne();
            m_halfway =
                m_halfway || (core.regs.rip == rip && core.regs.general[vmm::soft::kRcx] != count);
            if (outcome != vmm::soft::Outcome::Kicked)
                return outcome == vmm::soft::Outcome::TripleFault ? End::TripleFault : End::Unknown;
            if (const End end = event(nmis); end != End::Unfinished)
                return end;
            repeated = core.regs.rip == rip ? repeated + 1 : 0;
            if (repeated > kLongestRepeat)
                return End::Endless;
        }
        return End::Unfinished;
    }

    static End endOf(vmm::soft::Outcome outcome)
    {
        return outcome == vmm::soft::Outcome::Halted        ? End::Halted
               : outcome == vmm::soft::Outcome::TripleFault ? End::TripleFault
                                                            : End::Unknown;
    }

    /// The stepping machine ended; so must the other one, in the same place.
    std::string finish(End end)
    {
        auto outcome = vmm::soft::Outcome::Kicked;
        while (outcome == vmm::soft::Outcome::Kicked)
            outcome = blocks.core.run();
        if (endOf(outcome) != end)
            return fmt::format("blocks: {}, steps: {}\n", name(endOf(outcome)), name(end)) +
                   difference();
        return difference();
    }

    /// The stepping machine stands somewhere: the other one must come by in the same state.
    std::string follow(unsigned most)
    {
        vmm::soft::Core& core = blocks.core;
        vmm::cpu::DebugRequest request;
        request.breakpoints = {steps.core.codeLinear(steps.core.regs.rip)};
        core.setDebug(request);
        std::string text = difference();
        for (unsigned n = 0; n <= most && !text.empty(); ++n) {
            auto outcome = core.regs.rip == steps.core.regs.rip ? core.runSingle()
                                                                : vmm::soft::Outcome::Kicked;
            if (outcome == vmm::soft::Outcome::Debug)
                outcome = vmm::soft::Outcome::Kicked;
            while (outcome == vmm::soft::Outcome::Kicked)
                outcome = core.run();
            if (outcome != vmm::soft::Outcome::Debug) {
                text = catchUp(endOf(outcome), most);
                break;
            }
            text = difference();
        }
        core.setDebug({});
        return text;
    }

    /// The chained machine ended first, as when fetching at the breakpoint faults: so must the
    /// stepping one.
    std::string catchUp(End end, unsigned most)
    {
        const End other = stepAlong(most);
        return (other == end ? std::string{}
                             : fmt::format("blocks: {}, steps: {}\n", name(end), name(other))) +
               difference();
    }

    std::string difference()
    {
        vmm::cpu::CpuState a;
        vmm::cpu::CpuState b;
        blocks.core.save(a);
        steps.core.save(b);
        std::string text;
        const auto check = [&text](std::string_view what, uint64_t x, uint64_t y) {
            if (x != y)
                text += fmt::format("{}: blocks {:#x}, steps {:#x}\n", what, x, y);
        };
        check("rip", a.rip, b.rip);
        check("rflags", a.rflags, b.rflags);
        for (size_t n = 0; n < a.general.size(); ++n)
            check(fmt::format("register {}", n), a.general[n], b.general[n]);
        for (size_t n = 0; n < a.segments.size(); ++n) {
            const auto &x = a.segments[n], &y = b.segments[n];
            check(fmt::format("segment {}", n), x.selector, y.selector);
            check("its base", x.base, y.base);
            check("its limit", x.limit, y.limit);
            check("its rights", rights(x), rights(y));
        }
        check("cr0", a.cr0, b.cr0);
        check("cr2", a.cr2, b.cr2);
        check("cr4", a.cr4, b.cr4);
        check("efer", a.efer, b.efer);
        check("xcr0", a.xcr0, b.xcr0);
        check("dr6", a.dr6, b.dr6);
        check("dr7", a.dr7, b.dr7);
        check("gdt", a.gdt.base + a.gdt.limit, b.gdt.base + b.gdt.limit);
        check("idt", a.idt.base + a.idt.limit, b.idt.base + b.idt.limit);
        check("shadow", a.events.interruptShadow, b.events.interruptShadow);
        check("nmi masked", a.events.nmiMasked, b.events.nmiMasked);
        if (a.xsave != b.xsave)
            text += "x87, SSE or AVX state\n";
        return text;
    }
    static uint64_t rights(const vmm::cpu::Segment& of)
    {
        return of.type | uint64_t{of.dpl} << 4 | uint64_t{of.present} << 8 | uint64_t{of.db} << 9 |
               uint64_t{of.s} << 10 | uint64_t{of.l} << 11 | uint64_t{of.g} << 12 |
               uint64_t{of.unusable} << 13;
    }

    bool m_halfway = false; ///< a REP took more than one step
    Doorbell m_bell;
    Doorbell m_quietBell;
    std::vector<std::unique_ptr<vmm::bus::Registration>> m_registrations;
};

} // namespace tests
