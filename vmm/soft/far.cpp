// SPDX-License-Identifier: GPL-3.0-or-later
// Far jumps, calls and returns. Intel SDM volume 2 JMP, CALL, RET, IRET; volume 3 sections 5.8,
// 6.12-6.14, 7.3, 20.2.5.
#include "vmm/soft/core.h"
#include "vmm/soft/descriptor.h"
#include "vmm/soft/stack_switch.h"

namespace vmm::soft {

namespace {

/// Pushes CS and the address to return to on the current stack.
bool pushReturn(Core& c, unsigned size, uint64_t returnRip)
{
    const StackPlace place = currentStack(c);
    StackFrame frame(place, size, c.cpl());
    frame.push(c.regs.segment[kCs].selector);
    frame.push(returnRip);
    if (!frame.write(c, 0))
        return false;
    c.regs.general[kRsp] = frame.pointer();
    return true;
}

/// Real and virtual-8086 mode.
bool enterReal(Core& c, uint16_t selector, uint64_t target)
{
    loadRealSegment(c, kCs, selector);
    c.regs.rip = target;
    c.modeChanged();
    return true;
}

/// A code segment named by JMP or CALL itself: privilege does not change (section 5.8.1).
bool checkDirect(Core& c, uint16_t selector, Descriptor& code, uint64_t target)
{
    const unsigned cpl = c.cpl();
    const bool refused =
        code.isConforming() ? code.dpl() > cpl : (selector & 3U) > cpl || code.dpl() != cpl;
    if (refused)
        return refuse(c, Vector::Gp, selector);
    return requirePresent(c, code, selector, 0) && requireTarget(c, code, target, 0) &&
           markAccessed(c, code);
}

bool enterSame(Core& c, uint16_t selector, const Descriptor& code, uint64_t target)
{
    enterCode(c, selector, code, c.cpl(), target);
    c.modeChanged();
    return true;
}

/// Reads what `selector` names: a code segment or a system descriptor.
bool fetchTarget(Core& c, uint16_t selector, Descriptor& descriptor)
{
    if (isNull(selector))
        return c.note(Vector::Gp, 0);
    if (!requireDescriptor(c, selector, descriptor, Vector::Gp, 0))
        return false;
    if (descriptor.s())
        return fetchCode(c, selector, descriptor, 0);
    const uint8_t type = descriptor.type();
    const bool gate = type == system_type::kCallGate32;
    const bool legacy = type == system_type::kCallGate16 || type == system_type::kTaskGate ||
                        type == system_type::kTss16 || type == system_type::kTss32;
    if (!gate && (!legacy || c.longActive()))
        return refuse(c, Vector::Gp, selector);
    if (descriptor.dpl() < c.cpl() || descriptor.dpl() < (selector & 3U))
        return refuse(c, Vector::Gp, selector);
    if (!requirePresent(c, descriptor, selector, 0))
        return false;
    return !c.longActive() || requireDescriptor(c, selector, descriptor, Vector::Gp, 0, true);
}

bool isCallGate(const Descriptor& descriptor)
{
    return descriptor.type() == system_type::kCallGate16 ||
           descriptor.type() == system_type::kCallGate32;
}

/// JMP or CALL to a TSS, directly or by a task gate.
bool toTask(Core& c, uint16_t selector, const Descriptor& target, Core::TaskSwitch kind,
            uint64_t returnRip)
{
    const bool gate = target.type() == system_type::kTaskGate;
    return c.switchTask(gate ? target.gateSelector() : selector, kind, returnRip, false, 0);
}

/// The code segment behind a call gate.
bool fetchGateCode(Core& c, const Descriptor& gate, Descriptor& code)
{
    const uint16_t selector = gate.gateSelector();
    // 64-bit gates: bits of the type field in the upper half must be clear (section 5.8.3.1).
    if (c.longActive() && (gate.high >> 40 & 0x1f) != 0)
        return refuse(c, Vector::Gp, selector);
    if (!fetchCode(c, selector, code, 0))
        return false;
    if (code.dpl() > c.cpl() || (c.longActive() && !code.l()))
        return refuse(c, Vector::Gp, selector);
    return true;
}

bool jumpGate(Core& c, const Descriptor& gate)
{
    Descriptor code;
    const uint16_t selector = gate.gateSelector();
    if (!fetchGateCode(c, gate, code))
        return false;
    if (!code.isConforming() && code.dpl() != c.cpl())
        return refuse(c, Vector::Gp, selector);
    if (!requirePresent(c, code, selector, 0) || !requireTarget(c, code, gate.gateOffset(), 0) ||
        !markAccessed(c, code))
        return false;
    return enterSame(c, selector, code, gate.gateOffset());
}

unsigned gateSize(const Core& c, const Descriptor& gate)
{
    return c.longActive() ? 8 : gate.type() == system_type::kCallGate32 ? 4 : 2;
}

/// Copies the parameters from the caller's stack, the first pushed first.
bool copyParameters(Core& c, unsigned count, unsigned size, StackFrame& frame)
{
    std::array<uint64_t, 32> values{};
    StackReader reader(c, size);
    for (unsigned i = 0; i < count; ++i) {
        if (!reader.next(values[i]))
            return false;
    }
    for (unsigned i = count; i > 0; --i)
        frame.push(values[i - 1]);
    return true;
}

/// Section 5.8.5: a call to more privileged code with a stack of its own.
bool callInner(Core& c, const Descriptor& gate, Descriptor& code, uint64_t returnRip)
{
    const unsigned cpl = code.dpl();
    StackPlace place;
    if (!innerStack(c, cpl, 0, place) || !requireTarget(c, code, gate.gateOffset(), 0))
        return false;
    const unsigned size = gateSize(c, gate);
    StackFrame frame(place, size, cpl);
    frame.push(c.regs.segment[kSs].selector);
    frame.push(c.regs.general[kRsp]);
    if (!c.longActive() && !copyParameters(c, gate.gateParameters(), size, frame))
        return false;
    frame.push(c.regs.segment[kCs].selector);
    frame.push(returnRip);
    if (!markAccessed(c, code) || !frame.write(c, selectorError(place.segment.selector, 0)))
        return false;
    enterStack(c, place, frame.pointer());
    enterCode(c, gate.gateSelector(), code, cpl, gate.gateOffset());
    c.modeChanged();
    return true;
}

bool callGate(Core& c, const Descriptor& gate, uint64_t returnRip)
{
    Descriptor code;
    const uint16_t selector = gate.gateSelector();
    if (!fetchGateCode(c, gate, code) || !requirePresent(c, code, selector, 0))
        return false;
    if (!code.isConforming() && code.dpl() < c.cpl())
        return callInner(c, gate, code, returnRip);
    if (!requireTarget(c, code, gate.gateOffset(), 0) || !markAccessed(c, code))
        return false;
    StackPlace place = currentStack(c);
    if (c.longActive())
        place.width = 8; // the target is 64-bit code
    StackFrame frame(place, gateSize(c, gate), c.cpl());
    frame.push(c.regs.segment[kCs].selector);
    frame.push(returnRip);
    if (!frame.write(c, 0))
        return false;
    c.regs.general[kRsp] = frame.pointer();
    return enterSame(c, selector, code, gate.gateOffset());
}

} // namespace

bool Core::farJump(uint16_t selector, uint64_t target, unsigned operandSize)
{
    target &= addressMask(static_cast<uint8_t>(operandSize));
    if (realOrV86())
        return target > regs.segment[kCs].limit ? note(Vector::Gp, 0)
                                                : enterReal(*this, selector, target);
    Descriptor descriptor;
    if (!fetchTarget(*this, selector, descriptor))
        return false;
    if (descriptor.s())
        return checkDirect(*this, selector, descriptor, target) &&
               enterSame(*this, selector, descriptor, target);
    return isCallGate(descriptor) ? jumpGate(*this, descriptor)
                                  : toTask(*this, selector, descriptor, TaskSwitch::Jump, regs.rip);
}

bool Core::farCall(uint16_t selector, uint64_t target, unsigned operandSize, uint64_t returnRip)
{
    target &= addressMask(static_cast<uint8_t>(operandSize));
    if (realOrV86()) {
        if (target > regs.segment[kCs].limit)
            return note(Vector::Gp, 0);
        return pushReturn(*this, operandSize, returnRip) && enterReal(*this, selector, target);
    }
    Descriptor descriptor;
    if (!fetchTarget(*this, selector, descriptor))
        return false;
    if (descriptor.s())
        return checkDirect(*this, selector, descriptor, target) &&
               pushReturn(*this, operandSize, returnRip) &&
               enterSame(*this, selector, descriptor, target);
    return isCallGate(descriptor)
               ? callGate(*this, descriptor, returnRip)
               : toTask(*this, selector, descriptor, TaskSwitch::Call, returnRip);
}

} // namespace vmm::soft
