// SPDX-License-Identifier: GPL-3.0-or-later
// Ports: IN, OUT, INS, OUTS and who may use them (SDM volume 1 chapter 19).
#include "vmm/soft/strings.h"

namespace vmm::soft {

namespace {

/// Section 19.5.2: a clear bit for each byte of the access, all inside the TSS's limit. The
/// processor reads two bytes whatever the size.
bool bitmapAllows(Core& c, uint16_t port, unsigned size)
{
    constexpr uint64_t kMapBaseAt = 0x66;
    constexpr uint8_t kTss = 9; // or busy, 11; a 16-bit TSS has no bitmap
    const cpu::Segment& task = c.regs.segment[kTr];
    if (task.unusable || (task.type & ~2U) != kTss || task.limit < kMapBaseAt + 1)
        return false;
    const uint64_t mask = c.longActive() ? ~uint64_t{0} : 0xffff'ffff;
    uint16_t mapBase = 0;
    if (!c.loadSystem((task.base + kMapBaseAt) & mask, mapBase))
        return false;
    const uint32_t at = uint32_t{mapBase} + port / 8U;
    uint16_t bits = 0;
    if (at + 1 > task.limit || !c.loadSystem((task.base + at) & mask, bits))
        return false;
    const unsigned asked = ((1U << size) - 1) << (port % 8);
    return (bits & asked) == 0;
}

template <class T>
T portRead(Core& c, uint16_t port)
{
    return static_cast<T>(c.portIn(port, sizeof(T)));
}

uint16_t portOf(const Core& c, const Op& op)
{
    return op.aux != 0 ? c.get<uint16_t>(kRdx * 8) : static_cast<uint16_t>(op.imm);
}

/// A device may have changed the memory map or interrupts: the block ends.
template <class T>
const Op* in(Core& c, const Op& op)
{
    const uint16_t port = portOf(c, op);
    if (!c.portAllowed(port, sizeof(T)))
        return c.fault(op);
    c.set<T>(kRax * 8, portRead<T>(c, port));
    return c.leave(c.nextRip(op));
}

template <class T>
const Op* out(Core& c, const Op& op)
{
    const uint16_t port = portOf(c, op);
    if (!c.portAllowed(port, sizeof(T)))
        return c.fault(op);
    c.portOut(port, c.get<T>(kRax * 8), sizeof(T));
    return c.leave(c.nextRip(op));
}

/// The destination is checked first: what was read from a port cannot be read again.
template <class A, class T>
struct Ins : StringDefaults {
    static constexpr bool kPort = true;
    static bool step(Core& c, const Op&)
    {
        const auto port = c.get<uint16_t>(kRdx * 8);
        uint64_t to = 0;
        if (!c.portAllowed(port, sizeof(T)) ||
            !elementAt<A, T>(c, kEs, kDestinationAt, Access::Write, to) ||
            !c.probe(to, sizeof(T), Access::Write, false, sizeof(T)) ||
            !c.storeLinear(to, portRead<T>(c, port), kEs))
            return false;
        movePointer<A>(c, kDestinationAt, sizeof(T));
        return true;
    }
};

template <class A, class T>
struct Outs : StringDefaults {
    static constexpr bool kPort = true;
    static bool step(Core& c, const Op& op)
    {
        const auto port = c.get<uint16_t>(kRdx * 8);
        uint64_t from = 0;
        T value{};
        if (!c.portAllowed(port, sizeof(T)) ||
            !elementAt<A, T>(c, op.segment, kSourceAt, Access::Read, from) ||
            !c.loadLinear(from, value, op.segment))
            return false;
        c.portOut(port, value, sizeof(T));
        movePointer<A>(c, kSourceAt, sizeof(T));
        return true;
    }
};

/// Port operand n: an immediate or DX.
void lowerPort(const Decoded& decoded, unsigned n, Op& op)
{
    op.aux = decoded.isImmediate(n) ? 0 : 1;
    op.imm = decoded.isImmediate(n) ? decoded.operand(n).imm.value.u & 0xff : 0;
    op.flags |= op_flag::kBranchEnd;
}

} // namespace

bool Core::portAllowed(uint16_t port, unsigned size)
{
    if (!protectedMode() || (!v8086() && cpl() <= iopl()))
        return true;
    if (bitmapAllows(*this, port, size))
        return true;
    return hasPending() ? false : note(Vector::Gp, 0); // the TSS itself may not be readable
}

uint32_t Core::portIn(uint16_t port, unsigned size)
{
    settleMxcsr();
    if (m_environment.counters != nullptr)
        m_environment.counters->add(cpu::ExitKind::Pio);
    if (m_watching) [[unlikely]]
        notePort(port, size);
    return m_environment.pio.read(memory::GuestPort(port), size);
}

void Core::portOut(uint16_t port, uint32_t value, unsigned size)
{
    settleMxcsr();
    if (m_environment.counters != nullptr)
        m_environment.counters->add(cpu::ExitKind::Pio);
    if (m_watching) [[unlikely]]
        notePort(port, size);
    m_environment.pio.write(memory::GuestPort(port), value, size);
}

bool lowerIn(const Decoded& decoded, Op& op)
{
    lowerPort(decoded, 1, op);
    op.run = op.operandSize == 1   ? &in<uint8_t>
             : op.operandSize == 2 ? &in<uint16_t>
                                   : &in<uint32_t>;
    return true;
}

bool lowerOut(const Decoded& decoded, Op& op)
{
    lowerPort(decoded, 0, op);
    op.run = op.operandSize == 1   ? &out<uint8_t>
             : op.operandSize == 2 ? &out<uint16_t>
                                   : &out<uint32_t>;
    return true;
}

template <class T>
bool lowerIns(const Decoded& decoded, Op& op)
{
    return lowerString<Ins, T>(decoded, op);
}
template bool lowerIns<uint8_t>(const Decoded&, Op&);
template bool lowerIns<uint16_t>(const Decoded&, Op&);
template bool lowerIns<uint32_t>(const Decoded&, Op&);

template <class T>
bool lowerOuts(const Decoded& decoded, Op& op)
{
    return lowerString<Outs, T>(decoded, op);
}
template bool lowerOuts<uint8_t>(const Decoded&, Op&);
template bool lowerOuts<uint16_t>(const Decoded&, Op&);
template bool lowerOuts<uint32_t>(const Decoded&, Op&);

} // namespace vmm::soft
