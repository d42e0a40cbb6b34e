// SPDX-License-Identifier: GPL-3.0-or-later
// Interrupts and exceptions on their way into the guest. Intel SDM volume 3 chapter 6, sections
// 20.1.4 (real mode), 20.3 (virtual-8086 mode), 6.14 (64-bit mode); table 9-1 (reset).
#include "vmm/cpu/cpuid_model.h"
#include "vmm/soft/core_internal.h"
#include "vmm/soft/descriptor.h"
#include "vmm/soft/stack_switch.h"
#include "vmm/soft/virtual_interrupts.h"

namespace vmm::soft {

namespace {

/// One delivery under way.
struct Event {
    uint8_t vector = 0;
    EventKind kind = EventKind::Exception;
    bool hasCode = false;
    uint32_t code = 0;
    unsigned ext = 0; ///< EXT bit of the error codes of this delivery (section 6.13)

    /// INT n, INT3, INTO: the gate's DPL is looked at.
    bool software() const
    {
        return kind == EventKind::SoftwareInterrupt || kind == EventKind::Int3;
    }
    uint32_t idtError() const { return vector * 8U + 2 + ext; }
};

/// Where a gate leads.
struct Way {
    Descriptor gate;
    Descriptor code;
    uint16_t selector = 0;
    unsigned cpl = 0;
    bool wide = true;      ///< 32-bit gate
    bool interrupt = true; ///< clears IF
};

/// Enters the handler whose far pointer is `entry`; pushes `flags` and clears `cleared`.
bool enterReal(Core& c, const Event& event, uint32_t entry, uint64_t flags, uint64_t cleared)
{
    const StackPlace place = currentStack(c);
    StackFrame frame(place, 2, c.cpl());
    frame.push(flags);
    frame.push(c.regs.segment[kCs].selector);
    frame.push(c.regs.rip);
    if (!frame.write(c, event.ext))
        return false;
    c.regs.general[kRsp] = frame.pointer();
    c.regs.systemFlags &= ~cleared;
    loadRealSegment(c, kCs, static_cast<uint16_t>(entry >> 16));
    c.regs.rip = entry & 0xffff;
    c.modeChanged();
    return true;
}

bool deliverReal(Core& c, const Event& event)
{
    const uint32_t offset = event.vector * 4U;
    if (offset + 3 > c.sys.idt.limit)
        return c.note(Vector::Gp, event.idtError());
    uint32_t entry = 0;
    if (!c.loadSystem((c.sys.idt.base + offset) & 0xffff'ffff, entry))
        return false;
    return enterReal(c, event, entry, c.regs.rflags(),
                     flag::kIf | flag::kTf | flag::kAc | flag::kRf);
}

/// CR4.VME: does the map before the I/O bitmap leave INT n to the 8086 program (section 20.3.3)?
/// False with a fault noted.
bool redirected(Core& c, const Event& event, bool& answer)
{
    constexpr uint64_t kMapBaseAt = 0x66;
    constexpr uint8_t kTss = 9; // or busy, 11
    constexpr uint32_t kMapBytes = 32;
    const cpu::Segment& task = c.regs.segment[kTr];
    answer = false;
    if ((c.sys.cr4 & cr::k4Vme) == 0)
        return true;
    if (task.unusable || (task.type & ~2U) != kTss || task.limit < kMapBaseAt + 1)
        return c.note(Vector::Gp, 0);
    uint16_t mapBase = 0;
    if (!c.loadSystem((task.base + kMapBaseAt) & 0xffff'ffff, mapBase))
        return false;
    const uint32_t at = mapBase - kMapBytes + event.vector / 8U;
    uint8_t bits = 0;
    if (mapBase < kMapBytes || at > task.limit)
        return c.note(Vector::Gp, 0);
    if (!c.loadSystem((task.base + at) & 0xffff'ffff, bits))
        return false;
    answer = (bits >> (event.vector % 8U) & 1) == 0;
    return true;
}

/// Methods 5 and 6 of table 20-2: through the program's own vectors, at linear address 0.
bool deliverRedirected(Core& c, const Event& event)
{
    uint32_t entry = 0;
    if (!c.loadLinear(event.vector * uint64_t{4}, entry))
        return false;
    const bool own = hasVirtualInterrupts(c);
    return enterReal(c, event, entry, own ? virtualFlags(c) : c.regs.rflags(),
                     flag::kTf | flag::kRf | (own ? flag::kVif : flag::kIf));
}

bool readGate(Core& c, const Event& event, Descriptor& gate)
{
    const bool wide = c.longActive();
    const uint32_t size = wide ? 16 : 8;
    const uint32_t offset = event.vector * size;
    if (offset + size - 1 > c.sys.idt.limit)
        return c.note(Vector::Gp, event.idtError());
    gate.address = c.sys.idt.base + offset;
    if (!wide)
        gate.address &= 0xffff'ffff;
    return c.loadSystem(gate.address, gate.low) &&
           (!wide || c.loadSystem(gate.address + 8, gate.high));
}

/// Is it a gate that an event may go through?
bool checkGate(Core& c, const Event& event, const Descriptor& gate)
{
    const uint8_t type = gate.type();
    const bool wide = type == system_type::kInterruptGate32 || type == system_type::kTrapGate32;
    const bool legacy = type == system_type::kInterruptGate16 || type == system_type::kTrapGate16 ||
                        type == system_type::kTaskGate;
    if (gate.s() || !(wide || (legacy && !c.longActive())))
        return c.note(Vector::Gp, event.idtError());
    if (event.software() && gate.dpl() < c.cpl())
        return c.note(Vector::Gp, event.idtError());
    return gate.present() || c.note(Vector::Np, event.idtError());
}

bool findCode(Core& c, const Event& event, Way& way)
{
    way.selector = way.gate.gateSelector();
    if (!fetchCode(c, way.selector, way.code, event.ext))
        return false;
    const unsigned cpl = c.cpl();
    way.cpl = way.code.isConforming() ? cpl : way.code.dpl();
    const bool tooOuter = way.code.dpl() > cpl;
    const bool from8086 = c.v8086() && way.cpl != 0;
    const bool not64 = c.longActive() && !way.code.l();
    if (tooOuter || from8086 || not64)
        return refuse(c, Vector::Gp, way.selector, event.ext);
    return requirePresent(c, way.code, way.selector, event.ext);
}

bool findStack(Core& c, const Event& event, const Way& way, StackPlace& place)
{
    const unsigned ist = way.gate.gateIst();
    const bool inward = way.cpl != c.cpl() || c.v8086();
    if (!c.longActive()) {
        if (inward)
            return innerStack(c, way.cpl, event.ext, place);
        place = currentStack(c);
        return true;
    }
    place.segment = inward ? nullStack(way.cpl) : c.regs.segment[kSs];
    place.switched = inward;
    place.width = 8;
    place.pointer = c.regs.general[kRsp];
    if (ist != 0 && !longTssPointer(c, ist + 2, event.ext, place.pointer))
        return false;
    if (ist == 0 && inward && !longTssPointer(c, way.cpl, event.ext, place.pointer))
        return false;
    if (!Core::canonical(place.pointer))
        return c.note(Vector::Ss, event.ext);
    place.pointer &= ~uint64_t{0xf}; // section 6.14.2
    return true;
}

void fillFrame(const Core& c, const Event& event, const StackPlace& place, StackFrame& frame)
{
    const auto selector = [&c](uint8_t segment) { return c.regs.segment[segment].selector; };
    if (c.v8086()) {
        frame.push(selector(kGs));
        frame.push(selector(kFs));
        frame.push(selector(kDs));
        frame.push(selector(kEs));
    }
    if (place.switched || c.longActive()) {
        frame.push(selector(kSs));
        frame.push(c.regs.general[kRsp]);
    }
    frame.push(c.regs.rflags());
    frame.push(selector(kCs));
    frame.push(c.regs.rip);
    if (event.hasCode)
        frame.push(event.code);
}

bool enterHandler(Core& c, const Event& event, Way& way)
{
    StackPlace place;
    if (!findStack(c, event, way, place))
        return false;
    const uint64_t target = way.gate.gateOffset();
    if (!requireTarget(c, way.code, target, event.ext) || !markAccessed(c, way.code))
        return false;
    StackFrame frame(place, c.longActive() ? 8 : way.wide ? 4 : 2, way.cpl);
    fillFrame(c, event, place, frame);
    const uint16_t stack = place.switched ? place.segment.selector : uint16_t{0};
    if (!frame.write(c, selectorError(stack, event.ext)))
        return false;
    if (c.v8086()) {
        for (const uint8_t segment : {kEs, kDs, kFs, kGs})
            c.regs.segment[segment] = nullSegment(0);
    }
    enterStack(c, place, frame.pointer());
    enterCode(c, way.selector, way.code, way.cpl, target);
    c.regs.systemFlags &= ~(flag::kTf | flag::kVm | flag::kRf | flag::kNt);
    if (way.interrupt)
        c.regs.systemFlags &= ~flag::kIf;
    c.modeChanged();
    return true;
}

bool deliverProtected(Core& c, const Event& event)
{
    if (c.v8086() && event.kind == EventKind::SoftwareInterrupt) {
        bool to8086 = false;
        if (!redirected(c, event, to8086))
            return false;
        if (to8086)
            return deliverRedirected(c, event);
        if (c.iopl() < 3)
            return c.note(Vector::Gp, 0);
    }
    Way way;
    if (!readGate(c, event, way.gate) || !checkGate(c, event, way.gate))
        return false;
    const uint8_t type = way.gate.type();
    if (type == system_type::kTaskGate)
        return c.switchTask(way.gate.gateSelector(), Core::TaskSwitch::Gate, c.regs.rip,
                            event.hasCode, event.code);
    way.wide = (type & 8) != 0;
    way.interrupt = (type & 1) == 0;
    return findCode(c, event, way) && enterHandler(c, event, way);
}

enum class Severity : uint8_t { Benign, Contributory, PageFault };

/// SDM volume 3 table 6-4.
Severity severityOf(Vector vector)
{
    switch (vector) {
    case Vector::De:
    case Vector::Ts:
    case Vector::Np:
    case Vector::Ss:
    case Vector::Gp:
        return Severity::Contributory;
    case Vector::Pf:
        return Severity::PageFault;
    default:
        return Severity::Benign;
    }
}

bool makesDoubleFault(Vector first, Vector second)
{
    const Severity a = severityOf(first);
    const Severity b = severityOf(second);
    return (a == Severity::Contributory && b == Severity::Contributory) ||
           (a == Severity::PageFault && b != Severity::Benign);
}

/// Faults push RF so that their instruction meets no breakpoint when it runs again; that of an
/// instruction breakpoint itself, and traps, push what is there (section 17.3.1.1).
bool pushesResume(const PendingException& exception)
{
    constexpr uint64_t kDetected = 1 << 13; // DR6.BD
    switch (exception.vector) {
    case Vector::Db:
        return (exception.debugBits & kDetected) != 0;
    case Vector::Nmi:
    case Vector::Bp:
    case Vector::Of:
    case Vector::Df:
    case Vector::Mc:
        return false;
    default:
        return true;
    }
}

/// What an exception leaves in registers besides its frame.
void noteInRegisters(Core& c, const PendingException& exception)
{
    if (exception.vector == Vector::Pf)
        c.sys.cr2 = exception.address;
    if (exception.vector == Vector::Df)
        c.regs.systemFlags &= ~flag::kRf; // of the fault before it
    if (pushesResume(exception))
        c.regs.systemFlags |= flag::kRf;
    if (exception.vector == Vector::Db)
        c.enterDebug(exception.debugBits);
}

} // namespace

bool Core::noteDebug(uint64_t bits)
{
    m_pending = {true, Vector::Db, false, 0, 0, bits};
    m_halted = false; // a debug exception ends HLT
    return false;
}

bool Core::deliverEvent(uint8_t vector, EventKind kind, bool hasCode, uint32_t code)
{
    Event event{vector, kind, hasCode, code, 1};
    event.ext = event.software() ? 0 : 1;
    cancelTrap();
    return protectedMode() ? deliverProtected(*this, event) : deliverReal(*this, event);
}

PendingException Core::takePending()
{
    if (!m_pending.present)
        return {};
    const PendingException taken = m_pending;
    m_pending = {};
    return taken;
}

bool Core::deliverPending()
{
    // Ends: what comes of a failed delivery is graver each time (table 6-5), but for #AC, and a #DB
    // after a task switch happens once.
    endHits();
    PendingException exception = takePending();
    while (exception.present) {
        noteInRegisters(*this, exception);
        const bool delivered =
            deliverEvent(static_cast<uint8_t>(exception.vector), EventKind::Exception,
                         exception.hasCode, exception.code);
        const PendingException second = takePending();
        if (!delivered) {
            if (exception.vector == Vector::Df)
                return false;
            if (makesDoubleFault(exception.vector, second.vector)) {
                if (second.vector == Vector::Pf)
                    sys.cr2 = second.address;
                exception = {true, Vector::Df, true, 0, 0, 0};
                continue;
            }
            // A handler at CPL 3 with an odd stack raises it for ever, as on a processor; but
            // somebody must be able to stop this one.
            if (second.vector == Vector::Ac) {
                m_pending = second;
                return true;
            }
        } else if (second.present && exception.vector == Vector::Df) {
            // The double fault's task switched in and faulted at once: run on from there.
            m_pending = second;
            return true;
        }
        exception = second;
    }
    return true;
}

void Core::resetRegisters(bool init)
{
    const cpu::CpuState fresh = cpu::CpuState::powerOn(m_environment.index);
    const uint64_t cacheBits = sys.cr0 & (cr::k0Cd | cr::k0Nw);
    regs.general.fill(0);
    regs.general[kRdx] = m_environment.cpuid.query(1, 0, {}).eax;
    regs.rip = fresh.rip;
    regs.flags.set(0);
    regs.systemFlags = flag::kOne;
    regs.segment = fresh.segments;
    const SystemRegisters before = sys;
    if (init) { // most MSRs survive an INIT (table 9-1)
        sys.cr0 = (fresh.cr0 & ~(cr::k0Cd | cr::k0Nw)) | cacheBits;
    } else {
        sys = SystemRegisters{};
        sys.tscOffset = before.tscOffset; // counts on over a reset
        regs.vector = VectorState{};
        regs.extra = {};
        regs.vector.fx[0] = 0x40; // FCW
        regs.vector.fx[VectorState::kMxcsr] = 0x80;
        regs.vector.fx[VectorState::kMxcsr + 1] = 0x1f;
        sys.cr0 = fresh.cr0;
    }
    sys.cr2 = sys.cr3 = sys.cr4 = sys.efer = 0;
    sys.gdt = fresh.gdt;
    sys.idt = fresh.idt;
    sys.dr.fill(0);
    sys.dr6 = fresh.dr6;
    sys.dr7 = fresh.dr7;
    debugRegistersChanged();
    m_internal->hits = m_internal->traps = 0;
    m_pending = {};
    m_halted = false;
    m_shadow = Shadow::None;
    m_nmiMasked = false;
    m_nmiPending = 0;
    m_waitForSipi = m_environment.index != 0;
    modeChanged();
    flushTlb(true);
}

} // namespace vmm::soft
