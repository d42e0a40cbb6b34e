// SPDX-License-Identifier: GPL-3.0-or-later
// Intel SDM volume 3 sections 3.4.5 and 3.5.
#include "vmm/soft/descriptor.h"

namespace vmm::soft {

namespace {

/// The table a selector points into.
struct Table {
    uint64_t base = 0;
    uint32_t limit = 0;
    bool exists = true;
};

Table tableOf(const Core& c, uint16_t selector)
{
    if ((selector & 4) == 0)
        return {c.sys.gdt.base, c.sys.gdt.limit, true};
    const cpu::Segment& ldt = c.regs.segment[kLdtr];
    return {ldt.base, ldt.limit, !ldt.unusable && ldt.present && !isNull(ldt.selector)};
}

Fetched fetchHalf(Core& c, uint16_t selector, uint32_t skip, uint64_t& value, uint64_t& address)
{
    const Table table = tableOf(c, selector);
    const uint32_t offset = (selector & 0xfff8U) + skip;
    if (!table.exists || offset + 7 > table.limit)
        return Fetched::Outside;
    address = table.base + offset;
    if (!c.longActive())
        address &= 0xffff'ffff;
    return c.loadSystem(address, value) ? Fetched::Ok : Fetched::Fault;
}

} // namespace

void Descriptor::load(cpu::Segment& loaded, uint16_t selector) const
{
    loaded.base = base();
    loaded.limit = limit();
    loaded.selector = selector;
    loaded.type = type();
    loaded.present = present();
    loaded.dpl = static_cast<uint8_t>(dpl());
    loaded.db = db();
    loaded.s = s();
    loaded.l = l();
    loaded.g = g();
    loaded.avl = (low >> 52 & 1) != 0;
    loaded.unusable = false;
}

Fetched fetchDescriptor(Core& c, uint16_t selector, Descriptor& descriptor)
{
    descriptor.high = 0;
    return fetchHalf(c, selector, 0, descriptor.low, descriptor.address);
}

Fetched fetchUpperHalf(Core& c, uint16_t selector, Descriptor& descriptor)
{
    uint64_t address = 0;
    return fetchHalf(c, selector, 8, descriptor.high, address);
}

bool requireDescriptor(Core& c, uint16_t selector, Descriptor& descriptor, Vector vector,
                       unsigned ext, bool wide)
{
    Fetched fetched = fetchDescriptor(c, selector, descriptor);
    if (fetched == Fetched::Ok && wide)
        fetched = fetchUpperHalf(c, selector, descriptor);
    if (fetched == Fetched::Outside)
        return refuse(c, vector, selector, ext);
    return fetched == Fetched::Ok;
}

bool markAccessed(Core& c, Descriptor& descriptor)
{
    constexpr uint64_t kAccessed = uint64_t{1} << 40;
    if ((descriptor.low & kAccessed) != 0)
        return true;
    descriptor.low |= kAccessed;
    return c.storeSystem(descriptor.address + 5, static_cast<uint8_t>(descriptor.low >> 40));
}

bool setBusy(Core& c, Descriptor& descriptor, bool busy)
{
    constexpr uint64_t kBusy = uint64_t{2} << 40;
    descriptor.low = busy ? descriptor.low | kBusy : descriptor.low & ~kBusy;
    return c.storeSystem(descriptor.address + 5, static_cast<uint8_t>(descriptor.low >> 40));
}

bool fetchCode(Core& c, uint16_t selector, Descriptor& descriptor, unsigned ext)
{
    if (isNull(selector))
        return c.note(Vector::Gp, ext);
    if (!requireDescriptor(c, selector, descriptor, Vector::Gp, ext))
        return false;
    const bool impossible = c.longActive() && descriptor.l() && descriptor.db();
    if (!descriptor.isCode() || impossible)
        return refuse(c, Vector::Gp, selector, ext);
    return true;
}

bool requirePresent(Core& c, const Descriptor& descriptor, uint16_t selector, unsigned ext)
{
    return descriptor.present() || refuse(c, Vector::Np, selector, ext);
}

bool requireTarget(Core& c, const Descriptor& code, uint64_t rip, unsigned ext)
{
    const bool inside = isCode64(c, code) ? Core::canonical(rip) : rip <= code.limit();
    return inside || c.note(Vector::Gp, ext);
}

void enterCode(Core& c, uint16_t selector, const Descriptor& code, unsigned cpl, uint64_t rip)
{
    code.load(c.regs.segment[kCs], static_cast<uint16_t>((selector & 0xfffc) | cpl));
    c.regs.rip = rip;
}

bool fetchStack(Core& c, uint16_t selector, unsigned cpl, Descriptor& descriptor, Vector bad,
                unsigned ext)
{
    if (isNull(selector))
        return c.note(bad, ext);
    if (!requireDescriptor(c, selector, descriptor, bad, ext))
        return false;
    if ((selector & 3U) != cpl || descriptor.dpl() != cpl || !descriptor.isWritableData())
        return refuse(c, bad, selector, ext);
    return descriptor.present() || refuse(c, Vector::Ss, selector, ext);
}

cpu::Segment nullSegment(uint16_t selector)
{
    cpu::Segment segment;
    segment.selector = selector;
    segment.unusable = true;
    return segment;
}

cpu::Segment nullStack(unsigned cpl)
{
    cpu::Segment segment = nullSegment(static_cast<uint16_t>(cpl));
    segment.dpl = static_cast<uint8_t>(cpl);
    segment.type = 3;
    segment.s = true;
    segment.db = true;
    segment.g = true;
    segment.limit = 0xffff'ffff;
    return segment;
}

cpu::Segment virtual8086Segment(uint16_t selector)
{
    cpu::Segment segment;
    segment.selector = selector;
    segment.base = uint64_t{selector} << 4;
    segment.limit = 0xffff;
    segment.type = 3;
    segment.present = true;
    segment.dpl = 3;
    segment.s = true;
    return segment;
}

void loadRealSegment(Core& c, uint8_t segment, uint16_t selector)
{
    cpu::Segment& loaded = c.regs.segment[segment];
    if (c.v8086()) {
        loaded = virtual8086Segment(selector);
        return;
    }
    if (loaded.unusable || !loaded.present) { // null while protected mode was left
        loaded = virtual8086Segment(selector);
        loaded.dpl = 0;
    }
    loaded.selector = selector;
    loaded.base = uint64_t{selector} << 4;
}

bool insideSegment(const cpu::Segment& segment, uint64_t offset, unsigned size)
{
    const uint64_t last = offset + size - 1;
    const bool expandDown = segment.s && (segment.type & 0xc) == 4;
    if (!expandDown)
        return last <= segment.limit;
    return offset > segment.limit && last <= (segment.db ? 0xffff'ffffU : 0xffffU);
}

} // namespace vmm::soft
