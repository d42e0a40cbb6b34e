// SPDX-License-Identifier: GPL-3.0-or-later
// Loading segment registers, LDTR and TR. Intel SDM volume 2 MOV, LLDT, LTR; volume 3 sections
// 5.4-5.6.
#include "vmm/soft/core.h"
#include "vmm/soft/descriptor.h"

namespace vmm::soft {

namespace {

bool loadStackSegment(Core& c, uint16_t selector)
{
    const unsigned cpl = c.cpl();
    if (isNull(selector)) {
        // A null SS is for 64-bit mode below CPL 3 (SDM volume 3 section 5.4.1.1).
        if (!c.inLong64() || cpl == 3 || (selector & 3U) != cpl)
            return c.note(Vector::Gp, 0);
        c.regs.segment[kSs] = nullStack(cpl);
        return true;
    }
    Descriptor descriptor;
    if (!fetchStack(c, selector, cpl, descriptor, Vector::Gp, 0) || !markAccessed(c, descriptor))
        return false;
    c.regs.segment[kSs] = descriptor.segment(selector);
    return true;
}

bool loadDataSegment(Core& c, uint8_t segment, uint16_t selector)
{
    if (isNull(selector)) {
        c.regs.segment[segment] = nullSegment(selector);
        return true;
    }
    Descriptor descriptor;
    if (!requireDescriptor(c, selector, descriptor, Vector::Gp, 0))
        return false;
    const bool conforming = descriptor.isCode() && descriptor.isConforming();
    const bool tooInner = (selector & 3U) > descriptor.dpl() || c.cpl() > descriptor.dpl();
    if (!descriptor.isReadable() || (!conforming && tooInner))
        return refuse(c, Vector::Gp, selector);
    if (!requirePresent(c, descriptor, selector, 0) || !markAccessed(c, descriptor))
        return false;
    c.regs.segment[segment] = descriptor.segment(selector);
    return true;
}

} // namespace

bool Core::loadSegment(uint8_t segment, uint16_t selector)
{
    if (realOrV86()) {
        loadRealSegment(*this, segment, selector);
    } else {
        const bool loaded = segment == kSs ? loadStackSegment(*this, selector)
                                           : loadDataSegment(*this, segment, selector);
        if (!loaded)
            return false;
    }
    if (segment == kSs || segment == kFs || segment == kGs)
        modeChanged(); // stack width; bases used in 64-bit mode
    return true;
}

bool Core::loadLdt(uint16_t selector)
{
    if (isNull(selector)) {
        regs.segment[kLdtr] = nullSegment(selector);
        return true;
    }
    if ((selector & 4) != 0)
        return refuse(*this, Vector::Gp, selector);
    Descriptor descriptor;
    if (!requireDescriptor(*this, selector, descriptor, Vector::Gp, 0, longActive()))
        return false;
    if (descriptor.s() || descriptor.type() != system_type::kLdt || !canonical(descriptor.base()))
        return refuse(*this, Vector::Gp, selector);
    if (!requirePresent(*this, descriptor, selector, 0))
        return false;
    regs.segment[kLdtr] = descriptor.segment(selector);
    return true;
}

bool Core::loadTask(uint16_t selector)
{
    if (isNull(selector) || (selector & 4) != 0)
        return refuse(*this, Vector::Gp, selector);
    Descriptor descriptor;
    if (!requireDescriptor(*this, selector, descriptor, Vector::Gp, 0, longActive()))
        return false;
    const uint8_t type = descriptor.type();
    const bool available =
        type == system_type::kTss32 || (type == system_type::kTss16 && !longActive());
    if (descriptor.s() || !available || !canonical(descriptor.base()))
        return refuse(*this, Vector::Gp, selector);
    if (!requirePresent(*this, descriptor, selector, 0) || !setBusy(*this, descriptor, true))
        return false;
    regs.segment[kTr] = descriptor.segment(selector);
    return true;
}

} // namespace vmm::soft
