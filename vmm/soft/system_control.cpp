// SPDX-License-Identifier: GPL-3.0-or-later
// MOV to and from segment, control and debug registers. Intel SDM volume 2 MOV; volume 3 sections
// 2.5, 4.1.2, 4.10.4, 9.8.5, 17.2.
#include "vmm/soft/core_internal.h"
#include "vmm/soft/descriptor.h"
#include "vmm/soft/system.h"

namespace vmm::soft {

namespace {

constexpr uint64_t kKnownCr0 = cr::k0Pe | cr::k0Mp | cr::k0Em | cr::k0Ts | cr::k0Et | cr::k0Ne |
                               cr::k0Wp | cr::k0Am | cr::k0Nw | cr::k0Cd | cr::k0Pg;
/// What the CPUID models offer: no VMX, SMX.
constexpr uint64_t kKnownCr4 = cr::k4Vme | cr::k4Pvi | cr::k4Tsd | cr::k4De | cr::k4Pse |
                               cr::k4Pae | cr::k4Mce | cr::k4Pge | cr::k4Pce | cr::k4Osfxsr |
                               cr::k4Osxmmexcpt | cr::k4Umip | cr::k4Fsgsbase | cr::k4Pcide |
                               cr::k4Osxsave | cr::k4Smep | cr::k4Smap;

/// Paging goes on. False with #GP noted where the SDM forbids it (volume 3 section 4.1.2).
bool mayEnablePaging(Core& c)
{
    if ((c.sys.efer & cr::kEferLme) == 0)
        return true;
    const bool oldTask = (c.regs.segment[kTr].type & 8) == 0 && !c.regs.segment[kTr].unusable;
    if ((c.sys.cr4 & cr::k4Pae) == 0 || c.regs.segment[kCs].l || oldTask)
        return c.note(Vector::Gp, 0);
    return true;
}

void followPaging(Core& c, bool on)
{
    if (on && (c.sys.efer & cr::kEferLme) != 0)
        c.sys.efer |= cr::kEferLma;
    if (!on)
        c.sys.efer &= ~cr::kEferLma;
}

bool writeCr3(Core& c, uint64_t value)
{
    constexpr uint64_t kKeep = uint64_t{1} << 63; // and not kept itself (section 4.10.4.1)
    const bool tagged = (c.sys.cr4 & cr::k4Pcide) != 0;
    const bool keep = tagged && (value & kKeep) != 0;
    if (tagged)
        value &= ~kKeep;
    if (c.longActive() && (value >> kPhysicalBits) != 0)
        return c.note(Vector::Gp, 0);
    const uint64_t before = c.sys.cr3;
    c.sys.cr3 = value;
    if (!c.loadPdptes()) {
        c.sys.cr3 = before;
        return false;
    }
    c.enterSpace(keep);
    return true;
}

bool writeCr8(Core& c, uint64_t value)
{
    if (value > 0xf)
        return c.note(Vector::Gp, 0);
    if (c.environment().apic != nullptr)
        c.environment().apic->setTaskPriority(static_cast<uint8_t>(value));
    return true;
}

bool writeControl(Core& c, unsigned number, uint64_t value)
{
    switch (number) {
    case 0:
        return writeCr0(c, value);
    case 2:
        c.sys.cr2 = value;
        return true;
    case 3:
        return writeCr3(c, value);
    case 4:
        return writeCr4(c, value);
    default:
        return writeCr8(c, value);
    }
}

uint64_t readControl(const Core& c, unsigned number)
{
    switch (number) {
    case 0:
        return c.sys.cr0;
    case 2:
        return c.sys.cr2;
    case 3:
        return c.sys.cr3;
    case 4:
        return c.sys.cr4;
    default:
        return c.environment().apic != nullptr ? c.environment().apic->taskPriority() : 0;
    }
}

// In 64-bit mode these registers move as 64 bits, elsewhere as 32, whatever the prefixes.
uint64_t source(const Core& c, const Op& op)
{
    return c.inLong64() ? c.get<uint64_t>(op.b) : c.get<uint32_t>(op.b);
}

void destination(Core& c, const Op& op, uint64_t value)
{
    if (c.inLong64())
        c.set(op.a, value);
    else
        c.set(op.a, static_cast<uint32_t>(value));
}

const Op* moveFromControl(Core& c, const Op& op)
{
    if (c.cpl() != 0)
        return c.raise(op, Vector::Gp, 0);
    destination(c, op, readControl(c, op.aux));
    return c.next(op);
}

const Op* moveToControl(Core& c, const Op& op)
{
    if (c.cpl() != 0)
        return c.raise(op, Vector::Gp, 0);
    return writeControl(c, op.aux, source(c, op)) ? leaveBehind(c, op) : c.fault(op);
}

// --- debug registers ---

constexpr uint64_t kDr6Fixed = 0xffff'0ff0, kDr6Writable = 0xe00f, kDr6Access = 1 << 13;
constexpr uint64_t kDr7Fixed = 0x400, kDr7Writable = 0xffff'23ff, kDr7Detect = 1 << 13;

/// Exceptions both directions share; DR4 and DR5 are DR6 and DR7 unless CR4.DE (section 17.2.2).
/// True: one is noted.
bool debugRefused(Core& c, unsigned& number)
{
    if (number == 4 || number == 5) {
        if ((c.sys.cr4 & cr::k4De) != 0)
            return !c.note(Vector::Ud);
        number += 2;
    }
    if (c.cpl() != 0)
        return !c.note(Vector::Gp, 0);
    if ((c.sys.dr7 & kDr7Detect) != 0)
        return !c.noteDebug(kDr6Access);
    return false;
}

const Op* moveFromDebug(Core& c, const Op& op)
{
    unsigned number = op.aux;
    if (debugRefused(c, number))
        return c.fault(op);
    const uint64_t value = number < 4 ? c.sys.dr[number] : number == 6 ? c.sys.dr6 : c.sys.dr7;
    destination(c, op, value);
    return c.next(op);
}

const Op* moveToDebug(Core& c, const Op& op)
{
    unsigned number = op.aux;
    if (debugRefused(c, number))
        return c.fault(op);
    const uint64_t value = source(c, op);
    if (number >= 6 && (value >> 32) != 0)
        return c.raise(op, Vector::Gp, 0);
    if (number < 4)
        c.sys.dr[number] = value;
    else if (number == 6)
        c.sys.dr6 = (value & kDr6Writable) | kDr6Fixed;
    else
        c.sys.dr7 = (value & kDr7Writable) | kDr7Fixed;
    c.debugRegistersChanged();
    return leaveBehind(c, op);
}

// --- segment registers ---

const Op* moveFromSegment(Core& c, const Op& op)
{
    const uint16_t selector = c.regs.segment[op.aux2].selector;
    switch (op.aux) {
    case 0:
        return c.store(op, selector) ? c.next(op) : c.fault(op);
    case 2:
        c.set(op.a, selector);
        break;
    default: // both wider forms clear what is above
        c.set(op.a, uint64_t{selector});
        break;
    }
    return c.next(op);
}

const Op* moveToSegment(Core& c, const Op& op)
{
    uint16_t selector = 0;
    if (op.aux == 0) {
        if (!c.load(op, selector))
            return c.fault(op);
    } else {
        selector = c.get<uint16_t>(op.b);
    }
    if (!c.loadSegment(op.aux2, selector))
        return c.fault(op);
    if (op.aux2 == kSs)
        return c.leaveShadowed(op, Core::Shadow::MovSs);
    return c.next(op);
}

bool lowerFromSegment(const Decoded& d, Op& op)
{
    op.aux2 = segmentIndex(d.operand(1).reg.value);
    op.aux = 0;
    if (d.isRegister(0)) {
        op.a = registerOffset(d.operand(0).reg.value);
        op.aux = static_cast<uint8_t>(d.size(0));
    }
    op.run = &moveFromSegment;
    return true;
}

bool lowerToSegment(const Decoded& d, Op& op)
{
    op.aux2 = segmentIndex(d.operand(0).reg.value);
    if (op.aux2 == kCs)
        return false;
    op.aux = d.isRegister(1) ? 1 : 0;
    if (d.isRegister(1))
        op.b = registerOffset(d.operand(1).reg.value);
    if (op.aux2 == kSs)
        op.flags |= op_flag::kBranchEnd; // the stack's width may change
    op.run = &moveToSegment;
    return true;
}

/// Class of register operand n, or invalid.
ZydisRegisterClass classOf(const Decoded& d, unsigned n)
{
    return d.isRegister(n) ? ZydisRegisterGetClass(d.operand(n).reg.value) : ZYDIS_REGCLASS_INVALID;
}

bool lowerFromSystem(const Decoded& d, Op& op, Handler handler, ZydisRegister first)
{
    op.a = registerOffset(d.operand(0).reg.value);
    op.aux = static_cast<uint8_t>(d.operand(1).reg.value - first);
    op.run = handler;
    return true;
}

bool lowerToSystem(const Decoded& d, Op& op, Handler handler, ZydisRegister first)
{
    op.b = registerOffset(d.operand(1).reg.value);
    op.aux = static_cast<uint8_t>(d.operand(0).reg.value - first);
    op.run = handler;
    op.flags |= op_flag::kBranchEnd;
    return true;
}

bool knownControl(uint8_t number)
{
    return number == 0 || (number >= 2 && number <= 4) || number == 8;
}

} // namespace

bool writeCr0(Core& c, uint64_t value)
{
    const bool pg = (value & cr::k0Pg) != 0;
    const bool before = (c.sys.cr0 & cr::k0Pg) != 0;
    const bool pair = (value & cr::k0Nw) != 0 && (value & cr::k0Cd) == 0;
    if ((value >> 32) != 0 || (pg && (value & cr::k0Pe) == 0) || pair)
        return c.note(Vector::Gp, 0);
    if (before && !pg && (c.inLong64() || (c.sys.cr4 & cr::k4Pcide) != 0))
        return c.note(Vector::Gp, 0);
    if (pg && !before && !mayEnablePaging(c))
        return false;
    const SystemRegisters& sys = c.sys;
    const uint64_t oldCr0 = sys.cr0;
    const uint64_t oldEfer = sys.efer;
    c.sys.cr0 = (value & kKnownCr0) | cr::k0Et;
    if (pg != before)
        followPaging(c, pg);
    const uint64_t changed = oldCr0 ^ sys.cr0;
    const bool reload = (changed & (cr::k0Cd | cr::k0Nw | cr::k0Pg)) != 0;
    if (reload && !c.loadPdptes()) {
        c.sys.cr0 = oldCr0;
        c.sys.efer = oldEfer;
        return false;
    }
    if ((changed & (cr::k0Pg | cr::k0Pe)) != 0)
        c.flushTlb(true);
    else if ((changed & sys.cr0 & cr::k0Wp) != 0)
        c.flushWritable();
    c.modeChanged();
    return true;
}

bool writeCr4(Core& c, uint64_t value)
{
    // Bits that came with a loaded state may stay.
    const uint64_t allowed = kKnownCr4 | c.sys.cr4;
    if ((value & ~allowed) != 0 || (c.longActive() && (value & cr::k4Pae) == 0))
        return c.note(Vector::Gp, 0);
    const uint64_t before = c.sys.cr4;
    const uint64_t changed = before ^ value;
    if ((changed & value & cr::k4Pcide) != 0 && (!c.longActive() || (c.sys.cr3 & 0xfff) != 0))
        return c.note(Vector::Gp, 0); // section 4.10.1
    c.sys.cr4 = value;
    constexpr uint64_t kReload = cr::k4Pae | cr::k4Pge | cr::k4Pse | cr::k4Smep;
    if ((changed & kReload) != 0 && !c.loadPdptes()) {
        c.sys.cr4 = before;
        return false;
    }
    if ((changed & (kReload | cr::k4Smap | cr::k4Pcide)) != 0)
        c.flushTlb(true);
    if ((changed & cr::k4De) != 0)
        c.debugRegistersChanged();
    c.modeChanged();
    return true;
}

bool lowerSystemMove(const Decoded& decoded, Op& op)
{
    switch (classOf(decoded, 0)) {
    case ZYDIS_REGCLASS_SEGMENT:
        return lowerToSegment(decoded, op);
    case ZYDIS_REGCLASS_CONTROL:
        return lowerToSystem(decoded, op, &moveToControl, ZYDIS_REGISTER_CR0) &&
               knownControl(op.aux);
    case ZYDIS_REGCLASS_DEBUG:
        return lowerToSystem(decoded, op, &moveToDebug, ZYDIS_REGISTER_DR0) && op.aux < 8;
    default:
        break;
    }
    switch (classOf(decoded, 1)) {
    case ZYDIS_REGCLASS_SEGMENT:
        return lowerFromSegment(decoded, op);
    case ZYDIS_REGCLASS_CONTROL:
        return lowerFromSystem(decoded, op, &moveFromControl, ZYDIS_REGISTER_CR0) &&
               knownControl(op.aux);
    case ZYDIS_REGCLASS_DEBUG:
        return lowerFromSystem(decoded, op, &moveFromDebug, ZYDIS_REGISTER_DR0) && op.aux < 8;
    default:
        return false;
    }
}

} // namespace vmm::soft
