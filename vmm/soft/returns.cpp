// SPDX-License-Identifier: GPL-3.0-or-later
// Far returns and IRET. Intel SDM volume 2 RET, IRET; volume 3 sections 5.8.6, 6.12.1.2, 6.14.3,
// 20.2.1.
#include "vmm/soft/core.h"
#include "vmm/soft/descriptor.h"
#include "vmm/soft/stack_switch.h"
#include "vmm/soft/virtual_interrupts.h"

namespace vmm::soft {

namespace {

/// What a return pops, and what was found out about it.
struct Frame {
    uint64_t rip = 0;
    uint16_t cs = 0;
    uint64_t flags = 0;
    uint64_t rsp = 0;
    uint16_t ss = 0;
    uint64_t after = 0; ///< RSP when the stack is not switched
    Descriptor code;
    Descriptor stack;
    bool nullStack = false;

    unsigned cpl() const { return cs & 3U; }
};

/// Flags an IRET of `size` bytes loads at the current privilege.
uint64_t loadedFlags(const Core& c, unsigned size, unsigned cpl)
{
    uint64_t mask = flag::kArithmetic | flag::kTf | flag::kDf | flag::kNt;
    if (size > 2)
        mask |= flag::kRf | flag::kAc | flag::kId;
    if (cpl <= c.iopl())
        mask |= flag::kIf;
    if (cpl == 0) {
        mask |= flag::kIopl;
        if (size > 2)
            mask |= flag::kVif | flag::kVip;
    }
    return mask;
}

void setFlags(Core& c, uint64_t value, uint64_t mask)
{
    const uint64_t merged = (c.regs.rflags() & ~mask) | (value & mask) | flag::kOne;
    c.regs.flags.set(merged);
    c.regs.systemFlags = merged & ~flag::kArithmetic;
}

/// Segment registers that the outer privilege may not have are emptied (section 5.8.6).
void dropInnerSegments(Core& c, unsigned cpl)
{
    for (const uint8_t n : {kEs, kDs, kFs, kGs}) {
        cpu::Segment& segment = c.regs.segment[n];
        const bool conforming = segment.s && (segment.type & 0xc) == 0xc;
        if (segment.unusable || conforming || segment.dpl >= cpl)
            continue;
        const uint64_t base = segment.base;
        segment = nullSegment(0);
        segment.base = base; // processors keep it, and 64-bit code addresses by it
    }
}

/// The code segment returned to: privilege is that of the selector, never an inner one.
bool checkReturnCode(Core& c, Frame& frame)
{
    if (!fetchCode(c, frame.cs, frame.code, 0))
        return false;
    const unsigned rpl = frame.cpl();
    const bool refused =
        frame.code.isConforming() ? frame.code.dpl() > rpl : frame.code.dpl() != rpl;
    if (rpl < c.cpl() || refused)
        return refuse(c, Vector::Gp, frame.cs);
    return requirePresent(c, frame.code, frame.cs, 0);
}

bool checkReturnStack(Core& c, Frame& frame)
{
    if (isNull(frame.ss)) {
        const bool allowed =
            isCode64(c, frame.code) && frame.cpl() != 3 && (frame.ss & 3U) == frame.cpl();
        frame.nullStack = true;
        return allowed || c.note(Vector::Gp, 0);
    }
    return fetchStack(c, frame.ss, frame.cpl(), frame.stack, Vector::Gp, 0);
}

bool commit(Core& c, Frame& frame, bool stackPopped)
{
    if (!requireTarget(c, frame.code, frame.rip, 0) || !markAccessed(c, frame.code))
        return false;
    if (stackPopped && !frame.nullStack && !markAccessed(c, frame.stack))
        return false;
    const unsigned before = c.cpl();
    const unsigned cpl = frame.cpl();
    if (!stackPopped) {
        c.regs.general[kRsp] = frame.after;
    } else {
        if (frame.nullStack)
            c.regs.segment[kSs] = nullStack(cpl);
        else
            frame.stack.load(c.regs.segment[kSs], frame.ss);
        const bool narrow = !isCode64(c, frame.code) && !c.regs.segment[kSs].db;
        uint64_t& rsp = c.regs.general[kRsp];
        rsp = narrow ? (rsp & ~uint64_t{0xffff}) | (frame.rsp & 0xffff) : frame.rsp;
    }
    enterCode(c, frame.cs, frame.code, cpl, frame.rip);
    if (cpl > before)
        dropInnerSegments(c, cpl);
    return true;
}

bool popCode(StackReader& reader, Frame& frame)
{
    return reader.next(frame.rip) && reader.nextSelector(frame.cs);
}

bool popStack(StackReader& reader, Frame& frame)
{
    return reader.next(frame.rsp) && reader.nextSelector(frame.ss);
}

bool realReturn(Core& c, unsigned size)
{
    StackReader reader(c, size);
    Frame frame;
    if (!popCode(reader, frame) || !reader.next(frame.flags))
        return false;
    if (frame.rip > c.regs.segment[kCs].limit)
        return c.note(Vector::Gp, 0);
    // In virtual-8086 mode IOPL stays (section 20.3.2), below 3 IF too; VM and VIP always do.
    const bool own = c.v8086() && c.iopl() < 3;
    if (own && virtualFlagsRefused(c, frame.flags))
        return c.note(Vector::Gp, 0);
    uint64_t mask = flag::kArithmetic | flag::kTf | flag::kDf | flag::kNt;
    if (!own)
        mask |= flag::kIf;
    if (!c.v8086())
        mask |= flag::kIopl;
    if (size > 2)
        mask |= flag::kRf | flag::kAc | flag::kId;
    c.regs.general[kRsp] = reader.pointer();
    loadRealSegment(c, kCs, frame.cs);
    c.regs.rip = frame.rip;
    setFlags(c, frame.flags, mask);
    if (own)
        setVirtualInterruptFlag(c, (frame.flags & flag::kIf) != 0);
    c.modeChanged();
    return true;
}

/// IRET at CPL 0 with VM in the image (section 20.2.5).
bool enterVirtual8086(Core& c, StackReader& reader, const Frame& frame)
{
    uint64_t esp = 0;
    uint16_t ss = 0;
    std::array<uint16_t, 4> data{};
    if (!reader.next(esp) || !reader.nextSelector(ss))
        return false;
    for (uint16_t& selector : data) {
        if (!reader.nextSelector(selector))
            return false;
    }
    if (frame.rip > 0xffff)
        return c.note(Vector::Gp, 0);
    setFlags(c, frame.flags, 0x3f'ffff);
    c.regs.systemFlags &= 0x3f'7fd7;
    constexpr std::array<uint8_t, 4> kOrder = {kEs, kDs, kFs, kGs};
    for (size_t i = 0; i < kOrder.size(); ++i)
        c.regs.segment[kOrder[i]] = virtual8086Segment(data[i]);
    c.regs.segment[kCs] = virtual8086Segment(frame.cs);
    c.regs.segment[kSs] = virtual8086Segment(ss);
    c.regs.general[kRsp] = esp;
    c.regs.rip = frame.rip;
    c.modeChanged();
    noteVirtualInterrupt(c); // the program's fault, not the IRET's
    return true;
}

/// IRET out of a nested task: the back link of the TSS says where to (section 7.4).
bool taskReturn(Core& c)
{
    const cpu::Segment& tss = c.regs.segment[kTr];
    if (tss.limit < 1)
        return refuse(c, Vector::Ts, tss.selector);
    uint16_t link = 0;
    if (!c.loadSystem(tss.base & 0xffff'ffff, link))
        return false;
    return c.switchTask(link, Core::TaskSwitch::Return, c.regs.rip, false, 0);
}

bool protectedReturn(Core& c, unsigned size)
{
    StackReader reader(c, size);
    Frame frame;
    if (!popCode(reader, frame) || !reader.next(frame.flags))
        return false;
    const unsigned cpl = c.cpl();
    if ((frame.flags & flag::kVm) != 0 && size == 4 && cpl == 0 && !c.longActive())
        return enterVirtual8086(c, reader, frame);
    if (!checkReturnCode(c, frame))
        return false;
    frame.after = reader.pointer();
    const bool stackPopped = c.inLong64() || frame.cpl() != cpl; // section 6.14.3
    if (stackPopped && (!popStack(reader, frame) || !checkReturnStack(c, frame)))
        return false;
    if (!commit(c, frame, stackPopped))
        return false;
    setFlags(c, frame.flags, loadedFlags(c, size, cpl));
    c.modeChanged();
    noteVirtualInterrupt(c);
    return true;
}

} // namespace

bool Core::farReturn(unsigned operandSize, unsigned releasedBytes)
{
    StackReader reader(*this, operandSize);
    Frame frame;
    if (!popCode(reader, frame))
        return false;
    reader.skip(releasedBytes);
    frame.after = reader.pointer();
    if (realOrV86()) {
        if (frame.rip > regs.segment[kCs].limit)
            return note(Vector::Gp, 0);
        regs.general[kRsp] = frame.after;
        loadRealSegment(*this, kCs, frame.cs);
        regs.rip = frame.rip;
        modeChanged();
        return true;
    }
    if (!checkReturnCode(*this, frame))
        return false;
    const bool outward = frame.cpl() != cpl();
    if (outward && (!popStack(reader, frame) || !checkReturnStack(*this, frame)))
        return false;
    if (!commit(*this, frame, outward))
        return false;
    modeChanged();
    if (outward)
        setStackPointer(regs.general[kRsp] + releasedBytes); // the outer stack's copy
    return true;
}

bool Core::interruptReturn(unsigned operandSize)
{
    if (v8086() && iopl() < 3 && (operandSize != 2 || !hasVirtualInterrupts(*this)))
        return note(Vector::Gp, 0);
    if (realOrV86()) {
        m_nmiMasked = false;
        return realReturn(*this, operandSize);
    }
    const bool nested = (regs.systemFlags & flag::kNt) != 0;
    if (nested && longActive())
        return note(Vector::Gp, 0);
    m_nmiMasked = false; // also when what follows faults (section 6.7.1)
    return nested ? taskReturn(*this) : protectedReturn(*this, operandSize);
}

} // namespace vmm::soft
