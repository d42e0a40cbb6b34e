// SPDX-License-Identifier: GPL-3.0-or-later
// Segment and gate descriptors in the guest's tables. SDM volume 3 sections 3.4.5, 3.5, 6.11, 6.14.
// vCPU thread only.
#pragma once

#include <cstdint>

#include "vmm/soft/core.h"

namespace vmm::soft {

/// Types of system descriptors (SDM volume 3 table 3-2).
namespace system_type {
inline constexpr uint8_t kTss16 = 1, kLdt = 2, kTss16Busy = 3, kCallGate16 = 4, kTaskGate = 5,
                         kInterruptGate16 = 6, kTrapGate16 = 7, kTss32 = 9, kTss32Busy = 0xb,
                         kCallGate32 = 0xc, kInterruptGate32 = 0xe, kTrapGate32 = 0xf;
} // namespace system_type

/// A descriptor as it was read: 8 bytes, in long mode 16 for system segments and gates.
struct Descriptor {
    uint64_t low = 0;
    uint64_t high = 0;
    uint64_t address = 0; ///< linear address of `low`

    uint8_t type() const { return static_cast<uint8_t>(low >> 40 & 0xf); }
    bool s() const { return (low >> 44 & 1) != 0; }
    unsigned dpl() const { return static_cast<unsigned>(low >> 45 & 3); }
    bool present() const { return (low >> 47 & 1) != 0; }
    bool l() const { return (low >> 53 & 1) != 0; }
    bool db() const { return (low >> 54 & 1) != 0; }
    bool g() const { return (low >> 55 & 1) != 0; }
    bool isCode() const { return s() && (type() & 8) != 0; }
    bool isConforming() const { return (type() & 4) != 0; } ///< only if isCode()
    bool isWritableData() const { return s() && (type() & 0xa) == 2; }
    bool isReadable() const { return s() && (type() & 0xa) != 8; }

    uint64_t base() const
    {
        return (low >> 16 & 0xff'ffff) | (low >> 32 & 0xff00'0000) | (high & 0xffff'ffff) << 32;
    }
    uint32_t limit() const
    {
        const auto raw = static_cast<uint32_t>((low & 0xffff) | (low >> 32 & 0xf'0000));
        return g() ? raw << 12 | 0xfff : raw;
    }

    uint16_t gateSelector() const { return static_cast<uint16_t>(low >> 16); }
    /// Target of a gate; 16-bit gates have no more than the low half.
    uint64_t gateOffset() const
    {
        const uint64_t half = low & 0xffff;
        return (type() & 8) == 0 ? half
                                 : half | (low >> 32 & 0xffff'0000) | (high & 0xffff'ffff) << 32;
    }
    unsigned gateParameters() const { return static_cast<unsigned>(low >> 32 & 0x1f); }
    unsigned gateIst() const { return static_cast<unsigned>(low >> 32 & 7); }

    /// Loads a segment register with this and `selector`: field by field in its place, as the host
    /// waits for bytes that were just written when it copies them as one.
    void load(cpu::Segment& segment, uint16_t selector) const;
    /// The segment register after loading this with `selector`.
    cpu::Segment segment(uint16_t selector) const
    {
        cpu::Segment loaded;
        load(loaded, selector);
        return loaded;
    }
};

/// Bits of an error code that name a selector (SDM volume 3 section 6.13); `ext` 0 or 1.
inline uint32_t selectorError(uint16_t selector, unsigned ext)
{
    return (selector & 0xfffcU) | ext;
}
/// Selectors 0 to 3 name no descriptor (section 3.4.2).
inline bool isNull(uint16_t selector)
{
    return (selector & 0xfffc) == 0;
}
/// Notes `vector` with the selector as error code. Always false.
inline bool refuse(Core& c, Vector vector, uint16_t selector, unsigned ext = 0)
{
    return c.note(vector, selectorError(selector, ext));
}

/// What came of looking a descriptor up.
enum class Fetched : uint8_t {
    Ok,
    Outside, ///< beyond the table's limit, or there is no LDT
    Fault    ///< an exception is noted
};

/// Reads the 8 bytes at `selector` from GDT or LDT.
Fetched fetchDescriptor(Core& c, uint16_t selector, Descriptor& descriptor);
/// Reads the second 8 bytes of a system descriptor in long mode.
Fetched fetchUpperHalf(Core& c, uint16_t selector, Descriptor& descriptor);
/// As both above, with `vector`(selector) noted when it is outside; `wide` asks for 16 bytes.
bool requireDescriptor(Core& c, uint16_t selector, Descriptor& descriptor, Vector vector,
                       unsigned ext, bool wide = false);
/// Sets the accessed bit in memory where it is clear. False with a page fault noted.
bool markAccessed(Core& c, Descriptor& descriptor);
/// Sets or clears the busy bit of a TSS descriptor in memory.
bool setBusy(Core& c, Descriptor& descriptor, bool busy);

/// A code segment for a transfer of control: not null, in its table, code, L and D not both in long
/// mode; else #GP. Privilege and presence are the caller's.
bool fetchCode(Core& c, uint16_t selector, Descriptor& descriptor, unsigned ext);
/// #NP unless present.
bool requirePresent(Core& c, const Descriptor& descriptor, uint16_t selector, unsigned ext);
inline bool isCode64(const Core& c, const Descriptor& code)
{
    return c.longActive() && code.l();
}
/// Is `rip` inside the code segment (canonical in 64-bit code)? #GP(ext) else.
bool requireTarget(Core& c, const Descriptor& code, uint64_t rip, unsigned ext);
/// Loads CS and rip for privilege `cpl`. Everything was checked; modeChanged() is the caller's.
void enterCode(Core& c, uint16_t selector, const Descriptor& code, unsigned cpl, uint64_t rip);

/// A stack segment for privilege `cpl`: `bad`(selector) unless it is writable data with RPL and DPL
/// equal to it, #SS(selector) unless present.
bool fetchStack(Core& c, uint16_t selector, unsigned cpl, Descriptor& descriptor, Vector bad,
                unsigned ext);

/// A null segment register.
cpu::Segment nullSegment(uint16_t selector);
/// The null stack segment of 64-bit mode at privilege `cpl`.
cpu::Segment nullStack(unsigned cpl);
/// A segment register in virtual-8086 mode (SDM volume 3 section 20.2.1).
cpu::Segment virtual8086Segment(uint16_t selector);
/// Loads a segment register as real mode does: limit and attributes stay.
void loadRealSegment(Core& c, uint8_t segment, uint16_t selector);
/// May [offset, +size) of this segment be accessed (SDM volume 3 section 5.3)?
bool insideSegment(const cpu::Segment& segment, uint64_t offset, unsigned size);

} // namespace vmm::soft
