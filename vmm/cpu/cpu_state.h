// SPDX-License-Identifier: GPL-3.0-or-later
// A vCPU's architectural state, whoever runs it: the saved form. Intel SDM volume 3, AMD APM
// volume 2.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "vmm/state/state.h"

namespace vmm::cpu {

/// A segment register with its hidden part (SDM volume 3 section 3.4.3).
struct Segment {
    uint64_t base = 0;
    uint32_t limit = 0;
    uint16_t selector = 0;
    uint8_t type = 0; ///< 4 bits of the descriptor's type field
    bool present = false;
    uint8_t dpl = 0;
    bool db = false;
    bool s = false;
    bool l = false;
    bool g = false;
    bool avl = false;
    bool unusable = false;

    template <class A>
    void visit(A& a)
    {
        a.field("base", base).field("limit", limit).field("selector", selector).field("type", type);
        a.field("present", present).field("dpl", dpl).field("db", db).field("s", s).field("l", l);
        a.field("g", g).field("avl", avl).field("unusable", unusable);
    }
};

/// GDTR or IDTR.
struct DescriptorTable {
    uint64_t base = 0;
    uint16_t limit = 0;

    template <class A>
    void visit(A& a)
    {
        a.field("base", base).field("limit", limit);
    }
};

/// A model-specific register and its value.
struct Msr {
    uint32_t index = 0;
    uint64_t value = 0;

    template <class A>
    void visit(A& a)
    {
        a.field("index", index).field("value", value);
    }
};

/// Exceptions, interrupts and NMIs on their way into the vCPU.
struct PendingEvents {
    bool exceptionInjected = false;
    bool exceptionPending = false;
    uint8_t exceptionVector = 0;
    bool exceptionHasErrorCode = false;
    uint32_t exceptionErrorCode = 0;
    bool exceptionHasPayload = false;
    uint64_t exceptionPayload = 0;
    bool interruptInjected = false;
    uint8_t interruptVector = 0;
    bool interruptSoft = false;
    uint8_t interruptShadow = 0; ///< bit 0 MOV SS, bit 1 STI
    bool nmiInjected = false;
    bool nmiPending = false;
    bool nmiMasked = false;
    uint32_t sipiVector = 0;

    template <class A>
    void visit(A& a)
    {
        a.field("exception-injected", exceptionInjected)
            .field("exception-pending", exceptionPending);
        a.field("exception-vector", exceptionVector)
            .field("exception-has-code", exceptionHasErrorCode);
        a.field("exception-code", exceptionErrorCode)
            .field("exception-has-payload", exceptionHasPayload);
        a.field("exception-payload", exceptionPayload)
            .field("interrupt-injected", interruptInjected);
        a.field("interrupt-vector", interruptVector).field("interrupt-soft", interruptSoft);
        a.field("interrupt-shadow", interruptShadow).field("nmi-injected", nmiInjected);
        a.field("nmi-pending", nmiPending)
            .field("nmi-masked", nmiMasked)
            .field("sipi-vector", sipiVector);
    }
};

/// What a vCPU does when it is not stopped by us.
enum class Activity : uint8_t { Running, Halted, WaitingForInit, WaitingForSipi };

/// Everything a vCPU holds. Not saved: CPUID (follows from the machine's description and the host),
/// TLBs.
struct CpuState {
    static constexpr state::Tag kTag{"cpu", 1, 1};
    /// Index in `general`: the order of the instruction encoding.
    enum Register { Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15 };
    enum SegmentRegister { Es, Cs, Ss, Ds, Fs, Gs, Ldtr, Tr };

    std::array<uint64_t, 16> general{};
    uint64_t rip = 0xfff0;
    uint64_t rflags = 2;
    std::array<Segment, 8> segments{};
    DescriptorTable gdt;
    DescriptorTable idt;
    uint64_t cr0 = 0x6000'0010;
    uint64_t cr2 = 0;
    uint64_t cr3 = 0;
    uint64_t cr4 = 0;
    uint64_t cr8 = 0;
    uint64_t efer = 0;
    uint64_t apicBase = 0xfee0'0000;
    std::array<uint64_t, 4> debugAddress{};
    uint64_t dr6 = 0xffff'0ff0;
    uint64_t dr7 = 0x400;
    uint64_t xcr0 = 1;
    std::vector<Msr> msrs;
    std::vector<uint8_t> xsave; ///< XSAVE area, standard format, 4096 bytes or more
    std::array<uint8_t, 1024>
        lapic{}; ///< local APIC registers, 16 bytes apart (SDM volume 3 table 11-1)
    PendingEvents events;
    Activity activity = Activity::Running;

    template <class A>
    void visit(A& a)
    {
        static constexpr std::array<std::string_view, 16> kGeneral = {
            "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
            "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
        static constexpr std::array<std::string_view, 8> kSegments = {"es", "cs", "ss",   "ds",
                                                                      "fs", "gs", "ldtr", "tr"};
        for (size_t i = 0; i < general.size(); ++i)
            a.field(kGeneral[i], general[i]);
        a.field("rip", rip).field("rflags", rflags);
        for (size_t i = 0; i < segments.size(); ++i)
            a.field(kSegments[i], segments[i]);
        a.field("gdt", gdt).field("idt", idt).field("cr0", cr0).field("cr2", cr2).field("cr3", cr3);
        a.field("cr4", cr4).field("cr8", cr8).field("efer", efer).field("apic-base", apicBase);
        a.field("dr", debugAddress).field("dr6", dr6).field("dr7", dr7).field("xcr0", xcr0);
        a.field("msrs", msrs).field("xsave", xsave).field("lapic", lapic).field("events", events);
        a.field("activity", activity);
    }

    /// The state after power-on or INIT (SDM volume 3 table 9-1); all vCPUs but the first wait for
    /// SIPI. `xsave` and `msrs` stay empty: the backend brings its own reset values for them.
    static CpuState powerOn(unsigned index);
};

} // namespace vmm::cpu
