// SPDX-License-Identifier: GPL-3.0-or-later
// The virtual interrupt flag: programs below IOPL 3 that run as if IF were theirs. Intel SDM
// volume 3 sections 20.3 (CR4.VME) and 20.4 (CR4.PVI).
#pragma once

#include "vmm/soft/core.h"

namespace vmm::soft {

/// Do CLI and STI of the program that runs mean VIF? In virtual-8086 mode PUSHF, POPF, IRET and
/// INT n with 16-bit operands do too.
inline bool hasVirtualInterrupts(const Core& c)
{
    const bool below = c.protectedMode() && c.cpl() == 3 && c.iopl() < 3;
    return below && (c.sys.cr4 & (c.v8086() ? cr::k4Vme : cr::k4Pvi)) != 0;
}

/// FLAGS as such a program sees them: IOPL 3, and VIF in the place of IF.
inline uint64_t virtualFlags(const Core& c)
{
    const uint64_t flags = c.regs.rflags();
    const bool on = (flags & flag::kVif) != 0;
    return (flags & ~flag::kIf) | flag::kIopl | (on ? flag::kIf : 0);
}

/// POPF and IRET of such a program that its monitor must see: TF, and IF while VIP waits.
inline bool virtualFlagsRefused(const Core& c, uint64_t value)
{
    const bool waits = (c.regs.systemFlags & flag::kVip) != 0;
    return (value & flag::kTf) != 0 || (waits && (value & flag::kIf) != 0);
}

/// What such a program's CLI, STI, POPF or IRET makes of its flag.
inline void setVirtualInterruptFlag(Core& c, bool on)
{
    c.regs.systemFlags = (c.regs.systemFlags & ~flag::kVif) | (on ? flag::kVif : 0);
}

/// Whoever enters such a program with VIF and VIP set faults before its first instruction: #GP is
/// noted then (section 20.3.2).
inline void noteVirtualInterrupt(Core& c)
{
    constexpr uint64_t kBoth = flag::kVif | flag::kVip;
    if ((c.regs.systemFlags & kBoth) == kBoth && hasVirtualInterrupts(c))
        c.note(Vector::Gp, 0);
}

} // namespace vmm::soft
