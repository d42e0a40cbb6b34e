// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/stack_switch.h"

namespace vmm::soft {

namespace {

template <class T>
bool storeAs(Core& c, uint64_t linear, uint64_t value, bool system)
{
    // A supervisor that pushes on its own stack goes the fast way; only user code that is being
    // interrupted needs the access with another privilege.
    if (system && c.cpl() == 3)
        return c.storeSystem(linear, static_cast<T>(value));
    return c.storeLinear(linear, static_cast<T>(value), kSs);
}

uint64_t widthMask(unsigned width)
{
    return Core::addressMask(static_cast<uint8_t>(width));
}

template <class T>
bool loadAs(Core& c, uint64_t linear, uint64_t& value)
{
    T narrow = 0;
    if (!c.loadLinear(linear, narrow, kSs))
        return false;
    value = narrow;
    return true;
}

/// [offset, +size) of the TSS; #TS(TR) when outside.
template <class T>
bool readTss(Core& c, uint32_t offset, unsigned ext, T& value)
{
    const cpu::Segment& tss = c.regs.segment[kTr];
    if (offset + sizeof(T) - 1 > tss.limit)
        return refuse(c, Vector::Ts, tss.selector, ext);
    uint64_t linear = tss.base + offset;
    if (!c.longActive())
        linear &= 0xffff'ffff;
    return c.loadSystem(linear, value);
}

bool legacyTssStack(Core& c, unsigned cpl, unsigned ext, uint16_t& selector, uint32_t& pointer)
{
    const bool wide = (c.regs.segment[kTr].type & 8) != 0;
    if (wide)
        return readTss(c, 4 + cpl * 8, ext, pointer) && readTss(c, 8 + cpl * 8, ext, selector);
    uint16_t narrow = 0;
    if (!readTss(c, 2 + cpl * 4, ext, narrow) || !readTss(c, 4 + cpl * 4, ext, selector))
        return false;
    pointer = narrow;
    return true;
}

} // namespace

uint64_t StackFrame::at(unsigned n) const
{
    const uint64_t mask = widthMask(m_place.width);
    return (m_place.pointer & ~mask) | ((m_place.pointer - uint64_t{n} * m_size) & mask);
}

uint64_t StackFrame::linear(uint64_t pointer) const
{
    if (m_place.width == 8)
        return pointer;
    return (m_place.segment.base + (pointer & widthMask(m_place.width))) & 0xffff'ffff;
}

bool StackFrame::store(Core& c, uint64_t linear, uint64_t value) const
{
    switch (m_size) {
    case 2:
        return storeAs<uint16_t>(c, linear, value, m_system);
    case 4:
        return storeAs<uint32_t>(c, linear, value, m_system);
    default:
        return storeAs<uint64_t>(c, linear, value, m_system);
    }
}

bool StackFrame::check(Core& c, uint32_t code) const
{
    const uint64_t mask = widthMask(m_place.width);
    for (unsigned i = 1; i <= m_count; ++i) {
        const uint64_t offset = at(i);
        const bool inside = m_place.width == 8
                                ? Core::canonical(offset) && Core::canonical(offset + m_size - 1)
                                : insideSegment(m_place.segment, offset & mask, m_size);
        if (!inside)
            return c.note(Vector::Ss, code);
    }
    // In one page the first store tells whether the others will do.
    const uint64_t first = linear(at(1));
    if ((first + m_size - 1) >> 12 == linear(at(m_count)) >> 12)
        return true;
    for (unsigned i = 1; i <= m_count; ++i) {
        if (!c.probe(linear(at(i)), m_size, Access::Write, m_system, m_system ? 1 : m_size))
            return false;
    }
    return true;
}

bool StackFrame::write(Core& c, uint32_t code) const
{
    if (!check(c, code))
        return false;
    for (unsigned i = 1; i <= m_count; ++i) {
        if (!store(c, linear(at(i)), m_values[i - 1]))
            return false;
    }
    return true;
}

bool StackReader::next(uint64_t& value)
{
    uint64_t linear = 0;
    const uint64_t offset = m_pointer & m_core.stackMask();
    if (!m_core.linearAt(kSs, offset, m_size, Access::Read, linear))
        return false;
    m_pointer += m_size;
    switch (m_size) {
    case 2:
        return loadAs<uint16_t>(m_core, linear, value);
    case 4:
        return loadAs<uint32_t>(m_core, linear, value);
    default:
        return loadAs<uint64_t>(m_core, linear, value);
    }
}

bool StackReader::nextSelector(uint16_t& selector)
{
    uint64_t value = 0;
    if (!next(value))
        return false;
    selector = static_cast<uint16_t>(value);
    return true;
}

uint64_t StackReader::pointer() const
{
    const uint64_t mask = m_core.stackMask();
    return (m_core.regs.general[kRsp] & ~mask) | (m_pointer & mask);
}

StackPlace currentStack(const Core& c)
{
    StackPlace place;
    place.segment = c.regs.segment[kSs];
    place.pointer = c.regs.general[kRsp];
    place.width = c.stackSize();
    return place;
}

bool longTssPointer(Core& c, unsigned slot, unsigned ext, uint64_t& pointer)
{
    // RSP0-2 at 4, IST1-7 at 0x24 (SDM volume 3 figure 8-11).
    const uint32_t offset = slot < 3 ? 4 + slot * 8 : 0x24 + (slot - 3) * 8;
    return readTss(c, offset, ext, pointer);
}

bool innerStack(Core& c, unsigned cpl, unsigned ext, StackPlace& place)
{
    place.switched = true;
    if (c.longActive()) {
        place.segment = nullStack(cpl);
        place.width = 8;
        return longTssPointer(c, cpl, ext, place.pointer);
    }
    uint16_t selector = 0;
    uint32_t pointer = 0;
    if (!legacyTssStack(c, cpl, ext, selector, pointer) ||
        !fetchStack(c, selector, cpl, place.descriptor, Vector::Ts, ext) ||
        !markAccessed(c, place.descriptor))
        return false;
    place.segment = place.descriptor.segment(selector);
    place.pointer = pointer;
    place.width = place.segment.db ? 4 : 2;
    return true;
}

void enterStack(Core& c, const StackPlace& place, uint64_t pointer)
{
    if (place.switched)
        c.regs.segment[kSs] = place.segment;
    c.regs.general[kRsp] = place.width == 8 ? pointer : pointer & 0xffff'ffff;
}

} // namespace vmm::soft
